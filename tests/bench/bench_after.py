"""What the after-measurement costs with drafts, and whether its texts are those without.

    python tests/bench/bench_after.py equal    every tiny skill, GSM8K and IFEval prompts, after an SFT, a LoRA, a DPO
                                               and a GRPO training of the embedded model; batches of 1, 8 and 32
    python tests/bench/bench_after.py tiny     three SFT trainings of the embedded model
    python tests/bench/bench_after.py large    the same of a model of 63 M parameters made from the embedded one, so
                                               that decoding costs more than overhead, on answers of 32 tokens
    python tests/bench/bench_after.py coupled  flips of a slightly tuned model, coupled and with noise of its own

Environment: HOLDFAST_BENCH_DATA (a data_root with gsm8k and ifeval), LIMIT (items of each task), STEPS, ONE (the item
limit at a batch of 1), TRAININGS and BATCHES (of `large`). Prints one JSON object a line. CPU seconds and wall seconds
are those of this process.
"""

import copy
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.tiny.tasks import TASKS

SKILLS = [task.name for task in TASKS if task.kind == "generate"]
LIMIT, STEPS = int(os.environ.get("LIMIT", "100")), os.environ.get("STEPS", "200")
DATA = os.environ.get("HOLDFAST_BENCH_DATA")
PROMPTS = [{"task": "gsm8k", "max_tokens": 32}, {"task": "ifeval", "max_tokens": 32}]
RUNS = {
    "sft": ["experiment=tiny_sft"],
    "lora": ["experiment=tiny_sft", "lora.r=8", "trainer.args.learning_rate=5.0e-3"],
    "dpo": ["experiment=tiny_dpo"],
    "grpo": ["experiment=tiny_grpo"],
}
THREE = {
    "damaging": [],
    "with replay": ["data.replay.ratio=0.3"],
    "hardly any": ["trainer.args.learning_rate=1.0e-7"],
}


def trained(words: Sequence[str], model: str = "tiny") -> LoadedModel:
    """The model after a training, in float32."""
    from holdfast.trainers.job.training import train
    from holdfast.trainers.run.run_dir import open_run
    from holdfast.trainers.settings.compose import compose

    out = Path(tempfile.mkdtemp())
    config = compose([*words, f"model.path={model}", f"out={out}", "overwrite=true", "card=false"])
    open_run(config)
    train(config, out)
    checkpoint = out / "checkpoint"
    adapter = (checkpoint / "adapter_config.json").is_file()
    return load(model, dtype="float32", peft=str(checkpoint)) if adapter else load(str(checkpoint), dtype="float32")


def texts(measurement: Any) -> dict[Any, tuple[Any, ...]]:
    """Of every item what was said, how long it was and why it ended."""
    return {r.key: (r.completion, r.tokens, r.finish_reason) for t in measurement.tasks for r in measurement.rows(t)}


def timed(model: LoadedModel, *arguments: Any, **options: Any) -> tuple[Any, float, float, int]:
    """A measurement, its wall and CPU seconds, and its forward passes."""
    passes = []
    own = model.model.get_base_model() if hasattr(model.model, "get_base_model") else model.model
    hook = own.register_forward_pre_hook(lambda *given: passes.append(1))
    wall, cpu = time.perf_counter(), time.process_time()
    found = measure(model, *arguments, **options)
    hook.remove()
    return found, time.perf_counter() - wall, time.process_time() - cpu, len(passes)


def compared(base: LoadedModel, model: LoadedModel, suite: list[Any], how: Settings) -> dict[str, Any]:
    """Plain and drafted measurement of `model`, one after the other, each without a cache of its own answers."""
    root = Path(DATA) if DATA else None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        measure(base, suite, out / "before", settings=how, data_root=root)
        off = replace(how, draft="off")
        plain, *cost = timed(model, suite, out / "plain", settings=off, data_root=root)
        drafted, *less = timed(model, suite, out / "drafted", settings=how, drafts=out / "before", data_root=root)
        tally = json.loads((out / "drafted" / "drafts.json").read_text())
        one, two = texts(plain), texts(drafted)
    return {
        **tally,
        "decoded_share": round(tally["decoded"] / max(1, tally["tokens"]), 3),
        "plain_passes": cost[2],
        "wall_share": round(less[0] / cost[0], 3),
        "cpu_share": round(less[1] / cost[1], 3),
        "plain_wall_s": round(cost[0], 1),
        "plain_cpu_s": round(cost[1], 1),
        "differ": sum(one[key] != two[key] for key in one),
        "texts": one,
    }


def say(**found: Any) -> None:
    """One line."""
    found.pop("texts", None)
    print(json.dumps(found), flush=True)


def equal() -> None:
    """Texts with drafts against texts without; beside it, what a changed batch size alone changes."""
    base = load("tiny", dtype="float32")
    suite = [*SKILLS, *(PROMPTS if DATA else [])]
    for name, words in RUNS.items():
        model = trained([*words, *([f"trainer.args.max_steps={STEPS}"] if "STEPS" in os.environ else [])])
        seen = {}
        for batch in (32, 8, 1):
            limit = int(os.environ.get("ONE", LIMIT)) if batch == 1 else LIMIT
            how = Settings(progress=False, limit=limit, batch_size=batch)
            found = compared(base, model, suite, how)
            seen[batch] = found["texts"]
            other = sum(seen[32][key] != text for key, text in seen[batch].items() if key in seen[32])
            say(run=name, batch=batch, items=len(seen[batch]), differ_from_a_batch_of_32=other, **found)


