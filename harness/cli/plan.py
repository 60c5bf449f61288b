"""Plan a suite before any training: the drops it can see, its default margin, its time, the cheapest one that does.

usage: holdfast plan suite=NAME [PILOT_A PILOT_B] [key=value …] [--json]

PILOT_A and PILOT_B are two measurements: of one model (A/A: their flips are noise) or of a pilot training; flips and
answer lengths are taken from them. Keys:
  suite=core            a shipped suite, a YAML file or [task,task]
  flips=0.1             share of items whose score changes, where no pilot says (default 0.1)
  noise=0.05            part of it that two runs of one model show; repeats=N averages it away (default: none for
                        greedy benchmarks, all of it for those that sample repeats)
  baseline_repeats=8    answers per item of the run before, measured once for many comparisons (default: repeats)
  margin=1              points: the drop of the held skills' mean to rule out (default: the decidable one)
  effect=2              points: the drop of a single benchmark to find
  power=0.8 alpha=0.05  probabilities
  target=[gsm8k]        not held, so not in the mean
  tokens_per_second=2000 tokens_per_item=256     for the expected time
  items=500             at most so many per benchmark
  sizes=[mine:1200,x:300]   benchmarks that are in no suite
  cost=tokens|items     compare the ways to measure: all items, fewer, more answers before, stop=decided
  drafts=0.2            share of the tokens that drafts leave to decode (default: as PILOT_B's drafts.json says, else 1)

examples:
  holdfast plan suite=quick margin=1 flips=0.1
  holdfast plan suite=quick runs/aa-1 runs/aa-2 effect=2 tokens_per_second=3000
  holdfast plan sizes=[ifeval:541,gsm8k:1319,mmlu:14042] margin=1
  holdfast plan suite=core margin=5 effect=10 cost=tokens drafts=0.2
"""

import json
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError, unknown

if TYPE_CHECKING:
    from holdfast.compare.planning.power import Bench, SuitePlan


@dataclass(slots=True)
class Options:
    """Keys of `holdfast plan`."""

    suite: str | None = None
    flips: float = 0.1
    noise: float | None = None
    repeats: int | None = None
    baseline_repeats: int | None = None
    margin: float | None = None
    effect: float | None = None
    power: float = 0.8
    alpha: float = 0.05
    target: list[str] = field(default_factory=list)
    tokens_per_second: float | None = None
    tokens_per_item: float = 256.0
    items: int | None = None
    sizes: list[str] = field(default_factory=list)
    cost: str | None = None
    drafts: float | None = None
    seed: int = 0

    def share(self, name: Literal["margin", "effect"]) -> float | None:
        """A key in points as a share; None when it is not given."""
        value: float | None = getattr(self, name)
        return None if value is None else value / 100


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Plan a comparison and print what it can decide."""
    from holdfast.cli.designs import show_designs
    from holdfast.compare.planning.cost import designs
    from holdfast.compare.planning.power import Requirements, make_plan

    _check(options)
    benches = _piloted(_benches(options), paths)
    requirements = Requirements(
        margin=options.share("margin"),
        effect=options.share("effect"),
        alpha=options.alpha,
        power=options.power,
        tokens_per_second=options.tokens_per_second,
    )
    plan = make_plan(options.suite or "sizes", benches, requirements, options.seed)
    ways = [] if options.cost is None else designs(benches, requirements, _drafts(options, paths), options.seed)
    if flags.json:
        print(json.dumps(plan.to_json() | ({"designs": [way.to_json() for way in ways]} if ways else {})))
    else:
        _show(plan, requirements.margin is not None or requirements.effect is not None)
        if ways:
            show_designs(ways, plan.power, "items" if options.cost == "items" else "tokens")
    return 0


def _drafts(options: Options, paths: list[str]) -> float:
    """The share of the tokens that drafts leave to decode."""
    from pathlib import Path

    from holdfast.runs.saved import saved

    if options.drafts is not None:
        return options.drafts
    seen = saved(Path(paths[1])) if paths else {}
    return seen["decoded"] / seen["tokens"] if seen.get("tokens") else 1.0


def _check(options: Options) -> None:
    limits: list[tuple[str, Any, float, float]] = [
        ("flips", options.flips, 0, 1),
        ("margin", options.margin, 0, 100),
        ("effect", options.effect, 0, 100),
        ("power", options.power, 0, 1),
        ("alpha", options.alpha, 0, 0.5),
        ("tokens_per_second", options.tokens_per_second, 0, 1e12),
        ("tokens_per_item", options.tokens_per_item, 0, 1e9),
        ("items", options.items, 0, 1e12),
        ("repeats", options.repeats, 0, 1e6),
        ("baseline_repeats", options.baseline_repeats, 0, 1e6),
        ("drafts", options.drafts, 0, 1.000001),
    ]
    for name, value, low, high in limits:
        if value is not None and not low < value < high:
            raise UsageError(f"{name}= must lie between {low:g} and {high:g}, not {value:g}")
    if options.cost not in (None, "tokens", "items"):
        raise UsageError(f"cost= is tokens or items, not {options.cost!r}")
    if options.cost and options.margin is None and options.effect is None:
        raise UsageError("cost= compares ways to reach something: give margin=POINTS, effect=POINTS or both")
    if options.drafts is not None and not options.cost:
        raise UsageError("drafts= is a share of cost=: give cost=tokens, too")
    if options.noise is not None and not 0 <= options.noise <= options.flips:
        raise UsageError(f"noise= must lie between 0 and flips ({options.flips:g}), not {options.noise:g}")


def _benches(options: Options) -> "list[Bench]":
    found = [*_suite_benches(options), *(_sized(word, options) for word in options.sizes)]
    if not found:
        raise UsageError("`holdfast plan` needs suite=… or sizes=[task:items,…]")
    for name in options.target:
        if name not in [bench.task for bench in found]:
            raise unknown("target", name, [bench.task for bench in found])
    return [replace(bench, target=bench.task in options.target) for bench in found]


def _suite_benches(options: Options) -> "list[Bench]":
    """The suite's tasks with their known sizes: nothing is downloaded."""
    if options.suite is None:
        return []
    from holdfast.benchmarks.suites.sizes import suite_sizes

    what: Any = options.suite
    if what.startswith("["):
        what = [name.strip() for name in what.strip("[]").split(",")]
    return [_bench(name, items, options.repeats or repeats, options) for name, items, repeats in suite_sizes(what)]


