"""HumanEval, MBPP and recorded completions through the sandbox."""

import ast
import gzip
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared
from helpers.sandboxes import BACKENDS, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox import Engine, Limits, execute
from holdfast.sample import Sample, Score

# The recorded label says unsolved, yet the recorded solution passes the recorded tests, also when both are simply
# run by Python: the label is of an earlier trial.
STALE_LABELS = {
    "simple_1_gpt-4": {
        "mbpp_67_bell_number",
        "mbpp_170_sum_range_list",
        "mbpp_798__sum",
        "mbpp_724_power_base_sum",
        "mbpp_419_round_and_sum",
        "mbpp_598_armstrong_number",
    },
    "reflexion_5_gpt-4": {
        "mbpp_170_sum_range_list",
        "mbpp_422_find_Average_Of_Cube",
        "mbpp_724_power_base_sum",
        "mbpp_419_round_and_sum",
        "mbpp_598_armstrong_number",
    },
}


def rows(*parts: str) -> list[dict[str, Any]]:
    path: Path = shared(*parts)
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in text.splitlines()]


def failures(samples: list[Sample], backend: str) -> list[tuple[int, Score]]:
    scores = Reward("code", backend=backend, timeout=30.0).score_batch(samples)
    assert not any("partial isolation" in score.reason for score in scores)
    return [(i, score) for i, score in enumerate(scores) if score.value != 1.0]


def check_sample(row: dict[str, Any], completion: str) -> Sample:
    reference = {"style": "check", "tests": row["test"], "entry_point": row["entry_point"]}
    return Sample(completion, reference, row["prompt"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_humaneval_canonical_solutions(backend: str) -> None:
    samples = [check_sample(r, r["canonical_solution"]) for r in rows("humaneval", "HumanEval.jsonl.gz")]
    assert len(samples) == 164
    assert failures(samples, need(backend)) == []


@pytest.mark.parametrize(
    ("backend", "step"),
    [
        pytest.param("bubblewrap", 4),
        pytest.param("bubblewrap", 1, marks=pytest.mark.slow),
        pytest.param("docker", 1, marks=[pytest.mark.docker, pytest.mark.slow]),
    ],
)
def test_mbpp_reference_solutions(backend: str, step: int) -> None:
    samples = [
        Sample(
            row["code"],
            {
                "style": "asserts",
                "tests": row["test_list"] + row["challenge_test_list"],
                "setup": row["test_setup_code"],
            },
        )
        for row in rows("mbpp", "mbpp.jsonl")
    ]
    assert len(samples) == 974
    assert failures(samples[::step], need(backend)) == []


RECORDED = [
    ("humaneval", "reflexion_simple_1_gpt-3.5-turbo_pass_at_k_1.jsonl", 42, set()),
    ("humaneval", "reflexion_reflexion_humaneval_py_pass_at_1.jsonl", 150, set()),
    ("mbpp", "reflexion_mbpp-py._simple_1_gpt-4_pass_at_k_1_py.jsonl", 318, STALE_LABELS["simple_1_gpt-4"]),
    ("mbpp", "reflexion_mbpp-py._reflexion_5_gpt-4_pass_at_k_1_py.jsonl", 306, STALE_LABELS["reflexion_5_gpt-4"]),
]


@pytest.mark.parametrize(("folder", "name", "solved", "stale"), RECORDED)
def test_reflexion_labels_row_by_row(folder: str, name: str, solved: int, stale: set[str]) -> None:
    recorded = rows(folder, "recorded", name)
    assert sum(row["is_solved"] for row in recorded) == solved
    reward = Reward("code", backend=need("bubblewrap"), timeout=20.0)
    scores = reward.score_batch([check_sample(row, row["solution"] or "") for row in recorded])
    differ = {
        row.get("task_id") or row["name"]
        for row, score in zip(recorded, scores, strict=True)
        if (score.value == 1.0) != row["is_solved"]
    }
    assert differ == stale


@pytest.mark.slow
def test_codet_samples_reproduce_pass_at_k() -> None:
    """CodeGen-16B at temperature 0.8, 100 samples per task (files of CodeT, arXiv 2207.10397), all 16,400 of them.

    The paper's table of baselines has 50.3 and 73.7 for k = 10 and 100 of this model, cut after the first decimal; its
    pass@1 is of other samples. Of the solutions that a time limit ends nearly all never end: 1.5 s is generous.
    """
    samples, tasks = codet()
    assert len(samples) == 16_400
    scores = Reward("code", backend=need("bubblewrap"), timeout=1.5, total_timeout=3.0).score_batch(samples)
    assert all(score.value is not None for score in scores)
    correct = Counter(task for task, score in zip(tasks, scores, strict=True) if score.value == 1.0)
    estimates = {k: sum(_pass_at_k(100, correct[task], k) for task in set(tasks)) / 164 for k in (1, 10, 100)}
    # What was measured on three runs; two samples in a thousand are allowed to a slower machine.
    assert estimates[1] == pytest.approx(3626 / 16_400, abs=0.002), estimates
    assert math.floor(estimates[10] * 1000) / 10 == 50.3 and math.floor(estimates[100] * 1000) / 10 == 73.7, estimates


@pytest.mark.slow
def test_codet_samples_are_judged_as_plain_execution_judges_them() -> None:
    """Row by row against human-eval's own approach, an exit status, on every 25th sample: none of them attacks."""
    samples, _ = codet()
    chosen = samples[::25]
    reward = Reward("code", backend=need("bubblewrap"), timeout=4.0, total_timeout=4.0)
    ours = [score.value == 1.0 for score in reward.score_batch(chosen)]
    limits = Limits(timeout=4.0, total=4.0)
    plain = [execute(whole(sample), limits=limits, engine=Engine("bubblewrap")).exit == 0 for sample in chosen]
    assert 100 < sum(plain) < 200
    assert [i for i, (mine, theirs) in enumerate(zip(ours, plain, strict=True)) if mine != theirs] == []


def whole(sample: Sample) -> str:
    reference = sample.reference
    return f"{sample.prompt}{sample.text}\n{reference['tests']}\ncheck({reference['entry_point']})\n"


def codet() -> tuple[list[Sample], list[int]]:
    """The samples and the number of the task of each."""
    prompts = {row["prompt"]: row for row in rows("humaneval", "recorded", "CodeT_HumanEval_for_code_generation.jsonl")}
    recorded = rows("humaneval", "recorded", "CodeT_HumanEval_codegen16B_t0.8_n100_code_solution.jsonl.gz")
    pairs = [(number, record, text) for number, record in enumerate(recorded) for text in _texts(record["samples"])]
    samples = [check_sample(prompts[record["prompt"]], text) for _, record, text in pairs]
    return samples, [number for number, _, _ in pairs]


def _texts(samples: Any) -> list[str]:
    return list(ast.literal_eval(samples) if isinstance(samples, str) else samples)


def _pass_at_k(n: int, c: int, k: int) -> float:
    """The unbiased estimator of arXiv 2107.03374."""
    return 1.0 - math.comb(n - c, k) / math.comb(n, k)
