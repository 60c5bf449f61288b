"""NeMo-Gym: the body of `/verify` of a resources server (the HTTP routes themselves are `holdfast serve`'s).

A verify request carries `responses_create_params`, `response` and the row's own fields; the answer repeats it with a
`reward`. What cannot be judged is reward 0.0 with `judged` false. Read from nemo_gym/base_resources_server.py
(mid-2026).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import flagged, judged

_REFERENCES = ("expected_answer", "ground_truth", "answer", "reference", "verifier_metadata")


def verify(request: Mapping[str, Any], *, reward: str | Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The response to one verify request."""
    reference = next((request[key] for key in _REFERENCES if key in request), None)
    asked = request.get("responses_create_params", {}).get("input", "")
    prompt = asked if isinstance(asked, str) else [m for m in asked if isinstance(m, Mapping)]
    told = flagged(judged(reward, [_output_text(request.get("response", {}))], [reference], [prompt], [request])[0])
    return {
        **request,
        "reward": told["score"],
        "judged": bool(told["judged"]),
        "outcome": told["outcome"],
        "reason": told["reason"],
    }


def _output_text(response: Mapping[str, Any]) -> str:
    """The text of the last message of an OpenAI Responses object."""
    output = response.get("output", ())
    items = output if isinstance(output, Sequence) and not isinstance(output, str) else ()
    for item in reversed([item for item in items if isinstance(item, Mapping)]):
        if item.get("type", "message") == "message":
            content = item.get("content") or ""
            parts = [content] if isinstance(content, str) else [part.get("text") or "" for part in content]
            return "".join(parts)
    return ""
