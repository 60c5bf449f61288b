"""A training row as a data card reads it: the turns before the answer, and the answers, in the trainer's own shape."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from holdfast.sample import message_text
from holdfast.trainers.data.formats.messages import chat, to_last_answer


@dataclass(frozen=True, slots=True)
class Turn:
    """One message; plain text has no role."""

    role: str
    text: str
    calls: bool = False
    """It carries tool calls, so it may have no text."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One training row as messages: its prompt and answers."""

    where: str
    """File and line, or data set and index."""
    kind: str
    """`preference`, `marked`, `messages`, `prompt and completion`, `prompt and reference`, `prompt`, `plain text`."""
    prompt: tuple[Turn, ...]
    answers: Mapping[str, tuple[Turn, ...]]
    """`completion`; `chosen` and `rejected`; nothing for prompts alone."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """The columns, ours beside the file's own."""

    @property
    def prompt_text(self) -> str:
        """The prompt's turns, one below the other."""
        return text_of(self.prompt)

    @property
    def answer(self) -> tuple[Turn, ...]:
        """What is learned: the completion, or the chosen answer."""
        return self.answers.get("completion") or self.answers.get("chosen") or ()

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The conversation that is learned."""
        return (*self.prompt, *self.answer)

    @property
    def after_the_answer(self) -> tuple[Turn, ...]:
        """Turns of the row's messages behind the assistant's last one: nobody's answer, so they are left out."""
        if not self.kind.endswith(("messages", "conversations")):
            return ()
        if "completion" in self.row or "messages" not in self.row:
            return ()  # the kind is that of most rows
        messages = chat(self.row["messages"])
        return turns_of(messages[len(to_last_answer(messages)) :])

    @property
    def parts(self) -> dict[str, str]:
        """Each part's text by its column's name."""
        found = {name: text_of(turns) for name, turns in self.answers.items()}
        return ({"prompt": self.prompt_text} if self.prompt else {}) | found

    @property
    def text_without_system(self) -> str:
        """The text without system messages, which many rows share."""
        prompt_texts = [turn.text for turn in self.prompt if turn.role not in ("system", "developer")]
        return "\n".join(part.strip() for part in (*prompt_texts, *(text_of(turns) for turns in self.answers.values())))

    @property
    def text(self) -> str:
        """All of it: what makes two rows the same."""
        return "\n".join(part.strip() for part in self.parts.values())


def turns_of(value: Any) -> tuple[Turn, ...]:
    """Turns of a text, or of messages whose contents were checked to be texts or lists of parts."""
    if isinstance(value, str):
        return (Turn("", value),)
    messages: Sequence[Mapping[str, Any]] = value
    return tuple(
        Turn(str(message.get("role", "")), message_text(message), bool(message.get("tool_calls")))
        for message in messages
    )


def text_of(turns: Sequence[Turn]) -> str:
    """The turns' texts, one below the other."""
    return "\n".join(turn.text for turn in turns)


def snippet(text: str, length: int = 100) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else line[: length - 1] + "…"
