"""Published tables from recorded model outputs: `make tables` prints them, docs/tables.md keeps them.

    python tests/bench/tables.py [folder of the shared data]

Every number in the column "ours" is computed here from the outputs by the registered rewards and readers; the column
"published" is what the source states; "allowed" is the tolerance of one item, or of DATA.md where it names one.
"""

import gzip
import json
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.benchmarks import bfcl, gsm8k, ifeval
from holdfast.benchmarks.engine.metrics import secondary_metrics
from holdfast.benchmarks.suites.source import Doc, load_docs
from holdfast.benchmarks.suites.task import find_task
from holdfast.compare import load
from holdfast.files import digest
from holdfast.reward import Reward
from holdfast.runs.row import Row
from holdfast.sample import Sample, Score

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Line:
    """One number of one table, in percent unless the table says otherwise."""

    table: str
    what: str
    published: float
    ours: float
    allowed: float
    note: str = ""

    @property
    def holds(self) -> bool:
        """Within what is allowed."""
        return abs(self.published - self.ours) <= self.allowed + 1e-9


def read(path: Path) -> Any:
    """The records of a JSON or JSONL file, gzipped or not."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = raw.decode("utf-8")
    if path.name.removesuffix(".gz").endswith((".jsonl", "-test")):
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    return json.loads(text)


def percent(scores: Sequence[Score], total: int | None = None) -> float:
    """Mean score × 100; what could not be judged counts as wrong, as the sources do."""
    return 100 * sum(score.value or 0.0 for score in scores) / (total or len(scores))


def gsm8k_lines(data: Path) -> Iterator[Line]:
    """OpenAI's four models, ToRA, ZeroEval."""
    reward = Reward("numeric")
    docs = read(data / "gsm8k" / "example_model_solutions.jsonl")
    names = {"6b_finetuning": 21.68, "6b_verification": 39.04, "175b_finetuning": 34.72, "175b_verification": 56.25}
    for name, published in names.items():
        rows = [Sample(doc[name]["solution"], gsm8k.number({"answer": doc["ground_truth"]})) for doc in docs]
        scores = reward.score_batch(rows)
        same = sum(bool(score.value) == doc[name]["is_correct"] for score, doc in zip(scores, docs, strict=True))
        note = f"{same} of {len(docs)} rows as labelled"
        yield Line("GSM8K, example_model_solutions", name, published, percent(scores), 100 / 1319, note)
    tora = read(data / "gsm8k" / "recorded" / "tora" / "tora-70b-v1.0_gsm8k_test.jsonl.gz")
    scores = reward.score_batch([Sample(row["code"][0], row["gt"]) for row in tora])
    note = "three programs print the right number, but the text goes on to box another"
    yield Line("GSM8K, recorded outputs", "ToRA-70B, from the text", 84.3, percent(scores), 0.3, note)
    scores = reward.score_batch([Sample(str(row["pred"][0]), row["gt"]) for row in tora])
    yield Line("GSM8K, recorded outputs", "ToRA-70B, from the recorded prediction", 84.3, percent(scores), 0.05)
    for name, published in {"gpt-4o-mini-2024-07-18": 94.24, "Qwen2-7B-Instruct": 80.06}.items():
        rows = read(data / "gsm8k" / "recorded" / "zeroeval" / f"gsm.{name}.json.gz")
        samples = [Sample(zeroeval_answer(row["output"][0]), row["answer"].lstrip("# ")) for row in rows]
        note = "ZeroEval reads the `answer` field of the JSON that the model was asked for"
        scores = reward.score_batch(samples)
        yield Line("GSM8K, recorded outputs", f"ZeroEval {name}", published, percent(scores), 0.3, note)


def zeroeval_answer(output: str) -> str:
    """The `answer` field, else the whole text."""
    found = output.rfind('"answer":')
    return output[found + len('"answer":') :] if found >= 0 else output


def ifeval_lines(data: Path) -> Iterator[Line]:
    """GPT-4's responses of November 2023."""
    folder = data / "ifeval" / "gpt4"
    prompts = {row["prompt"]: row for row in read(folder / "prompt_instructions_matching.jsonl")}
    rows = read(folder / "input_response_data_gpt4_20231107_145030.jsonl")
    samples = [Sample(row["response"], ifeval.reference(prompts[row["prompt"]]), row["prompt"]) for row in rows]
    published = {True: (100 * 416 / 541, 100 * 697 / 834), False: (100 * 429 / 541, 100 * 712 / 834)}
    for strict, (by_prompt, by_instruction) in published.items():
        scores = Reward("ifeval", mode="upstream", strict=strict).score_batch(samples)
        parts = [value for score in scores for value in score.parts.values()]
        kind = "strict" if strict else "loose"
        yield Line("IFEval, GPT-4", f"prompt-level {kind}", by_prompt, percent(scores), 100 / 541, _IFEVAL)
        ours = 100 * sum(value or 0 for value in parts) / len(parts)
        yield Line("IFEval, GPT-4", f"instruction-level {kind}", by_instruction, ours, 100 / 834, _IFEVAL)
        yield mirror_line(folder, kind, dict(zip((row["prompt"] for row in rows), scores, strict=True)))


