"""`reward=my_rewards:close`: tried before anything is measured, then learned from."""

import json
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.settings.compose import compose

MODULE = """
def close(completion, reference):
    return -abs(len(completion) - len(reference)) / 10

def broken(completion, reference):
    return reference["answer"]
"""


def words(untrained: Path, reward: str) -> list[str]:
    args = ("max_steps=2", "per_device_train_batch_size=4", "num_generations=2", "max_completion_length=4")
    return [
        *("trainer=grpo", f"model={untrained}", "data=rows.jsonl", "suite=[tiny_sort]", "limit=4", "out=run"),
        *(f"reward=own_training_rewards:{reward}", *(f"trainer.args.{arg}" for arg in args)),
    ]


def test_it_trains_and_a_mistake_is_found_first(
    untrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holdfast.trainers.job.before_after import before_after

    monkeypatch.chdir(tmp_path)
    Path("own_training_rewards.py").write_text(MODULE)
    rows = [{"prompt": f"Say {n}.", "reference": str(n)} for n in range(8)]
    Path("rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(UsageError, match=r"'own_training_rewards:broken' fails on the first row .* TypeError"):
        before_after(compose(words(untrained, "broken")))
    assert not Path("run").exists()
    result = before_after(compose(words(untrained, "close")))
    assert any("rewards/close/mean" in entry for entry in result.training["log"])
