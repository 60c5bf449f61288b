"""tinker-cookbook: a reward as a ProblemEnv, `make_environment("math")(renderer, question, reference)`.

Rewards must be numbers: what cannot be judged is 0.0 with `judged` 0.0 among the step's metrics. The format is the
reward's affair: `format_coef` is 0 unless it is set, and then means that the message ended. Read from tinker-cookbook
at 0683034d: rl/problem_env.py, rl/types.py; not run here.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from holdfast.rewards.adapters import flagged, judged


def make_environment(reward: str | Mapping[str, Any] | None = None, **options: Any) -> type[Any]:
    """The environment class, a subclass of tinker_cookbook's ProblemEnv. `options`: the reward's own."""
    from tinker_cookbook.rl.problem_env import ProblemEnv

    class HoldfastEnv(ProblemEnv):  # type: ignore[misc]
        """One question, judged by a reward of Holdfast."""

        def __init__(self, renderer: Any, question: str, reference: Any, **more: Any) -> None:
            super().__init__(renderer, **{"format_coef": 0.0, **more})
            self.question, self.reference = question, reference
            self.judged = 0.0

        def get_question(self) -> str:
            """What is asked."""
            return self.question

        def check_answer(self, sample_str: str) -> float:
            """The reward's value; ProblemEnv takes a share as well as a bool."""
            fields = flagged(judged(reward, [sample_str], [self.reference], [self.question], options=options)[0])
            self.judged = fields["judged"]
            return float(fields["score"])

        def check_format(self, sample_str: str) -> bool:
            """Nothing beyond what the reward reads."""
            return True

        def get_reference_answer(self) -> str:
            """For the log."""
            return str(self.reference)

        async def step(self, action: Any, **more: Any) -> Any:
            """The answer's judgement, with `judged` among its metrics. It is made in a thread: other episodes go on."""
            result = await asyncio.to_thread(asyncio.run, super().step(action, **more))
            result.metrics["judged"] = self.judged
            return result

    return HoldfastEnv
