"""The pages, read: on every width, light, dark and on paper, nothing is cut, pale, nameless or out of a key's reach."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import needs
from helpers.browser import FLAGS, until
from helpers.reading import hindrances
from helpers.report_samples import extras, full
from helpers.run_folders import folder

from holdfast.report.html.page import render
from holdfast.report.view.export import export

pytestmark = pytest.mark.browser
PAGES = ("report", "view", "side by side")
WIDTHS = (375, 768, 1280, 1920)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    program = needs.chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("pages")
    (root / "report.html").write_text(render(full(), extras()), encoding="utf-8")
    view = export(folder(root / "runs"), root / "site")[0]
    return {"report": root / "report.html", "view": view, "side by side": view}


def _opened(chromium: Any, name: str, files: dict[str, Path], **context: Any) -> Any:
    page = chromium.new_context(**context).new_page()
    page.goto(files[name].as_uri())
    if name == "report":
        page.wait_for_selector(".browser .entry")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    else:
        until(page, "globalThis.holdfastView?.then(() => true)")
    if name == "side by side":
        for run in ("sft/good", "sft/bad"):
            page.check(f"input[aria-label='Choose {run}']")
    return page


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_hinders_a_reader(name: str, scheme: str, chromium: Any, files: dict[str, Path]) -> None:
    page = _opened(chromium, name, files, color_scheme=scheme)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert hindrances(page) == [], f"{width} pixels"
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_nothing_hinders_who_reads_it_on_paper(name: str, chromium: Any, files: dict[str, Path]) -> None:
    page = _opened(chromium, name, files, color_scheme="dark", viewport={"width": 794, "height": 1123})
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert [one for one in hindrances(page) if not one.startswith("scrolls")] == []
    page.context.close()


def test_the_check_finds_what_it_looks_for(chromium: Any, tmp_path: Path) -> None:
    page = chromium.new_page(viewport={"width": 400, "height": 400})
    page.set_content(
        "<table><tr><th></th></tr></table><button></button><input><img src=''><svg role=img></svg>"
        "<div style='width:50px;overflow-x:auto'><p style='width:900px'>wide</p></div>"
        "<p style='width:50px;overflow:hidden;white-space:nowrap;text-overflow:ellipsis'>a label that is long</p>"
        "<p style='color:#888'>pale</p><p style='opacity:.5'>faint</p><div style='width:600px'>x</div>"
    )
    kinds = {one.partition(":")[0] for one in hindrances(page)}
    assert kinds == {
        "header without text",
        "control without a name",
        "field without a label",
        "picture without a text",
        "scrolls, but no key reaches it",
        "cut without a title",
        "pale text",
        "the page is wider than the window",
    }
