"""How a run was measured, as its manifest tells it: what to type to measure more of it, and how fast that went."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast.compare.result import RunInfo

_LEFT_OUT = ("out=", "limit=", "sizes=", "repeats=", "noise=", "stop=", "margin=", "export=", "hydra.", "--json", "-m")
"""Words of a recorded command that another measurement does not repeat."""


@dataclass(frozen=True, slots=True)
class Remeasure:
    """What is known of how two runs were measured."""

    evaluations: tuple[tuple[str, ...], ...] = ()
    """The words of `holdfast eval` that measure both, in one command or in two; empty where nothing tells them."""
    pace: float | None = None
    """Tokens generated per second."""
    available: Mapping[str, int] = field(default_factory=dict)
    """Items that a benchmark has, where it is known."""

    def commands(self, *words: str, margin: float) -> str:
        """The commands, as one line to paste; empty where nothing tells how the runs were measured."""
        if not self.evaluations:
            return ""
        if len(self.evaluations) == 1:
            return shlex.join(["holdfast", "eval", *self.evaluations[0], *words, f"margin={100 * margin:.4g}"])
        outs = [f"runs/more-{side}" for side in ("before", "after")]
        lines = [
            shlex.join(["holdfast", "eval", *own, *words, f"out={out}"])
            for own, out in zip(self.evaluations, outs, strict=True)
        ]
        return " && ".join([*lines, shlex.join(["holdfast", "compare", *outs, f"margin={100 * margin:.4g}"])])

    def minutes(self, tokens: float) -> str:
        """`, 12 minutes at 900 tokens/s`; empty where the pace is not known."""
        if not self.pace:
            return ""
        seconds = tokens / self.pace
        time = f"{seconds / 3600:.1f} hours" if seconds >= 5_400 else f"{max(1, round(seconds / 60))} minutes"
        return f", {'1 minute' if time == '1 minutes' else time} at {self.pace:,.0f} tokens/s"


def remeasuring(before: RunInfo, after: RunInfo, tokens: tuple[float, float]) -> Remeasure:
    """How to measure both again; `tokens` were generated in the run before and after."""
    commands = _evaluations(before, after)
    available = after.manifest.get("available")
    return Remeasure(commands, _pace(after, tokens), available if isinstance(available, Mapping) else {})


def _evaluations(before: RunInfo, after: RunInfo) -> tuple[tuple[str, ...], ...]:
    if Path(after.path).name == "after" and Path(before.path).name == "before" and after.manifest == before.manifest:
        one = _trained(after) if after.manifest.get("kind") == "train" else _evaluated(after)
        return (one,) if one else ()
    commands = [_evaluated(run) for run in (before, after)]
    if any(not one or any(word.startswith("against=") for word in one) for one in commands):
        return ()
    return tuple(commands)


def _evaluated(run: RunInfo) -> tuple[str, ...]:
    """The words of the recorded `holdfast eval`, without those that say where it went and how much it measured."""
    command = run.manifest.get("command")
    if not isinstance(command, list) or "eval" not in command[:2]:
        return ()
    arguments = [str(word) for word in command[command.index("eval") + 1 :]]
    return tuple(word for word in arguments if not word.startswith(_LEFT_OUT))


def _trained(run: RunInfo) -> tuple[str, ...]:
    """A training's two models, on its suite."""
    config = run.manifest.get("config")
    model = config.get("model") if isinstance(config, Mapping) else None
    if not isinstance(config, Mapping) or not isinstance(model, Mapping) or not model.get("path"):
        return ()
    folder = Path(run.path).parent
    found = [f"model={folder / 'checkpoint'}", f"against={model['path']}", f"suite={_suite(config.get('suite'))}"]
    if model.get("revision"):
        return ()  # only one of the two models has it
    targets = [str(name) for name in config.get("target") or ()]
    return (*found, *([f"target=[{','.join(targets)}]"] if targets else ()))


def _suite(suite: Any) -> str:
    many = isinstance(suite, Sequence) and not isinstance(suite, str)
    return f"[{','.join(str(one) for one in suite)}]" if many else str(suite)


def _pace(run: RunInfo, tokens: tuple[float, float]) -> float | None:
    """Tokens per second of the measurement after. Answers that came from a cache make it look faster than it is."""
    seconds = run.manifest.get("seconds")
    if not isinstance(seconds, Mapping):
        return None
    alone = seconds.get("measure after")
    both_measured = Path(run.path).name == "after" and alone is None
    taken, generated = (
        (seconds.get("measure"), sum(tokens)) if both_measured else (alone or seconds.get("measure"), tokens[1])
    )
    return generated / taken if isinstance(taken, int | float) and taken > 0 and generated > 0 else None
