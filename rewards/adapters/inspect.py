"""inspect: a reward as a scorer of a task, `Task(…, scorer=holdfast_scorer("math"))`.

The target's text is the reference, or, of any shape, `reference` in the sample's metadata. An answer that cannot be
judged is unscored: inspect's metrics leave it out. Read from inspect_ai 0.3.285: scorer/_scorer.py, scorer/_metric.py.
"""

from collections.abc import Mapping
from typing import Any

from holdfast.rewards.adapters import judged


def holdfast_scorer(reward: str | Mapping[str, Any] | None = None, **options: Any) -> Any:
    """A scorer of inspect. `options`: the reward's own."""
    from anyio import to_thread  # inspect runs on asyncio or trio
    from inspect_ai.scorer import Score, mean, scorer, stderr

    @scorer(metrics=[mean(), stderr()])  # type: ignore[untyped-decorator]
    def holdfast() -> Any:
        async def score(state: Any, target: Any) -> Any:
            metadata = state.metadata or {}
            reference = metadata.get("reference", target.text)
            columns = [state.output.completion], [reference], [state.input_text], [metadata]
            (found,) = await to_thread.run_sync(judged, reward, *columns, options)
            if found.value is None:
                return Score.unscored(reason=str(found.outcome), explanation=found.reason)
            return Score(value=found.value, answer=found.extracted, explanation=found.reason)

        return score

    return holdfast()
