"""Drafts on a completions server: a related model's answer is sent behind the prompt, the server says of each of its
tokens whether it is the likeliest, and goes on, as tokens, behind the last that is.

Which tokens are near a tie depends on rounding: what the server tells of the same tokens as an answer and as a prompt
is compared once, when the model is opened; `epsilon` is 16 times the largest difference. An answer with two tokens
closer than that is asked for again without a draft. A server in half precision differs by so much that ties fall as
they fall; it is then not `exact`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from threading import Lock
from typing import Any

from holdfast.benchmarks.decoding.drafts import Tally
from holdfast.benchmarks.engine.backends.http_client import RequestRefusedError
from holdfast.benchmarks.engine.backends.server_identity import CANARY
from holdfast.benchmarks.engine.backends.server_places import ASKED, OF_PROMPT, Place, answered, of_prompt
from holdfast.benchmarks.engine.items import Completion
from holdfast.benchmarks.lm_eval_fence.prompt_tokens import encoded
from holdfast.errors import HoldfastError

_SAFETY = 16.0
"""ε is so many times the largest difference seen."""
_EXACT = 0.02
"""A server whose ε is larger computes in half precision."""
_FAR = 1.0
"""Log-probabilities of the same token that differ by more are not those of one model."""
_PROBES = (CANARY, "1, 2, 1, 2, 1, 2, 1, 2,", "The sea is blue. The sky is blue. The sea is blue. The")
_PROBED = 48
"""Tokens of each probe's answer."""
_CONTEXT = 8
"""Tokens of the prompt that an answer's text is read behind: a first space may be part of a token."""

Post = Callable[[Mapping[str, Any], Callable[[Any], Any]], Any]
"""Sends the fields of a request, and reads its reply."""


class NoDraftsError(Exception):
    """Why a server takes no drafts."""


@dataclass(frozen=True)
class Draft:
    """A related model's answer to an item."""

    ids: Sequence[int]
    ended: bool
    """It ended by itself, not at its limit: its last token may be the end."""