def _sized(word: str, options: Options) -> "Bench":
    from holdfast.benchmarks.suites.sizes import sized

    name, count = sized(word)
    return _bench(name, count, options.repeats or 1, options)


def _bench(name: str, items: int, repeats: int, options: Options) -> "Bench":
    from holdfast.compare.planning.power import Bench

    size = items if options.items is None else min(items, options.items)
    first = options.baseline_repeats
    sampled = options.flips if max(repeats, first or 1) > 1 else 0.0
    noise = sampled if options.noise is None else options.noise
    return Bench(name, size, options.flips, noise, repeats, options.tokens_per_item, baseline_repeats=first)


def _piloted(benches: "list[Bench]", paths: list[str]) -> "list[Bench]":
    """Flips, noise and answer lengths as two runs show them, where they measured the benchmark."""
    if not paths:
        return benches
    if len(paths) != 2:
        raise UsageError(f"a pilot is two runs, not {len(paths)}: {' '.join(paths)}")
    from holdfast.compare import compare, load

    before, after = (load(path) for path in paths)
    comparison = compare(before, after, allow=["tasks"], margin=0.01, max_flips=0)
    prints = before.model.get("fingerprint"), after.model.get("fingerprint")
    same = prints[0] is not None and prints[0] == prints[1]
    seen = {result.task: result for result in comparison.benchmarks}
    planned = []
    for bench in benches:
        if bench.task in seen:
            result = seen[bench.task]
            length = next((s.after for s in result.shifts if s.kind == "length" and s.unit == "tokens"), bench.tokens)
            rate = min(1.0, result.flip_rate)
            bench = replace(bench, flips=rate, noise=rate if same else min(bench.noise, rate), tokens=length)
        planned.append(bench)
    return planned


def _show(plan: "SuitePlan", has_requirements: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    from holdfast.report.fitted import Fitted

    table = Table("benchmark", title=f"{plan.suite}: {plan.items:,} items, in points", title_justify="left")
    for name in ("items", "flips", "finds alone", "finds in the suite", "clears alone", "needs", "time"):
        table.add_column(name, justify="right")
    for one in plan.benchmarks:
        table.add_row(
            one.task + (" (target)" if one.target else ""),
            f"{one.items:,}" + (f" × {one.repeats}" if one.repeats > 1 else ""),
            f"{one.flips:.1%}",
            f"{100 * one.mde:.2f}",
            f"{100 * one.mde_in_suite:.2f}",
            f"{100 * one.margin:.2f}",
            _needs(one.items_for_effect, one.repeats_for_effect),
            _time(one.seconds),
        )
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(Fitted(table))
    for line in _lines(plan, has_requirements):
        console.print(line, highlight=False)


def _lines(plan: "SuitePlan", has_requirements: bool) -> list[str]:
    lines = [
        f"A drop of all held skills by {100 * plan.macro_mde:.2f} points is found with {plan.power:.0%} probability.",
        f"Default margin: {100 * plan.default_margin:.2f} points (an unchanged model passes with {plan.power:.0%}).",
        f"At {100 * plan.margin:.2f} points an unchanged model passes with {plan.pass_unchanged:.0%} probability; "
        f"in {plan.false_alarm:.1%} it is called regressed.",
    ]
    if plan.seconds is not None:
        lines.append(f"One measurement takes about {_time(plan.seconds)}.")
    if has_requirements and plan.cheapest is None:
        small = [one.task for one in plan.benchmarks if (one.items_for_effect or 0) > one.items and not one.target]
        reason = f" ({', '.join(small)}: too few items for the effect)" if small else ""
        lines.append(
            f"Not even the whole suite does what is wanted{reason}: more items, more repeats, or a larger margin."
        )
    if plan.cheapest is not None:
        listed = ", ".join(f"{task} {size:,}" for task, size in plan.cheapest.items())
        time = "" if plan.cheapest_seconds is None else f", {_time(plan.cheapest_seconds)}"
        lines.append(f"Cheapest suite that does it: {sum(plan.cheapest.values()):,} items{time}: {listed}.")
    return lines


def _needs(items: int | None, repeats: int | None) -> str:
    if items is None:
        return "–"
    return f"{items:,}" + (f" or × {repeats}" if repeats and repeats > 1 else "")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
