"""Several trainings from one starting model, side by side: what each gained and what each forgot.

Everything is read from the comparisons; no outcome is assumed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.compare.result import Benchmark, Comparison, Verdict
from holdfast.report.phrases import VERDICTS, points, score

FORGOTTEN = (Verdict.REGRESSED,)
_TONES = {"lost": "red", "good": "green", "gained": "cyan", "warn": "yellow"}

Named = Mapping[str, Comparison]
"""Comparisons by the name of their training, all with the same measurement before."""


def forgotten(comparison: Comparison) -> list[Benchmark]:
    """The held skills whose drop is proven, the largest drop first."""
    lost = [one for one in comparison.held if one.verdict in FORGOTTEN]
    return sorted(lost, key=lambda one: one.difference)


def tasks(named: Named) -> list[str]:
    """Targets first, then the held skills, in the suite's order."""
    first = next(iter(named.values()))
    return [b.task for b in first.targets] + [b.task for b in first.held]


def lines(named: Named) -> list[str]:
    """The outcome in sentences: what was gained, what was forgotten, what the later trainings saved of it."""
    sentences = [_gained(name, one) for name, one in named.items()]
    sentences += [_forgot(name, one) for name, one in named.items()]
    first, *others = named
    return sentences + [_saved(named, first, other) for other in others]


def table(named: Named, title: str = "") -> Any:
    """A `rich` table: one row per skill, before and, for each training, after with its difference and verdict."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(title=title or None, title_justify="left", header_style="bold", pad_edge=False)
    for heading in ("skill", "before", *named):
        grid.add_column(heading, justify="left" if heading == "skill" else "right")
    for task in tasks(named):
        results = [one.benchmark(task) for one in named.values()]
        label = f"{task} (target)" if results[0].role == "target" else task
        cells = [Text(_cell(result), style=_TONES[VERDICTS[result.verdict].tone]) for result in results]
        grid.add_row(label, score(results[0].before), *cells)
    return grid


def markdown(named: Named, links: Mapping[str, str], title: str) -> str:
    """The same as Markdown, with a link to each training's own report."""
    rows = [["skill", "before", *named], ["---", "--:", *["--:"] * len(named)]]
    for task in tasks(named):
        results = [one.benchmark(task) for one in named.values()]
        rows.append([task, score(results[0].before), *map(_cell, results)])
    body = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    reports = "\n".join(f"- [{name}]({link})" for name, link in links.items())
    sentences = "\n".join(f"- {line}" for line in lines(named))
    return f"# {title}\n\n{body}\n\n{sentences}\n\nFull reports:\n\n{reports}\n"


def record(named: Named) -> dict[str, Any]:
    """The same as a JSON object: scores and differences in score units (0–1)."""
    return {name: _record(one) for name, one in named.items()}


def _record(comparison: Comparison) -> dict[str, Any]:
    results = {
        one.task: {
            "role": one.role,
            "before": one.before,
            "after": one.after,
            "difference": one.difference,
            "verdict": str(one.verdict),
        }
        for one in comparison.benchmarks
    }
    return {"tasks": results, "forgotten": [one.task for one in forgotten(comparison)]}


def _cell(result: Benchmark) -> str:
    look = VERDICTS[result.verdict]
    return f"{score(result.after)}  {points(result.difference)} {look.mark} {look.word}"


def _gained(name: str, comparison: Comparison) -> str:
    gains = [
        f"{one.task} {score(one.before)} → {score(one.after)} ({points(one.difference)} points"
        + (")" if one.verdict is Verdict.IMPROVED else ", not proven)")
        for one in comparison.targets
    ]
    return f"Gained with {name}: {', '.join(gains) or 'no target was named'}."


def _forgot(name: str, comparison: Comparison) -> str:
    lost = forgotten(comparison)
    if not lost:
        return f"Forgotten with {name}: no drop is proven on any of the {len(comparison.held)} held skills."
    return f"Forgotten with {name}: {len(lost)} of {len(comparison.held)} held skills: {_listed(lost)}."


def _listed(lost: Sequence[Benchmark]) -> str:
    return ", ".join(f"{one.task} {points(one.difference)}" for one in lost)


def _saved(named: Named, first: str, other: str) -> str:
    saved = [(one.task, named[other].benchmark(one.task).after - one.after) for one in forgotten(named[first])]
    kept = [(task, gain) for task, gain in saved if gain > 0]
    if not kept:
        return f"Saved by {other}: nothing that {first} had forgotten."
    whole = {one.task for one in forgotten(named[other])}
    spared = sum(task not in whole for task, _ in kept)
    listed = ", ".join(f"{task} {points(gain)}" for task, gain in sorted(kept, key=lambda pair: -pair[1]))
    return f"Saved by {other}: {listed} points; {spared} of {len(saved)} forgotten skills no longer drop provably."
