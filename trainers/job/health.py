"""Watches a training for what goes wrong silently: a loss that is no number, a reward that judges or moves nothing."""

import logging
import math
from typing import Any

from transformers import TrainerCallback

from holdfast.errors import DataError

log = logging.getLogger("holdfast")

CONSTANT_AFTER = 10
"""Log entries with a reward that does not vary before it is said."""
UNJUDGED_AFTER = 3
"""Log entries without one judged completion before the training ends."""
REFERENCE = "look at the data's reference column, and at the reasons in training/completions"


class HealthWatch(TrainerCallback):  # type: ignore[misc]  # transformers is not typed
    """Ends a training whose loss is NaN or infinite, or whose reward judges nothing; warns once when a reward is
    constant or leaves completions unjudged."""

    def __init__(self) -> None:
        self.flat = 0
        self.blind = 0
        self.logged: set[str] = set()

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Raises DataError for a loss that is not finite, or when no completion can be judged."""
        logs = logs or {}
        loss = logs.get("loss")
        if isinstance(loss, int | float) and not math.isfinite(loss):
            raise DataError(
                f"the loss is {loss} at step {state.global_step}: lower trainer.args.learning_rate, check the rows"
                " for empty completions, or train in float32 (trainer.args.bf16=false)"
            )
        if "reward" in logs:
            self._look_at_judging(logs, state.global_step)
            self._look_at_spread(logs)

    def _look_at_judging(self, logs: dict[str, Any], step: int) -> None:
        """TRL leaves a completion that cannot be judged out of its group; a group without any teaches nothing."""
        blind = _missing(logs["reward"])
        self.blind = self.blind + 1 if blind else 0
        if self.blind == UNJUDGED_AFTER:
            raise DataError(f"no completion could be judged in the last {self.blind} log entries: {REFERENCE}")
        if blind:
            self._warn("blind", f"at step {step} no completion could be judged: {REFERENCE}")
        for name, share in logs.items():
            if name.endswith("/unjudged") and not blind and share:
                self._warn(
                    name,
                    f"reward {name.removesuffix('/unjudged')} could not judge {share:.1%} of the completions at step"
                    f" {step}; TRL leaves them out, and a group of them teaches nothing: {REFERENCE}",
                )

    def _look_at_spread(self, logs: dict[str, Any]) -> None:
        if _missing(logs["reward"]):
            return
        self.flat = 0 if logs.get("reward_std") else self.flat + 1
        if self.flat == CONSTANT_AFTER:
            self._warn(
                "flat",
                f"the reward has been {logs['reward']:.3g} without any spread for {self.flat} log entries: nothing is"
                " learned. Likely: completions are cut (completions/clipped_ratio), the answer's format is never met,"
                " the task is too hard or too easy, or sampling is greedy",
            )

    def _warn(self, kind: str, text: str) -> None:
        if kind not in self.logged:
            self.logged.add(kind)
            log.warning("%s", text)


def _missing(value: float | None) -> bool:
    """TRL logs None, or NaN, where there is nothing to average."""
    return value is None or math.isnan(value)
