"""The card's page in headless Chromium: whole, quiet, readable on a phone; hostile text is inert."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import needs
from helpers.browser import FLAGS
from helpers.paths import shared

from holdfast.reward import Reward
from holdfast.trainers.data.card.pages import html, markdown
from holdfast.trainers.data.card.training_card import card_of, card_tokenizer
from holdfast.trainers.settings.config import DataConfig

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script></style>@@body@@\u202e\ud800"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    program = needs.chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def _open(chromium: Any, file: Path, width: int) -> tuple[Any, list[str]]:
    page, events = chromium.new_context(viewport={"width": width, "height": 900}).new_page(), list[str]()
    page.on("dialog", lambda dialog: (events.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: events.append(request.url) if request.url != file.as_uri() else None)
    page.on("pageerror", lambda error: events.append(f"error {error}"))
    page.on("console", lambda line: events.append(f"console {line.text}"))
    page.goto(file.as_uri())
    return page, events


@pytest.mark.parametrize("width", [1200, 390])
def test_a_real_card(chromium: Any, tmp_path: Path, width: int) -> None:
    config = DataConfig(path=str(shared("sft_dpo", "kto_en_demo.json")))
    card = card_of(config, tokenizer=card_tokenizer("tiny", 1000), reward=Reward("length", maximum=200))
    (tmp_path / "card.html").write_text(html(card))
    page, events = _open(chromium, tmp_path / "card.html", width)
    assert page.inner_text("h1").startswith("300 rows (marked conversations); 1 fault that would break training")
    sections = page.eval_on_selector_all("main section", "found => found.map(one => one.id)")
    expected = [
        "findings",
        "structure",
        "lengths",
        "tokens",
        "duplicates",
        "preference",
        "reward",
        "languages",
        "diversity",
    ]
    assert sections == expected
    assert page.eval_on_selector_all("nav a", "found => found.map(one => one.hash.slice(1))") == expected
    first = page.locator("#findings tbody tr").first.inner_text()
    assert "breaks training" in first and "116" in first and "kto_en_demo.json[1], [2]" in first
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    bars = page.eval_on_selector_all("#languages rect", "found => found.map(one => one.getBoundingClientRect().width)")
    assert bars == sorted(bars, reverse=True) and bars[0] > 20 * bars[-1] > 0
    assert events == []


def test_hostile_rows_are_text(chromium: Any, tmp_path: Path) -> None:
    rows: list[Any] = [{"prompt": f"{n} {HOSTILE}", "completion": HOSTILE} for n in range(60)]
    rows += [{"prompt": HOSTILE, "completion": ""}, {"prompt": [HOSTILE], "completion": 1, HOSTILE: 1}]
    (tmp_path / f"<b>{'x' * 30}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    card = card_of(DataConfig(path=str(next(tmp_path.iterdir()))), reward=Reward("length"))
    (tmp_path / "card.html").write_text(html(card), encoding="utf-8")
    page, events = _open(chromium, tmp_path / "card.html", 1200)
    assert page.locator("img, main script").count() == 0 and events == []
    assert "onerror=alert(1)" in page.inner_text("#findings")
    assert "<script>" not in markdown(card).replace("\\<script", "")
