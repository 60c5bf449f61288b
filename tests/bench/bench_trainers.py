"""Holdfast's training against a plain TRL script: seconds per step, memory, and the dry run's estimate against the run.

    python tests/bench/bench_trainers.py [repeats [setting …]]
    python tests/bench/bench_trainers.py --paired [rounds [setting …]]     short runs in one process, in turn
    python tests/bench/bench_trainers.py --first         a new user's first report, by the clock

Every run is a process of its own, plain and ours in turn; a step is the time from one optimizer step's end to the
next one's, its median over a run, then over the runs; on a busy machine the time of the process's own work (CPU) says
more. Memory is the process's largest resident set.
"""

import contextlib
import itertools
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

STEPS = 60
MOST_SECONDS = 140
"""Of the pairs of one setting."""
SKIPPED = 10
SETTINGS: dict[str, dict[str, Any]] = {
    "sft": {"learning_rate": 1e-4, "per_device_train_batch_size": 32, "max_length": 64},
    "dpo": {"learning_rate": 1e-5, "per_device_train_batch_size": 16, "max_length": 64},
    "grpo": {
        "learning_rate": 1e-5,
        "per_device_train_batch_size": 32,
        "num_generations": 8,
        "max_completion_length": 16,
        "log_completions": True,
        "num_completions_to_print": 0,
    },
    "sft:large": {"learning_rate": 1e-4, "per_device_train_batch_size": 64, "max_length": 64},
}
"""By trainer; behind a colon, another setting of it: steps of 100 ms and more."""
COMMON = {"max_steps": STEPS, "logging_steps": 10, "gradient_checkpointing": False, "save_strategy": "no"}
DATA = {"sft": "tiny:subtraction", "dpo": "tiny:last", "grpo": "tiny:sort"}


def clock() -> Any:
    """A callback that notes when each step ends."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.ends: list[float] = []
            self.work: list[float] = []

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.ends.append(time.perf_counter())
            self.work.append(time.process_time())

    return Clock()


def plain(trainer: str, out: Path, watch: Any) -> list[float]:
    """The script one would write with TRL alone, on the same rows."""
    import trl
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from holdfast.benchmarks.tiny import model_path
    from holdfast.benchmarks.tiny.skills import generate

    settings, trainer = SETTINGS[trainer], trainer.partition(":")[0]
    rows = [conversational(trainer, row) for row in generate(DATA[trainer].removeprefix("tiny:"), "train", 1000, 0)]
    name = {"sft": "SFT", "dpo": "DPO", "grpo": "GRPO"}[trainer]
    extra = {"reward_funcs": [exact]} if trainer == "grpo" else {}
    script = getattr(trl, f"{name}Trainer")(
        model=AutoModelForCausalLM.from_pretrained(model_path(), dtype="float32"),
        args=getattr(trl, f"{name}Config")(
            str(out), report_to="none", use_cpu=True, bf16=False, seed=0, **COMMON, **settings
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(model_path()),
        callbacks=[watch],
        **extra,
    )
    script.train()
    return [entry["loss"] for entry in script.state.log_history if "loss" in entry]


def exact(completions: list[Any], reference: list[Any], **_: Any) -> list[float]:
    """A user's own reward."""
    return [float(said[0]["content"].strip() == str(right)) for said, right in zip(completions, reference, strict=True)]


def conversational(trainer: str, row: dict[str, Any]) -> dict[str, Any]:
    """A tiny row in the shape TRL's trainer reads."""
    wanted = {"sft": ("prompt", "completion"), "dpo": ("prompt", "chosen", "rejected"), "grpo": ("prompt", "reference")}
    said = {"prompt": "user", "completion": "assistant", "chosen": "assistant", "rejected": "assistant"}
    taken = {key: row[key] for key in wanted[trainer]}
    return {key: [{"role": said[key], "content": text}] if key in said else text for key, text in taken.items()}


