"""Data sets of code as they are published, trained on without a mapping or code of one's own."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import code_rows
from helpers.sandboxes import need, need_any

from holdfast.reward import Reward
from holdfast.sample import Sample
from holdfast.trainers.data.formats.known_formats import known_format
from holdfast.trainers.job.before_after import before_after
from holdfast.trainers.settings.compose import compose


@pytest.mark.bubblewrap
@pytest.mark.shared_data
@pytest.mark.parametrize("shape", list(code_rows.SHAPES))
def test_a_published_row_has_a_prompt_that_names_what_its_tests_call(shape: str) -> None:
    need("bubblewrap")
    made, problem = code_rows.SHAPES[shape], next(code_rows.problems(1))
    row = known_format(made.make(problem))
    prompt = row["prompt"] if isinstance(row["prompt"], str) else row["prompt"][-1]["content"]
    assert problem.text in prompt and isinstance(row["reference"], str)
    if json.loads(row["reference"])["style"] != "stdin":
        assert ("task_func" if shape == "BigCodeBench" else problem.name) in prompt
    score = Reward("code", backend="bubblewrap").score(Sample(made.gold(problem), row["reference"], prompt))
    assert score.value == 1.0, score


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "1+1", "reference": "2", "test": "assert f(1)"},
        {"messages": [{"role": "user", "content": "hi"}], "test_list": ["assert f(1)"]},
        {"question": "Capital?", "answer": "Rome"},
        {"instruction": "Add.", "output": "3", "input": "1 2"},
        {"test": "a test run", "prompt": "x"},
        {"inputs": ["1"], "outputs": ["2"], "prompt": "x"},
    ],
)
def test_other_rows_stay_what_they_are(row: dict[str, Any]) -> None:
    assert "reference" not in known_format(dict(row)) or "reference" in row


def test_a_row_that_cannot_be_read_reaches_the_reward_which_says_why() -> None:
    row = known_format({"question": "x", "input_output": "", "solutions": "[]"})
    score = Reward("code", backend="bubblewrap").score(Sample("print(1)", row["reference"]))
    assert score.value is None and "no tests" in score.reason


FIRST_HOUR = ("APPS, stdin", "KodCode", "LeetCodeDataset", "DeepCoder", "CodeContests", "LiveCodeBench, functional")


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.parametrize("shape", FIRST_HOUR)
def test_grpo_trains_on_ten_published_rows_and_judges_every_completion(shape: str, tmp_path: Path) -> None:
    import pyarrow.parquet

    need_any()
    file = tmp_path / "rows.jsonl"
    rows = [code_rows.SHAPES[shape].make(problem) for problem in code_rows.problems(10)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    args = {
        "max_steps": 5,
        "num_generations": 2,
        "per_device_train_batch_size": 4,
        "max_completion_length": 16,
        "logging_steps": 1,
    }
    words = ["trainer=grpo", "model=tiny", f"data={file}", "reward=code", "suite=[tiny_upper]", "limit=20"]
    result = before_after(compose([*words, *(f"trainer.args.{k}={v}" for k, v in args.items()), f"out={tmp_path}/run"]))
    assert result.training["steps"] == 5
    files = sorted((tmp_path / "run" / "training" / "completions").glob("*.parquet"))
    judged = [row for path in files for row in pyarrow.parquet.read_table(path).to_pylist()]
    assert len(judged) == 20 and len({str(row["prompt"]) for row in judged}) == 10
    assert all(row["code"] in (0.0, 1.0) and row["code/reason"] for row in judged), judged[0]
    (told,) = json.loads((tmp_path / "run" / "manifest.json").read_text())["rewards"]
    assert told["name"] == "code" and told["surroundings"]["backend"] in ("docker", "bubblewrap")
