"""IFEval checkers against lm-evaluation-harness's own, on the same recorded responses, in one process.

lm-eval's checker needs NLTK's punkt_tab data for sentences and words in capitals: with it (NLTK_DATA) all rows are
timed, without it the rows that need none. Prints a Markdown table.
"""

import contextlib
import gzip
import io
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.paths import SHARED_DATA

from holdfast.reward import Reward
from holdfast.rewards.instructions import language, sentences
from holdfast.sample import Sample

FOLDER = SHARED_DATA / "ifeval"
RECORDED = {
    "GPT-4": FOLDER / "gpt4" / "eval_results_strict.jsonl",
    "Qwen2.5-0.5B": FOLDER / "m_ifeval" / "Qwen__Qwen2.5-0.5B-Instruct-GPTQ-Int4.eval_results_strict.jsonl.gz",
}
NEED_PUNKT = {"length_constraints:number_sentences", "change_case:capital_word_frequency"}
ROUNDS = 5


def rows(path: Path, punkt: bool) -> list[tuple[dict[str, Any], str]]:
    """(data-set row, response) of a recorded run."""
    files = (FOLDER / "input_data.jsonl", FOLDER / "gpt4" / "prompt_instructions_matching.jsonl")
    known = {row["prompt"]: row for file in files for row in map(json.loads, file.open(encoding="utf-8"))}
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    found = [(known[row["prompt"]], row["response"]) for row in map(json.loads, raw.splitlines())]
    return [pair for pair in found if punkt or not NEED_PUNKT & set(pair[0]["instruction_id_list"])]


def peer() -> tuple[Callable[..., Any], bool]:
    """lm-eval's process_results, and whether punkt_tab is there."""
    with contextlib.redirect_stderr(io.StringIO()):
        from lm_eval.tasks.ifeval import utils
    import nltk

    try:
        nltk.data.find("tokenizers/punkt_tab")
    except LookupError:
        return utils.process_results, False
    return utils.process_results, True


def timed(work: Callable[[], object]) -> float:
    """The median of several rounds, in seconds, after one to warm up; what was remembered is forgotten each time."""
    seconds = []
    for _ in range(ROUNDS + 1):
        language._detect.cache_clear()
        language._word_ngrams.cache_clear()
        sentences.split.cache_clear()
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])


def main() -> None:
    """Print the table."""
    if not FOLDER.exists():
        print(f"left out: needs the shared data, {FOLDER.name}")
        return
    process, punkt = peer()
    strict, loose = Reward("ifeval"), Reward("ifeval", strict=False)
    print("| recorded run | rows | lm-eval s | holdfast s | ratio |\n|---|---|---|---|---|")
    for name, path in RECORDED.items():
        pairs = rows(path, punkt)
        samples = [Sample(response, row) for row, response in pairs]
        theirs = timed(lambda pairs=pairs: [process(row, [response]) for row, response in pairs])
        ours = timed(lambda samples=samples: (strict.score_batch(samples), loose.score_batch(samples)))
        print(f"| {name}, strict and loose | {len(pairs)} | {theirs:.3f} | {ours:.3f} | {theirs / ours:.1f}× |")
    print(f"\npunkt_tab {'found: all rows' if punkt else 'absent: rows that need it are left out'}")


if __name__ == "__main__":
    main()
