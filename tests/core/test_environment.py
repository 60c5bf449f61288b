"""The registry of environments, and replaying a trajectory."""

from pathlib import Path

import pytest

from holdfast.benchmarks.environments.tiny_form import gold
from holdfast.environment import environment, environment_names, environment_spec, make_environment, replay
from holdfast.errors import UsageError
from holdfast.sample import Sample


@pytest.mark.parametrize("name", environment_names())
def test_every_environment_says_what_it_is(name: str) -> None:
    spec = environment_spec(name)
    assert spec.summary.endswith(".") and (spec.splits or name.endswith(":")) and spec.turns >= 1


def test_names_and_options_that_are_wrong_get_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'tiny_form'"):
        make_environment("tiny_from")
    with pytest.raises(UsageError, match="did you mean 'items'"):
        make_environment("tiny_form", item=3)
    with pytest.raises(UsageError, match="registered twice"):
        environment("tiny_form")(Sample)
    with pytest.raises(UsageError, match="cannot load environment"):
        make_environment("no.such.module:Thing")


@pytest.mark.parametrize("name", ["tiny_form", "tiny_form_solo"])
def test_every_gold_trajectory_of_the_form_scores_one(name: str) -> None:
    made = make_environment(name)
    rows = [row for split in ("test", "train") for row in made.tasks(split)]
    assert len({row["key"] for row in rows}) == len(rows) == 400
    for row in rows:
        messages = gold(row, solo=name.endswith("solo"))
        score, differences = replay(made, row, 0, messages[1:], messages[:1])
        assert (score.value, differences) == (1.0, [])
        wrong = [m if not m.get("tool_calls") else gold(rows[0], name.endswith("solo"))[1] for m in messages]
        assert replay(made, row, 0, wrong[1:], wrong[:1])[0].value == 0.0


OWN = '''
from holdfast.environment import environment


@environment("{name}")
class Mine:
    """One of one's own."""

    def tasks(self, split):
        return [{{"key": "a"}}]
'''


@pytest.mark.parametrize("form", ["{stem}:Mine", "{stem}.py:Mine"])
def test_a_class_in_the_working_directory_is_found(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stem = f"my_env_{len(form)}"
    (tmp_path / f"{stem}.py").write_text(OWN.format(name=stem))
    monkeypatch.chdir(tmp_path)
    name = form.format(stem=stem)
    for _ in range(2):  # the second time it is not registered twice
        assert environment_spec(name).summary == "One of one's own."
        assert [row["key"] for row in make_environment(name).tasks("test")] == ["a"]
    with pytest.raises(UsageError, match="has no 'Yours'"):
        make_environment(name.replace("Mine", "Yours"))
