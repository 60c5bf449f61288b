"""What the rows held out say of a training: the course of their loss, and whether it was trained too long."""

from collections.abc import Mapping, Sequence
from typing import Any

Log = Sequence[Mapping[str, Any]]
RISE = 0.02
"""Share by which the loss must have risen since its best before it is said."""


def course(log: Log) -> dict[str, Any] | None:
    """First, best and last loss of the rows held out, with their steps; None where there was no evaluation."""
    seen = [(int(entry.get("step", 0)), float(entry["eval_loss"])) for entry in log if _is_loss(entry)]
    if not seen:
        return None
    best = min(seen, key=lambda one: one[1])
    named = {"first": seen[0], "best": best, "last": seen[-1]}
    return {name: {"step": step, "loss": loss} for name, (step, loss) in named.items()}


def findings(log: Log, best_kept: bool) -> tuple[str, ...]:
    """One sentence where the loss had risen again before the training ended."""
    found = course(log)
    if found is None or found["last"]["loss"] <= found["best"]["loss"] * (1 + RISE):
        return ()
    best, last = found["best"], found["last"]
    risen = (
        f"validation: the loss was lowest at step {best['step']:,} ({best['loss']:.4g}) and rose to {last['loss']:.4g}"
        f" at step {last['step']:,}"
    )
    kept = "the checkpoint of the lowest is the result" if best_kept else "early_stopping=3 ends there and keeps it"
    return (f"{risen}: {kept}",)


def _is_loss(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("eval_loss"), int | float)
