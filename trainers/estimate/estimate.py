"""Before a GPU minute is spent: does the training fit, how long does it take, and what can the suite see?

Only the model's configuration, its tokenizer and the rows are read; weights are not loaded. Memory: footprint.py. Time:
6 floating-point operations per parameter and trained token (4 with LoRA, 2 more with checkpointing), 2 per generated
one, at a share of the matrix speed measured now. A rough guide: small models are slower than their operations say, a
busy machine halves everything. docs/bench/trainers.md holds estimates against runs.
"""

import dataclasses
import json as json_module
import math
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.fetch import unreached
from holdfast.process.distributed import world_size
from holdfast.quantities import duration
from holdfast.trainers.data.formats.row_formats import with_prompt
from holdfast.trainers.data.generated import self_replay
from holdfast.trainers.data.mix import training_rows
from holdfast.trainers.estimate.memory import has_beta
from holdfast.trainers.estimate.memory import memory as footprint
from holdfast.trainers.estimate.preflight import check_all
from holdfast.trainers.models.model import prepare_tokenizer, read_model_config
from holdfast.trainers.run.checkpoint_eval import suite_of
from holdfast.trainers.run.checkpoints import disk, keeps_own_checkpoints
from holdfast.trainers.run.run_dir import has_begun
from holdfast.trainers.settings import trl_args
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.config import TrainConfig

UTILISATION = {"cuda": 0.4, "cpu": 0.5}
"""Share of the matrix speed that a training step reaches (large models on one GPU: 0.3 to 0.5)."""
SMALL = 100_000_000
"""Parameters below which a step takes longer than its operations say (0.8 million on a busy CPU: 57 times)."""
SAMPLED_ROWS = 200


@dataclass(frozen=True)
class Estimate:
    """What a training needs. Memory in bytes, time in seconds."""

    parameters: int
    trained: int
    memory: dict[str, int]
    available: int
    device: str
    rows: int
    steps: int
    disk: int
    """Bytes that the checkpoints and the result take."""
    free_disk: int
    tokens_per_sequence: int
    """The 95th percentile of sampled rows, cut to what the trainer keeps."""
    cut: float
    """Share of the sampled rows that the trainer will cut."""
    seconds: float
    detects: dict[str, Any]
    """What the suite can see, as `holdfast plan` computes it; empty when its size is not known."""
    unreached: list[str]
    """The suite's data that is not on this machine, and where it would come from, a line each."""

    @property
    def needed(self) -> int:
        """All memory together, in bytes."""
        return sum(self.memory.values())

    @property
    def fits(self) -> bool:
        """True when the training fits in memory, with a tenth to spare."""
        return self.needed * 1.1 <= self.available

    def text(self, *, json: bool = False) -> str:
        """What `dry_run=true` prints."""
        if json:
            return json_module.dumps({**dataclasses.asdict(self), "needed": self.needed, "fits": self.fits})
        parts = ", ".join(f"{name} {_size(size)}" for name, size in self.memory.items() if size)
        how = "at least" if self.parameters < SMALL else "about"
        lines = [
            f"parameters  {self.parameters:,}, of which {self.trained:,} are trained",
            f"memory      about {_size(self.needed)} ({parts})",
            f"            {'fits' if self.fits else 'DOES NOT FIT'} {self.device} with {_size(self.available)}",
            f"rows        {self.rows:,}; 95 % have at most {self.tokens_per_sequence:,} tokens; {self.cut:.1%} are cut",
            f"steps       {self.steps:,}, {how} {duration(self.seconds)}",
            f"disk        about {_size(self.disk)} for checkpoints and result; {_size(self.free_disk)} are free",
        ]
        if self.disk > self.free_disk:
            lines.append("            DOES NOT FIT: lower checkpoints=, or train with lora=true")
        if not self.fits:
            lines.append(
                "            lower trainer.args.per_device_train_batch_size (raise gradient_accumulation_steps), set"
                " trainer.args.gradient_checkpointing=true, or train with lora=true"
            )
        if self.detects:
            lines.append(
                f"suite       {self.detects['items']:,} items; a drop of the held mean by"
                f" {100 * self.detects['macro_mde']:.2f} points is found with 80 % probability"
            )
        lines += [
            f"{'suite data  ' if not number else '            '}not on this machine: {one}"
            for number, one in enumerate(self.unreached)
        ]
        return "\n".join(lines)


def estimate(config: TrainConfig) -> Estimate:
    """The estimate of a run. Raises the same errors as the run would for its settings and data."""
    check_all(config)
    has_begun(config)
    model_config, tokenizer = read_model_config(config.model)
    prepare_tokenizer(tokenizer, config.model)
    args = trl_args.build(config.trainer.name, config.trainer.args, Path("unused"), config.seed)
    root = Path(config.data_root) if config.data_root else None
    rows = training_rows(config.data, config.seed, root, self_replay.stand_in(config))
    tokens, usual, cut = _lengths(config, rows, tokenizer, args)
    parameters, looked_up, linear = _count(model_config)
    trained = linear(config.lora.r) if config.lora.r else parameters
    memory = footprint(config, model_config, args, parameters, trained, tokens)
    device, available = _device()
    steps = _steps(args, len(rows))
    return Estimate(
        parameters=parameters,
        trained=trained,
        memory=memory,
        available=available,
        device=device,
        rows=len(rows),
        steps=steps,
        disk=_disk(config, trained),
        free_disk=shutil.disk_usage(_existing(Path(config.out or "runs"))).free,
        tokens_per_sequence=tokens,
        cut=cut,
        seconds=_seconds(config, args, parameters - looked_up, usual, steps),
        detects=_detects(config),
        unreached=unreached(suite_of(config), root),
    )


