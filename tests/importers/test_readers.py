"""Other harnesses' outputs become measurements: lm-eval's as it writes them, the others' in their documented shape."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast import importers
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.task import find_task
from holdfast.compare import compare
from holdfast.compare import load as load_run
from holdfast.errors import DataError
from holdfast.importers import lm_eval_export
from holdfast.runs.row import Row


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    return load("tiny")


def jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def lm_eval_run(tiny: LoadedModel, folder: Path) -> Path:
    """lm-eval's own files of a real run of lm-eval on one of our tasks."""
    import torch
    from helpers.lm_eval_export import to_lm_eval
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(1)
    task = to_lm_eval(find_task("tiny_upper"))
    tracker = EvaluationTracker(output_path=str(folder))
    lm = HFLM(pretrained=tiny.model, tokenizer=tiny.tokenizer, batch_size=40)
    found = simple_evaluate(
        lm, tasks=[task], limit=40, apply_chat_template=True, evaluation_tracker=tracker, bootstrap_iters=0
    )
    assert found is not None
    samples = found.pop("samples")
    tracker.save_results_aggregated(results=found, samples=samples)
    tracker.save_results_samples(task_name="tiny_upper", samples=samples["tiny_upper"])
    return folder


@pytest.mark.slow
def test_lm_eval_reads_and_agrees_with_our_engine(tiny: LoadedModel, tmp_path: Path) -> None:
    theirs = load_run(lm_eval_run(tiny, tmp_path / "lm_eval"))
    whole = measure(tiny, ["tiny_upper"], tmp_path / "ours", settings=Settings(batch_size=40, progress=False))
    ours = {row.doc_id: row for row in whole.rows("tiny_upper")}
    rows = list(theirs.rows("tiny_upper"))
    assert len(rows) == theirs.tasks["tiny_upper"].n == 40
    assert [row.completion for row in rows] == [ours[row.doc_id].completion for row in rows]
    assert [row.score for row in rows] == [ours[row.doc_id].score for row in rows]
    assert theirs.tasks["tiny_upper"].reward["name"] == "lm_eval:accuracy,none"


def test_what_we_write_for_lm_eval_reads_back(tiny: LoadedModel, tmp_path: Path) -> None:
    settings = Settings(batch_size=40, limit=40, progress=False)
    ours = measure(tiny, ["tiny_upper", "tiny_last"], tmp_path / "ours", settings=settings)
    lm_eval_export.write(ours, tmp_path / "written")
    back = load_run(tmp_path / "written")
    assert {name: task.mean for name, task in back.tasks.items()} == {n: t.mean for n, t in ours.tasks.items()}
    comparison = compare(back, load_run(tmp_path / "written"))
    assert comparison.exit_code in (0, 2)


def test_the_first_filter_of_an_lm_eval_file_counts(tmp_path: Path) -> None:
    def row(doc_id: int, chosen: str, value: float) -> dict[str, Any]:
        hashes = {"doc_hash": f"d{doc_id}", "prompt_hash": "p", "target_hash": "t"}
        told = {"filter": chosen, "metrics": ["exact_match"], "exact_match": value, "target": "18"}
        return {
            "doc_id": doc_id,
            "arguments": [["Q", {}]],
            "resps": [["so 18"]],
            "filtered_resps": ["18"],
            **hashes,
            **told,
        }

    rows = [row(i, f, float(f == "flexible-extract")) for f in ("strict-match", "flexible-extract") for i in range(3)]
    found = importers.read(jsonl(tmp_path / "samples_gsm8k_2024-07-18T10-00-00.123456.jsonl", rows))
    assert found is not None and list(found.tasks) == ["gsm8k"]
    assert found.tasks["gsm8k"].mean == 0.0 and found.tasks["gsm8k"].n == 3
    assert found.tasks["gsm8k"].reward["name"] == "lm_eval:exact_match,strict-match"


