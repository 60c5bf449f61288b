"""The sources of the documentation site: every page has a place, every link leads somewhere, facts agree."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.fences import without_fences
from helpers.paths import ROOT

from holdfast import __version__

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
GENERATED = ("reference/commands.md", "reference/configs.md", "reference/catalogue.md")


def _navigation() -> list[str]:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    found: list[str] = []
    waiting: list[Any] = [yaml.safe_load(text)["nav"]]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, str):
            found.append(entry)
        else:
            waiting += entry.values() if isinstance(entry, dict) else entry
    return found


def test_every_page_has_a_place() -> None:
    places = _navigation()
    folders = {entry.rpartition("/")[0] for entry in places if entry.endswith("*")}
    for page in PAGES:
        name = page.relative_to(DOCS).as_posix()
        assert name in places or name.rpartition("/")[0] in folders, name
    for place in places:
        assert place.endswith("*") or place in GENERATED or (DOCS / place).is_file(), place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = without_fences(page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            path = (page.parent / target).resolve()
            assert path.is_relative_to(DOCS), f"{target} is outside the site"
            assert path.is_file() or path.relative_to(DOCS).as_posix() in GENERATED, target


def test_the_reference_names_what_exists() -> None:
    import importlib

    names = re.findall(r"^::: ([\w.]+)$", (DOCS / "reference" / "python.md").read_text(), re.MULTILINE)
    assert len(names) > 15
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert hasattr(importlib.import_module(module), attribute), name


def test_the_generated_pages_have_every_verb_and_choice() -> None:
    import importlib.util

    from holdfast.benchmarks.suites.task import builtin_tasks
    from holdfast.cli import VERBS
    from holdfast.environment import environment_names
    from holdfast.registry import names
    from holdfast.trainers.settings.catalogue import builtin_trainers

    pytest.importorskip("mkdocs")
    spec = importlib.util.spec_from_file_location("site_pages", DOCS / "site_pages.py")
    assert spec is not None
    assert spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    commands, configs, catalogue = (pages.GENERATED[name]() for name in GENERATED)
    assert tuple(pages.GENERATED) == GENERATED
    assert all(f"## {verb}\n" in commands for verb in VERBS)
    assert "### trainer=sft\n" in configs
    known = {*names(), *builtin_tasks(), *environment_names(), *builtin_trainers()}
    assert known == set(re.findall(r"^\| `([\w:]+)` \|", catalogue, re.MULTILINE))


def test_the_version_is_the_same_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__
    assert citation["license"] == "Apache-2.0"


def test_the_glossary_is_in_order_and_has_the_core() -> None:
    words = re.findall(r"^\| ([^|]+?) \| ", (DOCS / "glossary.md").read_text(), re.MULTILINE)[2:]
    assert words == sorted(words, key=str.casefold)
    assert {"Sample", "Score", "reward", "task", "suite", "run", "comparison", "report", "flip", "episode"} <= set(
        words
    )


def test_the_files_that_a_newcomer_and_a_forge_look_for_are_there() -> None:
    expected = (
        "README.md CONTRIBUTING.md CHANGELOG.md LICENSE SECURITY.md CITATION.cff CODE_OF_CONDUCT.md AGENTS.md "
        ".github/PULL_REQUEST_TEMPLATE.md .github/ISSUE_TEMPLATE/bug.yml"
    )
    assert [name for name in expected.split() if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "AGENTS.md", "SECURITY.md"])
def test_every_path_and_target_that_a_page_names_is_here(name: str) -> None:
    text = without_fences((ROOT / name).read_text(encoding="utf-8"))
    folders = ("harness/", "rewards/", "benchmarks/", "trainers/", "conf/", "tests/", "docs/", ".ci/")
    for path in re.findall(r"`([\w./-]+)`", text):
        if path.startswith(folders):
            assert (ROOT / path).exists(), path
    targets = re.findall(r"`make ([\w-]+)`", text)
    assert all(re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE) for target in targets)
