"""Group-relative policy optimisation (arXiv 2402.03300) on registered rewards.

    {"prompt": "Compute 85 - 38", "reference": "47"}        every other column reaches the reward too

The reward is the very function that scores the benchmark; a completion it cannot judge is skipped, never a 0.
Several rewards are summed with `trainer.args.reward_weights`; what one of them cannot judge counts for none. vLLM
generates with `trainer.args.use_vllm=true trainer.args.vllm_mode=colocate` (or `server`, with TRL's own server).

Episodes are played where rows name them (`environment=tiny_form`): see run/rollout.py.
"""

from holdfast.trainers.data.formats.row_formats import episode_row
from holdfast.trainers.episodes.rewards import episode_arguments
from holdfast.trainers.settings.trainer_spec import Trainer

TRAINER = Trainer(
    config="GRPOConfig",
    trainer="GRPOTrainer",
    row=episode_row,
    columns=(("prompt", "reference"), ("prompt",)),
    learns_from_reward=True,
    reference_model=True,
    usual=True,
    plays=True,
    arguments=episode_arguments,
)
