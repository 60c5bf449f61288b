"""verl's own reward managers with our compute_score. Input: {rows, config}; argument: the manager."""

import asyncio
import json
import sys
from typing import Any

import numpy as np
import torch
from omegaconf import OmegaConf
from tensordict import TensorDict
from verl import DataProto

PAD = 0


class Codepoints:
    """A tokenizer of one token a character; verl's managers only decode."""

    eos_token = "\0"

    def decode(self, ids: Any, skip_special_tokens: bool = True) -> str:
        return "".join(chr(token) for token in ids.tolist() if token != PAD)

    def batch_decode(self, ids: Any, skip_special_tokens: bool = True) -> list[str]:
        return [self.decode(row) for row in ids]


def batch(rows: list[list[Any]]) -> DataProto:
    """Rows as verl's trainer holds them after the rollout."""
    prompts, responses = (padded([row[i] for row in rows], left=i == 0) for i in (0, 1))
    mask = torch.cat([prompts != PAD, responses != PAD], dim=1).long()
    tensors = {"prompts": prompts, "responses": responses, "attention_mask": mask}
    other = {
        "data_source": np.array(["openai/gsm8k"] * len(rows), dtype=object),
        "reward_model": np.array([{"style": "rule", "ground_truth": row[2]} for row in rows], dtype=object),
        "extra_info": np.array([{"index": index, "split": "test"} for index in range(len(rows))], dtype=object),
    }
    return DataProto(batch=TensorDict(tensors, batch_size=len(rows)), non_tensor_batch=other)


def padded(texts: list[str], left: bool) -> torch.Tensor:
    length = max(len(text) for text in texts)
    lists = [[ord(c) for c in text] for text in texts]
    pad = [[PAD] * (length - len(ids)) for ids in lists]
    return torch.tensor([p + ids if left else ids + p for ids, p in zip(lists, pad, strict=True)])


def legacy(name: str, config: Any, data: DataProto) -> dict[str, Any]:
    """The managers of verl's workers: a whole batch in one call."""
    from verl.trainer.ppo.reward import get_custom_reward_fn
    from verl.workers.reward_manager import get_reward_manager_cls

    manager = get_reward_manager_cls(name)(Codepoints(), 0, compute_score=get_custom_reward_fn(config))
    found = manager(data, return_dict=True)
    last = data.batch["attention_mask"][:, data.batch["prompts"].shape[1] :].sum(1) - 1
    values = found["reward_tensor"][torch.arange(len(data)), last]
    assert float(found["reward_tensor"].abs().sum()) == float(values.abs().sum())
    return {"rewards": values.tolist(), "extra": dict(found.get("reward_extra_info", {}))}


def loop(config: Any, data: DataProto) -> dict[str, Any]:
    """The managers of verl's reward loop: a call per sample, many at once."""
    from verl.trainer.ppo.reward import load_reward_manager

    async def everything() -> list[dict[str, Any]]:
        manager = load_reward_manager(config, Codepoints())
        return await asyncio.gather(*(manager.run_single(data[i : i + 1]) for i in range(len(data))))

    found = asyncio.run(everything())
    keys = found[0]["reward_extra_info"]
    extra = {key: [row["reward_extra_info"][key] for row in found] for key in keys}
    return {"rewards": [float(row["reward_score"]) for row in found], "extra": extra}


def validated(extra: dict[str, list[Any]]) -> dict[str, float]:
    """verl's validation metrics of the logged keys."""
    from verl.trainer.ppo.metric_utils import process_validation_metrics

    count = len(next(iter(extra.values())))
    told = process_validation_metrics(["gsm8k"] * count, [str(i) for i in range(count)], extra)
    return {key: float(value["mean@1"]) for key, value in told["gsm8k"].items()}


def main() -> None:
    asked = json.load(sys.stdin)
    kind, _, name = sys.argv[1].partition(":")
    config = OmegaConf.create(asked["config"])
    data = batch(asked["rows"])
    found = legacy(name, config, data) if kind == "legacy" else loop(config, data)
    print(json.dumps({**found, "validation": validated(found["extra"]) if found["extra"] else {}}))


if __name__ == "__main__":
    main()
