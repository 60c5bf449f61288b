"""NeMo-Gym: the body of `/verify` of a resources server (the HTTP routes themselves are `holdfast serve`'s).

A verify request carries `responses_create_params`, `response` and the row's own fields; the answer repeats it with a
`reward`. What cannot be judged is reward 0.0 with `judged` false and `instance_config.mask_sample` true, with which
NeMo-RL leaves the sample out of the loss. Read from NeMo-Gym 07d6b0d0: nemo_gym/base_resources_server.py; NeMo-RL
7ea279ab: nemo_rl/experience/rollouts.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.rewards.adapters import flagged, reward_of
from holdfast.sample import Sample, Score

_REFERENCES = ("expected_answer", "ground_truth", "answer", "reference", "verifier_metadata")


def verify(request: Mapping[str, Any], *, reward: str | Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The response to one verify request."""
    return answer_of(request, reward_of(reward).score(sample_of(request)))


def sample_of(request: Mapping[str, Any]) -> Sample:
    """What a verify request asks to judge."""
    reference = next((request[key] for key in _REFERENCES if key in request), None)
    parameters = request.get("responses_create_params")
    question = parameters.get("input", "") if isinstance(parameters, Mapping) else ""
    messages = question if isinstance(question, Sequence) and not isinstance(question, str) else ()
    prompt = question if isinstance(question, str) else [m for m in messages if isinstance(m, Mapping)]
    response = request.get("response")
    return Sample(_output_text(response if isinstance(response, Mapping) else {}), reference, prompt, request)


def answer_of(request: Mapping[str, Any], score: Score) -> dict[str, Any]:
    """The request again, with the reward."""
    fields = flagged(score)
    config = request.get("instance_config")
    masked = {**(config if isinstance(config, Mapping) else {}), "mask_sample": True}
    return {
        **request,
        **({"instance_config": masked} if score.value is None else {}),
        "reward": fields["score"],
        "judged": bool(fields["judged"]),
        "outcome": fields["outcome"],
        "reason": fields["reason"],
    }


def _output_text(response: Mapping[str, Any]) -> str:
    """The text of the last message of an OpenAI Responses object."""
    output = response.get("output", ())
    items = output if isinstance(output, Sequence) and not isinstance(output, str) else ()
    for item in reversed([item for item in items if isinstance(item, Mapping)]):
        if item.get("type", "message") == "message":
            return _content_text(item.get("content"))
    return ""


def _content_text(content: Any) -> str:
    if not isinstance(content, list):
        return content if isinstance(content, str) else ""
    return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
