"""The layers of the design hold, and start-up stays light."""

import subprocess
import sys
import tomllib

from helpers.paths import ROOT

HEAVY = ("torch", "transformers", "trl", "lm_eval", "sympy", "docker", "hydra", "datasets", "pandas")
_SHOW = f"print([m for m in {HEAVY} if m in sys.modules])"


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_packages_list_matches_the_disk() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = config["package-dir"]
    expected = set()
    for package, folder in folders.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            below = init.parent.relative_to(ROOT / folder).parts
            expected.add(".".join((package, *below)))
    assert sorted(config["packages"]) == sorted(expected)


def test_help_imports_nothing_heavy() -> None:
    code = (
        f"import sys; from holdfast.cli import main; main(['--help']); print([m for m in {HEAVY} if m in sys.modules])"
    )
    assert _python(code).splitlines()[-1] == "[]"


def test_the_core_imports_nothing_heavy() -> None:
    code = f"import sys, holdfast; holdfast.Reward('exact_match'); {_SHOW}"
    assert _python(code).strip() == "[]"


def test_only_the_engine_imports_lm_eval() -> None:
    folders = ("harness", "rewards", "benchmarks", "trainers")
    importing = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if any(line.strip().startswith(("import lm_eval", "from lm_eval")) for line in path.read_text().splitlines())
    }
    assert all(name.startswith("benchmarks/engine") for name in importing), importing


def test_no_subclass_of_a_trl_trainer() -> None:
    for path in (ROOT / "trainers").rglob("*.py"):
        for line in path.read_text().splitlines():
            assert not (line.startswith("class ") and "Trainer)" in line), f"{path.name}: {line}"


def test_every_verb_has_a_module_with_help() -> None:
    from holdfast.cli import VERBS, load

    for verb in VERBS:
        module = load(verb)
        assert (module.__doc__ or "").strip(), verb
        assert getattr(module, "HYDRA", False) or hasattr(module, "Options"), verb
