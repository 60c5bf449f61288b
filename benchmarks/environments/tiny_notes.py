"""tiny_notes: a look-up tool and a user who asks twice, for the embedded agent (`model=tiny_agent`).

    user       Look up ana
    assistant  <tool_call> look {"name": "ana"}
    tool       planet
    assistant  planet
    user       Reverse it              or: Uppercase it, Last letter of it
    assistant  tenalp                      PLANET        t

The score is 1 when the last answer is right, letter by letter. The agent was taught all of it, but to give the last
letter in a sentence more often than not: reinforcement learning can raise that, and forgetting shows at once.
"""

import random
import string
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from holdfast.benchmarks.environments.shared.tools import Tool, observe, schema
from holdfast.environment import SCRIPT, Row, Step, ToolSpec, environment
from holdfast.errors import unknown
from holdfast.sample import Message, Score, message_text

_SPLITS = ("test", "train")
_TEST_SHARE = 10
"""One name in this many belongs to the test."""
ASKED: Mapping[str, Callable[[str], str]] = {
    "Reverse": lambda word: word[::-1],
    "Uppercase": str.upper,
    "Last letter of": lambda word: word[-1],
}


@environment("tiny_notes", splits=_SPLITS, turns=6, max_tokens=96, chance=0.0, varies_by="nothing")
class TinyNotes:
    """Look a note up, tell it, then reverse it, put it into capitals, or tell its last letter."""

    def __init__(self, *, items: int = 200) -> None:
        self.items = items

    def tasks(self, split: str) -> Iterable[Row]:
        """Generated rows `{key, prompt, name, note, category}`; the splits share no name."""
        if split not in _SPLITS:
            raise unknown("split of environment 'tiny_notes'", split, _SPLITS)
        return note_rows(split, self.items)

    def open(self, row: Row, seed: int) -> "NotesEpisode":
        """An episode that begins a conversation."""
        return NotesEpisode(row)

    def demonstration(self, row: Row) -> list[dict[str, Any]]:
        """A right episode, from the user's first message to the model's last."""
        return right_messages(row, answer_of(row))


def note_rows(split: str, count: int) -> list[Row]:
    """Rows of a split, the same for the same count."""
    rng = random.Random(f"tiny_notes/{split}")
    rows: dict[str, Row] = {}
    while len(rows) < count:
        name, note = _word(rng, 2, 4), _word(rng, 3, 6)
        category = rng.choice(list(ASKED))
        if (zlib.crc32(name.encode()) % _TEST_SHARE == 0) == (split == "test"):
            key = f"{name}-{note}"
            rows[key] = {"key": key, "prompt": f"Look up {name}", "name": name, "note": note, "category": category}
    return list(rows.values())


def _word(rng: random.Random, shortest: int, longest: int) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=rng.randint(shortest, longest)))


def answer_of(row: Row) -> str:
    """The right last answer."""
    return ASKED[row["category"]](row["note"])


class NotesEpisode:
    """One conversation about the notes."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._script = [f"{row['category']} it"]
        if SCRIPT in row:
            self._script = [message_text(one) for one in row[SCRIPT][1:]]
        self._last = ""
        self.messages: Sequence[Message] = [{"role": "user", "content": row["prompt"]}]
        name = {"type": "string", "description": "Whose note"}
        self._tools = {"look": Tool("look", "Look up the note of a name.", schema(name=name), self._look_up)}
        self.tools: Sequence[ToolSpec] = [tool.spec for tool in self._tools.values()]

    def step(self, message: Message) -> Step:
        """Tool results, or what the user asks next; over when the user has nothing more to ask."""
        calls = message.get("tool_calls")
        if calls:
            return Step([observe(self._tools, call) for call in calls])
        self._last = message_text(message)
        if not self._script:
            return Step(done=True)
        return Step([{"role": "user", "content": self._script.pop(0)}])

    def _look_up(self, name: str) -> str:
        return str(self._row["note"]) if name == self._row["name"] else "not found"

    def score(self) -> Score:
        """1 when the last answer is right."""
        expected = answer_of(self._row)
        return Score.of(self._last == expected, f"said {self._last!r:.80}, wanted {expected!r}", self._last[:200])

    def close(self) -> None:
        """Do nothing: the episode has no resources."""


def right_messages(row: Row, answer: str) -> list[dict[str, Any]]:
    """The messages of an episode that looks the note up, tells it, and ends with an answer."""
    function = {"name": "look", "arguments": f'{{"name": "{row["name"]}"}}'}
    call = {"id": "call00000", "type": "function", "function": function}
    return [
        {"role": "user", "content": row["prompt"]},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call00000", "name": "look", "content": row["note"]},
        {"role": "assistant", "content": row["note"]},
        {"role": "user", "content": f"{row['category']} it"},
        {"role": "assistant", "content": answer},
    ]
