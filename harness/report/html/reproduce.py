"""Everything needed to make the numbers again: commands, models, versions, hashes, methods."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.compare.result import Comparison, RunInfo
from holdfast.quantities import count
from holdfast.report import phrases
from holdfast.report.html.html_builder import Html, escape, join, pairs, section, table, tag

_SHOWN_APART = ("schema", "command", "packages", "config", "created", "python", "platform", "git")


def reproduce(comparison: Comparison) -> Html:
    """The last section of the page."""
    lede = "The commands, and what must be the same for the same numbers to come out."
    runs = [_run("Before", comparison.before), _run("After", comparison.after)]
    parts = [
        *(_command(i, label, words_) for i, (label, words_) in enumerate(_commands(comparison))),
        tag("div", *runs, class_="columns"),
        tag("h3", "Benchmarks"),
        tag("div", _tasks(comparison), class_="panel"),
        tag("h3", "Packages"),
        _packages(comparison),
        tag("h3", "Statistics"),
        pairs(_statistics(comparison)),
        *_configs(comparison),
    ]
    return section("reproduce", "To reproduce", lede, *parts)


def _commands(comparison: Comparison) -> Iterator[tuple[str, str]]:
    seen = set()
    given = (
        ("measured before", comparison.before.manifest.get("command")),
        ("trained and measured after", comparison.after.manifest.get("command")),
        ("compared", comparison.command),
    )
    for label, command in given:
        line = phrases.command_line(command)
        if line and line not in seen:
            seen.add(line)
            yield label, line


def _command(number: int, label: str, line: str) -> Html:
    button = tag(
        "button",
        "Copy",
        class_="icon",
        type="button",
        data_copy=f"command-{number}",
        aria_label=f"Copy the command: {label}",
    )
    return tag("div", tag("pre", tag("code", line, id=f"command-{number}")), button, class_="command", title=label)


def _run(label: str, run: RunInfo) -> Html:
    manifest = run.manifest
    rows: list[tuple[object, object]] = [("run", run.name), ("path", tag("code", run.path))]
    rows += [(key, _value(value)) for key, value in run.model.items()]
    if run.provenance == "unknown":
        rows.append(("provenance", "unknown: a bare sample file says nothing of how it was made"))
    rows += [(key, _value(manifest[key])) for key in ("created", "python", "platform") if manifest.get(key)]
    rows += [("git", _git(manifest["git"]))] if manifest.get("git") else []
    rows += [(key, _value(value)) for key, value in manifest.items() if key not in _SHOWN_APART]
    return tag("div", tag("h3", label), pairs(rows))


def _git(state: Any) -> str:
    if not isinstance(state, Mapping):
        return str(state)
    return f"{state.get('commit', '')}{' (with uncommitted changes)' if state.get('dirty') else ''}"


def _value(value: Any) -> Html:
    if isinstance(value, Mapping) and isinstance(value.get("sentence"), str):  # a record that says itself what it says
        return escape(value["sentence"])
    if isinstance(value, Mapping) and len(value) <= 12:
        return escape(_settings(value))
    if isinstance(value, str):
        return escape(value)
    return tag("code", json.dumps(value, ensure_ascii=False, default=str)[:2000])


def _tasks(comparison: Comparison) -> Html:
    heads = ("Benchmark", "Version", "Metric", "Reward", "Generation", "Items", "Repeats", "Method")
    rows = (
        (
            b.task,
            b.version or "–",
            b.metric,
            _reward(b.reward),
            _settings(b.generation),
            count(b.n),
            b.repeats,
            b.method,
        )
        for b in comparison.benchmarks
    )
    return table(heads, rows, numeric=(5, 6))


def _reward(reward: Mapping[str, Any]) -> str:
    """Name, version and options of a reward: `math 3 (tolerance=1e-06)`."""
    if not reward:
        return "–"
    options = reward.get("options") or {}
    named = f"{reward.get('name', '?')} {reward.get('version', '')}".strip()
    return f"{named} ({_settings(options)})" if options else named


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}={json.dumps(v, ensure_ascii=False, default=str)}" for k, v in values.items()) or "–"


def _packages(comparison: Comparison) -> Html:
    """Those that differ as a table, the others in a line."""
    sides = [run.manifest.get("packages") or {} for run in (comparison.before, comparison.after)]
    names = sorted({*sides[0], *sides[1]})
    same = [f"{name} {sides[0][name]}" for name in names if sides[0].get(name) == sides[1].get(name)]
    rows = [
        (name, *(side.get(name, "–") for side in sides)) for name in names if sides[0].get(name) != sides[1].get(name)
    ]
    line = tag("p", f"The same in both: {', '.join(same)}." if same else "Not recorded.", class_="soft")
    if not rows:
        return line
    return join([tag("div", table(("Differs", "Before", "After"), rows), class_="panel"), line if same else ""])


def _statistics(comparison: Comparison) -> list[tuple[object, object]]:
    rows: list[tuple[object, object]] = [
        (
            "level",
            f"{comparison.alpha:g} one-sided over the whole verdict: benchmarks and mean (weighted Holm)"
            + (f", shared by {comparison.runs} comparisons" if comparison.runs > 1 else ""),
        ),
        ("intervals", phrases.level(comparison.confidence)),
        ("margin", f"{phrases.margin(comparison.margin)} ({comparison.margin_origin})"),
        ("targets", ", ".join(comparison.target) or "none"),
        ("seed", comparison.seed),
        ("Holdfast", comparison.version or "–"),
        ("schema", comparison.schema),
    ]
    for total in (comparison.macro, comparison.micro):
        if total:
            change = f"{phrases.points(total.difference)} {phrases.interval(total.interval)} points"
            p = f"p (drop) {phrases.probability(total.p_regressed)}, p (gain) {phrases.probability(total.p_improved)}"
            rows.append(
                (
                    f"{total.kind} of the held skills",
                    f"{change}; one-sided bound {phrases.points(total.lower_bound)}; {p}",
                )
            )
    return rows


def _configs(comparison: Comparison) -> Iterator[Html]:
    for label, run in (("before", comparison.before), ("after", comparison.after)):
        config = run.manifest.get("config")
        if config:
            text = json.dumps(config, ensure_ascii=False, indent=1, default=str)
            yield tag(
                "details", tag("summary", f"Resolved config, {label}"), tag("div", tag("pre", text), class_="command")
            )