_IFEVAL = "key 1122 asks for a letter that the checker drew at random; key 2785's prompt changed after publication"


def mirror_line(folder: Path, kind: str, scores: dict[str, Score]) -> Line:
    """Against the labels of the mirror's 540 rows."""
    labels = read(folder / f"eval_results_{kind}.jsonl")
    labelled = 100 * sum(row["follow_all_instructions"] for row in labels) / len(labels)
    mine = [scores[row["prompt"]] for row in labels]
    return Line("IFEval, GPT-4, 540 labels of the mirror", f"prompt-level {kind}", labelled, percent(mine), 100 / 540)


def mmlu_pro_lines(data: Path) -> Iterator[Line]:
    """Llama-3-70B's outputs: as labelled by the source's own extraction, and by ours from the text."""
    with zipfile.ZipFile(data / "mmlu_pro" / "model_outputs_Meta-Llama-3-70B_5shots.zip") as archive:
        rows = json.loads(archive.read(archive.namelist()[0]))
    table, total = "MMLU-Pro, Llama-3-70B", len(rows)
    right = sum(row["pred"] == row["answer"] for row in rows)
    guessed = right + sum(1 / len(row["options"]) for row in rows if row["pred"] is None)
    yield Line(table, "recorded extraction, none counts wrong", 52.01, 100 * right / total, 0.005)
    yield Line(table, "recorded extraction, none guesses", 52.73, 100 * guessed / total, 0.005)
    samples = [
        Sample(row["generated_text"].partition("\n\nQuestion:")[0], row["answer"], "", {"choices": row["options"]})
        for row in rows
    ]
    note = "published with random guesses; `choice` reads answers the source's two patterns miss, and guesses none"
    ours = percent(Reward("choice").score_batch(samples))
    yield Line(table, "`choice` on the generated text", 52.78, ours, 1.0, note)


def bfcl_lines(data: Path) -> Iterator[Line]:
    """Two models, seven categories, against the recorded scores."""
    docs = {(doc["category"], doc["id"]): doc for doc in load_docs(bfcl.V1_SOURCE, data)}
    reward = Reward("tool_call", syntax="python", broken_calls="none")
    for model in ("gpt-4o-2024-05-13", "gorilla-openfunctions-v2"):
        for path in sorted((data / "bfcl" / "recorded_v1_20240811" / "result" / model).glob("*.json")):
            category = path.stem.removeprefix("gorilla_openfunctions_v1_test_").removesuffix("_result")
            yield bfcl_line(data, model, category, path, docs, reward)


def bfcl_line(
    data: Path, model: str, category: str, path: Path, docs: dict[tuple[str, str], Doc], reward: Reward
) -> Line:
    """One category of one model."""
    asked = "irrelevance" if category == "relevance" else category
    results = [json.loads(line) for line in path.read_text().splitlines()]
    samples = [Sample(str(row["result"]), bfcl.reference(docs[asked, row["id"]])) for row in results]
    scored = data / "bfcl" / "recorded_v1_20240811" / "score" / model / f"{category}_score.json"
    head = json.loads(scored.read_text().splitlines()[0])
    ours = percent(reward.score_batch(samples))
    return Line(f"BFCL v1, {model}", category, 100 * head["accuracy"], ours, 100 / head["total_count"])


def tau_lines(data: Path) -> Iterator[Line]:
    """pass^k of four trials."""
    metrics = load(data / "tau_bench" / "gpt-4o-airline.json.gz").tasks["gpt-4o-airline"].metrics
    for k, published in enumerate((42.0, 27.3, 22.0, 20.0), start=1):
        yield Line("τ-bench airline, gpt-4o", f"pass^{k}", published, 100 * metrics[f"pass^{k}"], 0.05)


def mt_bench_lines(data: Path) -> Iterator[Line]:
    """Recorded judgments: the score is read out of the judge's text again."""
    rows = read(data / "mt_bench" / "recorded" / "griffin" / "gpt-4_single.jsonl")
    for turn in (1, 2):
        mine = [row for row in rows if row["turn"] == turn]
        recorded = sum(row["score"] for row in mine) / len(mine)
        ratings = [float(row["judgment"].rpartition("[[")[2].partition("]]")[0]) for row in mine]
        ours = sum(ratings) / len(ratings)
        yield Line("MT-Bench (1–10), Llama-3-8B-Instruct-Griffin", f"turn {turn}", recorded, ours, 0.0125)