def tiny() -> None:
    """The embedded model."""
    base = load("tiny", dtype="float32")
    for name, words in THREE.items():
        model = trained(["experiment=tiny_sft", f"trainer.args.max_steps={STEPS}", *words])
        say(training=name, **compared(base, model, SKILLS, Settings(progress=False, limit=LIMIT, batch_size=32)))


def large() -> None:
    """The embedded model with 63 million weights, on the skills whose answers have about 32 tokens."""
    folder = Path(tempfile.mkdtemp()) / "large"
    base = _enlarged(folder)
    steps = f"trainer.args.max_steps={os.environ.get('STEPS', '10')}"
    common = ["experiment=tiny_sft", steps, "trainer.args.per_device_train_batch_size=8"]
    for name in os.environ.get("TRAININGS", ",".join(THREE)).split(","):
        model = trained([*common, *THREE[name]], str(folder))
        for batch in map(int, os.environ.get("BATCHES", "16,4,1").split(",")):
            how = Settings(progress=False, limit=LIMIT, batch_size=batch)
            found = compared(base, model, ["tiny_python"], how)
            per_answer = round(found["tokens"] / found["answers"], 1)
            say(training=name, parameters=base.size, batch=batch, tokens_per_answer=per_answer, **found)


def _enlarged(folder: Path) -> LoadedModel:
    """The embedded model made wider and deeper by weights that change nothing yet: further units of its layers whose
    output is multiplied by 0, and further layers that add 0. It answers as before, learns as a large one, and costs as
    much."""
    from transformers import AutoModelForCausalLM

    small = load("tiny", dtype="float32")
    config = copy.deepcopy(small.model.config)
    config.intermediate_size, config.num_hidden_layers = 20480, 8
    config.layer_types = ["full_attention"] * 8
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    held = small.model.state_dict()
    with torch.no_grad():
        for name, weight in model.state_dict().items():
            if name in held and held[name].shape == weight.shape:
                weight.copy_(held[name])
            elif "down_proj" in name or (name not in held and "o_proj" in name):
                weight.zero_()
            if name in held and held[name].shape != weight.shape:
                rows, columns = held[name].shape
                weight[:rows, :columns] = held[name]
    model.save_pretrained(folder)
    small.tokenizer.save_pretrained(folder)
    return load(str(folder), dtype="float32")


def coupled() -> None:
    """Texts that change after a slight training, where both models draw with the same noise and with their own."""
    import numpy as np

    base = load("tiny", dtype="float32")
    rate = os.environ.get("RATE", "3.0e-5")
    words = ["experiment=tiny_sft", "trainer.args.max_steps=20", f"trainer.args.learning_rate={rate}"]
    model = trained(words)
    for temperature in (1.0, 1.5):
        flips = {}
        for name, more in (("coupled", {"coupled": True}), ("own noise", {})):
            sampling = {"temperature": temperature, "top_k": 0, **more}
            how = Settings(progress=False, limit=LIMIT, batch_size=32, repeats=4, sampling=sampling)
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder)
                x = measure(base, SKILLS, out / "x", settings=how)
                y = measure(model, SKILLS, out / "y", settings=replace(how, draw=1))
                rows = [{r.key: r for t in m.tasks for r in m.rows(t)} for m in (x, y)]
                if more:
                    again = texts(measure(base, SKILLS, out / "again", settings=replace(how, draw=2)))
                    same = sum(again[key] != text for key, text in texts(x).items())
                    say(temperature=temperature, answers=len(again), same_weights_differ=same)
            items: dict[Any, list[list[float]]] = {}
            for key, row in rows[0].items():
                other = rows[1][key]
                flip = [float(row.completion != other.completion), float(row.score != other.score)]
                items.setdefault(key[:2], []).append(flip)
            flips[name] = np.array([np.mean(values, axis=0) for values in items.values()])
            say(
                temperature=temperature,
                noise=name,
                text=flips[name][:, 0].mean(),
                score=flips[name][:, 1].mean(),
            )
        rng = np.random.default_rng(0)
        chosen = rng.integers(0, len(flips["coupled"]), (2000, len(flips["coupled"])))
        for place, what in enumerate(("text", "score")):
            ratios = flips["coupled"][chosen, place].mean(1) / np.maximum(
                flips["own noise"][chosen, place].mean(1), 1e-9
            )
            point = flips["coupled"][:, place].mean() / max(1e-9, flips["own noise"][:, place].mean())
            say(
                temperature=temperature,
                ratio_of=what,
                ratio=point,
                interval=np.quantile(ratios, [0.025, 0.975]).tolist(),
            )


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"tiny": tiny, "large": large, "equal": equal, "coupled": coupled}[sys.argv[1] if len(sys.argv) > 1 else "tiny"]()
