"""The report as Markdown that fits a pull-request comment, whatever the models wrote."""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from holdfast.compare.result import Benchmark, Comparison, Flip
from holdfast.quantities import count
from holdfast.report import phrases
from holdfast.report.html.html_builder import visible
from holdfast.report.training_events import Part, parts

LONGEST = 60_000
"""Characters; GitHub takes 65,536."""
_EXAMPLES = 3
_EXCERPT = 280
_CATEGORIES = 8
_ICONS = {"lost": "🔻", "good": "✅", "gained": "🔼", "warn": "❔", "flat": "·"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~@!&$])")


def markdown(comparison: Comparison, extras: Mapping[str, Any] | None = None) -> str:
    """Verdict, table and folded details. Parts that would pass the limit are left out, and it is said."""
    look = phrases.DECISIONS[comparison.decision]
    kept = f"### {_ICONS[look.tone]} {look.word}: {plain(phrases.sentence(comparison))}\n"
    blocks = [_summary(comparison), _warnings(comparison), _checks(comparison), _table(comparison)]
    blocks += [_part(part) for part in parts(extras or {})]
    blocks += [_forgetting(comparison), _categories(comparison), *_examples(comparison), _reproduce(comparison)]
    for block in filter(None, blocks):
        if len(kept) + len(block) > LONGEST:
            return f"{kept}\n_More is in the HTML report: this comment is at its limit._\n"
        kept += f"\n{block}\n"
    return kept


def plain(text: str) -> str:
    """`text` as plain Markdown text: no markup, no mention, no link, one line."""
    return _SPECIAL.sub(r"\\\1", visible(" ".join(text.split()))).replace("\\@", "@\u2060")


