"""The dry run's estimate against the run: memory that autograd keeps, the process's peak, seconds of a step.

    python tests/bench/bench_estimate.py

Every run is a process of its own on one thread. *Saved*: bytes that autograd holds for the backward pass of one loss,
each storage once. *Peak*: the largest resident set while the model is loaded and trained, less what the process held
before (libraries); the estimate's figure for it is all memory together.
"""

import json
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

STEPS = 4
MODELS = {"tiny": None, "60 M": {"hidden": 512, "layers": 8, "vocabulary": 32000}}
ROWS = {"sft": "tiny:python", "dpo": "tiny:last", "grpo": "tiny:sort"}
CASES: dict[str, tuple[str, list[str]]] = {
    "sft": ("sft", []),
    "sft, long rows": ("sft", ["long"]),
    "sft, checkpointing": ("sft", ["long", "trainer.args.gradient_checkpointing=true"]),
    "sft, LoRA": ("sft", ["lora=16"]),
    "dpo": ("dpo", []),
    "grpo": ("grpo", ["reward=exact_match", "trainer.args.num_generations=8", "trainer.args.max_completion_length=32"]),
}


def words_of(case: str, model: str, place: Path) -> list[str]:
    """The overrides of one run."""
    trainer, more = CASES[case]
    data = ROWS[trainer]
    if "long" in more:
        file = place / "long.jsonl"
        row = {"prompt": "Say it: " + "word " * 30, "completion": "word " * 60}
        file.write_text("".join(json.dumps(row | {"prompt": f"{n} {row['prompt']}"}) + "\n" for n in range(200)))
        data = str(file)
        more = [word for word in more if word != "long"]
    size = "trainer.args.per_device_train_batch_size=8"
    quiet = ["trainer.args.save_strategy=no", f"trainer.args.max_steps={STEPS}", "trainer.args.logging_steps=100"]
    return [f"trainer={trainer}", f"model={model}", f"data={data}", "data.limit=200", "contamination=false", size,
            "suite=[tiny_upper]", *quiet, *more, f"out={place / 'run'}"]  # fmt: skip


def status(key: str) -> int:
    """Bytes of a line of /proc/self/status."""
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(next(line for line in text.splitlines() if line.startswith(key)).split()[1]) * 1024


def one(case: str, model: str, place: Path) -> dict[str, Any]:
    """Estimate and run, in this process."""
    import logging

    import torch
    import trl  # noqa: F401 - its import is no part of what is measured
    from bench_trainers import clock

    from holdfast.trainers.estimate.estimate import estimate
    from holdfast.trainers.job.training import build
    from holdfast.trainers.run.run_dir import open_run
    from holdfast.trainers.settings.compose import compose

    torch.set_num_threads(1)
    logging.disable()
    config = compose(words_of(case, model, place))
    told = estimate(config)
    out = open_run(config)
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before = status("VmRSS")
    trainer = build(config, out)
    watch = clock()
    trainer.add_callback(watch)
    saved = count_saved(trainer)
    trainer.train()
    steps = [after - start for start, after in zip(watch.work, watch.work[1:], strict=False)]
    return {
        "saved": max(saved),
        "told saved": told.memory["activations"],
        "peak": status("VmHWM") - before,
        "told peak": told.needed,
        "seconds": statistics.median(steps[1:]),
        "told seconds": told.seconds / told.steps,
    }


def count_saved(trainer: Any) -> list[int]:
    """The bytes saved by the first loss; later ones run unwatched, and are timed."""
    from helpers.saved_bytes import saved_bytes

    counts: list[int] = []
    compute = trainer.compute_loss

    def counted(*arguments: Any, **options: Any) -> Any:
        if counts:
            return compute(*arguments, **options)
        with saved_bytes(trainer.model) as total:
            loss = compute(*arguments, **options)
        counts.append(total[0])
        return loss

    trainer.compute_loss = counted
    return counts


def table() -> None:
    """Every case in a process of its own."""
    from helpers.saved_bytes import made

    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}\n")
    print("| model | training | saved, MB | told | peak, MB | told | s a step (CPU) | told |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, shape in MODELS.items():
            place = str(made(Path(folder) / "model", **shape)) if shape else name
            short = ("sft", "dpo", "grpo")  # the tiny model's context is
            for number, case in enumerate(CASES if shape else short):
                run = Path(folder) / f"{name.split()[0]}-{number}"
                run.mkdir()
                command = [sys.executable, __file__, case, place, str(run)]
                said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                print(_line(name, case, json.loads(said.splitlines()[-1])), flush=True)


def _line(name: str, case: str, found: dict[str, Any]) -> str:
    sizes = [f"{found[key] / 1e6:,.0f}" for key in ("saved", "told saved", "peak", "told peak")]
    times = [f"{found[key]:.2g}" for key in ("seconds", "told seconds")]
    return f"| {name} | {case} | " + " | ".join([*sizes, *times]) + " |"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(one(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
    else:
        table()
