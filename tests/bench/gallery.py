"""`make gallery`: HTML reports of real comparisons of published model outputs, and a page that lists them.

Usage: python tests/bench/gallery.py [folder]   (default runs/gallery)
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from helpers.recorded_runs import COMPARISONS, Recorded, missing

from holdfast.compare import Comparison, compare
from holdfast.files import write_whole
from holdfast.report import phrases, write
from holdfast.report.html.html_builder import Html, join, section, tag
from holdfast.report.html.page import badge, page


def main(out: Path) -> int:
    """Build every report whose data is here; 1 when one is missing."""
    made: list[tuple[Recorded, Comparison]] = []
    for recorded in COMPARISONS:
        if absent := missing(recorded):
            print(f"{recorded.name}: needs the shared data {', '.join(absent)}", file=sys.stderr)
            continue
        start = time.perf_counter()
        comparison = compare(*recorded.measure(out / recorded.name), allow=recorded.allow)
        write(comparison, out / recorded.name)
        made.append((recorded, comparison))
        print(f"{out / recorded.name}/report.html  {time.perf_counter() - start:.1f} s  {phrases.sentence(comparison)}")
    write_whole(out / "index.html", listing(made))
    print(out / "index.html")
    return 0 if len(made) == len(COMPARISONS) else 1


def listing(made: list[tuple[Recorded, Comparison]]) -> str:
    """The page that leads to the reports."""
    cards = join(_card(recorded, comparison) for recorded, comparison in made)
    lede = "Published model outputs and their recorded verdicts, compared item by item. Nothing was generated anew."
    body = section("gallery", "Real comparisons", lede, tag("div", cards, class_="cards"))
    return page("Gallery · Holdfast", [body], Html(""), "Made by Holdfast from published model outputs.")


def _card(recorded: Recorded, comparison: Comparison) -> Html:
    result = comparison.benchmark(recorded.task)
    change = f"{phrases.points(result.difference)} {phrases.interval(result.interval)} points, {result.n:,} items"
    link = tag("a", recorded.title, href=f"{recorded.name}/report.html")
    look = phrases.VERDICTS[result.verdict]
    return tag(
        "div",
        badge(look),
        tag("h3", link),
        tag("p", change, class_="num"),
        tag("p", phrases.sentence(comparison), class_="note"),
        class_="card",
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/gallery")))
