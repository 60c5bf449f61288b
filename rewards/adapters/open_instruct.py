"""open-instruct: a VerifierFunction for every verifier that `build_all_verifiers` makes.

open-instruct makes one verifier of each direct subclass of VerifierFunction and calls it for the rows whose `dataset`
is its name: call `make_verifier("math")` before its `main`, and name the rows' data set `holdfast_math` (or give
`--remap_verifier math=holdfast_math`). Its result is a `score`, a cost and a reasoning; there is no "skip": what cannot
be judged is 0.0 with the outcome in `reasoning`, so alarm on texts that begin with `unjudgeable` or `error`. Read from
open-instruct e6c3044a: open_instruct/ground_truth_utils.py. Without open-instruct installed the class stands alone and
its results are SimpleNamespaces.
"""

import asyncio
from types import SimpleNamespace
from typing import Any

from holdfast.rewards.adapters import flagged, judged


class HoldfastVerifier:
    """`HoldfastVerifier("math")` has the calls of a VerifierFunction."""

    weight = 1.0
    verifier_config: Any = None

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


def make_verifier(reward: str, *, name: str | None = None, weight: float = 1.0, **options: Any) -> type[Any]:
    """A subclass of VerifierFunction for one reward, named `holdfast_<reward>` unless told otherwise."""

    class Verifier(HoldfastVerifier, _base()):  # type: ignore[misc]
        """Judged by Holdfast; made by `build_all_verifiers` with a config it does not need."""

        def __init__(self, verifier_config: Any = None) -> None:
            super().__init__(reward, **options)
            self.verifier_config = verifier_config
            self.name = name or f"holdfast_{reward}"
            self.weight = weight

    return Verifier


def _base() -> type[Any]:
    try:
        from open_instruct.ground_truth_utils import VerifierFunction
    except ImportError:
        return object
    return VerifierFunction  # type: ignore[no-any-return]


def _result() -> Any:
    try:
        from open_instruct.ground_truth_utils import VerificationResult
    except ImportError:
        return SimpleNamespace
    return VerificationResult
