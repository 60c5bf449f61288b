"""The dry run's activations against the bytes that autograd keeps in a real first loss."""

from pathlib import Path

import pytest
from helpers.saved_bytes import made, saved_bytes

from holdfast.trainers.estimate.estimate import estimate
from holdfast.trainers.job.training import build
from holdfast.trainers.run.run_dir import open_run
from holdfast.trainers.settings.compose import compose

SHAPES = {
    "small": {"hidden": 128, "layers": 4},
    "deep": {"hidden": 128, "layers": 12},
    "wide": {"hidden": 512, "layers": 2},
    "many words": {"hidden": 128, "layers": 2, "vocabulary": 20000},
}
CASES = [
    *((shape, "sft", ()) for shape in SHAPES),
    ("small", "sft", ("lora=8",)),
    ("small", "dpo", ()),
    ("wide", "sft", ("trainer.args.per_device_train_batch_size=2",)),
]


@pytest.mark.parametrize(("shape", "trainer", "more"), CASES, ids=lambda value: str(value))
def test_what_autograd_keeps_is_what_was_told(shape: str, trainer: str, more: tuple[str, ...], tmp_path: Path) -> None:
    import torch

    torch.set_num_threads(1)
    model = made(tmp_path / "model", **SHAPES[shape])
    data = {"sft": "tiny:python", "dpo": "tiny:last"}[trainer]
    size = () if any("batch_size" in word for word in more) else ("trainer.args.per_device_train_batch_size=8",)
    words = [
        f"trainer={trainer}",
        f"model={model}",
        f"data={data}",
        "data.limit=32",
        "suite=[tiny_upper]",
        *size,
        *more,
    ]
    config = compose([*words, "contamination=false", "card=false", "cache=null", f"out={tmp_path / 'run'}"])
    told = estimate(config)
    job = build(config, open_run(config))
    batch = job._prepare_inputs(next(iter(job.get_train_dataloader())))
    job.model.train()
    with saved_bytes(job.model) as kept:
        job.compute_loss(job.model, batch)
    expected = told.memory["activations"]  # of the logits TRL's kernel keeps none
    assert expected / 1.6 < kept[0] < expected * 1.6, f"told {expected / 1e6:.1f} MB, kept {kept[0] / 1e6:.1f} MB"