def _count(model_config: Any) -> tuple[int, int, Any]:
    """Parameters of the model, those of its embedding that are only looked up, and a function: those of LoRA at a rank
    (all linear layers but the head)."""
    import torch
    import transformers

    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(model_config)
    layers = [m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and n != "lm_head"]
    around = sum(m.in_features + m.out_features for m in layers)
    embedding_size = model.get_input_embeddings().weight.numel()
    tied = bool(getattr(model_config.get_text_config(), "tie_word_embeddings", False))
    return sum(p.numel() for p in model.parameters()), 0 if tied else embedding_size, lambda rank: rank * around


def _lengths(config: TrainConfig, rows: list[dict[str, Any]], tokenizer: Any, args: Any) -> tuple[int, int, float]:
    """Tokens of a sequence (95th percentile and mean of a sample) and the share that is cut."""
    shaped = [with_prompt(find_trainer(config.trainer.name).row(row, config.data)) for row in rows[:SAMPLED_ROWS]]
    found = sorted(max(_tokens(row, key, tokenizer) for key in ("completion", "chosen", "rejected")) for row in shaped)
    grown = _grown(config, args)
    limit = None if grown else getattr(args, "max_length", None)
    cut = sum(limit is not None and n > limit for n in found) / len(found)
    kept = [min(n, limit) if limit else n + grown for n in found]
    return kept[int(0.95 * (len(kept) - 1))], round(sum(kept) / len(kept)), cut


def _grown(config: TrainConfig, args: Any) -> int:
    """Tokens that the trainer writes behind a prompt at most."""
    if not find_trainer(config.trainer.name).writes_while_training:
        return 0
    return int(getattr(args, "max_completion_length", None) or getattr(args, "max_new_tokens", None) or 0)


def _tokens(row: dict[str, Any], key: str, tokenizer: Any) -> int:
    turns = [row["prompt"], row.get(key, [])]
    texts = [t if isinstance(t, str) else "\n".join(str(m["content"]) for m in t) for t in turns]
    return len(tokenizer(" ".join(texts), truncation=False, verbose=False)["input_ids"]) + 8


def _disk(config: TrainConfig, trained: int) -> int:
    """Weights of every checkpoint and of the result, Adam's state of the newest; all in float32."""
    if keeps_own_checkpoints(config.trainer.args):
        return disk(4 * trained, 8 * trained, config.checkpoints)
    kept = config.trainer.args.get("save_total_limit") or 1
    return int(4 * trained * (kept + 1) + 8 * trained * kept)


def _existing(path: Path) -> Path:
    """The path, or its nearest folder that exists."""
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())


def _steps(args: Any, rows: int) -> int:
    if args.max_steps > 0:
        return int(args.max_steps)
    batch = int(args.per_device_train_batch_size) * int(args.gradient_accumulation_steps) * world_size()
    if hasattr(args, "num_generations"):  # whole groups only
        return max(1, math.ceil(rows * int(args.num_generations) // batch * float(args.num_train_epochs)))
    return max(1, math.ceil(math.ceil(rows / batch) * float(args.num_train_epochs)))


def _seconds(config: TrainConfig, args: Any, computing: int, tokens: int, steps: int) -> float:
    """`computing`: parameters that are multiplied with each token."""
    trainer = find_trainer(config.trainer.name)
    sequences = args.per_device_train_batch_size * args.gradient_accumulation_steps * trainer.answers_per_row
    learning = 4 if config.lora.r else 6  # frozen weights need no gradient of their own
    again = 2 if args.gradient_checkpointing else 0
    referenced = 2 if trainer.reference_model and has_beta(args) else 0
    generated = 2 if trainer.writes_while_training else 0
    work = float((learning + again + referenced + generated) * computing * tokens * sequences * steps)
    speed, device = _matrix_speed()
    return work / (speed * UTILISATION[device])


def _matrix_speed() -> tuple[float, str]:
    """Floating-point operations per second of a matrix product here, and where. On a CPU the time of the process's own
    work counts: what others do on the machine just now says little about the hours to come."""
    import torch

    gpu = torch.cuda.is_available()
    size, kind = (8192, torch.bfloat16) if gpu else (1024, torch.float32)
    clock = time.perf_counter if gpu else time.process_time
    a = torch.ones(size, size, dtype=kind, device="cuda" if gpu else "cpu")
    times = []
    for _ in range(6):
        start = clock()
        float((a @ a)[0, 0])
        times.append(clock() - start)
    together = 1 if gpu else torch.get_num_threads()
    return 2 * size**3 / min(times) * together, "cuda" if gpu else "cpu"


def _device() -> tuple[str, int]:
    import os

    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name(), torch.cuda.mem_get_info()[0]
    return "this machine's memory", os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _detects(config: TrainConfig) -> dict[str, Any]:
    from holdfast.benchmarks.suites.sizes import suite_sizes
    from holdfast.compare.planning.power import Bench, Requirements, make_plan
    from holdfast.errors import UsageError

    try:
        sizes = suite_sizes(config.suite)
        benches = [
            Bench(task, min(n, config.limit or n), repeats=repeats, target=task in config.target)
            for task, n, repeats in sizes
        ]
        plan = make_plan(str(config.suite), benches, Requirements())
    except UsageError:  # a suite of the user's own, whose size is known only once it is loaded; or nothing is held
        return {}
    return {"items": plan.items, "macro_mde": plan.macro_mde, "default_margin": plan.default_margin}


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.3g} {unit}" if count < 1000 else f"{count:,.0f} {unit}"
        count /= 1000
    return ""
