"""How skills went over time: per benchmark and model the first, the newest and the best score; a chart by script."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.quantities import count
from holdfast.report import phrases
from holdfast.report.html.html_builder import Cell, Html, join, section, table, tag
from holdfast.report.view.entries import Entry

_CHECKPOINT = re.compile(r"[/_-]?(checkpoint|step)[-_]?\d+/?$", re.IGNORECASE)
_SHOWN = 400
"""Rows of the table; the chart has them all."""


@dataclass(frozen=True, slots=True)
class Trend:
    """One benchmark of one model over the runs that measured it."""

    task: str
    model: str
    runs: int
    first: float
    first_date: str
    last: float
    last_date: str
    best: float


def trends_of(entries: Sequence[Entry]) -> list[Trend]:
    """By benchmark and model, of those that two runs or more measured."""
    found: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for entry in sorted(entries, key=lambda one: one.created):
        for task, one in entry.tasks.items():
            if one.score is not None:
                model = _CHECKPOINT.sub("", entry.models[-1]) if entry.models else "–"
                found.setdefault((task, model), []).append((entry.created, one.score))
    return [
        Trend(task, model, len(seen), seen[0][1], seen[0][0], seen[-1][1], seen[-1][0], max(score for _, score in seen))
        for (task, model), seen in sorted(found.items())
        if len(seen) > 1
    ]


def trends(entries: Sequence[Entry]) -> Html:
    """The section; empty when no benchmark was measured twice."""
    found, along = trends_of(entries), any(entry.looks or entry.step is not None for entry in entries)
    if not found and not along:
        return Html("")
    lede = join(
        (
            "Scores of one benchmark over dates, or along the checkpoints of a training. Runs differ in more than "
            "their date: what is proven, ",
            tag("code", "holdfast compare … trend=true"),
            " says.",
        )
    )
    chart = Html('<div class="panel pad scripted trend"></div>')
    listing = tag("details", tag("summary", "As a table"), _table(found), open="open") if found else ""
    return section("trends", "Trends", lede, chart, listing)


def _table(found: Sequence[Trend]) -> Html:
    heads = ("Benchmark", "Model", "Runs", "First", "Newest", "Change", "Best")
    cells = [
        (
            one.task,
            one.model,
            Cell(count(one.runs), one.runs),
            _dated(one.first, one.first_date),
            _dated(one.last, one.last_date),
            Cell(phrases.points(one.last - one.first), one.last - one.first),
            Cell(phrases.score(one.best), one.best),
        )
        for one in found[:_SHOWN]
    ]
    listing = tag("div", table(heads, cells, numeric=(2, 3, 4, 5, 6)), class_="panel")
    return Html(listing + tag("p", f"{len(found) - _SHOWN:,} more in the chart.")) if len(found) > _SHOWN else listing


def _dated(score: float, date: str) -> Cell:
    return Cell(f"{phrases.score(score)} ({date[:10]})", score)
