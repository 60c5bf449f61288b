"""Where drafts come from: the answers that a related model's measurement left in the cache, token for token."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from holdfast.benchmarks.engine.items import Item
from holdfast.benchmarks.engine.keeping.journal import Journal
from holdfast.errors import HoldfastError, UsageError
from holdfast.files import read_json
from holdfast.runs.measurement import sample_path

Mode = Literal["auto", "before", "off"]
"""`auto`: drafts where they change no token (float32); `before`: wherever the model allows them."""


@runtime_checkable
class Drafting(Protocol):
    """An engine that can decode with drafts."""

    def draft_from(self, source: "DraftSource", mode: Mode) -> None:
        """Take drafts from `source`, where the model and `mode` allow it. Raises UsageError where `mode` is `before`
        and the model does not."""

    def no_draft(self, generation: Mapping[str, Any]) -> str:
        """Why answers under these arguments take no drafts; empty where they do."""

    def tally(self) -> dict[str, Any]:
        """What drafts did so far; empty without any."""


class DraftSource:
    """The answers of the measurement in `directory`, whose completions lie in `cache`."""

    def __init__(self, directory: Path, cache: Path) -> None:
        self._folder: Path | None = None
        self.tokenizer: str | None = None
        try:
            key = read_json(directory / "state.json")["engine"]
            self.tokenizer = read_json(directory / "results.json")["model"].get("tokenizer")
        except (HoldfastError, KeyError):
            return  # a measurement of another kind, or none: no drafts
        shared = cache / "completions" / str(key)
        self._folder = shared if shared.is_dir() else directory / "cache" / "completions" / str(key)
        self._tasks: dict[str, Journal] = {}

    def of(self, item: Item) -> Sequence[int]:
        """The tokens of the answer to the same item under the same arguments; empty where there is none."""
        found: Sequence[int] = self.record(item).get("ids") or ()
        return found

    def record(self, item: Item) -> Mapping[str, Any]:
        """The kept answer to the same item under the same arguments; empty where there is none."""
        if self._folder is None:
            return {}
        if item.task not in self._tasks:
            self._tasks[item.task] = Journal(self._folder / f"{sample_path(Path(), item.task).stem}.jsonl")
        return self._tasks[item.task].records.get(item.cache_key, {})


_GREEDY = frozenset({"until", "max_gen_toks", "do_sample", "temperature"})
"""Generation arguments under which the largest logit alone decides."""


def not_greedy(generation: Mapping[str, Any], added: Mapping[str, Any]) -> str:
    """What decides besides the largest logit, under these arguments and what a model's file adds; else empty."""
    if generation.get("do_sample"):
        return "answers are drawn"
    rules = sorted({*(set(generation) - _GREEDY), *added})
    return f"{', '.join(rules)} decide beside the largest logit" if rules else ""


def refuse(mode: Mode, reason: str) -> None:
    """Raise UsageError where drafts were asked for by name and there can be none."""
    if mode == "before":
        raise UsageError(f"draft=before: {reason}; leave draft=auto, which drafts where it can")
