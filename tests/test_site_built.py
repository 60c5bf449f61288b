"""The built site: strict, searched without a network, and with a folder for each version."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.browser import FLAGS, until
from helpers.needs import chromium
from helpers.paths import ROOT
from helpers.reading import hindrances

pytestmark = pytest.mark.slow
BIN = Path(sys.executable).parent
READ = ("index.html", "start.html", "gate.html", "tables.html", "reference/commands.html", "tutorials/2-a-reward.html")
ENVIRONMENT = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT / "src")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("material")
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_every_page_is_built_and_in_the_navigation(site: Path) -> None:
    front = (site / "index.html").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix(".html").as_posix().replace("README.html", "index.html")
        assert (site / name).is_file(), name
        assert name == "index.html" or f'href="{name}"' in front, f"{name} is not in the navigation"


def test_the_reference_has_docstrings_and_the_registries(site: Path) -> None:
    python = (site / "reference" / "python.html").read_text()
    assert "Policy" in python
    assert "Score" in python
    assert "kelp" not in (site / "reference" / "catalogue.html").read_text()
    assert "tiny_notes" in (site / "reference" / "catalogue.html").read_text()


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text()
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]* src=[\"']?(https?:[^\"' >]+)", text)
        loaded += re.findall(r"<link[^>]*rel=[\"']?(?:stylesheet|preload)[^>]*href=[\"']?(https?:[^\"' >]+)", text)
        assert loaded == [], page


@pytest.mark.browser
@pytest.mark.parametrize(
    ("asked", "found"), [("rollback", "guard"), ("waiver", "gate"), ("non-inferior", "statistics")]
)
def test_it_is_searched_from_a_disk_without_a_network(asked: str, found: str, site: Path) -> None:
    program = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(offline=True).new_page()
        page.goto((site / "index.html").as_uri())
        page.locator("input.md-search__input").first.fill(asked)
        results = page.locator(".md-search-result__link")
        results.first.wait_for(timeout=60_000)
        links = [str(results.nth(number).get_attribute("href")) for number in range(results.count())]
        browser.close()
    assert any(found in link for link in links), links


def _settled(page: Any) -> list[str]:
    """What hinders when the theme has seen the new width, which it does a moment later."""
    for _ in range(20):
        if not (found := hindrances(page, "article")):
            break
        page.wait_for_timeout(100)
    return found


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_hinders_a_reader(scheme: str, site: Path) -> None:
    program = chromium()
    from playwright.sync_api import sync_playwright

    found: dict[str, list[str]] = {}
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, args=FLAGS)
        page = browser.new_context(offline=True, color_scheme=scheme).new_page()
        for name in READ:
            page.goto((site / name).as_uri())
            until(page, "document.querySelector('[data-md-component=search]')?.getAttribute('aria-label') === 'Search'")
            for width in (375, 768, 1280, 1920):
                page.set_viewport_size({"width": width, "height": 900})
                found[f"{name} at {width}"] = _settled(page)
        browser.close()
    assert {where: what for where, what in found.items() if what} == {}


def test_versions_stand_beside_each_other(tmp_path: Path) -> None:
    mike = shutil.which("mike", path=str(BIN))
    if mike is None:
        pytest.skip("mike is not installed")
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "-q", "--local", str(ROOT), str(copy)], check=True)
    shutil.copytree(ROOT / "docs", copy / "docs", dirs_exist_ok=True)
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    assert settings["extra"]["version"] == {"provider": "mike"}
    shutil.copy(ROOT / "mkdocs.yml", copy / "mkdocs.yml")
    for words in (["user.name", "a"], ["user.email", "a@b"]):
        subprocess.run(["git", "config", *words], cwd=copy, check=True)
    environment = ENVIRONMENT | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    for version in ("0.2.0", "0.3.0"):
        words = [mike, "deploy", "--update-aliases", version, "latest"]
        done = subprocess.run(words, cwd=copy, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    show = ["git", "show", "gh-pages:versions.json"]
    versions = json.loads(subprocess.run(show, cwd=copy, capture_output=True, text=True, check=True).stdout)
    assert [(one["version"], one["aliases"]) for one in versions] == [("0.3.0", ["latest"]), ("0.2.0", [])]
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", "gh-pages"], cwd=copy, capture_output=True, text=True, check=True
    ).stdout.split()
    assert {"0.2.0", "0.3.0", "latest"} <= set(listed)
