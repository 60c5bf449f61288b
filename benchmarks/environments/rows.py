"""Rows and a registered reward as an environment of one turn: `rows:gsm8k.jsonl` with `reward=numeric`.

    {"prompt": "Natalia sold 48 clips …", "reference": "72"}

A folder holds a file for each split, `train.jsonl` and `test.jsonl`; a file is both, so name another one to train on.

So every reward of ours is an environment for whoever speaks one of the protocols that `holdfast env serve` speaks, and
what `holdfast env export` writes. The reference never leaves the process that judges.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from holdfast.environment import Count, Row, Step, ToolSpec, environment
from holdfast.errors import DataError, UsageError, unknown
from holdfast.files import file_sha256
from holdfast.records import pick, read_records
from holdfast.reward import Reward
from holdfast.sample import Message, Sample, Score

_SPLITS = ("test", "train")


@environment("rows:", splits=_SPLITS, turns=1, max_tokens=512, metric="score", varies_by="nothing")
class Rows:
    """A file of prompts and references, judged by a registered reward."""

    def __init__(
        self,
        address: str,
        *,
        reward: str | Mapping[str, Any] | None = None,
        prompt: str = "prompt",
        reference: str = "reference",
        system: str = "",
        items: Count | None = None,
    ) -> None:
        if reward is None:
            raise UsageError("rows: needs reward=NAME, what judges an answer")
        self.path, self.items, self.system = Path(address), items, system
        self.prompt, self.reference = prompt, reference
        self.reward = Reward.from_config(reward)
        if self.reward.spec.scope == "group":
            raise UsageError(f"rows: plays one answer at a time; reward {self.reward.name!r} judges groups")

    def tasks(self, split: str) -> Iterable[Row]:
        """The rows of a split. Raises DataError for a file that is not there, or a row without prompt or reference."""
        if split not in _SPLITS:
            raise unknown("split of environment 'rows'", split, _SPLITS)
        found: list[Row] = []
        for number, (where, record) in enumerate(read_records(self._file(split))):
            if self.items is not None and number >= self.items:
                break
            prompt = pick(record, self.prompt, where)
            if not isinstance(prompt, str | list):
                raise DataError(f"{where}: {self.prompt} must be text or messages, not {prompt!r:.60}")
            fields = {"record": record, "reference": pick(record, self.reference, where)}
            found.append({"key": str(record.get("id", number)), "prompt": prompt, **fields})
        return found

    def open(self, row: Row, seed: int) -> "Question":
        """An episode of one question."""
        return Question(self, row)

    def pinned(self) -> Mapping[str, Any]:
        """What was run: the rows and the reward."""
        files = sorted({path for split in _SPLITS if (path := self._file(split)).is_file()})
        return {"rows": {path.name: file_sha256(path) for path in files}, "reward": self.reward.describe()}

    def _file(self, split: str) -> Path:
        return self.path / f"{split}.jsonl" if self.path.is_dir() else self.path


class Question:
    """An episode of one turn."""

    tools: Sequence[ToolSpec] = ()

    def __init__(self, rows: Rows, row: Row) -> None:
        self._rows, self._row, self._completion = rows, row, list[Message]()
        prompt = row["prompt"]
        turns: list[Message] = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        system: list[Message] = [{"role": "system", "content": rows.system}] if rows.system else []
        self.messages: Sequence[Message] = [*system, *turns]

    def step(self, message: Message) -> Step:
        """The answer ends the episode."""
        self._completion = [message]
        return Step(done=True)

    def score(self) -> Score:
        """The reward's score, the same that judges a benchmark."""
        row = self._row
        return self._rows.reward.score(Sample(self._completion, row["reference"], row["prompt"], row["record"]))

    def close(self) -> None:
        """Do nothing: the episode has no resources."""
