"""HELM's runs, lm-eval's older samples, inspect's JSON logs, in the documented shapes."""

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast import importers
from holdfast.compare import load


def helm_run(folder: Path, name: str) -> None:
    run = folder / name
    run.mkdir(parents=True)
    states, stats = [], []
    for n in range(4):
        instance: dict[str, Any] = {
            "id": f"id{n}",
            "input": {"text": f"Capital {n}?"},
            "references": [
                {"output": {"text": "Paris"}, "tags": ["correct"]},
                {"output": {"text": "Rome"}, "tags": []},
            ],
        }
        result = {"success": n != 3, "completions": [{"text": " Paris" if n else " Rome"}] if n != 3 else []}
        request = {"prompt": f"Question: Capital {n}?\nAnswer:"}
        states.append({"instance": instance, "train_trial_index": 0, "request": request, "result": result})
        names = {"num_references": 2.0, "exact_match": float(n > 0)}
        found = [{"name": {"name": key, "split": "test"}, "count": 1, "mean": value} for key, value in names.items()]
        stats.append({"instance_id": f"id{n}", "train_trial_index": 0, "stats": found})
    state = {"adapter_spec": {"model": "openai/gpt2"}, "request_states": states}
    (run / "scenario_state.json").write_text(json.dumps(state))
    (run / "per_instance_stats.json").write_text(json.dumps(stats))


def test_helm_runs(tmp_path: Path) -> None:
    helm_run(tmp_path, "geo:method=qa,model=openai_gpt2")
    helm_run(tmp_path, "trivia:model=openai_gpt2")
    found = load(tmp_path)
    assert sorted(found.tasks) == ["geo:method=qa", "trivia"] and found.model["name"] == "openai/gpt2"
    rows = list(found.rows("trivia"))
    assert [row.score for row in rows] == [0.0, 1.0, 1.0, None]
    assert rows[0].prompt == "Question: Capital 0?\nAnswer:" and rows[0].reference == "Paris"
    assert found.tasks["trivia"].metric == "exact_match"


OLD = {"doc": {"q": "1+1?"}, "target": "2", "arguments": [["1+1?", {"until": []}]], "resps": [["2"]]}


@pytest.mark.parametrize("hashes", [True, False], ids=["before-0.4.7", "before-2024-06"])
def test_older_lm_eval_samples(tmp_path: Path, hashes: bool) -> None:
    """Two filters one after the other; neither the filter's nor the metrics' names are in the rows."""
    more = {"doc_hash": "d", "prompt_hash": "p", "target_hash": "t"} if hashes else {}
    rows = [
        {"doc_id": n, **OLD, **{k: f"{v}{n}" for k, v in more.items()}, "filtered_resps": [text], "exact_match": value}
        for text, value in (("2", 1.0), ("[invalid]", 0.0))
        for n in range(3)
    ]
    name = "samples_sums_2024-07-18T10-00-00.0.jsonl" if hashes else "pretrained__mine_sums.jsonl"
    (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "results.json").write_text(
        json.dumps({"results": {"sums": {}}, "configs": {"sums": {"num_fewshot": 0}}})
    )
    found = importers.read(tmp_path)
    assert found is not None and list(found.tasks) == ["sums"]
    kept = list(found.rows("sums"))
    assert [row.score for row in kept] == [1.0] * 3 and len({row.doc_hash for row in kept}) == (3 if hashes else 1)
    assert kept[0].prompt == "1+1?" and kept[0].completion == "2"


def test_an_inspect_json_log_is_compared_as_it_is(tmp_path: Path) -> None:
    """Indented JSON with NaN, as inspect writes it; long texts stand in `attachments`."""
    sample = {
        "id": 1, "epoch": 1, "input": "attachment://abc", "target": "18", "attachments": {"abc": "A long question"},
        "output": {"choices": [{"message": {"role": "assistant", "content": "18"}, "stop_reason": "stop"}]},
        "scores": {"match": {"value": "C", "answer": "18"}}, "metadata": {"x": float("nan")},
    }  # fmt: skip
    log = {"version": 2, "status": "success", "eval": {"task": "sums", "model": "m"}, "samples": [sample]}
    path = tmp_path / "2026-01-01_sums_x.json"
    path.write_text(json.dumps(log, indent=2))
    (row,) = load(path).rows("sums")
    assert (row.score, row.prompt, row.completion) == (1.0, "A long question", "18")
