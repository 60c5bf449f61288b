"""The page of a folder's runs: a plain table that a script filters, and below it trends and two runs side by side."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from holdfast.compare.result import Verdict
from holdfast.quantities import count, plural
from holdfast.report import phrases
from holdfast.report.html.html_builder import Html, escape, join, section, tag
from holdfast.report.html.items import pack
from holdfast.report.html.page import badge, page
from holdfast.report.view.data import Row, rows
from holdfast.report.view.entries import Entry
from holdfast.report.view.trends import trends

_NAV = {"runs": "Runs", "side": "Side by side", "trends": "Trends", "sweeps": "Sweeps"}
_HEADS = ("", "Run", "Model", "Data", "Date", "Verdict", "Target", "Worst held", "Mean", "Skills")
_CROSS = "M2 3l1-1 3 3 3-3 1 1-3 3 3 3-1 1-3-3-3 3-1-1 3-3z"
_STATUS = {
    "failed": phrases.Look("Failed", "lost", "✕", _CROSS),
    "unfinished": phrases.Look("Unfinished", "warn", "○", phrases.VERDICTS[Verdict.INCONCLUSIVE].path),
}
_NUMERIC = frozenset({"Target", "Worst held", "Mean"})


@dataclass(frozen=True)
class Links:
    """Where the page leads to."""

    report: Callable[[Entry], str | None]
    """The address of a run's report; None where there is none."""
    folder: str
    """As it was typed, for commands."""
    compare: str = ""
    """The address that compares two runs item by item, where a server answers."""


def address(path: str) -> str:
    """A path from the page's folder as a link's address; bytes that are no text stay what they are."""
    return quote(path, errors="surrogateescape")


def render(entries: Sequence[Entry], links: Links, sweeps: Sequence[str] = ()) -> str:
    """The whole page as HTML."""
    listed = rows(entries)
    sections = [
        _head(entries, links.folder),
        _listing(listed, links),
        _side(entries),
        trends(entries),
        _sweeps(sweeps),
    ]
    facts = {
        "folder": links.folder,
        "compare_at": links.compare,
        "runs": [row.as_json(links.report(row.entry)) for row in listed],
    }
    data = Html(f'<script type="application/gzip+base64" id="view-data">{pack(facts)}</script>' if entries else "")
    title = f"{links.folder} · Holdfast"
    footer = "Made by Holdfast. One file, no network access."
    return page(title, sections, data, footer, nav=_NAV, more=("view.css", "view.js"))


def _head(entries: Sequence[Entry], folder: str) -> Html:
    if not entries:
        notice = "No runs here: a run is a folder that `holdfast train`, `eval` or `score out=DIR` wrote."
        return tag("div", tag("h1", notice), tag("p", tag("b", folder), class_="models"), class_="verdict")
    looks = [_look(entry) for entry in entries]
    tally = [(look, sum(other.word == look.word for other in looks)) for look in dict.fromkeys(looks) if look.word]
    badges = [tag("span", badge(look), " ", tag("b", count(many)), class_="tally") for look, many in tally]
    return tag(
        "div",
        tag("h1", plural(len(entries), "run")),
        tag("p", tag("b", folder), class_="models"),
        tag("p", *badges, class_="tallies"),
        class_="verdict view",
    )


def _look(entry: Entry) -> phrases.Look:
    if entry.status in _STATUS:
        return _STATUS[entry.status]
    known = {str(decision): look for decision, look in phrases.DECISIONS.items()}
    return known.get(entry.decision, phrases.Look("", "flat", "", ""))


def _listing(listed: Sequence[Row], links: Links) -> Html:
    if not listed:
        return Html("")
    lede = (
        "The newest first; target and worst held skill are changes, mean is the score of all benchmarks, in points. "
        "A run's name opens its report."
    )
    heads = [tag("th", _head_cell(name), class_="n" if name in _NUMERIC else None, scope="col") for name in _HEADS]
    head = tag("tr", *heads)
    body = (_row(row, links) for row in listed)
    listing = tag("table", tag("thead", head), tag("tbody", *body), class_="runs")
    return section(
        "runs",
        "The runs",
        lede,
        _filters(listed),
        tag(
            "div",
            tag("div", listing, class_="scroll", tabindex="0", role="group", aria_label="Table of the runs"),
            class_="panel sortable",
        ),
        tag("p", "No run fits the filters.", class_="none soft", hidden="hidden"),
        Html('<div class="chosen scripted" hidden role="status"></div>'),
    )


