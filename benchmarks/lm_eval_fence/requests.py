"""lm-eval's requests (`Instance`): what its models are asked, and what its filters read."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

RequestType = Literal["generate_until", "loglikelihood", "loglikelihood_rolling"]


def requests(kind: RequestType, arguments: Sequence[tuple[Any, ...]], task: str = "") -> list[Any]:
    """One request for each tuple of arguments."""
    from lm_eval.api.instance import Instance

    return [
        Instance(request_type=kind, doc={}, arguments=one, idx=i, metadata=(task, 0, 1))
        for i, one in enumerate(arguments)
    ]


def conversation(prompt: str) -> Any:
    """A conversation as JSON, in the wrapper that lm-eval's chat endpoints expect."""
    from lm_eval.models.api_models import JsonChatStr

    return JsonChatStr(prompt)


def filtered(task: Any, doc: Mapping[str, Any], answers: Sequence[Any]) -> dict[str, list[Any]]:
    """The answers to one item's requests after each of the task's filters, by the filter's name.

    An answer is a text, a number, a pair (log-likelihood, greedy), or a list of texts (repeats of one request)."""
    from lm_eval.api.instance import Instance

    made = [
        Instance(
            request_type="generate_until",
            doc=doc,  # type: ignore[arg-type, unused-ignore]
            arguments=("",),
            idx=i,
            resps=list(answer) if isinstance(answer, list) else [answer],
        )
        for i, answer in enumerate(answers)
    ]
    for ensemble in task._filters:
        ensemble.apply(made)
    return {name: [one.filtered_resps[name] for one in made] for name in made[0].filtered_resps}


@contextmanager
def without_bars() -> Iterator[None]:
    """Within, lm-eval's tasks show no progress bar of their own while they build their requests."""
    import lm_eval.api.task as module

    original = module.tqdm
    module.tqdm = partial(original, disable=True)
    try:
        yield
    finally:
        module.tqdm = original
