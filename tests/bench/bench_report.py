"""How large an HTML report is, how long it takes to write, to open, to scroll and to search, by number of items.

Prints a Markdown table. Needs Chromium (.ci/install-chromium).
"""

import random
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.browser import FLAGS
from helpers.needs import chromium_program
from helpers.report_samples import flip, full, training

from holdfast.compare.result import Comparison
from holdfast.report.html.page import render

SIZES = (500, 5_000, 50_000)
SCROLL = """async () => {
  const list = document.querySelector('.list'); let worst = 0, last = performance.now();
  for (let i = 1; i <= 120; i++) {
    list.scrollTop = i * list.scrollHeight / 120;
    await new Promise(requestAnimationFrame);
    const now = performance.now(); worst = Math.max(worst, now - last); last = now;
  }
  return worst;
}"""


def comparison(items: int) -> Comparison:
    """A comparison with `items` flips of about 1,300 characters of random words each: the worst case to compress."""
    dice = random.Random(0)
    words = ["".join(dice.choices("etaoinshrdlucmfwypvbgkjqxz", k=dice.randint(2, 9))) for _ in range(4000)]

    def text(count: int) -> str:
        return " ".join(dice.choices(words, k=count))

    flips = tuple(
        flip(i, "lost" if i % 2 else "gained", wrong=text(80), right=text(80), prompt=f"Question {i}: {text(50)}")
        for i in range(items)
    )
    base = full()
    return replace(base, benchmarks=(replace(base.benchmarks[0], flips=flips), *base.benchmarks[3:6]))


def measure(browser: Any, items: int, folder: Path) -> list[str]:
    """One row of the table."""
    made = comparison(items)
    start = time.perf_counter()
    page = render(made, {"training": training()})
    written = time.perf_counter() - start
    file = folder / f"{items}.html"
    file.write_text(page, encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(file.as_uri())
    tab.wait_for_selector(".status:has-text('changed items')")
    ready = tab.evaluate("performance.now()")
    loaded, paint = (
        tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"),
        tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
    )
    worst = tab.evaluate(SCROLL)
    start = time.perf_counter()
    tab.fill("input[type=search]", f"question {items - 1}:")
    tab.wait_for_selector(f".status:text-is('1 of {items:,} changed items')")
    search = time.perf_counter() - start
    tab.close()
    size = len(page) / 1e6
    cells = (f"{items:,}", f"{size:.1f}", f"{written:.2f}", f"{paint / 1000:.2f}", f"{loaded / 1000:.2f}")
    return [*cells, f"{ready / 1000:.2f}", f"{worst:.0f}", f"{search:.2f}"]


def main() -> int:
    """Print the table."""
    from playwright.sync_api import sync_playwright

    heads = ["items", "MB", "write s", "first paint s", "load s", "items ready s", "worst frame ms", "first search s"]
    print(f"| {' | '.join(heads)} |\n|{'--:|' * len(heads)}")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=chromium_program(), args=FLAGS)
        for items in SIZES:
            print(f"| {' | '.join(measure(browser, items, Path(folder)))} |", flush=True)
        browser.close()
    print(f"\npeak memory of the writing process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
