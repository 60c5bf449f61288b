"""What to do about a regression: read what was lost, and mend it or agree on its price."""

import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from holdfast.compare.result import Benchmark, Decision, RunInfo, Verdict

REPORT = "html=report.html"
"""The key that writes the report with both answers; in that report itself they are below."""
NAMED = 4
"""Benchmarks named in a sentence, those that lost most."""


def next_steps(decision: Decision, benchmarks: Sequence[Benchmark], before: RunInfo, after: RunInfo) -> tuple[str, ...]:
    """Sentences, most of them with a command; empty where nothing regressed."""
    worse = [one for one in benchmarks if one.verdict is Verdict.REGRESSED and one.role != "ignored"]
    if decision is not Decision.REGRESSED:
        return ()
    steps = [_read_lost_items(worse)] if worse else []
    cut = [one.task for one in worse if one.truncation_only]
    if cut:
        steps.append(f"{', '.join(cut)}: only answers that were cut off are lost; measure with more max_tokens")
    return (*steps, *_mending(before, after), *_price(worse))


def _read_lost_items(worse: Sequence[Benchmark]) -> str:
    lost = {one.task: one.forgetting.lost if one.forgetting else len(one.flips) for one in worse}
    most = sorted(lost, key=lambda task: -lost[task])
    listed = [f"{task} {lost[task]:,}" for task in most[:NAMED]]
    more = f" and {len(most) - NAMED} more" if len(most) > NAMED else ""
    return f"read the items that were lost ({', '.join(listed)}{more}), both answers side by side: {REPORT}"


def _mending(before: RunInfo, after: RunInfo) -> list[str]:
    """For a training's two measurements."""
    run, manifest = Path(after.path).parent, after.manifest
    if manifest.get("kind") != "train" or Path(before.path).parent != run or Path(after.path).name != "after":
        return []
    steps = [f"cure it without training: {shlex.join(['holdfast', 'mend', str(run)])}"]
    config = manifest.get("config")
    if isinstance(config, Mapping) and config.get("checkpoints"):
        steps.append(f"find the step at which it broke: {shlex.join(['holdfast', 'bisect', str(run)])}")
    return steps


def _price(worse: Sequence[Benchmark]) -> list[str]:
    """The policy's line that would accept these drops, all of them."""
    if not worse:
        return []
    drops = ", ".join(f"{one.task}: {{allowed_drop: {math.ceil(-100 * one.difference)}}}" for one in worse)
    return [f"if the price is agreed, a policy says so (policy=gate.yaml): benchmarks: {{{drops}}}"]
