"""A data card as one self-contained HTML file, as Markdown, and as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

from holdfast.compare.result import Decision
from holdfast.errors import UsageError
from holdfast.files import write_whole
from holdfast.report.html.html_builder import Html, join, pairs, section, table, tag
from holdfast.report.html.page import badge, page
from holdfast.report.markdown import plain
from holdfast.report.phrases import CIRCLE, DECISIONS, Look
from holdfast.trainers.data.card.card import Card
from holdfast.trainers.data.card.faults import Finding, places
from holdfast.trainers.data.card.parts import Part, facts_about, parts

SUFFIXES = (".html", ".md", ".json")
_FOOTER = "Made by Holdfast. One file, no network access."
_SHORT = {"lengths": "Lengths", "tokens": "Tokens"}
_LEVELS = {"breaks": ("✗ breaks training", "lost"), "look": ("○ look at it", "warn")}


def check_out(out: str | None) -> None:
    """Raise UsageError for a file that is not one of the three kinds."""
    if out is not None and not out.endswith(SUFFIXES):
        raise UsageError(f"out={out} must end in one of {', '.join(SUFFIXES)}")


def write_card(card: Card, path: Path) -> None:
    """Write the card in the form that the file's ending names. Raises UsageError for another ending."""
    check_out(path.name)
    makers = {".html": html, ".md": markdown, ".json": as_json}
    write_whole(path, makers[path.suffix](card))


def as_json(card: Card) -> str:
    """The whole card; text that is no Unicode survives as escapes."""
    return json.dumps(card.to_json(), indent=2) + "\n"


def html(card: Card) -> str:
    """The whole page as HTML."""
    found = parts(card)
    names = {"findings": "Findings"} | {part.key: _SHORT.get(part.key, part.title) for part in found}
    sections = [_head(card), _findings(card), *map(_section, found)]
    return page(f"{Path(card.source).name} · data card", sections, Html(""), _FOOTER, nav=names)


def markdown(card: Card) -> str:
    """The card for a repository or a pull request."""
    lines = [f"# Data card: {plain(Path(card.source).name)}", "", f"**{plain(card.sentence())}.**", ""]
    lines += [f"- **{_LEVELS[one.level][0]}**: {plain(one.sentence())}" for one in card.findings]
    lines += ["", _grid(("", ""), facts_about(card))]
    for part in parts(card):
        lines += ["", f"## {part.title}", "", plain(part.lede), ""]
        lines += [f"- {plain(label)}: {plain(value)}" for label, value in part.facts]
        if part.table:
            lines += ["", _grid(part.heads, part.table)]
        if part.bars:
            lines += ["", _grid(("", ""), [(label, value) for label, _, value in part.bars])]
    return "\n".join(lines) + "\n"


def _head(card: Card) -> Html:
    bad = Look("Would break", "lost", "▼", DECISIONS[Decision.REGRESSED].path)
    look = Look("Look at it", "warn", "○", CIRCLE)
    good = Look("Nothing found", "good", "✓", DECISIONS[Decision.PASS].path)
    chosen = bad if card.broken else look if card.findings else good
    return tag("div", badge(chosen), tag("h1", f"{card.sentence()}."), pairs(facts_about(card)), class_="verdict")


def _findings(card: Card) -> Html:
    if not card.findings:
        return Html("")
    rows = [_finding(finding) for finding in card.findings]
    listing = tag("div", table(("", "Rows", "What", "Where", "For example"), rows, numeric=(1,)), class_="panel")
    lede = "First what training stops at or learns wrongly from, then what may be meant so."
    return section("findings", "Findings", lede, listing)


def _finding(finding: Finding) -> tuple[object, ...]:
    word, tone = _LEVELS[finding.level]
    where = places(finding.where)
    return tag("b", word, class_=f"tone-{tone}"), f"{finding.count:,}", finding.text, where, finding.example


def _section(part: Part) -> Html:
    children: list[Html] = []
    if part.facts:
        children.append(pairs(part.facts))
    if part.table:
        numeric = () if part.words else range(1, len(part.heads))
        children.append(tag("div", table(part.heads, part.table, numeric=numeric), class_="panel"))
    if part.bars:
        bars = [(label, _bar(share), value) for label, share, value in part.bars]
        children.append(tag("div", table(("", "", ""), bars, numeric=(2,)), class_="panel"))
    return section(part.key, part.title, part.lede, *children)


def _bar(share: float) -> Html:
    rect = tag("rect", width=f"{max(0.4, 100 * share):.1f}", height="8", fill="currentColor")
    return Html(
        '<svg viewBox="0 0 100 8" width="240" height="10" preserveAspectRatio="none" class="tone-good" role="img"'
        f' aria-label="{share:.1%}">{join([rect])}</svg>'
    )


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [[plain(head) or " " for head in heads], ["---"] * len(heads)]
    lines += [[plain(cell) or " " for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
