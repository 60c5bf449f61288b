"""What the after-measurement costs with drafts: `python tests/bench/bench_after.py [tiny|large]`.

tiny: three SFT trainings of the embedded model (damaging, with replay, hardly any step); decoded tokens, passes, wall
time, plain against drafts, and how many texts differ. large: a random model of about 60 M parameters whose weights
move a little, so that decoding costs more than overhead. Prints one JSON object a line.
"""

import copy
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings

TINY = ["tiny_addition", "tiny_repeat", "tiny_reverse", "tiny_upper", "tiny_capitals"]


def compared(base: LoadedModel, model: LoadedModel, suite: list[Any], settings: Settings) -> dict[str, Any]:
    """Plain and drafted measurement of `model`, one after the other, each without a cache of its own answers."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        measure(base, suite, out / "before", cache=out / "cache", settings=settings)
        started = time.perf_counter()
        plain = measure(model, suite, out / "plain", settings=replace(settings, draft="off"))
        middle = time.perf_counter()
        how = replace(settings, draft="before")
        drafted = measure(model, suite, out / "drafted", settings=how, drafts=out / "before", cache=out / "cache")
        ended = time.perf_counter()
        tally = json.loads((out / "drafted" / "drafts.json").read_text())
        texts = [{r.key: r.completion for t in m.tasks for r in m.rows(t)} for m in (plain, drafted)]
        half = replace(settings, draft="off", batch_size=settings.batch_size // 2)
        again = measure(model, suite, out / "again", settings=half)
        other = {r.key: r.completion for t in again.tasks for r in again.rows(t)}
    return {
        **tally,
        "decoded_share": round(tally["decoded"] / tally["tokens"], 3),
        "plain_s": round(middle - started, 2),
        "drafts_s": round(ended - middle, 2),
        "wall_share": round((ended - middle) / (middle - started), 3),
        "texts_that_differ": sum(texts[0][key] != texts[1][key] for key in texts[0]),
        "differ_at_half_the_batch_size": sum(texts[0][key] != other[key] for key in other),
    }


def trainings() -> Iterator[tuple[str, Path]]:
    """Checkpoints of three SFT trainings on subtraction, in float32."""
    from holdfast.trainers.job.training import train
    from holdfast.trainers.run.run_dir import open_run
    from holdfast.trainers.settings.compose import compose

    for name, words in (
        ("damaging", []),
        ("with replay", ["data.replay.ratio=0.3"]),
        ("unchanged", ["trainer.args.learning_rate=1.0e-7"]),
    ):
        out = Path(tempfile.mkdtemp())
        steps = f"trainer.args.max_steps={os.environ.get('STEPS', '200')}"
        config = compose(["experiment=tiny_sft", f"out={out}", "overwrite=true", "card=false", steps, *words])
        open_run(config)
        train(config, out)
        yield name, out / "checkpoint"


def tiny() -> None:
    """The embedded model."""
    base = load("tiny", dtype="float32")
    for name, checkpoint in trainings():
        model = load(str(checkpoint), dtype="float32")
        settings = Settings(progress=False, limit=100, batch_size=32)
        print(json.dumps({"training": name, **compared(base, model, TINY, settings)}), flush=True)


def large() -> None:
    """A random model of the embedded one's architecture, made large; its answers never end before the limit."""
    from transformers import AutoModelForCausalLM

    small = load("tiny", dtype="float32")
    config = copy.deepcopy(small.model.config)
    config.hidden_size, config.intermediate_size, config.num_hidden_layers = 768, 2304, 8
    config.num_attention_heads, config.num_key_value_heads, config.head_dim = 12, 4, 64
    config.max_position_embeddings, config.layer_types = 512, ["full_attention"] * 8
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    model.generation_config.eos_token_id = config.eos_token_id
    base = LoadedModel(model, small.tokenizer, "large")
    suite = [{"task": "tiny_repeat", "max_tokens": 64}]
    for name, noise in (("hardly moved", 1e-6), ("moved", 3e-3)):
        moved = copy.deepcopy(model)
        with torch.no_grad():
            for parameter in moved.parameters():
                parameter.mul_(1 + noise * torch.randn_like(parameter))
        tuned = LoadedModel(moved, small.tokenizer, name)
        found = compared(base, tuned, suite, Settings(progress=False, limit=32, batch_size=16))
        print(json.dumps({"model": name, "parameters": base.size, **found}), flush=True)


if __name__ == "__main__":
    {"tiny": tiny, "large": large}[sys.argv[1] if len(sys.argv) > 1 else "tiny"]()
