"""The two core types: a Sample is what is judged, a Score is the judgement."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from holdfast.masking import masked_text

Message = Mapping[str, Any]
"""One chat message: `role`, `content` (text or a list of parts) and, where they occur, tool calls."""

Text = str | Sequence[Message]
"""Plain text or a conversation."""


class Outcome(StrEnum):
    """Why a score is what it is."""

    CORRECT = "correct"
    WRONG = "wrong"
    PARTIAL = "partial"
    UNJUDGEABLE = "unjudgeable"
    """The reference is bad: nobody could be judged against it."""
    TIMEOUT = "timeout"
    """The completion broke a limit (time, memory, a worker it killed): its own fault, a 0."""
    ERROR = "error"
    """Our infrastructure failed: never the model's 0."""

    @classmethod
    def of(cls, value: float | None) -> "Outcome":
        """What a bare value stands for: 1 is `correct`, 0 `wrong`, None `unjudgeable`, anything else `partial`."""
        if value is None:
            return cls.UNJUDGEABLE
        return {0.0: cls.WRONG, 1.0: cls.CORRECT}.get(value, cls.PARTIAL)


_NO_VALUE = frozenset({Outcome.UNJUDGEABLE, Outcome.ERROR})


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion and what is needed to judge it."""

    completion: Text
    """The model's text, or the messages of a trajectory."""
    reference: Any = None
    """Ground truth, in the shape the reward documents."""
    prompt: Text = ""
    info: Mapping[str, Any] = field(default_factory=dict)
    """Every other column of the row."""

    @property
    def text(self) -> str:
        """The assistant's final text."""
        return final_text(self.completion)

    @property
    def prompt_text(self) -> str:
        """The prompt as text: a conversation is joined message by message."""
        if isinstance(self.prompt, str):
            return self.prompt
        return "\n".join(message_text(message) for message in self.prompt)


@dataclass(frozen=True, slots=True)
class Score:
    """A judgement. `value` is None exactly when the sample cannot be judged (unjudgeable, error)."""

    value: float | None
    outcome: Outcome
    reason: str = ""
    extracted: str | None = None
    """What was read out of the completion as its answer."""
    parts: Mapping[str, float | None] = field(default_factory=dict)
    """What the value was made of: each instruction, component or test group."""

    def __post_init__(self) -> None:
        """Raise ValueError for a value that contradicts the outcome, or is not finite."""
        if (self.value is None) != (self.outcome in _NO_VALUE):
            raise ValueError(f"outcome {self.outcome} does not go with value {self.value!r}")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"a score must be finite, not {self.value!r}")
        if self.outcome == Outcome.ERROR:  # what broke may have quoted a key
            object.__setattr__(self, "reason", masked_text(self.reason))

    @classmethod
    def of(cls, correct: bool, reason: str = "", extracted: str | None = None, /, **parts: float | None) -> "Score":
        """1.0 and `correct`, or 0.0 and `wrong`. A part may have any name."""
        return cls(float(correct), Outcome.CORRECT if correct else Outcome.WRONG, reason, extracted, parts)

    @classmethod
    def share(cls, value: float, reason: str = "", extracted: str | None = None, /, **parts: float | None) -> "Score":
        """A graded value: 1 is `correct`, 0 is `wrong`, anything else `partial`."""
        return cls(value, Outcome.of(value), reason, extracted, parts)

    @classmethod
    def unjudgeable(cls, reason: str) -> "Score":
        """No value, because of the reference."""
        return cls(None, Outcome.UNJUDGEABLE, reason)

    @classmethod
    def error(cls, reason: str) -> "Score":
        """No value, because our infrastructure failed."""
        return cls(None, Outcome.ERROR, reason)

    @classmethod
    def timeout(cls, reason: str, extracted: str | None = None) -> "Score":
        """0.0: the completion broke a limit."""
        return cls(0.0, Outcome.TIMEOUT, reason, extracted)


def final_text(completion: Text) -> str:
    """The last assistant message's text (of a plain string: itself; without a role: taken as assistant)."""
    if isinstance(completion, str):
        return completion
    for message in reversed(completion):
        if message.get("role", "assistant") == "assistant":
            return message_text(message)
    return ""


def message_text(message: Message) -> str:
    """The text of one message; the text parts of a multi-part content are joined, images are left out."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    parts = [{"text": part} if isinstance(part, str) else part for part in content]
    return "".join(part.get("text") or "" for part in parts if part.get("type", "text") == "text")
