"""Axes, grids and lines of the page's drawings: coordinates are per cent of the drawing, so no script is needed."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from holdfast.report.html.html_builder import escape

_SQUEEZED = 3.0
"""Rows reaching further than this many times the middle row's reach are cut at the edge, or one squeezes them all."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Differences (score units) to per cent of the plot's width."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> str:
        """The x coordinate; what lies outside is put on the edge."""
        inside = min(max(value, self.low), self.high) if math.isfinite(value) else self.high
        return f"{100 * (inside - self.low) / (self.high - self.low):.2f}%"

    def up(self, value: float) -> str:
        """The y coordinate: y runs downwards."""
        return f"{100 - float(self.at(value)[:-1]):.2f}%"

    def beyond(self, value: float) -> int:
        """−1 left of the scale, 1 right of it, else 0."""
        return -1 if value < self.low else 1 if value > self.high else 0


def scale(values: Sequence[float], ticks: int = 6) -> Scale:
    """A scale that shows all `values` and 0, with round ticks."""
    finite = [value for value in values if math.isfinite(value)] + [0.0]
    low, high = min(finite), max(finite)
    room = max(high - low, 0.002) * 0.06
    return _ticked(low - room, high + room, ticks)


def row_scale(rows: Sequence[Sequence[float]], always: Sequence[float] = ()) -> Scale:
    """A scale for rows of values each: all that they show, but for rows that reach much further than the others.

    `always` (margins) is shown in any case.
    """
    finite = [[value for value in row if math.isfinite(value)] for row in rows]
    reach = sorted(max((abs(value) for value in row), default=0.0) for row in finite)
    limit = _SQUEEZED * reach[len(reach) // 2] if len(reach) > 2 else math.inf
    limit = max([limit, *map(abs, always)])
    shown = [min(max(value, -limit), limit) for row in finite for value in row]
    whole = scale([*shown, *always])
    cut = max(reach, default=0.0) > limit
    return _cut(whole, limit) if cut else whole


def _cut(whole: Scale, limit: float) -> Scale:
    """The scale within ±limit; a tick beyond it would stand at the edge, which is another value."""
    low, high = max(whole.low, -limit), min(whole.high, limit)
    return Scale(low, high, tuple(tick for tick in whole.ticks if low <= tick <= high))


def vertical(x_scale: Scale, style: str = "grid", label: Callable[[float], str] | None = None) -> Iterator[str]:
    """Lines at the ticks from bottom to top, the one at 0 apart, with labels below."""
    for value in x_scale.ticks:
        kind = "zero" if abs(value) < 1e-9 else style
        yield f'<line class="{kind}" x1="{x_scale.at(value)}" x2="{x_scale.at(value)}" y1="0" y2="100%"/>'
        if label is not None:
            yield below(x_scale, value, label(value))


def horizontal(y_scale: Scale, label: Callable[[float], str], style: str = "grid") -> Iterator[str]:
    """Lines at the ticks from left to right with labels beside; none where the label is empty."""
    for value in y_scale.ticks:
        text, y = label(value), y_scale.up(value)
        if text:
            kind = "zero" if abs(value) < 1e-9 else style
            yield f'<line class="{kind}" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
            yield f'<text class="unit" x="0" dx="-8" dy="4" y="{y}">{escape(text)}</text>'


def below(x_scale: Scale, value: float, text: str) -> str:
    """A label under the drawing."""
    return f'<text x="{x_scale.at(value)}" y="100%" dy="17">{escape(text)}</text>'


def titles(x_title: str, y_title: str = "") -> Iterator[str]:
    """What the axes show."""
    yield f'<text x="100%" y="100%" dy="36" class="unit">{escape(x_title)}</text>'
    if y_title:
        yield f'<text x="0" y="0" dy="-10" class="first">{escape(y_title)}</text>'


def line(points: Iterable[tuple[str, str]], style: str = "") -> str:
    """Straight lines through points given as coordinates."""
    kind = f' class="{style}"' if style else ""
    pairs = itertools.pairwise(points)
    return "".join(f'<line{kind} x1="{a}" y1="{b}" x2="{c}" y2="{d}"/>' for (a, b), (c, d) in pairs)


def _ticked(low: float, high: float, ticks: int) -> Scale:
    step = round_step((high - low) / ticks)
    first, last = math.ceil(low / step), math.floor(high / step)
    return Scale(low, high, tuple(i * step for i in range(first, last + 1)))


def round_step(raw: float) -> float:
    """The smallest of 1, 2, 5 × 10^k near `raw`."""
    power = 10 ** math.floor(math.log10(raw))
    return next(float(m * power) for m in (1, 2, 5, 10) if m * power >= raw * 0.75)
