"""`holdfast view` by number of runs: reading the folder, writing the page, opening it in Chromium, filtering.

Prints a Markdown table. Needs Chromium (.ci/install-chromium).
"""

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.browser import FLAGS, until
from helpers.needs import chromium_program
from helpers.run_folders import many, training

from holdfast.report.view.entries import read_runs
from holdfast.report.view.page import Links, render

SIZES = (10, 100, 1_000)
READY = "globalThis.holdfastView?.then(() => true)"


def copies(folder: Path, count: int) -> None:
    """The same training many times; its report holds 2 MB of items' texts."""
    training(folder / "0", "2026-11-01T10:00:00Z", lost=30)
    report = folder / "0" / "report.json"
    record = json.loads(report.read_text(encoding="utf-8"))
    for flip in record["benchmarks"][1]["flips"]:
        flip["prompt"] = "A long question. " * 3_500
    report.write_text(json.dumps(record), encoding="utf-8")
    for number in range(1, count):
        shutil.copytree(folder / "0", folder / str(number))


def measure(browser: Any, count: int, root: Path) -> list[str]:
    """One row of the table."""
    runs = root / f"runs-{count}"
    copies(runs, count)
    start = time.perf_counter()
    read_runs(runs)
    seconds = [time.perf_counter() - start]
    shutil.rmtree(runs)
    start = time.perf_counter()
    page = render(many(count), Links(lambda _: None, "runs"))
    seconds.append(time.perf_counter() - start)
    file = root / f"{count}.html"
    file.write_text(page, encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1400, "height": 900})
    tab.goto(file.as_uri())
    until(tab, READY)
    seconds.append(tab.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000)
    seconds.append(tab.evaluate("new Promise((r) => requestAnimationFrame(() => r(performance.now())))") / 1000)
    start = time.perf_counter()
    tab.fill("input[type=search]", f"job-{count - 1}")
    tab.wait_for_selector(f".picks .status:text-is('1 of {count:,} runs')")
    seconds.append(time.perf_counter() - start)
    tab.close()
    return [f"{count:,}", f"{len(page) / 1e6:.2f}", *(f"{one:.2f}" for one in seconds)]


def main() -> int:
    """Print the table."""
    from playwright.sync_api import sync_playwright

    program = chromium_program()
    if program is None:
        print("needs Chromium: .ci/install-chromium", file=sys.stderr)
        return 1
    print("| runs | MB | read s | write s | first paint s | ready s | filter s |\n|--:|--:|--:|--:|--:|--:|--:|")
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as folder:
        browser = driver.chromium.launch(executable_path=program, args=FLAGS)
        for count in SIZES:
            print(f"| {' | '.join(measure(browser, count, Path(folder)))} |", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
