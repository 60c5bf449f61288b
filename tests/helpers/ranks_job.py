"""What each process of `torchrun tests/helpers/ranks_job.py HOW OUT CACHE` does: one model, measured by all.

HOW: `plain`, `ddp`, `fsdp` (the model as the trainer holds it), or `alone` (FSDP2, each by itself: refused).
"""

import json
import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from holdfast.benchmarks.engine.backends import hf
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings

SUITE = [
    "tiny_upper",
    {"task": "tiny_addition", "name": "sampled", "sampling": {"temperature": 6.0}, "repeats": 3, "limit": 7},
    {"task": "tiny_addition", "stop": [" "], "stop_chat": True, "name": "stopped"},
    "mmlu",
    "perplexity_gsm8k",
]
HOW = Settings(batch_size=4, limit=13, max_tokens=16, max_length=512, progress=False)
"""13 items in batches of 4 and 4 batches for 2 or 3 processes: nothing divides evenly."""


def main(how: str, out: Path, cache: Path) -> None:
    torch.set_num_threads(1)
    loaded = load("tiny")
    model = loaded.model
    if how != "plain":
        dist.init_process_group("gloo")
    if how == "ddp":
        model = torch.nn.parallel.DistributedDataParallel(model)
    if how in ("fsdp", "alone"):
        from torch.distributed.fsdp import fully_shard

        for layer in model.model.layers:
            fully_shard(layer)
        fully_shard(model)
    made: list[int] = []
    run = hf.HFEngine.run

    def counting(self, items, emit):  # type: ignore[no-untyped-def]
        run(self, items, lambda finished: (made.append(len(finished)), emit(finished))[1])

    hf.HFEngine.run = counting  # type: ignore[method-assign]
    named = LoadedModel(model, loaded.tokenizer, "tiny")
    data, together = Path(os.environ["SHARED"]), how != "alone"
    measured = measure(named, SUITE, out, cache=cache, data_root=data, settings=HOW, together=together)
    tasks = {name: [result.n, result.mean, dict(result.metrics)] for name, result in measured.tasks.items()}
    rank = os.environ.get("RANK", "0")
    out.with_name(f"{out.name}.{rank}.json").write_text(json.dumps({"tasks": tasks, "made": sum(made)}))
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
