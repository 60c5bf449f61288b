"""Who speaks for the user: nobody, a script, or an OpenAI-compatible endpoint."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from holdfast.environment import SCRIPT, EpisodeError, Row
from holdfast.errors import UsageError, unknown
from holdfast.rewards.learned.endpoint import Endpoint, EndpointError
from holdfast.sample import Message, message_text


class User(Protocol):
    """A simulated user. Raises EpisodeError when it cannot answer."""

    def reply(self, messages: Sequence[Message]) -> str:
        """What the user says; `messages`: the conversation so far, the user's own as `user`."""


class ScriptedUser:
    """Says one text after the other. A script that is at its end has nothing more to say: the last is the end."""

    def __init__(self, script: Sequence[Any], end: str = "") -> None:
        self._script = [one if isinstance(one, str) else message_text(one) for one in script]
        self._end = end
        self._next = 0

    def reply(self, messages: Sequence[Message]) -> str:
        """The next text of the script; `end` after it, or an error where no end was given."""
        if self._next >= len(self._script):
            if self._end:
                return self._end
            raise EpisodeError("the scripted user has nothing more to say")
        self._next += 1
        return self._script[self._next - 1]


class EndpointUser:
    """A model plays the user by instructions. Answers are kept on disk by the whole conversation, so that an episode
    that is played again meets the same user."""

    def __init__(self, endpoint: Endpoint, instructions: str, seed: int = 0) -> None:
        self._endpoint, self._instructions, self._seed = endpoint, instructions, seed

    def reply(self, messages: Sequence[Message]) -> str:
        """The endpoint's answer to the conversation seen from the user's side."""
        turned: list[dict[str, str]] = [{"role": "system", "content": self._instructions}]
        for message in messages:
            text = message_text(message)
            if message["role"] in ("user", "assistant") and text and not message.get("tool_calls"):
                turned.append({"role": "assistant" if message["role"] == "user" else "user", "content": text})
        return user_answer(self._endpoint, turned, self._seed)


def endpoint_of(settings: Mapping[str, Any] | None, cache: str | None = None) -> Endpoint | None:
    """The endpoint of `user: {base_url: …, model: …, temperature: 0}`; None without one. Raises UsageError."""
    if settings is None:
        return None
    known = ("base_url", "model", "api_key_env", "timeout", "retries", "max_tokens", "temperature", "cache")
    for key in settings:
        if key not in known:
            raise unknown("key of user", key, known)
    for key in ("base_url", "model"):
        if key not in settings:
            raise UsageError(f"user: needs {key!r}; it has {sorted(settings)}")
    return Endpoint(**{"cache": cache, **dict(settings)})


def identity_of(settings: Mapping[str, Any] | None) -> Any:
    """What says, in a manifest, who the user was; two runs with different users are not comparable."""
    if settings is None:
        return "script"
    return {key: value for key, value in settings.items() if key in ("model", "temperature", "max_tokens")}


def user_of(row: Row, endpoint: Endpoint | None, instructions: str, end: str = "", seed: int = 0) -> User:
    """The row's script, else the endpoint, whose answers are kept apart by `seed`: repeats of an episode meet users of
    their own. Raises EpisodeError when there is neither."""
    if row.get(SCRIPT) is not None:
        return ScriptedUser(row[SCRIPT], end)
    return EndpointUser(_named(endpoint), instructions, seed)


def user_answer(endpoint: Endpoint | None, view: Sequence[Mapping[str, str]], seed: int) -> str:
    """What an endpoint that plays the user says next; `view`: its instructions and the conversation, the user's own
    messages as the assistant's. Raises EpisodeError where none is named, or it fails."""
    try:
        return _named(endpoint).ask(view, str, seed)
    except EndpointError as error:
        raise EpisodeError(f"the simulated user: {error}") from error


def _named(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise EpisodeError(
            "nobody speaks for the user: set user={base_url: …, model: …}, or solo=true where the package has it"
        )
    return endpoint