def _head_cell(name: str) -> object:
    if not name:
        return tag("span", "Choose two", class_="sr")
    return name if name == "Skills" else tag("button", name, type="button")


def _filters(listed: Sequence[Row]) -> Html:
    choices = [
        ("model", "Model", {name for row in listed for name in row.entry.models}),
        ("data", "Data", {row.entry.data for row in listed}),
        ("task", "Benchmark", {name for row in listed for name in row.entry.tasks}),
        ("verdict", "Verdict", {row.verdict for row in listed}),
    ]
    fields = [_select(name, label, sorted(filter(None, values))) for name, label, values in choices]
    search = tag("label", "Search", Html('<input type="search" name="query" placeholder="name, model, data …">'))
    status = tag("p", plural(len(listed), "run"), class_="status soft", role="status")
    return tag("form", *fields, search, status, class_="picks scripted", aria_label="Filters")


def _select(name: str, label: str, values: Iterable[str]) -> Html:
    options = [tag("option", "all", value=""), *(tag("option", value, value=value) for value in values)]
    return tag("label", label, tag("select", *options, name=name))


def _row(row: Row, links: Links) -> Html:
    entry, look = row.entry, _look(row.entry)
    address = links.report(entry)
    name = tag("a", entry.path, href=address) if address else entry.path
    about = " · ".join(part for part in (entry.trainer or entry.kind, entry.suite) if part)
    pick = Html(f'<input type="checkbox" class="pick" value="{row.number}" aria-label="Choose {escape(entry.path)}">')
    verdict = tag("b", f"{look.mark}\u00a0{look.word}", class_=f"tone-{look.tone}") if look.word else "–"
    cells = (
        ("pick", None, pick),
        ("name", None, join((name, tag("small", about)))),
        ("Model", None, " → ".join(entry.models) or "–"),
        ("Data", None, entry.data or "–"),
        ("Date", None, tag("time", entry.created[:16].replace("T", "\u00a0"), datetime=entry.created)),
        ("Verdict", None, join((verdict, tag("small", entry.trouble[:300])) if entry.trouble else (verdict,))),
        ("Target", row.gain, _points(row.gain)),
        ("Worst held", row.worst, join((_points(row.worst), tag("small", row.worst_task)))),
        ("Mean", entry.mean, phrases.score(entry.mean)),
        ("Skills", None, _skills(entry)),
    )
    return tag("tr", *(_cell(*cell) for cell in cells), data_i=row.number)


def _cell(label: str, value: float | None, shown: object) -> Html:
    numeric = label in _NUMERIC
    key = None if not numeric else f"{value:.6g}" if value is not None else ""
    if label == "name":
        return tag("th", shown, scope="row")
    return tag(
        "td", shown, class_="n" if numeric else label if label == "pick" else None, data_value=key, data_label=label
    )


def _points(value: float | None) -> str:
    return "–" if value is None else phrases.points(value)


def _skills(entry: Entry) -> Html:
    """Every benchmark in a line of one text: a thousand runs are a thousand texts."""
    if not entry.tasks:
        return Html("–")
    lines = []
    for name, one in entry.tasks.items():
        change = "" if one.difference is None else f" ({phrases.points(one.difference)})"
        before = "" if one.before is None else f"{phrases.score(one.before)} → "
        lines.append(f"{name}  {before}{phrases.score(one.score)}{change}")
    return tag("details", tag("summary", str(len(lines))), tag("pre", "\n".join(lines)))


def _side(entries: Sequence[Entry]) -> Html:
    if len(entries) < 2:
        return Html("")
    lede = "Tick two runs above, or choose them here. Means and their difference, in points."
    return section("side", "Side by side", lede, Html('<div class="pair panel pad"></div>'))


def _sweeps(pages: Sequence[str]) -> Html:
    if not pages:
        return Html("")
    links = [tag("li", tag("a", name, href=name)) for name in pages]
    return section(
        "sweeps", "Sweeps", "Gain against loss of every sweep's trainings.", tag("ul", *links, class_="told")
    )
