"""open-instruct: a VerifierFunction for `ground_truth_utils`' registry.

Its result is a `score`, a cost and a reasoning; there is no "skip": what cannot be judged is 0.0 with the outcome in
`reasoning`, so alarm on texts that begin with `unjudgeable` or `error`. Read from open_instruct/ground_truth_utils.py
(mid-2026). Without open-instruct installed the same fields come as a SimpleNamespace.
"""

import asyncio
from types import SimpleNamespace
from typing import Any

from holdfast.rewards.adapters import flagged, judged


class HoldfastVerifier:
    """`HoldfastVerifier("math")` has the calls of a VerifierFunction."""

    weight = 1.0

    def __init__(self, reward: str | None = None, **options: Any) -> None:
        self.reward, self.options = reward, options
        self.name = reward or "holdfast"

    def __call__(
        self,
        tokenized_prediction: Any,
        prediction: str,
        label: Any,
        query: str | None = None,
        rollout_state: Any = None,
    ) -> Any:
        """The verdict on one prediction."""
        score = judged(self.reward, [prediction], [label], [query or ""], None, self.options)[0]
        return _result()(score=flagged(score)["score"], cost=0.0, reasoning=f"{score.outcome}: {score.reason}")

    async def async_call(
        self,
        tokenized_prediction: Any,
        prediction: str,
        label: Any,
        query: str | None = None,
        rollout_state: Any = None,
    ) -> Any:
        """The same without blocking the loop."""
        return await asyncio.to_thread(self, tokenized_prediction, prediction, label, query, rollout_state)


def _result() -> Any:
    try:
        from open_instruct.ground_truth_utils import VerificationResult
    except ImportError:
        return SimpleNamespace
    return VerificationResult
