"""What is sent to an OpenAI-compatible server and what comes back: request bodies and replies, without any network."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.benchmarks.decoding.thoughts import joined
from holdfast.benchmarks.engine.items import Completion

MOST_STOPS = 4
"""Stop strings a chat endpoint takes; further ones are applied to the answer here."""
_REASONERS = re.compile(r"^(o[1-9]|gpt-5)")
"""OpenAI's models that refuse `temperature` and `stop`."""
_PASSED = ("tools", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty")
"""Sampling arguments that go to the server under their own names."""
ARGUMENTS = ("until", "max_gen_toks", "do_sample", "temperature", *_PASSED)
"""All generation arguments that a server takes."""


def body(model: str, generation: Mapping[str, Any], *, hosted: bool, stops: Sequence[str]) -> dict[str, Any]:
    """The part of a request that chat and plain completions share. `generation`: canonical arguments; `hosted`:
    OpenAI's own endpoint, whose reasoning models take neither temperature nor stop strings."""
    budget = "max_completion_tokens" if hosted else "max_tokens"
    made: dict[str, Any] = {"model": model, budget: generation["max_gen_toks"]}
    made |= {name: generation[name] for name in _PASSED if generation.get(name) is not None}
    if hosted and _REASONERS.match(model):
        return made
    made["temperature"] = generation["temperature"]
    if stops:
        made["stop"] = list(stops)[:MOST_STOPS]
    return made


def unknown_arguments(generation: Mapping[str, Any]) -> list[str]:
    """Generation arguments that have no counterpart on a server."""
    return sorted(name for name, value in generation.items() if name not in ARGUMENTS and value is not None)


def read(reply: Any) -> Completion:
    """The one completion of a reply. A thought in a field of its own stands before the text, in `<think>` markers.

    Raises ValueError for what is no completion: a body without choices or with a wrong number of them, or no text that
    neither the limit, a filter, a refusal nor reasoning explains. A content filter's stop is a refusal.
    """
    choice = _choice(reply)
    message = choice.get("message") if "message" in choice else {"content": choice.get("text")}
    if not isinstance(message, Mapping):
        raise ValueError(f"the server's reply has no message: {_short(choice)}")
    reason = finish_reason(choice.get("finish_reason"))
    if reason == "content_filter":
        return Completion(refused=f"content filter: {_filtered(choice)}", finish_reason=reason)
    text, within = _text(message.get("content"))
    thought = message.get("reasoning_content") or message.get("reasoning") or within
    text = message.get("refusal") if text is None and isinstance(message.get("refusal"), str) else text
    thought = thought if isinstance(thought, str) else None
    called = message.get("tool_calls") or ()
    calls = tuple(called) if isinstance(called, list) else (called,) if called else ()
    if text is None and not (reason == "length" or thought or calls):
        raise ValueError(f"the server's reply has no text (finish_reason {reason!r}): {_short(choice)}")
    cut = reason == "length"
    usage = reply.get("usage")
    used = usage.get("completion_tokens") if isinstance(usage, Mapping) else None
    whole = joined(thought, text or "", closed=not (cut and not text))
    finish = "length" if cut or (text is None and not calls) else reason
    return Completion(whole, finish, used if isinstance(used, int) else None, calls=calls)


def _choice(reply: Any) -> Mapping[str, Any]:
    choices = reply.get("choices") if isinstance(reply, Mapping) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise ValueError(f"the server's reply is no completion: {_short(reply)}")
    if len(choices) > 1 or choices[0].get("index", 0) != 0:
        raise ValueError(f"the server's reply has the wrong choices: {_short(reply)}")
    return choices[0]


def _text(content: Any) -> tuple[str | None, str]:
    """A message's text and the thought beside it; parts of a list are joined. Raises ValueError for anything else."""
    if isinstance(content, str | None):
        return content, ""
    if not isinstance(content, list) or not all(isinstance(part, Mapping) for part in content):
        raise ValueError(f"the server's reply has no text: {_short(content)}")
    kinds = {part.get("type") for part in content}
    if not content or not kinds <= {"text", "thinking"}:
        raise ValueError(f"the server's reply has no text: {_short(content)}")
    texts = [str(part.get("text", "")) for part in content if part["type"] == "text"]
    thoughts = [_thought(part.get("thinking")) for part in content if part["type"] == "thinking"]
    return "".join(texts) if texts else None, "".join(thoughts)


def _thought(part: Any) -> str:
    """A part of type `thinking`: text, or parts of text (Mistral's)."""
    if isinstance(part, list):
        return "".join(str(one.get("text", "")) for one in part if isinstance(one, Mapping))
    return str(part or "")


_ENDS = {
    **dict.fromkeys(("max_tokens", "max_output_tokens", "max_new_tokens", "model_length"), "length"),
    **dict.fromkeys(("eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed", "finish"), "stop"),
    **dict.fromkeys(("safety", "recitation", "prohibited_content", "blocklist", "spii"), "content_filter"),
}
"""What servers call the ends of an answer, in lower case, in OpenAI's words."""


def finish_reason(given: Any) -> str | None:
    """Why an answer ended, in OpenAI's words where they are known."""
    return _ENDS.get(str(given).lower(), str(given).lower() if str(given).isupper() else str(given)) if given else None


def streamed(text: str) -> dict[str, Any]:
    """The one reply that a stream of events (`data: {…}` lines) comes to, for a server that only streams.

    Raises ValueError for a line that is no JSON, or a stream that breaks off before its end."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    reason, usage, ended, plain = None, None, False, False
    for line in text.splitlines():
        data = line.removeprefix("data:").strip() if line.startswith("data:") else ""
        ended = ended or data == "[DONE]"
        if not data or data == "[DONE]":
            continue
        event = json.loads(data)
        usage = event.get("usage") or usage
        for choice in event.get("choices") or ():
            reason = choice.get("finish_reason") or reason
            plain = plain or "text" in choice
            _add(message, choice.get("delta") or choice.get("message") or {"content": choice.get("text")})
    if not ended and reason is None:
        raise ValueError("the server's stream broke off")
    body = {"text": message["content"] or ""} if plain else {"message": message}
    return {"choices": [{"index": 0, "finish_reason": reason, **body}], "usage": usage}


def _add(message: dict[str, Any], delta: Mapping[str, Any]) -> None:
    for name in ("content", "reasoning_content", "reasoning", "refusal"):
        if isinstance(delta.get(name), str):
            message[name] = (message.get(name) or "") + delta[name]
    calls = message.setdefault("tool_calls", []) if delta.get("tool_calls") else []
    for part in delta.get("tool_calls") or ():
        if part.get("index", len(calls)) >= len(calls):
            calls.append({**part, "function": {"name": "", "arguments": "", **(part.get("function") or {})}})
            continue
        for name, piece in (part.get("function") or {}).items():
            calls[part["index"]]["function"][name] += piece or ""


def _filtered(choice: Mapping[str, Any]) -> str:
    results = choice.get("content_filter_results")
    found = (
        [name for name, one in results.items() if isinstance(one, Mapping) and one.get("filtered")]
        if isinstance(results, Mapping)
        else []
    )
    return ", ".join(found) or "the server stopped the answer"


def _short(value: Any) -> str:
    return str(value)[:200]


def reason_of(status: int, content: str) -> str:
    """Why a server refused a request, in its words, in one line."""
    try:
        found: Any = json.loads(content)
    except ValueError:
        found = content
    for key in ("error", "message", "detail"):
        if isinstance(found, Mapping) and key in found:
            found = found[key]
    return f"HTTP {status}: {' '.join(str(found).split())[:300]}"


_CONTEXT = re.compile(r"maximum context length (?:is|of) (\d+)", re.IGNORECASE)
_PROMPT = re.compile(
    r"\((\d+) in the (?:messages|prompt)|(?:request|prompt|messages?) (?:has|contains?|have|resulted in)"
    r"(?: at least)? (\d+) (?:input )?tokens|(\d+) input tokens",
    re.IGNORECASE,
)


def room(reason: str) -> int | None:
    """Tokens that a server's complaint about the context leaves to the answer; None where it names no numbers or the
    prompt alone does not fit."""
    context, prompt = _CONTEXT.search(reason), _PROMPT.search(reason)
    if context is None or prompt is None:
        return None
    left = int(context[1]) - int(next(group for group in prompt.groups() if group))
    return left if left > 0 else None
