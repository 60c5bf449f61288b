"""The HTML report driven in headless Chromium: filter, search, open, keyboard, theme, phone; hostile text is inert."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers import needs
from helpers.browser import FLAGS, until
from helpers.report_samples import HOSTILE, benchmark, extras, flip, full

from holdfast.compare.result import Comparison, Verdict
from holdfast.report.html.page import render

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Headless Chromium with a profile of its own."""
    program = needs.chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Visit:
    """A page that was opened, and everything it tried to do."""

    def __init__(self, chromium: Any, folder: Path, comparison: Comparison, **context: Any) -> None:
        self.file = folder / "report.html"
        self.file.write_text(render(comparison, extras()), encoding="utf-8")
        self.events: list[str] = []
        self.page = chromium.new_context(**context).new_page()
        self.page.on("dialog", lambda dialog: (self.events.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("request", self._request)
        self.page.on("pageerror", lambda error: self.events.append(f"error {error}"))
        self.page.on("console", lambda line: self.events.append(f"console {line.text}"))
        self.page.on("popup", lambda popup: self.events.append(f"popup {popup.url}"))
        self.page.goto(self.file.as_uri())
        self.page.wait_for_selector(".browser .entry")

    def _request(self, request: Any) -> None:
        if request.url != self.file.as_uri():
            self.events.append(f"request {request.url}")

    def status(self, expected: str) -> None:
        self.page.wait_for_selector(f".status:text-is('{expected}')")


@pytest.fixture
def visit(chromium: Any, tmp_path: Path) -> Visit:
    return Visit(chromium, tmp_path, full())


def test_filter_by_kind_task_and_category(visit: Visit) -> None:
    page = visit.page
    visit.status("361 changed items")
    page.click(".chip[data-kind=lost]")
    lost = sum(f.direction == "lost" for b in full().benchmarks for f in b.flips)
    visit.status(f"{lost} of 361 changed items")
    page.select_option("select[name=task]", "ifeval")
    visit.status("40 of 361 changed items")
    page.click(".chip[data-kind='']")
    page.select_option("select[name=task]", "mmlu")
    page.select_option("select[name=category]", "law")
    law = sum(f.category == "law" for f in full().benchmark("mmlu").flips)
    visit.status(f"{law} of 361 changed items")
    assert visit.events == []


def test_a_card_of_the_overview_leads_to_its_items(visit: Visit) -> None:
    visit.page.click("a.lost[data-task=ifeval]")
    visit.status("40 of 361 changed items")
    assert visit.page.input_value("select[name=task]") == "ifeval"
    assert visit.page.get_attribute(".chip[data-kind=lost]", "aria-pressed") == "true"


def test_search_looks_into_both_completions_and_reasons(visit: Visit) -> None:
    page = visit.page
    page.fill("input[type=search]", "ALERT(1)")
    visit.status("5 of 361 changed items")
    page.fill("input[type=search]", "found '26'")
    visit.status("361 changed items")
    page.fill("input[type=search]", "onerror=alert")
    visit.status("5 of 361 changed items")
    page.fill("input[type=search]", "no such words anywhere")
    visit.status("0 of 361 changed items")
    assert "No item matches" in page.inner_text(".detail")


def test_opening_a_flip_shows_both_answers_with_the_differences(visit: Visit) -> None:
    page = visit.page
    page.click("a.lost[data-task=mmlu]")
    page.wait_for_selector(".detail mark.cut")
    page.locator(".entry").nth(3).click()
    page.wait_for_selector(".entry[aria-selected=true][aria-posinset='4']")
    detail = page.inner_text(".detail")
    for part in ("Prompt", "Reference", "Before", "After", "expected '18', found '26'", "41 tokens", "37 tokens"):
        assert part in detail
    assert page.locator(".said").nth(0).locator("mark.cut").all_inner_texts() == [
        "seven",
        "9",
        "9",
        "18",
        " every day",
        "18",
    ]
    assert page.locator(".said").nth(1).locator("mark.new").all_inner_texts() == ["three", "13", "13", "26", "26"]


def test_keyboard_alone_is_enough(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("/")
    page.keyboard.type("Question 7:")
    page.wait_for_selector(".status:has-text(' of 361')")
    page.keyboard.press("Escape")
    page.focus(".list")
    for key, position in (("End", None), ("Home", 1), ("ArrowDown", 2), ("j", 3), ("k", 2)):
        page.keyboard.press(key)
        if position:
            page.wait_for_selector(f".entry[aria-selected=true][aria-posinset='{position}']")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "detail"


def test_hostile_completions_are_inert_and_visible(chromium: Any, tmp_path: Path) -> None:
    nasty = "\n".join(HOSTILE)
    flips = [flip(0, wrong=nasty, prompt=nasty, category=nasty), flip(1, wrong="x" * 1_000_000), flip(2, wrong="")]
    bad = benchmark(nasty, 0.9, 0.5, 0.02, Verdict.REGRESSED, flips=flips)
    visit = Visit(chromium, tmp_path, replace(full(), benchmarks=(bad,), sentence=nasty, warnings=(nasty,)))
    page = visit.page
    page.wait_for_selector(".said")
    said = page.locator(".said").nth(1).locator("pre").inner_text()
    assert "<script>alert(1)</script>" in said and "</script><img src=x onerror=alert(2)>" in said
    assert "U+202E" in said and "U+2066" in said and "␀" in said and "\u202e" not in said
    assert "@@script@@" in said
    page.focus(".list")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("button.more")
    assert "980,000 of 1,000,000" in page.inner_text("button.more")
    page.click("button.more")
    assert len(page.locator(".said").nth(1).locator("pre").inner_text()) == 220_000
    page.keyboard.press("/")
    page.keyboard.type("<script>alert")
    visit.status("1 of 3 changed items")
    page.wait_for_timeout(200)
    assert page.locator("main img, main iframe, main script, .detail svg").count() == 0
    assert visit.events == []


FORMULAS = (
    r"The area is \(\frac{a^2}{2}\), so $$\sum_{i=1}^n i = \frac{n(n+1)}{2}$$ and $x^2_1$; it costs $5 and then $6. "
    r"\boxed{\frac{1}{2}} and \[\begin{pmatrix}1 & 2\\3 & 4\end{pmatrix}\]"
)
BOMBS = (
    r"\(\href{javascript:alert(1)}{x}\) \(\url{javascript:alert(2)}\) \(\includegraphics{http://a.b/c.png}\) "
    r"\(\htmlId{main}{x}\) \(\style{color:red}{x}\) \(\class{browser}{x}\) \(\htmlData{a=b}{x}\) "
    r"$$\def\a{\b\b\b\b}\def\b{\c\c\c\c}\def\c{\d\d\d\d}\def\d{\a\a\a\a}\a$$ \(\rule{9999em}{9999em}\) \(\frac{1\) "
    r"\(<img src=x onerror=alert(3)>\) \(\text{<script>alert(4)</script>}\)"
)


def test_formulas_are_typeset_on_demand_and_the_text_stays(chromium: Any, tmp_path: Path) -> None:
    flips = [flip(0, wrong=FORMULAS), flip(1, wrong=BOMBS), flip(2, wrong="$" * 20_000 + r"\(" * 9_000)]
    visit = Visit(chromium, tmp_path, replace(full(), benchmarks=(_lost(flips),)))
    page = visit.page
    page.wait_for_selector(".said .typeset")
    assert page.locator(".detail math").count() == 0
    said = page.locator(".said").nth(1)
    assert FORMULAS in said.locator("pre").inner_text()
    said.locator(".typeset summary").click()
    page.wait_for_selector(".said math")
    assert said.locator("math").count() == 5
    typeset = said.locator(".math").inner_text()
    assert "$5 and then $6" in typeset and "frac" not in typeset and "boxed" not in typeset
    page.focus(".list")
    page.keyboard.press("ArrowDown")
    until(page, "document.querySelectorAll('.said')[1].innerText.includes('href')")
    hostile = page.locator(".said").nth(1)
    hostile.locator(".typeset summary").click()
    page.wait_for_timeout(300)
    inside = ".said .math a, .said .math img, .said .math script, .said .math [onerror], .said .math [id]"
    assert page.locator(inside).count() == 0
    assert "<script>alert(4)</script>" in hostile.locator("pre").inner_text()
    page.keyboard.press("Escape")
    page.focus(".list")
    page.keyboard.press("ArrowDown")
    until(page, "document.querySelectorAll('.said')[1].innerText.includes('$$$$')")
    assert visit.events == []


def _lost(flips: list[Any]) -> Any:
    return benchmark("math", 0.9, 0.5, 0.02, Verdict.REGRESSED, flips=flips)


def test_a_page_without_formulas_does_not_carry_their_library(tmp_path: Path) -> None:
    plain = replace(full(), benchmarks=(_lost([flip(0, wrong="It costs $5, or $6.")]),))
    assert "var temml=" not in render(plain)
    assert "var temml=" in render(replace(full(), benchmarks=(_lost([flip(0, wrong=FORMULAS)]),)))


def test_curves_are_drawn_and_follow_the_theme(visit: Visit) -> None:
    page = visit.page
    page.wait_for_selector(".curve canvas", state="attached")  # without scrolling there: a print wants them too
    page.evaluate("document.getElementById('training').scrollIntoView({behavior: 'instant'})")
    places = page.locator(".curve").count()
    assert page.locator(".curve canvas").count() == places == 10
    assert "kl" in page.inner_text("#training .curves")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#toggle")
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    assert page.locator(".curve canvas").count() == places
    page.locator(".curve .series button").first.click()
    assert page.locator(".curve .series button").first.get_attribute("aria-pressed") == "false"
    assert visit.events == []


def test_the_system_theme_is_taken_and_paper_is_light(chromium: Any, tmp_path: Path) -> None:
    visit = Visit(chromium, tmp_path, full(), color_scheme="dark")
    assert visit.page.get_attribute("html", "data-theme") == "dark"
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert visit.page.get_attribute("html", "data-theme") == "light"
    visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert visit.page.get_attribute("html", "data-theme") == "dark"
    assert visit.page.pdf(format="A4").startswith(b"%PDF")


def test_paper_opens_everything_that_is_folded(visit: Visit) -> None:
    closed = "document.querySelectorAll('details:not([open])').length"
    before = visit.page.evaluate(closed)
    assert before > 0
    visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert visit.page.evaluate(closed) == 0
    visit.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert visit.page.evaluate(closed) == before


def test_without_javascript_verdict_and_curves_are_there_and_no_dead_button(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(render(full(), extras()), encoding="utf-8")
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert page.locator("h1").is_visible() and page.locator("#skills svg").first.is_visible()
    assert page.locator("#training noscript svg, #training .curves:not(.scripted) svg").first.is_visible()
    assert not page.locator("#toggle").is_visible() and not page.locator("#print").is_visible()
    assert page.locator("#items noscript p").is_visible() and not page.locator(".browser").is_visible()


def test_a_link_leads_to_one_item(visit: Visit, chromium: Any) -> None:
    page = visit.page
    page.locator(".entry").nth(2).click()
    until(page, "location.hash.startsWith('#item=')")
    shown = page.locator(".detail .top").inner_text()
    other = chromium.new_context().new_page()
    other.goto(page.url)
    until(other, "document.querySelector('.detail .top') !== null")
    until(other, "(wanted) => document.querySelector('.detail .top').innerText === wanted", shown)
    assert visit.events == []


def test_phone_width_needs_no_sideways_scrolling(chromium: Any, tmp_path: Path) -> None:
    visit = Visit(chromium, tmp_path, full(), viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    page = visit.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator(".entry").nth(1).click()
    page.wait_for_selector(".browser.open .said")
    assert not page.is_visible(".list")
    page.click(".back")
    assert page.is_visible(".list")


@pytest.mark.slow
def test_fifty_thousand_items_scroll_and_search(chromium: Any, tmp_path: Path) -> None:
    flips = [flip(i, "lost" if i % 2 else "gained", wrong=f"{i * 7919} " * 60) for i in range(50_000)]
    many = benchmark("many", 0.5, 0.5, 0.01, Verdict.NON_INFERIOR, n=200_000, flips=flips)
    visit = Visit(chromium, tmp_path, replace(full(), benchmarks=(many,)))
    page = visit.page
    visit.status("50,000 changed items")
    assert page.locator(".entry").count() < 60
    page.focus(".list")
    page.keyboard.press("End")
    page.wait_for_selector(".entry[aria-selected=true][aria-posinset='50000']")
    assert page.locator(".entry").count() < 60
    page.fill("input[type=search]", "question 49999:")
    visit.status("1 of 50,000 changed items")
    assert visit.events == []


def test_the_story_fits_a_phone(chromium: Any, tmp_path: Path) -> None:
    """During training, when it broke, what it costs: nothing wider than the screen, no two labels of an axis touch."""
    page = Visit(chromium, tmp_path, full(), viewport={"width": 390, "height": 844}).page
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for key in ("during", "broke", "cure"):
        boxes = [text.bounding_box() for text in page.query_selector_all(f"#{key} svg.lane text")]
        shown = sorted((b for b in boxes if b and b["width"]), key=lambda b: (round(b["y"]), b["x"]))
        assert shown
        for one, other in itertools.pairwise(shown):
            if abs(one["y"] - other["y"]) < 2:
                assert one["x"] + one["width"] <= other["x"] + 0.5, key
