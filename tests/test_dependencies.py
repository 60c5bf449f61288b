"""What is imported is declared, in the extra that brings it; every hint to install names our own distribution."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from helpers.paths import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from holdfast.errors import DISTRIBUTION, EXTRAS, install_hint, missing_package

DISTRIBUTIONS = packages_distributions()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

FOLDERS = {
    "harness": {""},
    "harness/config.py": {"", "eval"},
    "harness/process/distributed.py": {"", "eval"},
    "harness/logs": {"", "eval"},
    "harness/cli/demo.py": {"", "train"},
    "harness/scoring/grader_diff.py": {"", "train"},
    "harness/importers": {"", "eval"},
    "harness/records.py": {"", "eval"},
    "harness/cli/score.py": {"", "ray"},
    "harness/serve": {"", "serve", "ors"},
    "harness/serve/agent_tools": {"", "mcp", "ors"},
    "harness/cli/serve.py": {"", "serve", "ors"},
    "rewards": {""},
    "rewards/sandbox": {"", "sandbox"},
    "rewards/tool_calls": {"", "tools"},
    "rewards/length.py": {"", "eval"},
    "rewards/reward_model.py": {"", "eval"},
    "rewards/adapters/openrlhf.py": {"", "eval"},
    "rewards/adapters/ors.py": {"", "ors"},
    "rewards/adapters/ray.py": {"", "ray"},
    "rewards/adapters/nemo_rl.py": {"", "ray", "eval"},
    "benchmarks": {"", "eval"},
    "benchmarks/environments": {"", "eval", "envs"},
    "benchmarks/environments/drivers/container.py": {"", "eval", "envs", "sandbox"},
    "benchmarks/environments/drivers/local_server.py": {"", "eval", "envs", "sandbox"},
    "harness/cli/env.py": {"", "serve"},
    "trainers": {"", "train"},
    "conf": set(),
}
"""Folder or file → extras whose packages it may import ("" is the core); the longest prefix decides."""

FOREIGN = {
    "anyio": ("rewards/adapters/inspect.py",),
    "bitsandbytes": ("trainers/models/model.py", "benchmarks/engine/backends/models.py"),
    "math_verify": ("harness/scoring/grader_diff.py",),
    "nemo_rl": ("rewards/adapters/nemo_rl.py",),
    "open_instruct": ("rewards/adapters/open_instruct.py",),
    "openreward": ("rewards/adapters/ors.py",),
    "peft": ("benchmarks/engine/backends/",),
    "pytest": ("rewards/sandbox/inside/",),
    "reasoning_gym": ("benchmarks/environments/drivers/workers/",),
    "rllm": ("rewards/adapters/rllm.py",),
    "skyrl_gym": ("rewards/adapters/skyrl.py",),
    "verifiers": ("rewards/adapters/verifiers.py", "benchmarks/environments/"),
    "verl": ("harness/scoring/grader_diff.py",),
    "urllib3": ("benchmarks/environments/drivers/container.py",),
    "vllm": ("harness/cli/doctor.py", "trainers/settings/trl_args.py"),
    "bfcl_eval": ("benchmarks/environments/drivers/workers/",),
    "inspect_ai": ("benchmarks/environments/drivers/workers/", "rewards/adapters/inspect.py"),
    "atroposlib": ("rewards/adapters/atropos.py",),
    "openenv": ("harness/serve/hubs/openenv_graders.py", "benchmarks/environments/drivers/workers/"),
    "polars": ("benchmarks/environments/drivers/workers/",),
    "tool_sandbox": ("benchmarks/environments/drivers/workers/",),
    "tinker_cookbook": ("rewards/adapters/tinker.py",),
    "tau2": ("benchmarks/environments/drivers/workers/",),
    "loguru": ("benchmarks/environments/drivers/workers/",),
    "_pytest": ("rewards/sandbox/inside/",),
    "loop": ("benchmarks/environments/drivers/workers/",),
}
"""Modules of frameworks that the user has already, or that nothing needs: who may import them, guarded."""


def _sources() -> Iterator[Path]:
    for folder in ("harness", "rewards", "benchmarks", "trainers", "conf"):
        for path in (ROOT / folder).rglob("*.py"):
            if not any(parent.is_symlink() for parent in path.parents):
                yield path.relative_to(ROOT)


def _imported(path: Path) -> set[str]:
    """Top-level modules that a file imports, by statement or by a literal name, its functions included."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module or "")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "find_spec")):
            found |= {
                arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            }
    return {name.partition(".")[0] for name in found} - set(sys.stdlib_module_names) - {"holdfast", ""}


