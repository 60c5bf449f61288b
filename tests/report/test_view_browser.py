"""The page of a folder's runs in headless Chromium: filters, two runs side by side, trends, phone, no script."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import needs
from helpers.browser import FLAGS, until
from helpers.report_samples import HOSTILE
from helpers.run_folders import folder, many

from holdfast.report.view.entries import Entry, TaskNumbers
from holdfast.report.view.export import export
from holdfast.report.view.page import Links, render

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    program = needs.chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("view")
    return export(folder(root / "runs"), root / "site")[0]


class Visit:
    """The page, opened, and everything that it tried to do."""

    def __init__(self, chromium: Any, file: Path, script: bool = True, **context: Any) -> None:
        self.events: list[str] = []
        self.page = chromium.new_context(java_script_enabled=script, **context).new_page()
        self.page.on("dialog", lambda dialog: (self.events.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.events.append(f"error {error}"))
        self.page.on("console", lambda line: self.events.append(f"console {line.text}"))
        self.page.on("request", lambda request: self.events.append(request.url) if request.url != self.address else 0)
        self.address = file.as_uri()
        self.page.goto(self.address)
        if script:
            until(self.page, "globalThis.holdfastView?.then(() => true)")

    def shown(self) -> list[str]:
        rows = self.page.locator(".runs tbody tr:visible th")
        return [text.split("\n")[0] for text in rows.all_inner_texts()]

    def status(self, text: str) -> None:
        self.page.wait_for_selector(f".picks .status:text-is('{text}')")


@pytest.fixture
def visit(chromium: Any, site: Path) -> Visit:
    return Visit(chromium, site)


def test_filters_by_model_data_benchmark_verdict_and_words(visit: Visit) -> None:
    page = visit.page
    visit.status("5 runs")
    page.select_option("select[name=model]", "org/base")
    visit.status("3 of 5 runs")
    page.select_option("select[name=verdict]", "Regressed")
    assert visit.shown() == ["sft/bad"]
    page.select_option("select[name=verdict]", "Failed")
    assert visit.shown() == ["broken"]
    page.select_option("select[name=verdict]", "")
    page.select_option("select[name=data]", "my.jsonl")
    assert visit.shown() == ["broken", "sft/good"]
    page.select_option("select[name=task]", "gsm8k")
    assert visit.shown() == ["sft/good"]
    for name in ("model", "data", "task"):
        page.select_option(f"select[name={name}]", "")
    page.keyboard.press("/")
    page.fill("input[type=search]", "checkpoint-2 quick")
    assert visit.shown() == ["c2"]
    page.fill("input[type=search]", "nothing like it")
    assert page.is_visible("text=No run fits the filters.")
    assert visit.events == []


def test_columns_sort_by_their_numbers(visit: Visit) -> None:
    visit.page.click("th button:text-is('Worst held')")
    visit.page.click("th button:text-is('Worst held')")
    assert visit.shown().index("sft/bad") < visit.shown().index("sft/good")
    assert visit.events == []


def test_two_runs_side_by_side_and_the_address_keeps_them(visit: Visit, chromium: Any) -> None:
    page = visit.page
    for name in ("sft/good", "sft/bad"):
        page.check(f"input[aria-label='Choose {name}']")
    page.click(".chosen a")
    side = page.locator(".pair")
    lines = dict(text.split("\t", 1) for text in side.locator("tbody tr").all_inner_texts())
    assert lines["Data"].split("\t") == ["my.jsonl", "other.jsonl"]
    assert lines["mmlu"].split("\t")[:2] == ["83.3", "33.3"] and lines["mmlu"].split("\t")[2].startswith("−50.0 ± ")
    assert lines["gsm8k"].split("\t")[2].startswith("0.0")
    assert "holdfast compare" in side.inner_text() and side.locator("a").count() == 2
    other = chromium.new_context().new_page()
    other.goto(page.url)
    other.wait_for_selector(".pair td:text-is('other.jsonl')")
    page.select_option(".pair select >> nth=1", "0")
    page.wait_for_selector(".pair th:text-is('c2')")
    page.click(".chosen button")
    assert page.locator("tr.picked").count() == 0 and not page.is_visible(".chosen")
    assert visit.events == []


def test_a_third_choice_takes_the_place_of_the_first(visit: Visit) -> None:
    for name in ("c1", "c2", "broken"):
        visit.page.check(f"input[aria-label='Choose {name}']")
    assert visit.page.locator("tr.picked").count() == 2
    assert not visit.page.is_checked("input[aria-label='Choose c1']")


def test_trends_over_dates_and_checkpoints_follow_the_filters(visit: Visit) -> None:
    page = visit.page
    page.select_option("select[name=trend-task]", "mmlu")
    assert page.locator(".trend circle").count() == 4, "two trainings, two checkpoints; the failed one has no score"
    assert sorted(page.locator(".trend .legend").inner_text().split()) == ["org/base", "org/other"]
    page.select_option("select[name=along]", "step")
    assert page.locator(".trend circle").count() == 5, "0, 100, 200 of one training; 10 and 20 of a model's checkpoints"
    page.select_option("select[name=model]", "org/base")
    assert page.locator(".trend circle").count() == 3
    page.locator(".trend circle").first.click()
    assert page.locator("tr.picked").count() == 1
    assert visit.events == []


def test_a_report_opens_from_the_list(visit: Visit) -> None:
    visit.page.click("a:text-is('sft/bad')")
    visit.page.wait_for_selector("h1:has-text('regressed')")


def test_without_a_script_there_is_a_plain_table_and_nothing_dead(chromium: Any, site: Path) -> None:
    visit = Visit(chromium, site, script=False)
    assert len(visit.shown()) == 5
    for dead in (".picks", ".chosen", "input.pick", "#side", ".trend", "nav a[href='#side']", "#toggle"):
        assert not visit.page.locator(dead).first.is_visible(), dead
    assert visit.page.locator("#trends table").is_visible()
    visit.page.locator("details summary").first.click()
    assert visit.page.locator(".runs pre").first.is_visible()


@pytest.mark.parametrize("width", [360, 1400])
def test_no_width_needs_sideways_scrolling(chromium: Any, site: Path, width: int) -> None:
    visit = Visit(chromium, site, viewport={"width": width, "height": 800})
    for name in ("sft/good", "sft/bad"):
        visit.page.check(f"input[aria-label='Choose {name}']")
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    assert visit.events == []


def test_dark_follows_the_system_and_paper_is_light(chromium: Any, site: Path) -> None:
    visit = Visit(chromium, site, color_scheme="dark")
    assert visit.page.get_attribute("html", "data-theme") == "dark"
    assert visit.page.pdf(format="A4").startswith(b"%PDF")


def test_hostile_names_are_inert(chromium: Any, tmp_path: Path) -> None:
    nasty = "\n".join(HOSTILE)
    tasks = {nasty: TaskNumbers(0.5, 3, 0.1, 0.4, 0.1, role="held")}
    entries = [
        Entry(f"{nasty}{i}", "training", (nasty,), nasty, nasty, nasty, "2026-11-01T00:00:00Z", tasks=tasks)
        for i in (1, 2)
    ]
    file = tmp_path / "page.html"
    file.write_text(render(entries, Links(lambda _: None, nasty)), encoding="utf-8")
    visit = Visit(chromium, file)
    for box in visit.page.locator("input.pick").all():
        box.check()
    visit.page.select_option("select[name=along]", "step")
    assert visit.page.locator("main img, main iframe, main script").count() == 0
    assert visit.events == []


@pytest.mark.slow
def test_a_thousand_runs_filter_and_sort(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(render(many(1000), Links(lambda _: None, "runs")), encoding="utf-8")
    visit = Visit(chromium, file)
    visit.status("1,000 runs")
    visit.page.fill("input[type=search]", "job-999")
    visit.status("1 of 1,000 runs")
    visit.page.fill("input[type=search]", "")
    visit.page.click("th button:text-is('Mean')")
    visit.status("1,000 runs")
    assert visit.page.locator(".trend circle").count() == 1000
    assert visit.events == []
