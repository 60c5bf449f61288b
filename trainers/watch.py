"""Watches a training for what goes wrong silently: a loss that is no number, a reward that never moves."""

import logging
import math
from typing import Any

from transformers import TrainerCallback

from holdfast.errors import DataError

log = logging.getLogger("holdfast")

CONSTANT_AFTER = 10
"""Log entries with a reward that does not vary before it is said."""


class Watch(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Ends a training whose loss is NaN or infinite, and warns once when a reward is constant or judges nothing."""

    def __init__(self) -> None:
        self.flat = 0
        self.said: set[str] = set()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Raises DataError for a loss that is not finite."""
        logs = logs or {}
        loss = logs.get("loss")
        if isinstance(loss, int | float) and not math.isfinite(loss):
            raise DataError(
                f"the loss is {loss} at step {state.global_step}: lower trainer.args.learning_rate, check the rows"
                " for empty completions, or train in float32 (trainer.args.bf16=false)"
            )
        if "reward" in logs:
            self._look_at_reward(logs, state.global_step)

    def _look_at_reward(self, logs: dict[str, Any], step: int) -> None:
        if math.isnan(logs["reward"]):
            self._warn(f"at step {step} no completion could be judged: look at the reward's reference column")
        spread = logs.get("reward_std", 0.0)
        self.flat = 0 if spread else self.flat + 1
        if self.flat == CONSTANT_AFTER:
            self._warn(
                f"the reward has been {logs['reward']:.3g} without any spread for {self.flat} log entries: nothing is"
                " learned. Likely: completions are cut (completions/clipped_ratio), the answer's format is never met,"
                " the task is too hard or too easy, or sampling is greedy"
            )

    def _warn(self, text: str) -> None:
        if text not in self.said:
            self.said.add(text)
            log.warning("%s", text)
