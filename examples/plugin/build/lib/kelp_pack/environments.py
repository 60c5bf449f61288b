"""An environment: name the plant that the user describes, in one turn."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from holdfast import Score
from holdfast.environment import Count, Step, environment

PLANTS = {"kelp": "a large brown seaweed", "moss": "small, green and on stones", "fern": "fronds and spores"}


@environment("kelp_riddle", version="1", splits=("test",), turns=1, max_tokens=32, chance=0.0)
class KelpRiddle:
    """Name the plant that is described."""

    def __init__(self, *, items: Count = 3) -> None:
        self.items = items

    def tasks(self, split: str) -> Iterable[Mapping[str, Any]]:
        """One row for each plant."""
        return [{"key": name, "prompt": f"Which plant? {told}"} for name, told in list(PLANTS.items())[: self.items]]

    def open(self, row: Mapping[str, Any], seed: int) -> "Riddle":
        """A fresh riddle."""
        return Riddle(row)


class Riddle:
    """One riddle."""

    tools: Sequence[Mapping[str, Any]] = ()

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row, self._said = row, ""
        self.messages = [{"role": "user", "content": row["prompt"]}]

    def step(self, message: Mapping[str, Any]) -> Step:
        """The answer ends it."""
        self._said = str(message["content"])
        return Step(done=True)

    def score(self) -> Score:
        """1 for the plant's name."""
        return Score.of(self._row["key"] in self._said.lower().split(), f"wanted {self._row['key']}")

    def close(self) -> None:
        """Nothing is held."""