def nemo_lines(data: Path) -> Iterator[Line]:
    """pass@k and majority@k of three samples."""
    folder = data / "nemo_skills_eval_outputs" / "eval-results"
    wanted = json.loads((folder / "metrics.json-test").read_text())
    rows = []
    for repeat in range(3):
        for index, one in enumerate(read(folder / "math" / f"output-rs{repeat}.jsonl-test")):
            rows.append(nemo_row(index, repeat, one))
    metrics = secondary_metrics(rows, (1, 2, 3))
    names = {
        "pass@2": "pass@2",
        "pass@3": "pass@3",
        "majority@2": "maj@2",
        "majority@3": "maj@3",
        "pass@1[avg-of-3]": "avg@3",
    }
    for theirs, mine in names.items():
        published = wanted["math"][theirs]["symbolic_correct"]
        yield Line("NeMo-Skills math sample", theirs, published, 100 * metrics[mine], 0.005)


def nemo_row(index: int, repeat: int, one: dict[str, Any]) -> Row:
    """A recorded sample as a row."""
    score = float(one["symbolic_correct"])
    return Row(
        task="math",
        doc_id=str(index),
        doc_hash=digest(index),
        prompt_hash="",
        prompt="",
        completion="",
        reference=None,
        score=score,
        outcome="correct" if score else "wrong",
        extracted=one["predicted_answer"],
        repeat=repeat,
    )


def code_lines(data: Path) -> Iterator[Line]:
    """Reflexion's programs: right exactly where the source says so. Needs a sandbox (Docker or bubblewrap)."""
    reward = Reward("code", timeout=20.0) if "timeout" in Reward("code").spec.options else Reward("code")
    humaneval = {doc["task_id"]: doc for doc in load_docs(find_task("humaneval").source, data)}
    for name in ("reflexion_simple_1_gpt-3.5-turbo_pass_at_k_1", "reflexion_reflexion_humaneval_py_pass_at_1"):
        rows = read(data / "humaneval" / "recorded" / f"{name}.jsonl")
        samples = [reflexion_sample(row, humaneval[row["task_id"]]) for row in rows]
        yield labelled("HumanEval, Reflexion", name, reward.score_batch(samples), rows)
    for name in ("_simple_1_gpt-4_pass_at_k_1_py", "_reflexion_5_gpt-4_pass_at_k_1_py"):
        rows = read(data / "mbpp" / "recorded" / f"reflexion_mbpp-py.{name}.jsonl")
        samples = [Sample(fenced(row["solution"]), check(row), row["prompt"]) for row in rows]
        yield labelled("MBPP, Reflexion", name.strip("_"), reward.score_batch(samples), rows)


def reflexion_sample(row: dict[str, Any], doc: Doc) -> Sample:
    """The program; some rows hold the body only."""
    whole = row["solution"] if f"def {doc['entry_point']}" in row["solution"] else doc["prompt"] + row["solution"]
    reference = {"style": "check", "tests": doc["test"], "entry_point": doc["entry_point"]}
    return Sample(fenced(whole), reference, doc["prompt"])


def check(row: dict[str, Any]) -> dict[str, Any]:
    """MultiPL-E's tests without the lines that run them."""
    tests = row["test"].partition("def test_check")[0]
    return {"style": "check", "tests": tests, "entry_point": row["entry_point"]}


def fenced(code: str) -> str:
    """As a model would hand it over."""
    return f"```python\n{code}\n```"


def labelled(table: str, name: str, scores: Sequence[Score], rows: Sequence[dict[str, Any]]) -> Line:
    """Share solved, against the source's labels."""
    solved = 100 * sum(bool(row["is_solved"]) for row in rows) / len(rows)
    differ = [
        row.get("task_id") or row["name"]
        for row, s in zip(rows, scores, strict=True)
        if bool(s.value) != bool(row["is_solved"])
    ]
    note = f"{len(rows) - len(differ)} of {len(rows)} rows as labelled"
    if differ:
        note += f"; right, though labelled wrong: {', '.join(differ)}" + (_SUM if table.startswith("MBPP") else "")
    return Line(table, name, solved, percent(scores), 100 / len(rows), note)


_SUM = " (each calls the built-in sum(); versions without it are labelled right)"


TABLES: tuple[Callable[[Path], Iterator[Line]], ...] = (
    *(gsm8k_lines, ifeval_lines, mmlu_pro_lines, bfcl_lines, tau_lines, mt_bench_lines, nemo_lines, code_lines),
)


def lines(data: Path, tables: Sequence[Callable[[Path], Iterator[Line]]] = TABLES) -> Iterator[Line]:
    """Every line of every table."""
    for table in tables:
        yield from table(data)


def markdown(found: Sequence[Line]) -> str:
    """The tables as Markdown."""
    text = ["| table | row | published | ours | allowed | met | note |", "|---|---|---|---|---|---|---|"]
    for line in found:
        mark = "✓" if line.holds else "✗"
        cells = (
            line.table,
            line.what,
            f"{line.published:.2f}",
            f"{line.ours:.2f}",
            f"±{line.allowed:.2f}",
            mark,
            line.note,
        )
        text.append("| " + " | ".join(cells) + " |")
    return "\n".join(text)


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    print(markdown(list(lines(folder))))
