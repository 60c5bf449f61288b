"""TRL's accuracy_reward against our math reward, called as GRPOTrainer calls them, on the same completions in one run.

Two tables: the reward call alone (rounds taken in turns, so that a busy machine burdens both alike), and the whole
step of a real GRPOTrainer with the embedded tiny model on one thread. Needs the shared data and `holdfast[train]`. Ends
after SECONDS of training however busy the machine is; the number of pairs made by then is told.
"""

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("HOLDFAST_SHARED", ROOT.parent / "shared")) / "data"
BATCH = 64
SECONDS = 200


def batches(count: int) -> list[tuple[list[Any], list[str]]]:
    """Batches of recorded GSM8K completions, the stated answer boxed (TRL's grader reads nothing else)."""
    rows = [json.loads(line) for line in (SHARED / "gsm8k/example_model_solutions.jsonl").open(encoding="utf-8")]
    pairs = [(row[model]["solution"], row["ground_truth"]) for model in _MODELS for row in rows]
    found = []
    for start in range(0, count * BATCH, BATCH):
        some = pairs[start : start + BATCH]
        boxed = [f"{text}\n$\\boxed{{{text.split('A:')[-1].strip()}}}$" for text, _ in some]
        golds = [gold.split("A:")[-1].strip() for _, gold in some]
        found.append(([[{"role": "assistant", "content": text}] for text in boxed], golds))
    return found


_MODELS = ("175b_verification", "6b_verification", "175b_finetuning", "6b_finetuning")


def calls(rounds: int = 20) -> None:
    """The reward call alone."""
    from trl.rewards import accuracy_reward

    from holdfast import Reward

    ours = Reward("math", reference="solution")
    spent: dict[str, list[float]] = {"trl": [], "ours": []}
    agreed = total = 0
    for completions, golds in batches(rounds):
        their_values, seconds = _timed(lambda: accuracy_reward(completions, golds))  # noqa: B023
        spent["trl"].append(seconds)
        our_values, seconds = _timed(lambda: ours(completions=completions, solution=golds))  # noqa: B023
        spent["ours"].append(seconds)
        agreed += sum(a == b for a, b in zip(their_values, our_values, strict=True))
        total += len(golds)
    theirs, own = (1000 * statistics.median(spent[name]) for name in ("trl", "ours"))
    print("| reward call, 64 completions | median ms | ratio |\n| --- | --- | --- |")
    print(
        f"| TRL accuracy_reward | {theirs:.1f} | 1 |\n| holdfast math | {own:.2f} | {theirs / own:.0f} times faster |"
    )
    print(f"\nSame value on {agreed} of {total}.\n")


def steps(most: int = 40) -> None:
    """Whole GRPO steps of one training: each batch of recorded completions is judged in one step by TRL's grader, in
    the next by ours. They stand in for the sampled completions inside the reward, for both alike.
    """
    spent, marks = _trained(2 * most + 2)
    pairs = len(marks) // 2 - 1
    gaps = [after - before for before, after in itertools.pairwise(marks)][1:]  # steps 3, 4, …: the first warm up
    gaps, spent = gaps[: 2 * pairs], spent[2 : 2 + 2 * pairs]
    print("| GRPO step, 64 completions | median s of a step | of it reward |\n| --- | --- | --- |")
    for first, name in enumerate(("TRL accuracy_reward", "holdfast math")):
        whole, reward = statistics.median(gaps[first::2]), statistics.median(spent[first::2])
        print(f"| {name} | {whole:.3f} | {reward:.4f} |")
    saved = [theirs - ours for theirs, ours in zip(gaps[::2], gaps[1::2], strict=True)]
    low, high = _interval(saved)
    share = statistics.median(saved) / statistics.median(gaps[::2])
    print(f"\nA step is {1000 * statistics.median(saved):.0f} ms shorter with ours (95 % interval {1000 * low:.0f} to")
    print(f"{1000 * high:.0f}; {100 * share:.1f} % of the step), median over {pairs} pairs of steps.")


def _interval(values: list[float]) -> tuple[float, float]:
    """95 % of the median: order statistics (sign test)."""
    from scipy import stats

    ordered, below = sorted(values), int(stats.binom.ppf(0.025, len(values), 0.5))
    return ordered[below - 1], ordered[-below]


def _trained(count: int) -> tuple[list[float], list[float]]:
    """(seconds of the reward, time of the end) of every step; TRL's grader has the odd ones."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import GRPOConfig, GRPOTrainer
    from trl.rewards import accuracy_reward

    from holdfast import Reward
    from holdfast.benchmarks.tiny import model_path

    torch.set_num_threads(1)  # threads that wait for each other's core are noise
    ours = Reward("math", reference="solution")
    feed = (batch for batch in batches(count // 2) for _ in range(2))
    spent: list[float] = []
    marks: list[float] = []

    def judge(completions: list[Any], **columns: Any) -> list[float]:
        texts, golds = next(feed)
        if len(spent) % 2 == 0:
            values, seconds = _timed(lambda: accuracy_reward(texts, golds))
        else:
            values, seconds = _timed(lambda: ours(completions=texts, solution=golds))
        spent.append(seconds)
        return [0.0 if value is None else value for value in values]

    class Clock(TrainerCallback):
        """Marks the end of every step; ends the training in time."""

        def on_step_end(self, args: Any, state: Any, control: Any, **named: Any) -> None:
            """A step is done."""
            marks.append(time.perf_counter())
            control.should_training_stop |= marks[-1] - marks[0] > SECONDS and len(marks) >= _FEWEST

    with tempfile.TemporaryDirectory() as folder:
        trainer = GRPOTrainer(
            model=AutoModelForCausalLM.from_pretrained(model_path()),
            reward_funcs=[judge],
            args=GRPOConfig(folder, **_SETTINGS, max_steps=count),
            train_dataset=Dataset.from_list([{"prompt": f"{i} + 1 ="} for i in range(64)]),
            processing_class=AutoTokenizer.from_pretrained(model_path()),
            callbacks=[Clock()],
        )
        trainer.train()
    return spent, marks


_FEWEST = 22
"""Steps that are made in any case: an interval needs pairs."""

_SETTINGS: dict[str, Any] = {
    "per_device_train_batch_size": BATCH,
    "num_generations": 8,
    "max_completion_length": 32,
    "report_to": [],
    "save_strategy": "no",
    "use_cpu": True,
    "bf16": False,  # the default of both is on, and a CPU is several times slower with them
    "gradient_checkpointing": False,
    "logging_strategy": "no",
    "disable_tqdm": True,
}


def _timed(call: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    value = call()
    return value, time.perf_counter() - started


if __name__ == "__main__":
    calls()
    sys.stdout.flush()
    steps()