@dataclass
class ServerDrafts:
    """One server that says of a prompt's tokens how likely they are."""

    post: Post
    tokenizer: Any
    asked: Mapping[str, Any] = field(default_factory=dict)
    """The fields by which it says so."""
    epsilon: float = 0.0
    exact: bool = True
    counts: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._special = frozenset(self.tokenizer.all_special_ids)

    @classmethod
    def opened(cls, post: Post, tokenizer: Any) -> "ServerDrafts":
        """Ask the server for a few answers, and for their tokens' log-probabilities as a prompt.

        Raises NoDraftsError where it does not tell them, or tells another model's."""
        made = cls(post, tokenizer)
        worst = max(made._difference(encoded(tokenizer, text)) for text in _PROBES)
        made.epsilon = _SAFETY * max(worst, 1e-6)
        made.exact = made.epsilon <= _EXACT
        return made

    def _difference(self, prompt: list[int]) -> float:
        """How far apart the log-probabilities of one answer's tokens are, as an answer and as a prompt."""
        try:
            own, steps = self.post({"prompt": prompt, "max_tokens": _PROBED, "temperature": 0.0, **ASKED}, answered)
        except RequestRefusedError as error:
            raise NoDraftsError(f"the server refuses to say the numbers of its tokens ({error})") from error
        if not own.ids or len(own.ids) != len(steps):
            raise NoDraftsError("the server says neither the numbers of its tokens nor their log-probabilities")
        if not all(place.likeliest for place in steps):
            raise NoDraftsError("the server's greedy answers are not its likeliest tokens (a penalty of its own?)")
        if self._text(prompt, own.ids) != own.text:
            raise NoDraftsError("the server's tokens are not those of the tokenizer that tokenizer= names")
        read = self._places([*prompt, *own.ids])[len(prompt) - 1 :]
        if len(read) != len(steps):
            raise NoDraftsError("the server does not say the log-probabilities of a prompt's tokens")
        worst: float = max(abs(one.value - other.value) for one, other in zip(steps, read, strict=True))
        if not worst < _FAR:
            raise NoDraftsError("the log-probabilities that the server says of a prompt are not those of its answers")
        return worst

    def _places(self, tokens: list[int]) -> list[Place]:
        """The places of a prompt's tokens from the second on, in the way this server tells them."""
        for fields in [self.asked] if self.asked else OF_PROMPT:
            body = {"prompt": tokens, "max_tokens": 1, "temperature": 0.0, **fields}
            try:
                found: list[Place] = self.post(body, lambda reply: of_prompt(reply, tokens))
            except RequestRefusedError:
                continue
            if found:
                self.asked = fields
                return found
        return []

    def complete(
        self,
        prompt: list[int],
        budget: int,
        stops: Sequence[str],
        draft: Draft,
        plain: Callable[[int], Mapping[str, Any]],
    ) -> Completion | None:
        """The answer to a prompt; None where it must be asked for without a draft. `plain`: the fields of the request
        with so large a budget.

        Raises HoldfastError for a server that decodes by another rule than the largest logit."""
        tried = list(draft.ids)[: budget - 1]
        places = self._places([*prompt, *tried])[len(prompt) - 1 :] if tried else []
        if not tried or len(places) != len(tried):
            return None
        count = next((i for i, place in enumerate(places) if not place.likeliest), len(places))
        self._count(verified=len(tried), accepted=count, passes=1)
        if self.exact and any(place.lead <= self.epsilon for place in places[: count + 1]):
            return None
        accepted = tried[:count]
        text = self._text(prompt, accepted)
        if text is None:
            return None
        if any(stop in text for stop in stops):
            return self._cut(prompt, accepted, text, stops)
        if count == len(draft.ids) and draft.ended:  # what ended it must be a token that cannot be gone on from
            return self._cut(prompt, accepted, text, ()) if accepted[-1] in self._special else None
        return self._continued(prompt, accepted, text, stops, plain(budget - count))

    def _continued(
        self, prompt: list[int], accepted: list[int], text: str, stops: Sequence[str], body: Mapping[str, Any]
    ) -> Completion | None:
        more: Completion
        more, steps = self.post({**body, "prompt": [*prompt, *accepted]}, answered)
        self._count(decoded=more.tokens or len(more.ids), passes=1)
        if more.refused or len(more.ids) != len(steps):
            return None
        if not all(place.likeliest for place in steps):
            raise HoldfastError(
                "the server does not decode by its largest log-probability (a penalty of its own?), so that drafts may "
                "have changed answers: measure anew with draft=off"
            )
        ids = [*accepted, *more.ids]
        joined = self._text(prompt, ids)
        unsure = self.exact and any(place.lead <= self.epsilon for place in steps)
        if unsure or joined is None or not joined.startswith(text + more.text):
            return None
        if any(stop in joined for stop in stops):
            return self._cut(prompt, ids, joined, stops)
        return replace(more, text=joined, ids=ids, tokens=None if more.tokens is None else len(accepted) + more.tokens)

    def _cut(self, prompt: list[int], ids: list[int], text: str, stops: Sequence[str]) -> Completion:
        """The answer up to its first stop string, or its end."""
        count = next((n for n in range(1, len(ids) + 1) if self._stopped(prompt, ids[:n], stops)), len(ids))
        cut = min((text.split(stop, 1)[0] for stop in stops), key=len, default=text)
        return Completion(cut, "stop", count, ids=ids[:count])

    def _stopped(self, prompt: list[int], ids: list[int], stops: Sequence[str]) -> bool:
        text = self._text(prompt, ids) or ""
        return any(stop in text for stop in stops)

    def _text(self, prompt: Sequence[int], ids: Sequence[int]) -> str | None:
        """The text of an answer's tokens behind its prompt, without special tokens; None where it cannot be told."""
        tail = list(prompt[-_CONTEXT:])
        before, whole = (
            str(self.tokenizer.decode(one, skip_special_tokens=True, clean_up_tokenization_spaces=False))
            for one in (tail, [*tail, *ids])
        )
        return whole[len(before) :] if whole.startswith(before) else None

    def answer(self, found: Completion, drafted: bool) -> None:
        """Count an answer."""
        tokens = found.tokens or len(found.ids)
        plain = {} if drafted else {"decoded": tokens, "plain": 1}
        self._count(answers=1, tokens=tokens, **plain)

    def _count(self, **more: int) -> None:
        with self._lock:
            for name, number in more.items():
                setattr(self.counts, name, getattr(self.counts, name) + number)

    def tally(self) -> dict[str, Any]:
        """What drafts did; `passes` are requests."""
        return {**asdict(self.counts), "exact": self.exact, "epsilon": self.epsilon, "server": True}