def ours(trainer: str, out: Path, watch: Any) -> list[float]:
    """The training phase of `holdfast train`."""
    from holdfast.trainers.job.training import train
    from holdfast.trainers.run.run_dir import open_run
    from holdfast.trainers.settings.compose import compose

    config = compose(words(trainer, out))
    log = train(config, open_run(config), [watch])["log"]
    return [entry["loss"] for entry in log if "loss" in entry]


def words(trainer: str, out: Path) -> list[str]:
    args = [f"trainer.args.{key}={value!s}" for key, value in (COMMON | SETTINGS[trainer]).items()]
    trainer = trainer.partition(":")[0]
    data = [f"data={DATA[trainer]}", "data.limit=1000", "data.shuffle=false"]
    reward = ["reward=exact_match"] if trainer == "grpo" else []
    return [
        f"trainer={trainer}",
        "model=tiny",
        *data,
        *args,
        *reward,
        "suite=tiny",
        f"out={out}",
        "contamination=false",
    ]


def child(kind: str, trainer: str) -> None:
    """One run; prints what it measured."""
    import resource

    import torch

    torch.set_num_threads(1)
    watch = clock()
    with tempfile.TemporaryDirectory() as folder:
        losses = (plain if kind == "plain" else ours)(trainer, Path(folder) / "run", watch)
    wall, work = (statistics.median(_gaps(times[SKIPPED:])) for times in (watch.ends, watch.work))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"wall": wall, "work": work, "peak": peak, "losses": losses}))


def _gaps(times: list[float]) -> list[float]:
    return [b - a for a, b in itertools.pairwise(times)]


