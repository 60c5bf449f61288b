"""tiny_form: a two-step form with a look-up tool and a scripted user, small enough for the embedded model.

    user       Sort the digits of ana
    assistant  <tool_call> look {"name": "ana"}
    tool       5 2 9
    assistant  2 5 9
    user       Save it
    assistant  <tool_call> save {"value": "2 5 9"}
    tool       saved
    assistant  Done

`tiny_form` has the user's second turn; `tiny_form_solo` is asked for both at once and ends with the model's first
message without a call, as tool loops that know no user want it. The score is 1 when the form holds the sorted digits.
"""

import random
import string
from collections.abc import Iterable, Sequence
from typing import Any

from holdfast.benchmarks.environments.shared.tools import Tool, observe, schema
from holdfast.environment import SCRIPT, Count, Row, Step, ToolSpec, environment
from holdfast.errors import unknown
from holdfast.sample import Message, Score

_SPLITS = ("test", "train")
_NAME = {"type": "string", "description": "Whose digits"}
_VALUE = {"type": "string", "description": "The sorted digits"}


@environment("tiny_form", splits=_SPLITS, turns=6, max_tokens=96, chance=0.0, varies_by="nothing")
class TinyForm:
    """Look digits up, tell them sorted, save them when the scripted user says so."""

    solo = False

    def __init__(self, *, items: Count = 200) -> None:
        self.items = items

    def tasks(self, split: str) -> Iterable[Row]:
        """Generated rows; the splits share no name."""
        if split not in _SPLITS:
            raise unknown("split of environment 'tiny_form'", split, _SPLITS)
        return form_rows(split, self.items, self.solo)

    def open(self, row: Row, seed: int) -> "FormEpisode":
        """An episode with an empty form."""
        return FormEpisode(row, self.solo)

    def demonstration(self, row: Row) -> list[dict[str, Any]]:
        """A right episode, from the user's first message to the model's last."""
        return gold(row, self.solo)


@environment("tiny_form_solo", splits=_SPLITS, turns=4, max_tokens=96, chance=0.0, varies_by="nothing")
class TinyFormSolo(TinyForm):
    """The same without a user: look digits up and save them sorted."""

    solo = True


def form_rows(split: str, count: int, solo: bool) -> list[Row]:
    """Rows `{key, prompt, name, digits}`. Names of two or four letters are the test's."""
    rng = random.Random(f"tiny_form/{split}")
    names: dict[str, None] = {}
    length = (2, 4) if split == "test" else (3, 5)
    while len(names) < count:
        names["".join(rng.choice(string.ascii_lowercase) for _ in range(rng.choice(length)))] = None
    ask = "Sort and save the digits of" if solo else "Sort the digits of"
    return [
        {
            "key": name,
            "prompt": f"{ask} {name}",
            "name": name,
            "digits": _digits(name),
        }
        for name in names
    ]


def _digits(name: str) -> str:
    rng = random.Random(f"digits/{name}")
    return " ".join(map(str, rng.sample(range(10), rng.randint(2, 4))))


class FormEpisode:
    """One form that is filled in."""

    def __init__(self, row: Row, solo: bool) -> None:
        self._row, self._solo = row, solo
        self._script = [] if solo else ["Save it"]
        if SCRIPT in row:
            self._script = [str(one["content"]) for one in row[SCRIPT][1:]]
        self.saved: str | None = None
        self.messages: Sequence[Message] = [{"role": "user", "content": row["prompt"]}]
        tools = [
            Tool("look", "Look up the digits of a name.", schema(name=_NAME), self._look_up),
            Tool("save", "Save the sorted digits.", schema(value=_VALUE), self._save),
        ]
        self._tools = {tool.name: tool for tool in tools}
        self.tools: Sequence[ToolSpec] = [tool.spec for tool in tools]

    def step(self, message: Message) -> Step:
        """Tool results, or what the user says next; over when the user has nothing more to say."""
        calls = message.get("tool_calls")
        if calls:
            return Step([observe(self._tools, call) for call in calls])
        if not self._script:
            return Step(done=True)
        return Step([{"role": "user", "content": self._script.pop(0)}])

    def _look_up(self, name: str) -> str:
        return str(self._row["digits"]) if name == self._row["name"] else "not found"

    def _save(self, value: str) -> str:
        self.saved = value
        return "saved"

    def score(self) -> Score:
        """1 when the form holds the sorted digits."""
        expected = " ".join(sorted(self._row["digits"].split()))
        reason = "nothing saved" if self.saved is None else f"saved {self.saved!r:.80}, wanted {expected!r}"
        return Score.of(self.saved == expected, reason, self.saved)

    def close(self) -> None:
        """Do nothing: the episode has no resources."""


def gold(row: Row, solo: bool = False) -> list[dict[str, Any]]:
    """The messages of a right episode, from the user's first to the model's last."""
    expected = " ".join(sorted(row["digits"].split()))
    look, save = _call(0, "look", "name", row["name"]), _call(1, "save", "value", expected)
    middle = [] if solo else [_assistant_text(expected), {"role": "user", "content": "Save it"}]
    return [
        {"role": "user", "content": row["prompt"]},
        look,
        {"role": "tool", "tool_call_id": "call00000", "name": "look", "content": row["digits"]},
        *middle,
        save,
        {"role": "tool", "tool_call_id": "call00001", "name": "save", "content": "saved"},
        _assistant_text("Done"),
    ]


def _assistant_text(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def _call(number: int, tool: str, argument: str, value: str) -> dict[str, Any]:
    arguments = f'{{"{argument}": "{value}"}}'
    call = {"id": f"call{number:05d}", "type": "function", "function": {"name": tool, "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [call]}
