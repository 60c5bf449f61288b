"""What is the user's own and cannot be loaded: one line, exit 64, whatever it is that the module does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.environment import environment_spec
from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.trainers.run.own_tools import own_tools
from holdfast.trainers.settings.catalogue import find_trainer

KINDS: dict[str, Callable[[str], object]] = {
    "reward": Reward,
    "environment": environment_spec,
    "trainer": find_trainer,
    "tool": lambda path: own_tools([path]),
}
MODULES = {
    "import no_such_package": "ModuleNotFoundError: No module named 'no_such_package'",
    "from json import nothing_like_it": "ImportError: cannot import name",
    "x = 1\n1 / 0": "ZeroDivisionError: division by zero (own.py, line 2)",
    "x = {}['key']": "KeyError: 'key' (own.py, line 1)",
    "def broken(:": "SyntaxError: invalid syntax (own.py, line 1)",
    "import sys; sys.exit(2)": "SystemExit: 2 (own.py, line 1)",
    "import argparse; argparse.ArgumentParser().parse_args(['--x'])": "SystemExit: 2",
    "open('absent')": "FileNotFoundError: ",
    "raise AssertionError": "AssertionError: ",
    "def thing_b(): pass": "has no 'thing'; did you mean 'thing_b'?",
    "class Whole: pass": "has no 'thing'",
}


@pytest.mark.parametrize("form", ["own:thing", "own.py:thing", "pack.own:thing"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_module_that_cannot_be_loaded(kind: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, (code, expected) in enumerate(MODULES.items()):
        here = tmp_path / str(number)
        file = here / ("pack/own.py" if form.startswith("pack") else "own.py")
        file.parent.mkdir(parents=True)
        file.write_text(code)
        monkeypatch.chdir(here)
        path = form.replace("own", f"own{number}").replace("pack", f"pack{number}")
        file.rename(file.with_name(f"own{number}.py"))
        (here / "pack").exists() and (here / "pack").rename(here / f"pack{number}")
        with pytest.raises(UsageError) as raised:
            KINDS[kind](path)
        said = str(raised.value)
        assert said.startswith(f"cannot load {kind} {path!r}: "), said
        assert expected.replace("own.py", f"own{number}.py") in said, said
        assert "\n" not in said


@pytest.mark.parametrize("path", ["absent:thing", "absent.py:thing", "no.such.module:thing"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_module_that_is_not_there(kind: str, path: str) -> None:
    with pytest.raises(UsageError, match=kind):
        KINDS[kind](path)


@pytest.mark.parametrize("path", ["mine", "mine.py"])
def test_a_module_without_a_name(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def close(completion): return 1.0\n")
    for kind in ("reward", "environment"):
        with pytest.raises(UsageError, match=f"{kind} '{path}' is a module: say what of it is meant, {path}:NAME"):
            KINDS[kind](path)
    with pytest.raises(UsageError, match="has no 'TRAINER'"):
        find_trainer(path)


def test_a_class_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "needy.py").write_text("class Judge:\n    def __init__(self, key): pass\n")
    with pytest.raises(UsageError, match=r"reward 'needy.py:Judge' cannot be made: TypeError: .*'key'"):
        Reward("needy.py:Judge")
