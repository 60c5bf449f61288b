"""The HTML report: one file, no network, the verdict first."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from holdfast.compare.planning.next_steps import REPORT
from holdfast.compare.result import Benchmark, Comparison, Decision
from holdfast.quantities import count
from holdfast.report import phrases
from holdfast.report.html.forest import forest
from holdfast.report.html.heatmap import heat, shifts
from holdfast.report.html.html_builder import Html, escape, join, section, table, tag
from holdfast.report.html.items import browser, collect, embed, has_math, pack
from holdfast.report.html.reproduce import reproduce
from holdfast.report.html.training_curves import Log, curves, panels
from holdfast.report.html.training_events import story
from holdfast.report.html.trajectories import trajectories
from holdfast.report.html.transitions import flows

_STYLES = ("uplot.min.css", "page.css", "charts.css", "items.css")
_SCRIPTS = ("text.js", "math.js", "diff.js", "data.js", "items.js", "curves.js", "page.js")
_NAV = {
    "skills": "Skills",
    "gate": "Gate",
    "forgetting": "Forgetting",
    "categories": "Categories",
    "answers": "Answers",
    "during": "In training",
    "broke": "When it broke",
    "cure": "Cure",
    "training": "Curves",
    "episodes": "Episodes",
    "items": "Items",
    "reproduce": "Reproduce",
    "frontier": "Frontier",
    "trainings": "Trainings",
    "matrix": "Skills",
    "effects": "Parameters",
}


def render(comparison: Comparison, extras: Mapping[str, Any] | None = None) -> str:
    """The whole page. `extras`: `training` (a trainer's log history), `guard`, `bisect`, `mend` (their records)."""
    extras = extras or {}
    training: Log = extras.get("training") or ()
    items = collect(comparison)
    sections = [
        verdict(comparison),
        forest(comparison),
        _gate(comparison),
        flows(comparison),
        heat(comparison),
        shifts(comparison),
        *story(extras),
        curves(training),
        trajectories(comparison),
        browser(items),
        reproduce(comparison),
    ]
    data = join([embed(items), _curve_data(training)], "\n")
    title = f"{phrases.title(comparison)} · Holdfast"
    return page(title, sections, data, _footer(comparison), charts=bool(training), math=has_math(items))


def page(
    title: str,
    sections: Iterable[Html],
    data: Html,
    footer: object,
    charts: bool = False,
    math: bool = False,
    nav: Mapping[str, str] = _NAV,
    more: tuple[str, ...] = (),
) -> str:
    """A page of ours around some sections; `charts` takes the plotting library along, `math` the one that typesets
    formulas, `nav` names sections by id, `more` names further assets (styles and scripts)."""
    body = join(sections, "\n")
    style, theme = _style(more), _asset("theme.js")
    script = _script(charts, math, more)
    values = {
        "title": escape(title),
        "style": style,
        "theme": theme,
        "script": script,
        "style_hash": _hash(style),
        "script_hashes": f"{_hash(theme)} {_hash(script)}",
        "nav": _nav(body, nav),
        "body": body,
        "footer": escape(footer),
        "data": data,
    }
    # One pass: a placeholder inside a value (a model may write anything) is never replaced.
    return re.sub(r"@@(\w+)@@", lambda found: values[found[1]], _asset("template.html"))


def verdict(comparison: Comparison) -> Html:
    """The top of the page: decision, one sentence, the models, five numbers, warnings."""
    look = phrases.DECISIONS[comparison.decision]
    names = phrases.title(comparison).split(" → ")
    models = tag(
        "p", tag("b", names[0]), "→", tag("b", " → ".join(names[1:])), tag("span", _when(comparison)), class_="models"
    )
    warnings = tag("ul", *(tag("li", text) for text in comparison.warnings), class_="warnings", aria_label="Warnings")
    return tag(
        "div",
        badge(look),
        tag("h1", phrases.sentence(comparison)),
        models,
        tag("dl", *_facts(comparison), class_="facts"),
        _next(comparison),
        warnings if comparison.warnings else "",
        class_="verdict",
    )


def _next(comparison: Comparison) -> Html:
    """What would decide an inconclusive suite, or what to do about a regression."""
    if not comparison.advice:
        return Html("")
    advised = [phrases.advised(text) for text in comparison.advice]
    steps = [
        tag(
            "li",
            phrases.true_minus(sentence.replace(REPORT, "see below")),
            " ",
            tag("code", command) if command else "",
        )
        for sentence, command in advised
    ]
    word = "To decide:" if comparison.decision is Decision.INCONCLUSIVE else "Next:"
    return tag("div", tag("b", word), tag("ul", *steps), class_="told next")


def badge(look: phrases.Look) -> Html:
    """A verdict as a small label with its shape."""
    icon = Html(
        f'<svg viewBox="0 0 12 12" aria-hidden="true"><path d="{look.path}" fill-rule="evenodd" stroke="none"/></svg>'
    )
    return tag("span", icon, look.word, class_=f"badge tone-{look.tone}")


def _when(comparison: Comparison) -> str:
    return f"compared {comparison.created[:10]}" if comparison.created else ""


def _facts(comparison: Comparison) -> list[Html]:
    facts = [
        _fact(f"{b.task}, trained for", b.difference, phrases.interval(b.interval), _ends(b))
        for b in comparison.targets[:2]
    ]
    macro = comparison.macro
    if macro and macro.tasks > 1:
        note = f"{macro.tasks} benchmarks · {phrases.score(macro.before)} → {phrases.score(macro.after)}"
        facts.append(_fact("Held skills, mean", macro.difference, phrases.interval(macro.interval), note))
    worst = min(comparison.held, key=lambda b: b.difference, default=None)
    if worst:
        label = f"Worst: {worst.task}" if len(comparison.held) > 1 else f"{worst.task}, change"
        facts.append(_fact(label, worst.difference, phrases.interval(worst.interval), _ends(worst)))
    return facts + _counts(comparison)


def _fact(label: str, difference: float, unit: str, note: str) -> Html:
    value = tag("dd", phrases.points(difference), class_="value num")
    return tag("div", tag("dt", label), value, tag("dd", unit, class_="note num"), tag("dd", note, class_="note num"))


def _ends(benchmark: Benchmark) -> str:
    return f"{phrases.score(benchmark.before)} → {phrases.score(benchmark.after)} · {count(benchmark.n)} items"


def _counts(comparison: Comparison) -> list[Html]:
    tables = [b.forgetting for b in comparison.held if b.forgetting]
    if not tables:
        return []
    right = sum(t.both_right + t.lost for t in tables)
    wrong = sum(t.both_wrong + t.gained for t in tables)
    lost, gained = sum(t.lost for t in tables), sum(t.gained for t in tables)
    return [
        _count("Held items lost", lost, right, "right before"),
        _count("Held items gained", gained, wrong, "wrong before"),
    ]


def _count(label: str, number: int, total: int, what: str) -> Html:
    part = f"{phrases.share(number / total)} of {count(total)} {what}" if total else f"none was {what}"
    return tag(
        "div",
        tag("dt", label),
        tag("dd", count(number), class_="value num"),
        tag("dd", part, class_="note num"),
    )


def _gate(comparison: Comparison) -> Html:
    if not comparison.checks:
        return Html("")
    marks = {True: ("✓ met", "good"), False: ("✗ not met", "lost"), None: ("○ undecided", "warn")}
    rows = []
    for check in comparison.checks:
        word, tone = marks[check.passed]
        rows.append((tag("b", word, class_=f"tone-{tone}"), check.name, check.task or "suite", check.text))
    listing = table(("Result", "Demand", "Benchmark", "Found"), rows)
    return section(
        "gate",
        "The gate's demands",
        "What the policy asks for, and whether it is met.",
        tag("div", listing, class_="panel"),
    )


def _curve_data(training: Log) -> Html:
    charts = panels(training)
    if not charts:
        return Html("")
    packed = pack([panel.as_json() for panel in charts])
    return Html(f'<script type="application/gzip+base64" id="curve-data">{packed}</script>')


def _nav(body: str, names: Mapping[str, str]) -> Html:
    return join(tag("a", label, href=f"#{key}") for key, label in names.items() if f'<section id="{key}"' in body)


def _footer(comparison: Comparison) -> str:
    version = f" {comparison.version}" if comparison.version else ""
    made = f", {comparison.created}" if comparison.created else ""
    thanks = "charts of training by uPlot, formulas by Temml (both MIT licence)"
    return f"Made by Holdfast{version}{made}. One file, no network access; {thanks}."


@cache
def _asset(name: str) -> str:
    return resources.files("holdfast.report.html").joinpath("assets", name).read_text(encoding="utf-8").rstrip("\n")


@cache
def _style(more: tuple[str, ...]) -> str:
    return "\n".join(_asset(name) for name in (*_STYLES, *more) if name.endswith(".css"))


@cache
def _script(charts: bool, math: bool, more: tuple[str, ...]) -> str:
    own = "\n".join(_asset(name) for name in (*_SCRIPTS, *more) if name.endswith(".js"))
    libraries_needed = (("uplot.min.js", charts), ("temml.min.js", math))
    libraries = "".join(f"{_asset(name)}\n" for name, needed in libraries_needed if needed)
    return f'{libraries}(() => {{\n"use strict";\n{own}\n}})();'


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"
