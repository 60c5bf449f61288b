"""How numbers and verdicts are worded, once for the terminal, Markdown and HTML. Points are score × 100."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from holdfast.compare.result import Benchmark, Comparison, Decision, Interval, RunInfo, Verdict
from holdfast.quantities import count
from holdfast.sample import Text, message_text

MINUS = "\u2212"


class Look(NamedTuple):
    """A verdict's word, the colour family it is shown in, and a shape that says it without colour."""

    word: str
    tone: str
    mark: str
    path: str
    """The shape as an SVG path in a 12 × 12 box."""


_DOWN, _UP, CIRCLE = "M1 2h10L6 11z", "M1 10h10L6 1z", "M6 1.5a4.5 4.5 0 1 0 .01 0z"
_CHECK = "M1.5 6.5l3 3 6-7-1-.9-5.1 6-2-2z"
_RING = "M6 1a5 5 0 1 0 .01 0zM6 3a3 3 0 1 1-.01 0z"
_OPEN_DOWN = "M0 1h12L6 12zM3 3l3 5.6L9 3z"

VERDICTS = {
    Verdict.REGRESSED: Look("Regressed", "lost", "▼", _DOWN),
    Verdict.BEYOND_MARGIN: Look("Likely worse", "lost", "▽", _OPEN_DOWN),
    Verdict.NON_INFERIOR: Look("Held", "good", "●", CIRCLE),
    Verdict.IMPROVED: Look("Improved", "gained", "▲", _UP),
    Verdict.INCONCLUSIVE: Look("Inconclusive", "warn", "○", _RING),
}
DECISIONS = {
    Decision.PASS: Look("Pass", "good", "✓", _CHECK),
    Decision.REGRESSED: Look("Regressed", "lost", "▼", _DOWN),
    Decision.INCONCLUSIVE: Look("Inconclusive", "warn", "○", _RING),
}


def points(difference: float, digits: int = 1) -> str:
    """A signed difference in points: `+1.2`, `−0.3`, `0.0`."""
    value = round(100 * difference, digits)
    if value != value or value in (float("inf"), float("-inf")):
        return "–"
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{abs(value):.{digits}f}"


def score(value: float | None) -> str:
    """A score in points, without sign: `56.3`; a dash when there is none."""
    return "–" if value is None or value != value else f"{100 * value:.1f}"


def size(value: float) -> str:
    """A margin in points with as many digits as it needs: `1`, `0.66`."""
    return f"{100 * value:.2f}".rstrip("0").rstrip(".")


def margin(value: float) -> str:
    """A margin with its unit: `1 point`, `0.66 points`."""
    return f"{size(value)} {'point' if size(value) == '1' else 'points'}"


def interval(bounds: Interval) -> str:
    """`[−1.3, +0.7]` in points."""
    return f"[{points(bounds.low)}, {points(bounds.high)}]"


def share(value: float | None, digits: int = 1) -> str:
    """A share in per cent: `4.2 %`."""
    return "–" if value is None or value != value else f"{100 * value:.{digits}f}\u00a0%"


def probability(p: float | None) -> str:
    """A p value: three digits, or a bound when it is tiny."""
    if p is None or p != p:
        return "–"
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.01 else f"{p:.3f}"


def level(confidence: float) -> str:
    """A confidence level: `95 %`."""
    return f"{100 * confidence:g}\u00a0%"


def model_name(run: RunInfo) -> str:
    """What to call a run: its model, else its own name."""
    return str(run.model.get("name") or run.name)


def sentence(comparison: Comparison) -> str:
    """The verdict's sentence, with true minus signs."""
    return true_minus(comparison.sentence)


def true_minus(text: str) -> str:
    """`text` with a minus sign for each hyphen before a number."""
    return re.sub(r"(?<=[\s(\[])-(?=\d)", MINUS, text)


def title(comparison: Comparison) -> str:
    """`before → after`, by the models' names, or the runs' where the models share a name."""
    before, after = model_name(comparison.before), model_name(comparison.after)
    if before == after:
        before, after = comparison.before.name, comparison.after.name
    return f"{before} → {after}"


def lacking(benchmark: Benchmark) -> str:
    """What an inconclusive benchmark lacks; empty otherwise."""
    if benchmark.verdict is not Verdict.INCONCLUSIVE or benchmark.items_to_decide is None:
        return ""
    return f"needs {count(benchmark.items_to_decide)} items"


def one_sided(benchmark: Benchmark) -> str:
    """Why a proven change may have an interval that holds 0: the verdict's sentence; empty where none does."""
    proven = benchmark.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)
    seems = benchmark.interval.low <= -benchmark.allowed_drop <= benchmark.interval.high
    return f"{benchmark.task}: {true_minus(benchmark.explanation)}" if proven and seems else ""


def command_line(command: object) -> str:
    """A command as one would type it; empty for what is none."""
    if isinstance(command, str):
        return command
    return shlex.join(str(word) for word in command) if isinstance(command, list | tuple) else ""


def advised(text: str) -> tuple[str, str]:
    """(what to do, the command that does it) of an advice; no command: an empty one."""
    sentence, found, command = text.partition(": holdfast ")
    return (f"{sentence}:", f"holdfast {command}") if found else (text, "")


def command_lines(command: str, width: int) -> list[str]:
    """A command in lines that can be pasted as they are: broken between words only, with a backslash. A word that is
    longer than the width has a line of its own."""
    lines: list[str] = []
    for word in re.findall(r"(?:'(?:[^'])*'|\"[^\"]*\"|\S)+", command):
        if lines and len(lines[-1]) + len(word) + 3 <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(f"  {word}" if lines else word)
    return [*(f"{line} \\" for line in lines[:-1]), *lines[-1:]]


def plain_text(text: Text) -> str:
    """A completion or a prompt as one text: a conversation message by message, tool calls as JSON."""
    if isinstance(text, str):
        return text
    if len(text) == 1 and not text[0].get("tool_calls"):
        return message_text(text[0])
    return "\n\n".join(_message(message) for message in text)


def reference_text(reference: Any) -> str:
    """A reference of any shape as text."""
    if isinstance(reference, str):
        return reference
    return json.dumps(reference, ensure_ascii=False, indent=1, default=str)


def _message(message: Mapping[str, Any]) -> str:
    lines = [f"{message.get('role', 'assistant')}: {message_text(message)}"]
    lines += [json.dumps(call, ensure_ascii=False, default=str) for call in message.get("tool_calls") or ()]
    return "\n".join(lines)
