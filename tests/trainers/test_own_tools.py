"""Tools of one's own in GRPO: handed to TRL, and every mistake a line before anything is measured."""

from importlib import resources
from pathlib import Path

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.estimate.checks import check
from holdfast.trainers.estimate.preflight import preflight
from holdfast.trainers.settings.compose import compose

TOOLS = '''
def weather(city: str) -> str:
    """The weather of a city.

    Args:
        city: its name
    """
    return "sun"


def bare(city):
    return "sun"
'''
GRPO = ["trainer=grpo", "reward=exact_match", "trainer.args.num_generations=2", "trainer.args.max_completion_length=4"]


@pytest.fixture
def words(untrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (tmp_path / "my_tools.py").write_text(TOOLS)
    monkeypatch.chdir(tmp_path)
    return [*GRPO, f"model={untrained}", "suite=[tiny_sort]"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("tools=my_tools.py:wether", "did you mean 'weather'"),
        ("tools=my_tools.py:bare", "needs annotations and a docstring"),
        ("tools=nowhere:weather", "cannot load tool 'nowhere:weather'"),
    ],
)
def test_mistakes(given: str, message: str, words: list[str]) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        check(compose([*words, given]))
    assert "\n" not in str(raised.value)


def test_trainers_that_call_none(words: list[str]) -> None:
    with pytest.raises(UsageError, match="trainer=grpo, not sft"):
        check(compose([words[len(GRPO)], "trainer=sft", "tools=my_tools.py:weather"]))


def test_a_template_whose_calls_nobody_reads(words: list[str]) -> None:
    with pytest.raises(UsageError, match="chat template whose calls TRL reads"):
        preflight(compose([*words, "tools=my_tools.py:weather"]))


def test_trl_gets_them(words: list[str], tmp_path: Path) -> None:
    from holdfast.trainers.job.training import build
    from holdfast.trainers.run.run_dir import open_run

    template = resources.files("trl") / "chat_templates" / "qwen3.jinja"
    args = ["trainer.args.per_device_train_batch_size=2", "card=false", "contamination=false", "data.limit=4"]
    config = compose([*words, *args, "tools=my_tools.py:weather", f"model.chat_template={template}", "out=run"])
    trainer = build(config, open_run(config))
    assert [tool.__name__ for tool in trainer.tools] == ["weather"]
