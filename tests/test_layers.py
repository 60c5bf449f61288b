"""The layers of the design hold, and start-up stays light."""

import re
import subprocess
import sys

from helpers.paths import ROOT

HEAVY = ("torch", "transformers", "trl", "lm_eval", "sympy", "docker", "hydra", "datasets", "pandas")
_SHOW = f"print([m for m in {HEAVY} if m in sys.modules])"


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


FOLDERS = ("harness", "rewards", "benchmarks", "trainers", "conf")


def test_the_links_make_one_package_of_the_folders() -> None:
    assert (ROOT / "src/holdfast").resolve() == ROOT / "harness"
    for folder in FOLDERS[1:]:
        link = ROOT / "harness" / folder
        assert link.is_symlink(), link
        assert not link.readlink().is_absolute(), link
        assert link.resolve() == ROOT / folder


def test_every_folder_with_code_is_a_package() -> None:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), path


def test_help_imports_nothing_heavy() -> None:
    code = (
        f"import sys; from holdfast.cli import main; main(['--help']); print([m for m in {HEAVY} if m in sys.modules])"
    )
    assert _python(code).splitlines()[-1] == "[]"


def test_the_core_imports_nothing_heavy() -> None:
    code = f"import sys, holdfast; holdfast.Reward('exact_match'); {_SHOW}"
    assert _python(code).strip() == "[]"


def test_only_the_fence_imports_lm_eval() -> None:
    folders = ("harness", "rewards", "benchmarks", "trainers")
    importing = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if any(line.strip().startswith(("import lm_eval", "from lm_eval")) for line in path.read_text().splitlines())
    }
    assert all(name.startswith("benchmarks/lm_eval_fence/") for name in importing), importing


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


def test_no_test_asserts_a_wall_time() -> None:
    """A loaded machine must not fail a test: helpers.bounded counts CPU time, a deadline is a generous watchdog."""
    asserted = re.compile(r"assert .*(monotonic|perf_counter|time\.time)\(\) - \w+ <=? ")
    for path in (ROOT / "tests").rglob("test_*.py"):
        assert not asserted.search(path.read_text(encoding="utf-8")), path
