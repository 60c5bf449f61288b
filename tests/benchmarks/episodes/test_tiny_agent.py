"""The embedded agent and its environment: played natively, raised by GRPO, forgotten by SFT, cured by replay."""

from pathlib import Path

import pytest

from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.environment import make_environment, replay
from holdfast.errors import EXIT_REGRESSED, UsageError


@pytest.mark.parametrize("name", ["tiny_notes", "tiny_form", "tiny_form_solo"])
def test_the_environments_own_right_episodes_score_one_and_the_splits_share_none(name: str) -> None:
    made = make_environment(name, items=100)
    keys = {}
    for split in ("test", "train"):
        rows = list(made.tasks(split))
        keys[split] = {row["key"] for row in rows}
        assert len(keys[split]) == 100 and rows == list(made.tasks(split))
        for row in rows:
            first, *rest = made.demonstration(row)  # type: ignore[attr-defined]
            score, differences = replay(made, row, 0, rest, [first])
            assert score.value == 1.0 and not differences
    assert not keys["test"] & keys["train"]
    with pytest.raises(UsageError, match="train"):
        list(made.tasks("trian"))


def test_the_agent_plays_with_native_tools(tmp_path: Path) -> None:
    """Reversing and capitals are learned, the last letter is told in a sentence more often than not."""
    entry = {"env": "tiny_notes", "limit": 60}
    measured = measure(load("tiny_agent"), [entry], tmp_path, settings=Settings(progress=False, batch_size=64))
    assert measured.tasks["tiny_notes"].generation["tools"] == "native"
    rows = list(measured.rows("tiny_notes"))
    mean = {
        asked: sum(row.score or 0.0 for row in rows if row.category == asked)
        / sum(row.category == asked for row in rows)
        for asked in {row.category for row in rows}
    }
    assert mean["Reverse"] > 0.7 and mean["Uppercase"] > 0.7 and mean["Last letter of"] < 0.7, mean
    calls = [row for row in rows if row.parts["calls"] == 1 and row.parts["unparsed"] == 0]
    assert len(calls) > 50


@pytest.mark.slow
def test_grpo_on_episodes_raises_the_skill(tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after
    from holdfast.trainers.settings.compose import compose

    config = compose(["experiment=tiny_episode", f"out={tmp_path}/run"])
    found = before_after(config).comparison
    assert found is not None
    (benchmark,) = [one for one in found.benchmarks if one.task == "tiny_notes"]
    assert str(benchmark.verdict) == "IMPROVED", found.sentence


@pytest.mark.slow
@pytest.mark.parametrize(("ratio", "lost"), [(0.0, True), (0.3, False)])
def test_training_that_damages_episodes_is_caught_and_replay_cures_it(ratio: float, lost: bool, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after
    from holdfast.trainers.settings.compose import compose

    suite = "suite=[{env:tiny_notes,limit:200},tiny_subtraction]"
    words = ["experiment=tiny_agent_sft", suite, "gate=true", f"data.replay.ratio={ratio}", f"out={tmp_path}/run"]
    result = before_after(compose(words))
    assert result.comparison is not None
    (benchmark,) = [one for one in result.comparison.benchmarks if one.task == "tiny_notes"]
    assert (str(benchmark.verdict) == "REGRESSED") == lost, result.comparison.sentence
    assert (result.exit_code == EXIT_REGRESSED) == lost
