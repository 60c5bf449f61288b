"""The turns of the rows: who speaks, in which order, and what is missing."""

import re
from array import array
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from holdfast.trainers.data.card.faults import Tally
from holdfast.trainers.data.card.quantiles import Quantiles
from holdfast.trainers.data.entry import Entry, Turn, snippet
from holdfast.trainers.data.overlap.near_duplicates import fingerprint

ROLES = ("system", "user", "assistant", "tool", "developer", "")
_MOST_ROLES = 50
_PLACEHOLDER = re.compile(r"\{\{ ?\w{1,40} ?\}\}")


@dataclass(slots=True)
class Structure:
    """What the turns of a data set look like."""

    conversations: int = 0
    """Rows of messages; the others are plain text."""
    system: int = 0
    """Rows with a system prompt."""
    system_prompts: int = 0
    """How many different system prompts there are."""
    turns: Quantiles | None = None
    """Messages per row, the system prompt apart."""
    several: int = 0
    """Rows of more than one exchange."""
    ends_with_assistant: int = 0
    alternating: int = 0
    """Rows in which user and assistant take turns, tools apart."""
    empty_turns: int = 0
    """Rows with a message that says nothing."""
    tools: int = 0
    """Rows with tool calls or tool results."""
    roles: dict[str, int] = field(default_factory=dict)
    """Number of messages by role."""


class Turns:
    """Counts the turns of rows."""

    def __init__(self) -> None:
        self.found = Structure()
        self._lengths = array("q")
        self._roles: Counter[str] = Counter()
        self._systems: set[int] = set()

    def add(self, entry: Entry, tally: Tally) -> None:
        """One row; its faults are noted."""
        self._answers(entry, tally)
        turns = entry.turns
        if not any(turn.role for turn in turns):
            return
        found = self.found
        found.conversations += 1
        self._count_roles(entry, turns, tally)
        conversation = [turn for turn in turns if turn.role not in ("system", "developer")]
        self._lengths.append(len(conversation))
        found.several += sum(turn.role == "user" for turn in conversation) > 1
        self._order(entry, conversation, tally)

    def result(self) -> Structure:
        """The structure that was counted."""
        self.found.turns = Quantiles.of(self._lengths)
        self.found.system_prompts = len(self._systems)
        self.found.roles = dict(self._roles.most_common(_MOST_ROLES))
        return self.found

    def _answers(self, entry: Entry, tally: Tally) -> None:
        for name, answer in entry.answers.items():
            if not any(turn.text.strip() or turn.calls for turn in answer):
                tally.note("empty answers", entry.where, f"{name} of {snippet(entry.prompt_text)!r}")
        if entry.prompt and not entry.prompt_text.strip():
            tally.note("empty prompts", entry.where, snippet(entry.text))
        text = entry.text
        if placeholder := _PLACEHOLDER.search(text):
            tally.note(
                "placeholders", entry.where, snippet(text[max(0, placeholder.start() - 30) : placeholder.end() + 30])
            )

    def _count_roles(self, entry: Entry, turns: tuple[Turn, ...], tally: Tally) -> None:
        for turn in turns:
            if turn.role in self._roles or len(self._roles) < 2 * _MOST_ROLES:
                self._roles[turn.role] += 1
        strange = [turn.role for turn in turns if turn.role not in ROLES]
        if strange:
            tally.note("unknown roles", entry.where, f"role {strange[0]!r:.40}")
        systems = [turn.text for turn in turns if turn.role == "system"]
        self.found.system += bool(systems)
        self._systems.update(fingerprint(text) for text in systems)
        self.found.tools += any(turn.calls or turn.role == "tool" for turn in turns)

    def _order(self, entry: Entry, turns: list[Turn], tally: Tally) -> None:
        found = self.found
        if entry.answer:
            found.ends_with_assistant += turns[-1:] != [] and turns[-1].role == "assistant"
        for turn in entry.after_the_answer[:1]:
            tally.note("after the answer", entry.where, f"{turn.role}: {snippet(turn.text)!r}")
        roles = [turn.role for turn in turns if turn.role != "tool" and not turn.calls]
        if roles[:1] == ["user"] and all(one != other for one, other in pairwise(roles)):
            found.alternating += 1
        else:
            tally.note("turn order", entry.where, " → ".join(turn.role for turn in turns[:6]) or "no turn at all")
        if any(not turn.text.strip() and not turn.calls for turn in entry.prompt):
            found.empty_turns += 1
            tally.note("empty turns", entry.where, snippet(entry.prompt_text))
