"""What lm-eval's API backends need to be trusted with answers: replies are read strictly, busy servers waited for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from holdfast.retry import retry_after

Fact = tuple[str | None, int | None]
"""finish_reason and length in tokens, where the server says."""

_LONGEST_WAIT = 120.0
"""Seconds a server may ask to wait at once."""
_WAITS = 30
"""How often it may ask so for one request."""


def payload(create: Callable[..., dict[str, Any]], *arguments: Any, **options: Any) -> dict[str, Any]:
    """A request's body. Not knowing the end token, lm-eval adds an empty stop string, which servers refuse; and it
    sends one seed with every request, with which servers that honour it give all samples of a prompt the same text."""
    body = create(*arguments, **options)
    stop = [text for text in body.pop("stop", None) or () if text]
    if body.get("temperature"):
        body.pop("seed", None)
    return {**body, "stop": stop} if stop else body


def read_facts(reply: Any, only: bool = False) -> list[Fact]:
    """Finish reason and tokens of each choice of an OpenAI-compatible reply; `only`: one choice was asked for.

    Raises ValueError for what is no completion: a body without choices or with a wrong number of them, or a null text
    that neither the limit nor reasoning explains.
    """
    choices = reply.get("choices") if isinstance(reply, Mapping) else None
    if not isinstance(choices, list) or not choices or not all(isinstance(choice, Mapping) for choice in choices):
        raise ValueError(f"the server's reply is no completion: {str(reply)[:200]}")
    places = {repr(choice.get("index", 0)) for choice in choices}
    if places != {str(index) for index in range(len(choices))} or (only and len(choices) > 1):
        raise ValueError(f"the server's reply has the wrong choices: {str(reply)[:200]}")
    usage = reply.get("usage")
    used = usage.get("completion_tokens") if isinstance(usage, Mapping) and len(choices) == 1 else None
    return [_fact(choice, used) for choice in sorted(choices, key=lambda choice: choice.get("index", 0))]


def _fact(choice: Mapping[str, Any], used: int | None) -> Fact:
    message = choice.get("message") or {}
    if not isinstance(message, Mapping):
        raise ValueError(f"the server's reply has no message: {str(choice)[:200]}")
    text = message.get("content") if "message" in choice else choice.get("text")
    reason = choice.get("finish_reason")
    thought = message.get("reasoning_content") or message.get("reasoning")
    called = bool(message.get("tool_calls"))
    if not isinstance(text, str | None) or (text is None and not (reason == "length" or thought or called)):
        raise ValueError(f"the server's reply has no text (finish_reason {reason!r}): {str(choice)[:200]}")
    return "length" if text is None and not called else reason, used


def read_calls(reply: Any) -> list[list[dict[str, Any]]]:
    """The tool calls of each choice of a reply that `read_facts` took, in order; what is no object is left to its
    reader to refuse."""
    choices = sorted(reply["choices"], key=lambda choice: choice.get("index", 0))
    calls = [(choice.get("message") or {}).get("tool_calls") or [] for choice in choices]
    return [list(found) if isinstance(found, list) else [found] for found in calls]


async def quiet(call: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
    """A batch of requests. When one fails for good, lm-eval leaves the others behind; what becomes of them is no news,
    and asyncio need not print a traceback for each."""
    loop = asyncio.get_running_loop()

    def tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "was never retrieved" not in str(context.get("message")):
            loop.default_exception_handler(context)

    loop.set_exception_handler(tell)
    return await call(*arguments, **options)


async def patient(call: Callable[..., Awaitable[Any]], *arguments: Any, **options: Any) -> Any:
    """A request to a server that may answer `429` or `503` with `Retry-After`: waited for as long as it says, and not
    counted among the tries. Raises what the call raises otherwise."""
    from aiohttp import ClientResponseError

    for _ in range(_WAITS):
        try:
            return await call(*arguments, **options)
        except ClientResponseError as error:
            wait = retry_after(error.headers or {}) if error.status in (429, 503) else None
            if not wait:
                raise
            await asyncio.sleep(min(wait, _LONGEST_WAIT))
    return await call(*arguments, **options)