def measured(kind: str, trainer: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--child", kind, trainer]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def overhead(repeats: int, settings: list[str]) -> None:
    """Plain and ours in turn, and which goes first changes."""
    print(f"## Against a plain TRL script ({STEPS} steps, {repeats} runs each, in turn)\n")
    print("| trainer | TRL, ms a step | ours | ratio | TRL, CPU ms | ours | ratio | TRL, MB | ours | more | losses |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for trainer in settings or SETTINGS:
        runs: dict[str, list[dict[str, Any]]] = {"plain": [], "ours": []}
        for turn in range(repeats):
            for kind in ("plain", "ours") if turn % 2 == 0 else ("ours", "plain"):
                runs[kind].append(measured(kind, trainer))
        wall, work, peak = (
            {kind: scale * statistics.median(run[what] for run in found) for kind, found in runs.items()}
            for what, scale in (("wall", 1000), ("work", 1000), ("peak", 1))
        )
        same = all(run["losses"] == runs["plain"][0]["losses"] for found in runs.values() for run in found)
        print(
            f"| {trainer} | {wall['plain']:.1f} | {wall['ours']:.1f} | {wall['ours'] / wall['plain']:.3f}"
            f" | {work['plain']:.1f} | {work['ours']:.1f} | {work['ours'] / work['plain']:.3f}"
            f" | {peak['plain']:.0f} | {peak['ours']:.0f} | {peak['ours'] - peak['plain']:+.0f}"
            f" | {'identical' if same else 'DIFFERENT'} |",
            flush=True,
        )


@contextlib.contextmanager
def inside_ours(spent: list[float]) -> Iterator[None]:
    """Note the seconds that every call of a callback of Holdfast's takes while steps are made: all that a training
    has more than a plain script's."""
    from transformers.trainer_callback import CallbackHandler

    plain = CallbackHandler.call_event

    def timed(callback: Any, event: str) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            start = time.perf_counter()
            result = getattr(callback, event)(*given, **named)
            if event not in ("on_init_end", "on_train_begin", "on_train_end"):
                spent.append(time.perf_counter() - start)
            return result

        return type("Timed", (), {event: staticmethod(call)})

    def call_event(handler: Any, event: str, *given: Any, **named: Any) -> Any:
        held = handler.callbacks
        ours = [type(one).__module__.startswith("holdfast") for one in held]
        handler.callbacks = [timed(one, event) if mine else one for one, mine in zip(held, ours, strict=True)]
        try:
            return plain(handler, event, *given, **named)
        finally:
            handler.callbacks = held

    CallbackHandler.call_event = call_event
    try:
        yield
    finally:
        CallbackHandler.call_event = plain


def paired(rounds: int, setting: str, block: int = 12) -> None:
    """Runs of `block` steps in one process, plain and ours in turn: what else the machine does then falls on both
    alike, and there are enough of them for an interval."""
    import random

    import torch

    torch.set_num_threads(1)
    COMMON.update(max_steps=block, disable_tqdm=True)
    ratios: dict[str, list[float]] = {"wall": [], "work": []}
    steps: list[float] = []
    spent: list[float] = []
    all_steps = 0.0
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        for turn in range(rounds + 1):  # the first one warms up
            if time.perf_counter() - begun > MOST_SECONDS:
                break
            seen: dict[str, dict[str, float]] = {}
            for kind, train in (("plain", plain), ("ours", ours))[:: 1 if turn % 2 else -1]:
                watch = clock()
                with inside_ours(spent) if kind == "ours" else contextlib.nullcontext():
                    train(setting, Path(folder) / f"{kind}{turn}", watch)
                times = (("wall", watch.ends), ("work", watch.work))
                seen[kind] = {what: statistics.median(_gaps(ends[2:])) for what, ends in times}
                all_steps += sum(_gaps(watch.ends)) if kind == "ours" else 0.0
            if turn:
                steps.append(seen["plain"]["wall"])
                for what, found in ratios.items():
                    found.append(seen["ours"][what] / seen["plain"][what])
    told = []
    for what, found in ratios.items():
        chance = random.Random(0)
        medians = sorted(statistics.median(chance.choices(found, k=len(found))) for _ in range(2000))
        told.append(f"{what} {statistics.median(found):.4f} [{medians[50]:.4f}, {medians[-51]:.4f}]")
    size = f"steps of {1000 * statistics.median(steps):.0f} ms, {len(steps)} pairs"
    print(f"{setting}: {size}; ours / plain: {'; '.join(told)}")
    print(f"in callbacks of ours: {100 * sum(spent) / all_steps:.3f} % of the steps' time ({len(spent):,} calls)")


def first_report() -> None:
    """The command of one's first hour: an own model, own rows, the whole suite before and after, nothing cached."""
    from holdfast.benchmarks.tiny import model_path
    from holdfast.benchmarks.tiny.skills import generate

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(model_path(), place / "model")
        rows = generate("subtraction", "train", 2000, 0)
        (place / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        words = ["trainer=sft", "model=model", "data=rows.jsonl", "suite=tiny", "target=tiny_subtraction"]
        size = [
            f"trainer.args.{one}" for one in ("max_steps=60", "learning_rate=1e-3", "per_device_train_batch_size=32")
        ]
        command = [sys.executable, "-m", "holdfast", "train", *words, *size, "out=run"]
        environment = {**os.environ, "HOLDFAST_CACHE": str(place / "cache")}
        start = time.perf_counter()
        subprocess.run(command, cwd=place, env=environment, capture_output=True, check=True)
        seconds = time.perf_counter() - start
        work = sum(os.times()[2:4])
        phases = json.loads((place / "run" / "manifest.json").read_text())["seconds"]
        report = json.loads((place / "run" / "report.json").read_text())
        items = sum(one["n"] for one in report["benchmarks"])
    size = f"{len(report['benchmarks'])} skills, {items:,} items, twice"
    print(f"first report: {seconds:.1f} s, {work:.1f} s of processor time ({size}); {phases}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--first"]:
        first_report()
        sys.exit()
    if sys.argv[1:2] == ["--paired"]:
        for one in sys.argv[3:] or ["sft:large"]:
            paired(int((sys.argv[2:] or ["10"])[0]), one)
        sys.exit()
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3])
    else:
        print(f"{platform.platform()}, Python {platform.python_version()}\n")
        overhead(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2:])