def _declared(extra: str) -> set[str]:
    """Distributions that an extra names itself or through another extra of ours ("" is the core)."""
    found = set()
    for text in PROJECT["dependencies"] if not extra else PROJECT["optional-dependencies"][extra]:
        requirement = Requirement(text)
        if canonicalize_name(requirement.name) == DISTRIBUTION:
            found |= set().union(*(_declared(other) for other in requirement.extras))
        else:
            found.add(canonicalize_name(requirement.name))
    return found


def _extras_of(path: Path) -> set[str]:
    fitting = [key for key in FOLDERS if path.as_posix() == key or path.as_posix().startswith(key + "/")]
    return FOLDERS[max(fitting, key=len)]


@pytest.mark.parametrize("path", sorted(_sources()), ids=str)
def test_what_a_file_imports_is_declared(path: Path) -> None:
    allowed = set().union(*(_declared(extra) for extra in _extras_of(path)))
    for module in _imported(path):
        if path.as_posix().startswith(FOREIGN.get(module, ("-",))):
            continue
        names = {canonicalize_name(name) for name in DISTRIBUTIONS.get(module, [module])}
        assert names & allowed, f"{path} imports {module}, which {sorted(_extras_of(path))} do not declare"


def test_every_module_of_an_extra_is_in_it() -> None:
    for extra, module in ((extra, module) for extra, modules in EXTRAS.items() for module in modules):
        names = {canonicalize_name(name) for name in DISTRIBUTIONS[module]}
        assert names & _declared(extra), f"{module} is said to come with {extra}"
        assert not names & _declared(""), f"{module} is in the core"


def test_a_missing_package_is_answered_with_its_extra() -> None:
    error = missing_package(ModuleNotFoundError("No module named 'lm_eval'", name="lm_eval.api"), "`holdfast eval`")
    assert str(error) == "`holdfast eval` needs the package 'lm_eval': pip install 'holdfast-llm[eval]'"
    assert missing_package(ModuleNotFoundError("No module named 'mine'", name="mine")) is None


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_package_of_several_extras_is_answered_with_the_one_that_is_needed(extra: str) -> None:
    for module in EXTRAS[extra]:
        error = missing_package(ModuleNotFoundError(name=module), f"`holdfast {extra}`")
        assert str(error).endswith(install_hint(extra))


def test_what_several_extras_declare_is_a_module_of_each() -> None:
    listed = {module for modules in EXTRAS.values() for module in modules}
    for extra, modules in EXTRAS.items():
        lines = [Requirement(text) for text in PROJECT["optional-dependencies"][extra]]
        own = {canonicalize_name(line.name) for line in lines}
        lacking = [one for one in listed - set(modules) if canonicalize_name(DISTRIBUTIONS.get(one, [one])[0]) in own]
        assert lacking == [], f"{extra} brings {lacking}, too"


def test_a_verb_without_its_extra_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['starlette'] = sys.modules['uvicorn'] = None\n"
        "from holdfast.cli import main; sys.exit(main(['serve', 'reward=numeric']))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 64, result.stderr
    assert install_hint("serve") in result.stderr


def _lines() -> Iterator[tuple[str, str]]:
    """(file, line) of every text file of the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    binary = {".gz", ".parquet", ".safetensors", ".eval", ".png"}
    for name in listed:
        path = ROOT / name
        if path.is_file() and path.suffix not in binary and path != Path(__file__):
            for line in path.read_text(encoding="utf-8", errors="ignore").splitlines():
                yield name, line


@pytest.mark.parametrize("path", sorted(_sources()), ids=str)
def test_a_hint_is_made_of_the_constant(path: Path) -> None:
    assert "pip install 'holdfast" not in (ROOT / path).read_text(encoding="utf-8")


def test_no_hint_installs_a_strangers_package() -> None:
    """`holdfast` on the package index is another project."""
    assert PROJECT["name"] == DISTRIBUTION
    known = {"", *PROJECT["optional-dependencies"]}
    hints = 0
    for name, line in _lines():
        for command in re.findall(r"pip install ([^`\n]*)", line):
            for found, extras in re.findall(r"(?<![\w/.-])(holdfast[\w-]*)(?:\[([\w,]+)\])?", command):
                hints += 1
                assert found == DISTRIBUTION, f"{name}: {line.strip()}"
                assert set(extras.split(",")) <= known, f"{name}: {line.strip()}"
    assert hints > 5
