"""AlpacaEval, MMLU-Pro, promptfoo, deepeval, openai/evals, W&B's tables, lm-eval's groups; averages are refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.compare import Decision, compare, load
from holdfast.errors import DataError
from holdfast.importers.lm_eval_groups import groups_of


def promptfoo(shift: int, provider: str = "m") -> Any:
    rows = [
        {
            "provider": {"id": provider},
            "prompt": {"raw": f"Say {i}", "label": "x"},
            "vars": {"n": i},
            "testIdx": i,
            "response": {"output": str(i)},
            "success": (i + shift) % 4 > 0,
            "score": float((i + shift) % 4 > 0),
            "gradingResult": {"pass": True, "reason": "because"},
        }
        for i in range(40)
    ]
    return {"evalId": "e", "results": {"version": 3, "results": rows}}


def deepeval(shift: int) -> Any:
    cases = [
        {
            "name": f"case_{i}",
            "input": f"Say {i}",
            "actualOutput": str(i),
            "expectedOutput": str(i),
            "metricsData": [
                {"name": "Correctness", "score": ((i + shift) % 5) / 4, "success": True, "reason": "r"},
                {"name": "Broken", "score": None, "error": "no judge"} if i == 0 else {"name": "Broken", "score": 1},
            ],
        }
        for i in range(40)
    ]
    return {"testRunData": {"testCases": cases}}


def wandb(shift: int) -> Any:
    data = [[i, f"Say {i}", (i + shift) % 4 > 0] for i in range(40)]
    return {"columns": ["id", "prompt", "correct"], "data": data, "ncols": 3, "nrows": 40}


def alpaca(shift: int) -> Any:
    return [
        {
            "instruction": f"Say {i}",
            "output_1": "a",
            "generator_1": "base",
            "output_2": "b",
            "generator_2": f"m{shift}",
            "preference": None if i == 39 else 1.0 + ((i + shift) % 5) / 4,
        }
        for i in range(40)
    ]


@pytest.mark.parametrize(("made", "n"), [(promptfoo, 40), (deepeval, 40), (wandb, 40), (alpaca, 39)])
def test_one_file_of_json(made: Any, n: int, tmp_path: Path) -> None:
    for name, shift in (("a", 0), ("b", 1)):
        (tmp_path / f"{name}.json").write_text(json.dumps(made(shift)))
    comparison = compare(load(tmp_path / "a.json"), load(tmp_path / "b.json"), margin=0.05)
    first = comparison.benchmarks[0]
    assert first.n == n and 0 < len(first.flips) <= n
    assert first.difference == pytest.approx(0.0, abs=0.03)


def test_a_promptfoo_file_of_two_models_is_refused(tmp_path: Path) -> None:
    both = promptfoo(0)
    both["results"]["results"] += promptfoo(1, "other")["results"]["results"]
    (tmp_path / "a.json").write_text(json.dumps(both))
    with pytest.raises(DataError, match="several models: m, other"):
        load(tmp_path / "a.json")


def test_a_log_of_openai_evals(tmp_path: Path) -> None:
    for name, shift in (("a", 0), ("b", 1)):
        lines: list[Any] = [{"spec": {"completion_fns": ["gpt"], "eval_name": "test.s1", "base_eval": "test"}}]
        for i in range(30):
            sample, right = f"test.s1.{i}", (i + shift) % 3 > 0
            said = {"prompt": [{"role": "user", "content": f"Say {i}"}], "sampled": [str(i)]}
            lines.append({"sample_id": sample, "type": "sampling", "data": said})
            lines.append({"sample_id": sample, "type": "match", "data": {"correct": right, "expected": "x"}})
        lines.append({"final_report": {"accuracy": 0.6}})
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = load(tmp_path / "a.jsonl")
    assert found.model == {"name": "gpt"} and found.tasks["test.s1"].n == 30
    assert len(compare(found, load(tmp_path / "b.jsonl"), margin=0.1).benchmarks[0].flips) == 20


def test_mmlu_pros_own_outputs() -> None:
    """52.01 of 12,032 published when an answer that was not read is wrong."""
    paths = [shared("mmlu_pro", f"model_outputs_Meta-Llama-3{name}_5shots.zip") for name in ("-70B", "_1-8B-Instruct")]
    before = load(paths[0])
    assert round(100 * (before.tasks["mmlu_pro"].mean or 0.0), 2) == 52.01
    comparison = compare(before, load(paths[1]), allow=["items"], max_flips=10)
    assert comparison.decision is Decision.REGRESSED and len(comparison.benchmarks[0].categories) == 14


def lm_eval(folder: Path, tasks: list[str], shift: int, groups: bool = True, metric: str = "acc") -> Path:
    folder.mkdir(parents=True)
    for number, task in enumerate(tasks):
        rows = [
            {
                "doc_id": i,
                "doc_hash": f"{task}{i}",
                "prompt_hash": f"p{task}{i}",
                "target_hash": "t",
                "target": "A",
                "filter": "none",
                "metrics": [metric],
                metric: float((i + shift * (number == 0)) % 4 > 0),
                "arguments": {"gen_args_0": {"arg_0": f"Q {i}"}},
                "resps": [["x"]],
                "filtered_resps": ["x"],
            }
            for i in range(30)
        ]
        path = folder / f"samples_{task}_2025-01-01T00-00-00.000000.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    recorded: dict[str, Any] = {"model_name": folder.name, "results": {t: {metric: 0.5} for t in tasks}}
    if groups:
        recorded["group_subtasks"] = {
            "mmlu": ["mmlu_stem", "mmlu_other"],
            "mmlu_stem": tasks[:2],
            "mmlu_other": tasks[2:],
        }
    recorded["higher_is_better"] = {task: {metric: metric != "brier_score"} for task in tasks}
    (folder / "results_2025-01-01T00-00-00.000000.json").write_text(json.dumps(recorded))
    return folder


MMLU = ["mmlu_anatomy", "mmlu_astronomy", "mmlu_law", "mmlu_virology"]


@pytest.mark.parametrize("groups", [True, False])
def test_mmlus_subjects_are_strata_of_one_benchmark(groups: bool, tmp_path: Path) -> None:
    runs = [load(lm_eval(tmp_path / name, MMLU, shift, groups)) for name, shift in (("a", 0), ("b", 1))]
    comparison = compare(*runs, margin=0.05)
    (result,) = comparison.benchmarks
    assert (result.task, result.n, result.repeats) == ("mmlu", 120, 1)
    assert [(c.name, c.n) for c in result.categories] == [(name, 30) for name in MMLU]
    assert sum(c.lost or 0 for c in result.categories if c.name != "mmlu_anatomy") == 0


def test_groups_of_groups() -> None:
    recorded = {"mmlu": ["stem", "other"], "stem": ["a", "b"], "other": ["c"], "alone": []}
    assert groups_of(["a", "b", "c", "d"], recorded) == {"mmlu": ["a", "b", "c"]}
    assert groups_of(["bbh_x", "bbh_y", "bbh_z", "gsm8k"], {}) == {"bbh": ["bbh_x", "bbh_y", "bbh_z"]}
    assert groups_of(["mmlu_a", "gsm8k"], {}) == {}


def test_a_loss_of_lm_eval_is_turned_around(tmp_path: Path) -> None:
    runs = [
        load(lm_eval(tmp_path / n, ["probs"], s, groups=False, metric="brier_score")) for n, s in (("a", 0), ("b", 1))
    ]
    result = compare(*runs, margin=0.2).benchmarks[0]
    assert result.before == pytest.approx(1 - 22 / 30, abs=0.05) and result.metric == "1 − brier_score"


def test_a_folder_of_two_models_and_averages_alone_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        lm_eval(tmp_path / "both" / name, ["arc"], 0, groups=False)
    with pytest.raises(DataError, match="samples of 2 models"):
        load(tmp_path / "both")
    folder = lm_eval(tmp_path / "averages", ["arc"], 0, groups=False)
    for file in folder.glob("samples_*"):
        file.unlink()
    for path in (folder, next(folder.glob("results_*"))):
        with pytest.raises(DataError, match="--log_samples"):
            load(path)
