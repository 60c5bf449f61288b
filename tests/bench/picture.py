"""`make picture`: the report of docs/images/report.png, photographed from a real run in Chromium.

Usage: python tests/bench/picture.py [RUN]   (default: the embedded model learns subtraction, as in `holdfast demo`)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.needs import chromium
from helpers.paths import ROOT

PICTURE = ROOT / "docs" / "images" / "report.png"
SIZE = {"width": 1200, "height": 1180}


def main(words: list[str]) -> int:
    """Make the run where none is named, and photograph its report."""
    if words:
        photograph(Path(words[0]) / "report.html")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "holdfast", "train", "experiment=tiny_sft", "suite=tiny", "out=runs/mine"]
        subprocess.run(command, check=True, cwd=folder)
        photograph(Path(folder) / "runs" / "mine" / "report.html")
    return 0


def photograph(report: Path) -> None:
    """The section `Every skill`: each one's change with its interval and verdict."""
    from playwright.sync_api import sync_playwright

    PICTURE.parent.mkdir(exist_ok=True)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(report.resolve().as_uri())
        page.locator("#skills").screenshot(path=PICTURE)
        browser.close()
    print(PICTURE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
