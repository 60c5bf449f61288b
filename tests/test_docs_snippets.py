"""Every snippet of the pages is what it says it is: Python that fits the package, YAML that is read, shell that parses.

The commands `holdfast …` are in test_docs_commands.py, the tutorials run in test_tutorials.py, and the examples of
rewards in tests/rewards/test_every_reward.py.
"""

import ast
import doctest
import importlib
import importlib.util
import inspect
import json
import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.docs_commands import PAGES
from helpers.fences import fences
from helpers.paths import ROOT

IMPORTED_AS = "holdfast"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@dataclass(frozen=True)
class Snippet:
    """A block of a page."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def _snippets() -> list[Snippet]:
    found = []
    for page in [*PAGES, ROOT / "examples" / "plugin" / "README.md"]:
        name = page.relative_to(ROOT).as_posix()
        for fence in fences(page.read_text(encoding="utf-8")):
            found.append(Snippet(name, fence.line, fence.language, fence.text))
    return found


SNIPPETS = _snippets()


def _of(*languages: str) -> Any:
    return pytest.mark.parametrize("snippet", [one for one in SNIPPETS if one.language in languages], ids=str)


def test_every_language_has_a_test() -> None:
    known = {"", "text", "console", "python", "yaml", "json", "toml", "sh", "bash"}
    assert {one.language for one in SNIPPETS} <= known
    assert len(SNIPPETS) > 150


def _tree(text: str) -> ast.Module:
    """The syntax of a snippet; `…` stands for what the reader fills in."""
    if ">>> " in text:
        text = "\n".join(example.source for example in doctest.DocTestParser().get_examples(text))
    text = re.sub(r"(\w+=[^\n]*), (?:…|\.\.\.)\)", r"\1)", text).replace("…", "...")
    return ast.parse(text)


@_of("python")
def test_python_fits_the_package(snippet: Snippet) -> None:
    tree = _tree(snippet.text)
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "holdfast":
            names |= {alias.asname or alias.name: _attribute(str(node.module), alias.name) for alias in node.names}
        if isinstance(node, ast.Import):
            for alias in node.names:
                assert not alias.name.startswith("holdfast") or importlib.import_module(alias.name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            _fits(names[node.func.id], node)


def _attribute(module: str, name: str) -> Any:
    found = importlib.import_module(module)
    if not hasattr(found, name):
        return importlib.import_module(f"{module}.{name}")
    return getattr(found, name)


def _fits(function: Any, call: ast.Call) -> None:
    """Its keywords are ones that the function takes."""
    if isinstance(function, type) and issubclass(function, str):
        parameters = inspect.signature(lambda value: value).parameters  # CPython knows no signature of str's
    else:
        parameters = inspect.signature(function).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
        return
    assert {word.arg for word in call.keywords if word.arg} <= set(parameters), ast.unparse(call)


@pytest.mark.parametrize(
    "text",
    [
        "from holdfast import Rewards",
        "from holdfast.reward import nothing",
        "import holdfast.nowhere",
        "from holdfast.compare import Policy\nPolicy(margn=1)",
        "from holdfast import",
    ],
)
def test_python_that_rots_would_be_noticed(text: str) -> None:
    with pytest.raises((ImportError, AssertionError, SyntaxError)):
        test_python_fits_the_package(Snippet("", 0, "python", text))


@_of("json")
def test_json_is_read(snippet: Snippet) -> None:
    for line in snippet.text.splitlines():
        json.loads(line)


@_of("toml")
def test_toml_names_groups_that_are_asked_for(snippet: Snippet) -> None:
    from holdfast.plugins.entry_points import GROUPS

    assert set(tomllib.loads(snippet.text)["project"]["entry-points"]) == set(GROUPS)


@_of("yaml")
def test_yaml_is_read_by_what_it_is_for(snippet: Snippet) -> None:
    found = yaml.safe_load(snippet.text)
    if isinstance(found, list):
        for step in found:
            _step(step)
    elif "jobs" in found:
        for job in found["jobs"].values():
            for step in job["steps"]:
                _step(step)
    elif "repos" in found:
        hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
        assert {hook["id"] for repository in found["repos"] for hook in repository["hooks"]} <= hooks
    elif "tasks" in found:
        _suite(found)
    elif "margin" in found:
        from holdfast.compare.judging.policy import parse_policy

        parse_policy(found)
    else:
        assert all("script" in job for job in found.values()), "which program reads it?"


def _step(step: dict[str, Any]) -> None:
    if step.get("uses", "").startswith("holdfast-llm/holdfast@"):
        assert set(step["with"]) <= set(ACTION["inputs"])


def _suite(found: dict[str, Any]) -> None:
    """Each entry has keys that a suite reads; entries of the catalogue are there."""
    from holdfast.benchmarks.suites.suite import load_suite

    for entry in found["tasks"]:
        if isinstance(entry, str) or "task" in entry:
            load_suite([entry])
        else:
            assert {"env", "file", "hub", "lm_eval"} & set(entry), entry


@_of("sh", "bash")
def test_shell_parses(snippet: Snippet) -> None:
    text = snippet.text.replace("…", "x")
    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_extras_modules_and_targets_that_a_page_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for extras in re.findall(r"holdfast-llm\[([\w,]+)\]", text):
        assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"]), extras
    for module in re.findall(r"python3? -m (holdfast[\w.]*)", text):
        assert importlib.util.find_spec(module), module
    for target in re.findall(r"`make ([\w-]+)", text):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
    for script in re.findall(r"(?:python3?|pytest)(?: -m slow)? (tests/[\w/]+\.py)", text):
        assert (ROOT / script).is_file(), script


def test_an_extra_is_named_with_the_distributions_own_name() -> None:
    strangers = re.compile(rf"pip install '?{IMPORTED_AS}(?!-llm)")
    wrong = [page.name for page in PAGES if strangers.search(page.read_text("utf-8"))]
    assert wrong == []