def inspect_sample(number: int, epoch: int, value: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": [{"type": "text", "text": f"It is {number}."}]}
    output = {"choices": [{"message": message, "stop_reason": "max_tokens"}], "usage": {"output_tokens": 5}}
    score = {"value": value, "answer": str(number), "explanation": "looked"}
    asked = {"id": number, "epoch": epoch, "input": f"What is {number}?", "target": str(number)}
    return {**asked, "output": output, "scores": {"match": score}}


@pytest.mark.parametrize("suffix", [".eval", ".json"])
def test_inspect_logs(suffix: str, tmp_path: Path) -> None:
    samples = [inspect_sample(n, epoch, "C" if n else "I") for n in range(3) for epoch in (1, 2)]
    header = {"version": 2, "status": "success", "eval": {"task": "mine/gsm8k", "task_version": 3, "model": "openai/x"}}
    path = tmp_path / f"log{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps({**header, "samples": samples}))
    else:
        with zipfile.ZipFile(path, "w") as log:
            log.writestr("header.json", json.dumps(header))
            for one in samples:
                log.writestr(f"samples/{one['id']}_epoch_{one['epoch']}.json", json.dumps(one))
    found = importers.read(path)
    assert found is not None
    task = found.tasks["gsm8k"]
    assert (task.n, task.mean, task.version, task.truncated) == (3, pytest.approx(2 / 3), "3", 6)
    rows = list(found.rows("gsm8k"))
    assert {row.repeat for row in rows} == {0, 1} and rows[-1].completion == "It is 2." and rows[-1].tokens == 5


def test_a_log_that_inspect_wrote() -> None:
    """Four sums, two epochs, of a mock model; written by inspect_ai itself, compressed with Zstandard."""
    found = importers.read(Path(__file__).parent / "data" / "inspect_sums.eval")
    assert found is not None
    task = found.tasks["sums"]
    assert (task.n, task.mean, task.metric, task.unjudged) == (4, 0.75, "match", 0)
    rows = list(found.rows("sums"))
    assert [row.score for row in rows] == [1, 1, 1, 1, 0, 0, 1, 1]
    assert rows[0].completion == "The answer is 0" and rows[0].finish_reason == "stop" and rows[0].tokens == 5


def test_lighteval_details(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "doc": {"query": f"Q{i}", "choices": ["3", "4"], "gold_index": i % 2, "id": str(i)},
            "model_response": {"text": [f"A{i}"], "input": f"<user>Q{i}"},
            "metric": {"extractive_match": float(i < 3)},
        }
        for i in range(4)
    ]
    folder = tmp_path / "details" / "org" / "model" / "2025-01-01T00-00-00.000000"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "details_lighteval|gsm8k|0_2025-01-01T00-00-00.000000.parquet")
    found = importers.read(tmp_path)
    assert found is not None and list(found.tasks) == ["lighteval:gsm8k:0"]
    task = found.tasks["lighteval:gsm8k:0"]
    assert task.mean == 0.75 and task.metric == "extractive_match"
    assert [row.reference for row in found.rows("lighteval:gsm8k:0")] == ["3", "4", "3", "4"]


def test_evalscope_reviews_new_and_old(tmp_path: Path) -> None:
    value = {"value": {"acc": 1.0}, "extracted_prediction": "18", "prediction": "so 18", "main_score_name": "acc"}
    new = [{"index": i, "input": f"Q{i}", "target": "18", "sample_score": {"score": value}} for i in range(2)]
    review = {"gold": "18", "pred": "17", "result": 0.0}
    old = [
        {"index": i, "raw_input": f"Q{i}", "choices": [{"message": {"content": "17"}, "review": review}]}
        for i in range(2)
    ]
    jsonl(tmp_path / "reviews" / "model" / "gsm8k_main.jsonl", new)
    jsonl(tmp_path / "reviews" / "model" / "arc_old.jsonl", old)
    found = importers.read(tmp_path)
    assert found is not None
    assert {name: task.mean for name, task in found.tasks.items()} == {"gsm8k_main": 1.0, "arc_old": 0.0}
    assert next(found.rows("gsm8k_main")).completion == "so 18"


@pytest.mark.parametrize("as_list", [True, False])
def test_opencompass_details(as_list: bool, tmp_path: Path) -> None:
    each = [{"prompt": f"Q{i}", "pred": str(i), "answer": "1", "correct": i == 1} for i in range(3)]
    details: Any = each if as_list else {"type": "GEN", **{str(i): one for i, one in enumerate(each)}}
    path = tmp_path / "gsm8k.json"
    path.write_text(json.dumps({"accuracy": 33.3, "details": details}))
    found = importers.read(path)
    assert found is not None and found.tasks["gsm8k"].mean == pytest.approx(1 / 3)


@pytest.mark.parametrize("folder", ["results/m", "outputs/m", "m", "."])
def test_opencompass_looks_beside_its_own_layout_only(folder: str, tmp_path: Path) -> None:
    """A folder `predictions` above a file that is not in `results/<model>/` is somebody else's."""
    details = [{"pred": [str(i)], "answer": ["1"], "correct": [i == 1]} for i in range(2)]
    path = tmp_path / "run" / folder / "gsm8k.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"accuracy": 50.0, "details": details}))
    for root in (tmp_path, tmp_path / "run", path.parent.parent.parent):
        other = root / "predictions" / path.parent.name / "gsm8k.json"
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_text(json.dumps({str(i): {"origin_prompt": "asked", "prediction": "wrote"} for i in range(2)}))
    found = importers.read(path)
    assert found is not None
    ours = folder == "results/m"
    assert {row.completion for row in found.rows("gsm8k")} == ({"wrote"} if ours else {"0", "1"})
    if ours:
        (tmp_path / "run" / "predictions" / "m" / "gsm8k.json").write_text("[1]")
        with pytest.raises(DataError, match="predictions"):
            list(importers.read(path).rows("gsm8k"))  # type: ignore[union-attr]


def test_tau_bench_pass_hat_k() -> None:
    found = load_run(shared("tau_bench", "gpt-4o-airline.json.gz"))
    metrics = found.tasks["gpt-4o-airline"].metrics
    assert [round(metrics[f"pass^{k}"], 3) for k in (1, 2, 3, 4)] == [0.42, 0.273, 0.22, 0.2]
    row = next(found.rows("gpt-4o-airline"))
    assert isinstance(row, Row) and row.completion and isinstance(row.completion, list)


def test_files_of_nobody_are_left_alone(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "some.jsonl", [{"id": 1, "score": 1.0}])
    assert importers.read(path) is None
    (tmp_path / "other.json").write_text('{"a": 1}')
    assert importers.read(tmp_path / "other.json") is None
    assert importers.read(tmp_path / "absent") is None
