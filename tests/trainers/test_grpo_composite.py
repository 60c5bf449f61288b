"""One composite drives a real GRPO run over rows of three kinds, and its parts appear in the logs."""

from pathlib import Path

from holdfast import Reward


def test_a_mixture_of_three_kinds_of_rows_trains_with_one_composite(tmp_path: Path) -> None:
    import torch
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import GRPOConfig, GRPOTrainer

    from holdfast.benchmarks.tiny import model_path

    torch.set_num_threads(1)
    kinds = [
        {"prompt": "repeat: moon", "task": "words", "answer": "moon"},
        {"prompt": "12+30=", "task": "number", "answer": "42"},
        {"prompt": "say something short", "task": "form", "answer": ""},
    ]
    reward = Reward.from_config(
        {
            "reward": "route",
            "of": {
                "words": {"reward": "exact_match", "reference": "answer"},
                "number": {"reward": "numeric", "reference": "answer"},
                "form": {"reward": "length", "maximum": 3},
            },
        }
    )
    settings = GRPOConfig(
        str(tmp_path),
        max_steps=3,
        per_device_train_batch_size=6,
        num_generations=2,
        max_completion_length=12,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        save_strategy="no",
        logging_steps=1,
        shuffle_dataset=False,
    )
    trainer = GRPOTrainer(
        str(model_path()),
        reward,
        settings,
        train_dataset=Dataset.from_list(kinds * 4),
        processing_class=AutoTokenizer.from_pretrained(model_path()),
    )
    trainer.train()
    steps = [entry for entry in trainer.state.log_history if "rewards/route/mean" in entry]
    assert len(steps) == 3
    for entry in steps:
        parts = [entry[f"route/{name}"] for name in ("words", "number", "form")]
        assert all(0 <= value <= 1 for value in parts)
        assert abs(entry["rewards/route/mean"] - sum(parts) / 3) < 1e-6
        assert entry["route/unjudged"] == 0
