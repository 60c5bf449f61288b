"""A model's thoughts: brought into one form, so that every reader of an answer can cut them the same way.

`holdfast.rewards.answers.thinking` knows the markers of the known model families. A template may open the thought in
the prompt, a server may return it in a field of its own, and a model may use markers of its own (`thinking=`): here
all of these become text that begins with `<think>`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from holdfast.errors import UsageError
from holdfast.rewards.answers.thinking import MARKERS, strip_thinking

OPENING, CLOSING = "<think>", "</think>"


def joined(thought: str | None, text: str, closed: bool = True) -> str:
    """A thought and the answer as one text; a thought that was cut (`closed` false) has no answer behind it."""
    if not thought:
        return text
    return f"{OPENING}\n{thought}\n{CLOSING}\n\n{text}" if closed else f"{OPENING}\n{thought}"


@dataclass(frozen=True)
class Thinking:
    """The markers of a model's thoughts, beyond those of the known families."""

    opening: str | None = None
    closing: str | None = None
    """Regular expressions; None: the known markers only."""

    @classmethod
    def of(cls, setting: "str | Sequence[str] | None") -> "Thinking":
        """`setting`: None (the known markers), a pair of texts [opening, closing], or `/regex/` that matches a whole
        thought with its markers. Raises UsageError for anything else."""
        if setting is None:
            return cls()
        if isinstance(setting, str):
            if len(setting) > 2 and setting.startswith("/") and setting.endswith("/"):
                return cls(_checked(setting[1:-1]), None)
            known = {closing: opening for opening, closing in MARKERS}
            if setting in known:
                return cls()
            raise UsageError(
                f"thinking={setting!r}: name the opening and the closing marker, thinking=[<think>,</think>], or a "
                "regular expression of a whole thought between slashes, thinking=/…/"
            )
        pair = [str(marker) for marker in setting]
        if len(pair) != 2 or not all(pair):
            raise UsageError(f"thinking takes two markers, the opening and the closing one, not {list(setting)!r}")
        return cls(re.escape(pair[0]), re.escape(pair[1]))

    def plain(self, text: str) -> str:
        """The text with this model's markers replaced by `<think>` and `</think>`."""
        if self.opening is None:
            return text
        if self.closing is None:
            return re.sub(self.opening, lambda found: joined(found[0], "").rstrip("\n"), text, flags=re.DOTALL)
        text = re.sub(self.opening, lambda found: OPENING, text)
        return re.sub(self.closing, lambda found: CLOSING, text)

    def completed(self, prompt: str, text: str) -> str:
        """A completion with its thought in the one form, the opening that the prompt ends with included."""
        text = self.plain(text)
        tail = self.plain(prompt[-200:]).rstrip()
        opened = next((opening for opening, _ in MARKERS if tail.endswith(opening)), None)
        return text if opened is None or text.lstrip().startswith(opened) else f"{opened}\n{text}"

    def opens(self, prompt: str) -> bool:
        """Whether a prompt ends inside a thought."""
        tail = self.plain(prompt[-200:]).rstrip()
        return any(tail.endswith(opening) for opening, _ in MARKERS)

    def expected(self, prompt: str, template: str = "") -> bool:
        """Whether an answer to the prompt may begin with a thought: the prompt opens one, the user named its markers,
        or the chat template knows some and the prompt does not end with a closed one."""
        if self.opens(prompt):
            return True
        if any(prompt.rstrip().endswith(closing) for _, closing in MARKERS):
            return False
        return self.opening is not None or any(opening in template for opening, _ in MARKERS)


def stopped(text: str, stops: Sequence[str], reason: str | None) -> tuple[str, str | None]:
    """(the text up to the first stop string behind its thought, why it ended): `stop` where a string cut it, whatever
    the backend says of the longer text, else `reason`."""
    cut = after_thought(
        text, lambda rest: min((rest.split(stop, 1)[0] for stop in stops if stop), key=len, default=rest)
    )
    return cut, reason if cut == text else "stop"


def after_thought(text: str, change: Callable[[str], str]) -> str:
    """The text with `change` applied to what stands behind the thought; unchanged while the thought is open."""
    answer = strip_thinking(text)
    return text if answer is None else text[: len(text) - len(answer)] + change(answer)


def answer_of(text: str) -> str:
    """What a completion answers: the text behind its thought, empty while the thought is still open."""
    found = strip_thinking(text)
    if found is None:
        return ""
    return found.lstrip() if found != text else text


def _checked(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise UsageError(f"thinking=/{pattern}/ is no regular expression: {error}") from error
    return pattern
