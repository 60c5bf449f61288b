"""How often `math`, `numeric` and `choice` read an answer as it was meant: one table over all recorded data.

python tests/bench/bench_answers.py [field|hard|recorded|letters|unmarked|cross …]   (default: all)
"""

import ast
import gzip
import json
import logging
import random
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.paths import SHARED_DATA

from holdfast.reward import Reward
from holdfast.sample import Sample

MATH, NUMERIC, CHOICE = (Reward(name) for name in ("math", "numeric", "choice"))
REWARDS = {"math": MATH, "numeric": NUMERIC, "choice": CHOICE}


def rows_of(*parts: str) -> list[dict[str, Any]]:
    """The rows of a JSON or JSON-lines file of the shared data."""
    path = SHARED_DATA.joinpath(*parts)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        text = file.read()
    return json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def field() -> Iterator[str]:
    """Cases from other projects' bug threads, by reward."""
    right, total = Counter[str](), Counter[str]()
    for row in rows_of("field_cases", "answers.jsonl"):
        if not row["contested"]:
            sample = Sample(row["completion"], row["reference"], info=row["info"] or {})
            total[row["reward"]] += 1
            right[row["reward"]] += REWARDS[row["reward"]].score(sample).value == row["expected"]
    for name, count in total.items():
        yield f"field cases, {name}: {right[name]} of {count}"


def hard() -> Iterator[str]:
    """HardVerify-Math: recall and false positives over all labels."""
    found = Counter[tuple[bool, bool]]()
    for row in rows_of("math_equivalence", "hardverify_math.jsonl"):
        score = MATH.score(Sample(f"The answer is \\boxed{{{row['pred']}}}.", row["gold"]))
        found[row["expected"], score.value == 1.0] += 1
    positives = found[True, True] + found[True, False]
    yield f"HardVerify-Math: {found[True, True]} of {positives} right, {found[False, True]} wrongly right"


def recorded() -> Iterator[str]:
    """GSM8K's labelled solutions row by row; published figures of ZeroEval and ToRA."""
    rows = rows_of("gsm8k", "example_model_solutions.jsonl")
    for name in ("math", "numeric"):
        unlike = Counter[bool]()
        for model in ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification"):
            for row in rows:
                value = REWARDS[name].score(Sample(row[model]["solution"], row["ground_truth"])).value
                unlike[bool(value)] += bool(value) != row[model]["is_correct"]
        yield f"GSM8K labels, {name}: {unlike[True]} wrongly right, {unlike[False]} wrongly wrong of {4 * len(rows)}"
    for path in ("gsm8k/recorded/zeroeval/gsm.gpt-4o-mini-2024-07-18.json.gz",
                 "gsm8k/recorded/zeroeval/gsm.Qwen2-7B-Instruct.json.gz",
                 "math/recorded/zeroeval/math-l5.gpt-4o-mini-2024-07-18.json.gz"):  # fmt: skip
        yield _share(path, rows_of(*path.split("/")), lambda row: Sample(row["output"][0], row["answer"]))
    for path in ("tora-70b-v1.0", "tora-code-34b-v1.0"):
        tora = rows_of("gsm8k", "recorded", "tora", f"{path}_gsm8k_test.jsonl.gz")
        yield _share(path, tora, lambda row: Sample(row["code"][0], row["gt"]))


def _share(name: str, rows: list[dict[str, Any]], sample: Callable[[dict[str, Any]], Sample]) -> str:
    shares = []
    for reward in ("math", "numeric"):
        scores = REWARDS[reward].score_batch([sample(row) for row in rows])
        shares.append(f"{reward} {100 * sum(score.value or 0 for score in scores) / len(rows):.2f}")
    return f"{name.rpartition('/')[2]}: {', '.join(shares)}"


def mmlu_pro(model: str) -> list[dict[str, Any]]:
    """The recorded rows of one model: question, options, answer, generated_text, pred."""
    found: list[dict[str, Any]] = []
    with zipfile.ZipFile(SHARED_DATA / "mmlu_pro" / f"model_outputs_{model}_5shots.zip") as archive:
        for name in sorted(archive.namelist()):
            found += json.loads(archive.read(name))
    for row in found:
        listed = row["options"]
        row["options"] = ast.literal_eval(listed) if isinstance(listed, str) else listed
    return found


def letters() -> Iterator[str]:
    """MMLU-Pro: our letter against the one recorded with the output."""
    for model in ("Meta-Llama-3-70B", "Meta-Llama-3_1-8B-Instruct"):
        rows = mmlu_pro(model)
        for options in ({}, {"stop": "none"}, {"which": "first"}):
            reward = Reward("choice", **options)
            samples = [Sample(row["generated_text"], row["answer"], info={"choices": row["options"]}) for row in rows]
            scores = reward.score_batch(samples)
            same = sum((s.extracted or None) == r["pred"] for s, r in zip(scores, rows, strict=True))
            right = sum(s.value or 0 for s in scores)
            theirs = sum(r["pred"] == r["answer"] for r in rows)
            percent = [f"{100 * count / len(rows):.2f}" for count in (right, theirs, same)]
            yield f"MMLU-Pro {model} {options}: right {percent[0]} (recorded {percent[1]}), same letter {percent[2]} %"


def unmarked() -> Iterator[str]:
    """MATH's and OlympiadBench's solutions without their boxes: does the last sentence give the answer?"""
    from holdfast.rewards.answers.boxes import boxes

    rows = [row["solution"] for row in rows_of("math", "math_test5000", "test.jsonl.gz")]
    pairs = [(text.replace("\\boxed", ""), boxes(text)[-1]) for text in rows if len(boxes(text)) == 1]
    scores = MATH.score_batch([Sample(text, reference) for text, reference in pairs])
    yield f"MATH solutions without boxes: {sum(score.value or 0 for score in scores):.0f} of {len(pairs)}"
    rng = random.Random(0)
    others = [(text, pairs[rng.randrange(len(pairs))][1]) for text, _ in pairs for _ in range(2)]
    wrong = sum(score.value or 0 for score in MATH.score_batch([Sample(text, ref) for text, ref in others]))
    yield f"the same against other rows' references: {wrong:.0f} of {len(others)} right (by chance and by fault)"


SECTIONS = {"field": field, "hard": hard, "recorded": recorded, "letters": letters, "unmarked": unmarked}

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    for section in sys.argv[1:] or SECTIONS:
        for line in SECTIONS[section]():
            print(line, flush=True)
