"""What a measurement did not have to do: tokens that drafts gave, items that a stopped one left out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.files import read_json, write_json
from holdfast.runs.stopped import read_stopped

DRAFTS = "drafts.json"
"""What drafts did in a measurement, beside its results."""


def write_drafts(directory: Path, tally: Mapping[str, Any]) -> None:
    """Write drafts.json; a call that had nothing left to answer leaves what an earlier one wrote."""
    if tally.get("answers") or not (directory / DRAFTS).is_file():
        write_json(directory / DRAFTS, dict(tally))


def saved(directory: Path) -> dict[str, Any]:
    """The counts, and a sentence of them; empty where a measurement neither drafted nor stopped.

    Keys: `tokens` of the answers and those `decoded` one by one, forward `passes`; `items` measured `of` those there
    are in the held benchmarks.
    """
    found: dict[str, Any] = {}
    parts = []
    if (directory / DRAFTS).is_file():
        tally = read_json(directory / DRAFTS)
        found |= {name: int(tally.get(name, 0)) for name in ("tokens", "decoded", "verified", "passes")}
        if found["tokens"]:
            share = 1 - found["decoded"] / found["tokens"]
            passes = "requests" if tally.get("server") else "forward passes"
            parts.append(
                f"{share:.0%} of {found['tokens']:,} tokens were taken from the model before's answers"
                f" ({found['decoded']:,} decoded, {found['passes']:,} {passes})"
            )
    stopped = read_stopped(directory)
    if stopped is not None:
        found["items"] = sum(task.items for task in stopped.tasks.values())
        found["of"] = sum(task.of for task in stopped.tasks.values())
        share = 1 - found["items"] / max(1, found["of"])
        parts.append(f"{share:.0%} of {found['of']:,} items of the held benchmarks were not needed")
    return {**found, "sentence": "; ".join(parts)} if parts else {}