def fenced(text: str) -> str:
    """`text` in a code block that it cannot end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{visible(text)}\n{fence}"


def _summary(comparison: Comparison) -> str:
    macro = comparison.macro
    line = f"`{_code(phrases.title(comparison))}`"
    if macro:
        change = f"{phrases.points(macro.difference)} {phrases.interval(macro.interval)}"
        line += f" · {_mean(macro.tasks)}: **{change}** points"
    return f"{line} · margin {phrases.margin(comparison.margin)} ({comparison.margin_origin})"


def _mean(tasks: int) -> str:
    return "change" if tasks == 1 else f"held skills, mean of {tasks}"


def _code(text: str) -> str:
    return visible(" ".join(text.split())).replace("`", "'").replace("|", "\u2223")


def _warnings(comparison: Comparison) -> str:
    lines = [_advice(advice) for advice in comparison.advice]
    return "\n".join([*lines, *(f"> ⚠️ {plain(warning)}" for warning in comparison.warnings)])


def _advice(advice: str) -> str:
    sentence, command = phrases.advised(advice)
    return f"> ➡️ {plain(sentence)}" + (f" `{_code(command)}`" if command else "")


def _checks(comparison: Comparison) -> str:
    marks = {True: "✅", False: "❌", None: "❔"}
    return "\n".join(f"- {marks[check.passed]} {plain(check.name)}: {plain(check.text)}" for check in comparison.checks)


def _table(comparison: Comparison) -> str:
    heads = [
        "Benchmark",
        "Items",
        "Before → after",
        f"Change in points, {phrases.level(comparison.confidence)} interval",
        "Verdict",
    ]
    rows = []
    for role in ("target", "held", "ignored"):
        group = sorted((b for b in comparison.benchmarks if b.role == role), key=lambda b: b.difference)
        rows += [_row(benchmark) for benchmark in group]
    notes = [f"- {plain(note)}" for note in map(phrases.one_sided, comparison.benchmarks) if note]
    return _grid(heads, rows) + ("\n\n" + "\n".join(notes) if notes else "")


def _row(benchmark: Benchmark) -> list[str]:
    look = phrases.VERDICTS[benchmark.verdict]
    name = {"target": " (trained for)", "ignored": " (not judged)"}.get(benchmark.role, "")
    lacking = phrases.lacking(benchmark)
    return [
        f"{plain(benchmark.task)}{name}",
        count(benchmark.n),
        f"{phrases.score(benchmark.before)} → {phrases.score(benchmark.after)}",
        f"**{phrases.points(benchmark.difference)}** {phrases.interval(benchmark.interval)}",
        f"{_ICONS[look.tone]} {look.word}{f' ({lacking})' if lacking else ''}",
    ]


def _part(part: Part) -> str:
    """What guard, bisect or mend found: its sentences, and its table folded."""
    sentences = "\n".join(f"- {plain(text)}" for text in part.sentences)
    rows = [[plain(cell) or " " for cell in row] for row in part.rows]
    details = _folded("Details", _grid([head or " " for head in part.heads], rows)) if rows else ""
    return f"**{part.title}**\n\n{sentences}" + (f"\n\n{details}" if details else "")


def _forgetting(comparison: Comparison) -> str:
    rows = []
    for benchmark in comparison.benchmarks:
        table = benchmark.forgetting
        if table:
            counts = (
                count(table.lost),
                phrases.share(table.lost_rate),
                count(table.gained),
                phrases.share(table.gained_rate),
            )
            rows.append([plain(benchmark.task), *counts, phrases.share(table.retention)])
    heads = ["Benchmark", "Lost (1→0)", "of items", "Gained (0→1)", "of items", "Still right"]
    return _folded("Forgetting", _grid(heads, rows)) if rows else ""


def _categories(comparison: Comparison) -> str:
    found = [(b, c) for b in comparison.benchmarks for c in b.categories]
    worst = sorted(found, key=lambda pair: (pair[1].q, pair[1].difference))[:_CATEGORIES]
    rows = [
        [
            plain(b.task),
            plain(c.name),
            count(c.n),
            f"{phrases.points(c.difference)} {phrases.interval(c.interval)}",
            phrases.probability(c.q),
        ]
        for b, c in worst
    ]
    grid = _grid(["Benchmark", "Category", "Items", "Change in points", "q"], rows)
    return _folded(f"Categories that changed most, of {len(found)} (exploratory)", grid) if rows else ""


def _examples(comparison: Comparison) -> Iterator[str]:
    for benchmark in comparison.held:
        lost = [flip for flip in benchmark.flips if flip.direction == "lost"]
        if lost:
            shown = "\n\n".join(_example(flip) for flip in lost[:_EXAMPLES])
            yield _folded(f"{benchmark.task}: {min(len(lost), _EXAMPLES)} of {count(len(lost))} lost items", shown)


def _example(flip: Flip) -> str:
    parts = (
        f"item {flip.doc_id}: {_excerpt(phrases.plain_text(flip.prompt))}",
        f"reference: {_excerpt(phrases.reference_text(flip.reference))}",
        f"before:    {_excerpt(phrases.plain_text(flip.before.completion))}",
        f"after:     {_excerpt(phrases.plain_text(flip.after.completion))}",
        f"reason:    {_excerpt(flip.after.reason)}",
    )
    return fenced("\n".join(parts))


def _excerpt(text: str) -> str:
    """The end of a long text: answers stand there."""
    line = " ".join(text[-4 * _EXCERPT :].split())
    return line if len(line) <= _EXCERPT and len(text) <= 4 * _EXCERPT else f"… {line[-_EXCERPT:]}"


def _reproduce(comparison: Comparison) -> str:
    line = phrases.command_line(comparison.command)
    version = f"Holdfast {comparison.version}".strip()
    return _folded("To reproduce", f"{fenced(line)}\n\n{version}, seed {comparison.seed}") if line else ""


def _grid(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---", *["--:"] * (len(heads) - 2), "---"], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def _folded(summary: str, body: str) -> str:
    return f"<details><summary>{html.escape(visible(summary))}</summary>\n\n{body}\n\n</details>"
