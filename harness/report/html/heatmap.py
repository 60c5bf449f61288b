"""The heat map of categories inside benchmarks, and how the answers changed apart from their score."""

from collections.abc import Iterator

from holdfast.compare.result import Benchmark, Category, Comparison, Shift
from holdfast.quantities import count, plural
from holdfast.report import phrases
from holdfast.report.html.html_builder import Html, join, section, table, tag

_STEPS = (0.01, 0.03, 0.08, 0.20)
_FIRM = 0.05
_KINDS = {
    "length": "Mean length",
    "truncation": "Cut at the length limit",
    "refusal": "Refusals",
    "format_failure": "No answer found in the text",
    "language": "Another language than the prompt's",
}


def heat(comparison: Comparison) -> Html:
    """The section of category tiles; empty when no benchmark has categories."""
    with_tiles = [benchmark for benchmark in comparison.benchmarks if len(benchmark.categories) > 1]
    if not with_tiles:
        return Html("")
    lede = (
        "Exploratory: where inside a benchmark the change sits. A frame marks categories that stand out after "
        "controlling the false-discovery rate at 5 % (Benjamini–Hochberg); they take no part in the verdict. Points."
    )
    return section("categories", "Inside the benchmarks", lede, *(_map(b) for b in with_tiles), _scale())


def step(difference: float) -> str:
    """The class of a tile's colour: `h-l4` (a drop of 20 points or more) … `h-0` … `h-g4`."""
    level = sum(abs(difference) >= bound for bound in _STEPS)
    return "h-0" if level == 0 else f"h-{'l' if difference < 0 else 'g'}{level}"


def _map(benchmark: Benchmark) -> Html:
    order = sorted(benchmark.categories, key=lambda category: category.difference)
    tiles = tag("div", *(_tile(benchmark, category) for category in order), class_="tiles")
    firm = sum(category.q <= _FIRM for category in order)
    heading = f"{benchmark.task}: {len(order)} categories, {firm} stand out"
    return join([tag("h3", heading), tiles])


def _tile(benchmark: Benchmark, category: Category) -> Html:
    firm = " firm" if category.q <= _FIRM else ""
    flips = "" if category.lost is None else f", {category.lost} lost, {category.gained} gained"
    title = (
        f"{category.name}: {phrases.score(category.before)} → {phrases.score(category.after)}, change "
        f"{phrases.points(category.difference)} {phrases.interval(category.interval)} points, "
        f"{category.n} items{flips}, q = {phrases.probability(category.q)}"
    )
    inner = (
        tag("b", phrases.points(category.difference), tag("small", f"n {count(category.n)}")),
        tag("span", category.name),
    )
    style = f"tile {step(category.difference)}{firm}"
    if any(flip.category == category.name for flip in benchmark.flips):
        return tag(
            "a", *inner, class_=style, title=title, href="#items", data_task=benchmark.task, data_category=category.name
        )
    return tag("div", *inner, class_=style, title=title)


def _scale() -> Html:
    classes = ("l4", "l3", "l2", "l1", "0", "g1", "g2", "g3", "g4")
    swatches = Html("".join(f'<i class="tile h-{name}"></i>' for name in classes))
    steps = ", ".join(phrases.size(bound) for bound in _STEPS)
    text = f"from a drop of 20 points or more, over ±1, to a gain of 20 or more; steps at {steps}"
    return tag("div", tag("span", swatches, class_="scale"), tag("p", text), class_="legend")


def shifts(comparison: Comparison) -> Html:
    """How the completions themselves changed: what is notable in sight, everything else folded; empty without data."""
    found = [(benchmark, shift) for benchmark in comparison.benchmarks for shift in benchmark.shifts]
    alone = [_truncation(benchmark) for benchmark in comparison.benchmarks if benchmark.truncation_only]
    if not found:
        return Html("")
    loud = [pair for pair in found if pair[1].notable]
    quiet = [pair for pair in found if not pair[1].notable]
    parts: list[Html] = []
    if alone:
        parts.append(tag("ul", *(tag("li", text) for text in alone), class_="warnings"))
    parts.append(
        tag("div", _shift_table(loud), class_="panel") if loud else tag("p", "Nothing notable.", class_="lede")
    )
    if quiet:
        parts.append(
            tag(
                "details",
                tag("summary", plural(len(quiet), "small change")),
                tag("div", _shift_table(quiet), class_="panel"),
            )
        )
    lede = (
        "Length, truncation, refusals, missing answers and language, before and after. "
        "A drop can be one of these and nothing else."
    )
    return section("answers", "How the answers changed", lede, *parts)


def _truncation(benchmark: Benchmark) -> str:
    left = benchmark.difference_untruncated
    kept = "" if left is None else f" (there the change is {phrases.points(left)} points)"
    return f"{benchmark.task}: the drop vanishes among the items that neither run cut at the length limit{kept}."


def _shift_table(found: list[tuple[Benchmark, Shift]]) -> Html:
    heads = ("Benchmark", "What", "Before", "After", "Pairs", "p (two-sided)", "Note")
    return table(heads, _shift_rows(found), numeric=(2, 3, 4, 5))


def _shift_rows(found: list[tuple[Benchmark, Shift]]) -> Iterator[tuple[object, ...]]:
    for benchmark, shift in found:
        before, after = (_amount(value, shift.unit) for value in (shift.before, shift.after))
        p = phrases.probability(shift.p_two_sided)
        yield benchmark.task, _KINDS.get(shift.kind, shift.kind), before, after, count(shift.n), p, shift.detail


def _amount(value: float, unit: str) -> str:
    return phrases.share(value) if unit == "share" else f"{value:,.0f} {unit}"
