"""`make tutorials`: run the tutorials of docs/tutorials and write what they print into their output blocks.

Usage: python tests/bench/tutorials.py [NUMBER …]   (default: all)
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.tutorials import PAGES, play

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def main(numbers: list[str]) -> int:
    """Rewrite the pages."""
    for page in PAGES:
        if not numbers or page.name.partition("-")[0] in numbers:
            rewrite(page)
            print(page.name, flush=True)
    return 0


def rewrite(page: Path) -> None:
    """Run a page and put what was printed into it."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        shown = list(play(page, Path(folder)))
    if page.read_text(encoding="utf-8") != text:
        sys.exit(f"{page} was changed while it ran")
    for one in reversed(shown):
        start, end = one.block.start, one.block.start + len(one.block.text)
        text = text[:start] + one.expected.rstrip("\n") + "\n" + text[end:]
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
