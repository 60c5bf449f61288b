"""The gallery's real comparisons against counts taken from the recorded verdicts by other means."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared
from helpers.recorded_runs import COMPARISONS, Recorded

from holdfast.compare import Comparison, Verdict, compare
from holdfast.report import write

BY_NAME = {recorded.name: recorded for recorded in COMPARISONS}


def lines(*parts: str) -> list[dict[str, Any]]:
    path = shared(*parts)
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as stream:
        return [json.loads(line) for line in stream]


def compared(name: str, out: Path) -> Comparison:
    recorded: Recorded = BY_NAME[name]
    for needed in recorded.needs:
        shared(needed)
    comparison = compare(*recorded.measure(out), allow=recorded.allow)
    write(comparison, out)
    assert (out / "report.html").stat().st_size > 50_000
    return comparison


def check(comparison: Comparison, task: str, before: list[bool], after: list[bool]) -> None:
    """Counts, difference and flips are those of the recorded verdicts."""
    result = comparison.benchmark(task)
    lost = sum(x and not y for x, y in zip(before, after, strict=True))
    gained = sum(y and not x for x, y in zip(before, after, strict=True))
    assert result.forgetting is not None
    assert (result.n, result.forgetting.lost, result.forgetting.gained) == (len(before), lost, gained)
    assert result.difference == pytest.approx((gained - lost) / len(before))
    assert len(result.flips) == lost + gained


def test_gsm8k(tmp_path: Path) -> None:
    comparison = compared("gsm8k", tmp_path)
    rows = lines("gsm8k", "example_model_solutions.jsonl")
    before, after = ([row[f"{size}_finetuning"]["is_correct"] for row in rows] for size in ("6b", "175b"))
    check(comparison, "gsm8k", before, after)
    result = comparison.benchmark("gsm8k")
    assert (round(100 * result.before, 2), round(100 * result.after, 2)) == (21.68, 34.72)
    assert result.verdict is Verdict.IMPROVED


def test_ifeval(tmp_path: Path) -> None:
    comparison = compared("ifeval", tmp_path)
    gpt4 = lines("ifeval", "gpt4", "eval_results_strict.jsonl")
    name = "Qwen__Qwen2.5-0.5B-Instruct-GPTQ-Int4.eval_results_strict.jsonl.gz"
    qwen = {row["prompt"]: row["follow_all_instructions"] for row in lines("ifeval", "m_ifeval", name)}
    check(comparison, "ifeval", [r["follow_all_instructions"] for r in gpt4], [qwen[r["prompt"]] for r in gpt4])
    assert sum(r["follow_all_instructions"] for r in gpt4) == 417
    assert comparison.exit_code == 1


def test_mbpp_before_and_after_reflexion(tmp_path: Path) -> None:
    comparison = compared("mbpp-reflexion", tmp_path)
    names = [f"reflexion_mbpp-py._{run}_gpt-4_pass_at_k_1_py.jsonl" for run in ("simple_1", "reflexion_5")]
    sides = [{row["name"]: row["is_solved"] for row in lines("mbpp", "recorded", name)} for name in names]
    check(comparison, "mbpp", list(sides[0].values()), [sides[1][name] for name in sides[0]])


@pytest.mark.slow
def test_mmlu_pro(tmp_path: Path) -> None:
    comparison = compared("mmlu-pro", tmp_path)
    sides = []
    for model in ("3-70B", "3_1-8B-Instruct"):
        with zipfile.ZipFile(shared("mmlu_pro", f"model_outputs_Meta-Llama-{model}_5shots.zip")) as archive:
            records = json.loads(archive.read(archive.namelist()[0]))
        sides.append({r["question_id"]: r["pred"] == r["answer"] for r in records})
    result = comparison.benchmark("mmlu_pro")
    assert len(sides[0]) == len(sides[1]) == 12_032 and result.n == 12_018
    assert round(100 * sum(sides[0].values()) / 12_032, 2) == 52.01
    lost = sum(sides[0][key] and not sides[1][key] for key in sides[0])
    gained = sum(sides[1][key] and not sides[0][key] for key in sides[0])
    # The 14 questions whose text was mended between the runs are left out.
    assert result.forgetting is not None
    assert 0 <= lost - result.forgetting.lost <= 14 and 0 <= gained - result.forgetting.gained <= 14
    assert len(result.categories) == 14
