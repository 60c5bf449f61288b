"""GRPO on episodes: TRL's rollout function, played with the engine's own parts, and masks over what is not the model's.

The rows' prompts carry their episode (`trainers.episodes.rows`). The model's tokens are kept as it wrote them; what
the environment says is appended as the chat template writes it, masked. `max_completion_length` covers a whole
trajectory, the environment's `max_tokens` one message. A row that names no episode is answered once.
Read from and run with TRL 1.16: grpo_trainer.py:1763, 2193-2322, 2741.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from holdfast.benchmarks.engine.episodes.driver import PATIENCE, PAUSE
from holdfast.trainers.episodes.rollout_episode import RolloutEpisode, episode_for

TRAJECTORY = "trajectory"
"""The extra column of the messages that followed an episode's first ones."""
PLAYED = "episode_score"
"""The extra column of the score of what was just played."""


class Rollout:
    """TRL's rollout function: prompts in; tokens, masks, trajectories and scores out."""

    def __call__(self, prompts: Sequence[Any], trainer: Any) -> dict[str, Any]:
        """Play one episode for each prompt, all turns batched."""
        plays = [episode_for(prompt, trainer) for prompt in prompts]
        waited = 0
        while _any_running(plays, trainer):
            _begin([play for play in plays if not play.begun], waited)
            going = [play for play in plays if play.begun and not play.over]
            waited = 0 if going else waited + 1
            contexts = [play.context for play in going] or [[trainer.processing_class.eos_token_id]]
            longest = max((play.room for play in going), default=1)
            with _budget(trainer, longest):
                answers, logprobs = trainer._generate_single_turn(contexts, None, {}, 1)
            for index, play in enumerate(going):
                play.take(answers[index], None if logprobs is None else logprobs[index])
        for play in plays:
            play.close()
        return _output(plays)


def _begin(waiting: Sequence[RolloutEpisode], waited: int) -> None:
    """Open what there is a place for. Where nothing has been played for long, one is given up: it has no score."""
    if waited:
        time.sleep(PAUSE)
    for play in waiting:
        play.begin()
        if not play.begun:
            break
    left = next((play.live for play in waiting if not play.begun), None)
    if left is not None and waited * PAUSE > PATIENCE:
        left.give_up()


def _any_running(plays: Sequence[RolloutEpisode], trainer: Any) -> bool:
    """Whether an episode is still going on, in any process: each takes part in every generation of another."""
    import torch

    count = sum(not play.over for play in plays)
    if trainer.accelerator.num_processes == 1:
        return count > 0
    counts = trainer.accelerator.gather(torch.tensor([count], device=trainer.accelerator.device))
    return bool(counts.sum() > 0)


@contextmanager
def _budget(trainer: Any, tokens: int) -> Iterator[None]:
    """Generate at most so many tokens in this turn."""
    owner, name = _limit_of(trainer)
    before = getattr(owner, name)
    setattr(owner, name, min(before, max(1, tokens)))
    try:
        yield
    finally:
        setattr(owner, name, before)


def _limit_of(trainer: Any) -> tuple[Any, str]:
    if trainer.use_vllm:
        return trainer.vllm_generation, "max_completion_length"
    return trainer.generation_config, "max_new_tokens"


def _output(plays: Sequence[RolloutEpisode]) -> dict[str, Any]:
    """The rollouts as TRL takes them. An episode that could not begin is one masked token without a score."""
    sampled = all(play.logprobs is not None for play in plays)
    return {
        "prompt_ids": [play.prompt_ids for play in plays],
        "completion_ids": [play.ids or [play.end] for play in plays],
        "env_mask": [play.mask or [0] for play in plays],
        "logprobs": [play.logprobs or [0.0] for play in plays] if sampled else None,
        TRAJECTORY: [play.messages for play in plays],
        PLAYED: [play.score for play in plays],
    }
