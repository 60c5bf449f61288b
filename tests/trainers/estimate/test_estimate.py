"""The dry run's estimate against what a training really has, takes and leaves."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from holdfast import HoldfastError
from holdfast.trainers.estimate.estimate import SMALL, estimate
from holdfast.trainers.settings.compose import compose


def size_of(*folders: Path) -> int:
    return sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())


@pytest.mark.slow
@pytest.mark.parametrize("adapter", [(), ("lora=8",)], ids=["full", "lora"])
def test_parameters_steps_and_disk_are_those_of_the_run(adapter: tuple[str, ...], tmp_path: Path) -> None:
    from holdfast.trainers.job.training import build, train
    from holdfast.trainers.run.run_dir import open_run

    sizes = ["trainer.args.per_device_train_batch_size=16", "trainer.args.num_train_epochs=2", "checkpoints=2"]
    words = ["trainer=sft", "model=tiny", "data.limit=100", *sizes, *adapter, f"out={tmp_path / 'run'}"]
    config = compose(words)
    told = estimate(config)
    out = open_run(config)
    model = build(config, out).model
    assert told.parameters == sum(p.numel() for n, p in model.named_parameters() if "lora_" not in n)
    assert told.trained == sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert told.memory["optimizer"] == 8 * told.trained
    facts = train(config, out)
    assert facts["steps"] == told.steps
    weights = list((out / "training").glob("checkpoint-*/*.safetensors"))
    assert len(weights) == 3
    assert len(list((out / "training").glob("checkpoint-*/optimizer.pt"))) == 1, "only the newest can be resumed"
    if not adapter:
        assert told.disk == pytest.approx(size_of(out / "training", out / "checkpoint"), rel=0.2)


@pytest.mark.slow
def test_a_model_of_half_a_billion_parameters_is_counted_without_its_weights(tmp_path: Path) -> None:
    """Qwen2.5-0.5B's published shape: 494,032,768 parameters, of which 136 million are its (tied) embedding."""
    from transformers import Qwen2Config

    from holdfast.benchmarks.tiny.tokenizer import write_tokenizer

    place = tmp_path / "half-a-billion"
    write_tokenizer(place)
    Qwen2Config(
        vocab_size=151936,
        hidden_size=896,
        intermediate_size=4864,
        num_hidden_layers=24,
        num_attention_heads=14,
        num_key_value_heads=2,
        tie_word_embeddings=True,
        architectures=["Qwen2ForCausalLM"],
    ).save_pretrained(place)
    words = ["trainer=sft", f"model={place}", "data=tiny:subtraction", "data.limit=32", f"out={tmp_path / 'run'}"]
    full, adapter = estimate(compose(words)), estimate(compose([*words, "lora=16"]))
    assert full.parameters == full.trained == 494_032_768
    assert full.memory["weights"] + full.memory["gradients"] + full.memory["optimizer"] == 16 * full.parameters
    assert adapter.trained == 8_798_208, "rank 16 on all linear layers of the 24 blocks"
    assert adapter.needed < full.needed / 2
    assert adapter.disk < full.disk / 20
    assert not (tmp_path / "run").exists(), "a dry run leaves nothing"
    assert json.loads(full.text(json=True))["needed"] == full.needed
    assert ", about " in full.text()
    assert ", at least " in dataclasses.replace(full, parameters=SMALL - 1).text()
    assert "494,032,768" in full.text()


@pytest.mark.parametrize(
    "mistake",
    [
        "model={bare}",
        "target=[tiny_uper]",
        "suite=tiny_uper",
        "trainer.args.lr=1",
        "data.columns.prompt=nothing",
        "data={missing}.jsonl",
        "model={missing}",
        "lora.targets=[no_such_module]",
        "out={taken}",
    ],
)
def test_a_dry_run_refuses_what_the_run_refuses(mistake: str, tmp_path: Path) -> None:
    """In the same words, before anything is loaded."""
    from holdfast.trainers.job.before_after import before_after
    from holdfast.trainers.run.run_dir import open_run

    places = {
        "bare": _without_template(tmp_path / "bare"),
        "missing": tmp_path / "gone.jsonl",
        "taken": tmp_path / "run",
    }
    words = ["trainer=sft", "model=tiny", "data=tiny:subtraction", "suite=[tiny_upper]", "lora=4"]
    open_run(compose([*words, f"out={places['taken']}", "seed=7"]))
    (places["taken"] / "before").mkdir()
    key = mistake.partition("=")[0]
    words = [*(word for word in words if word.partition("=")[0] != key), mistake.format(**places)]

    def work(words: list[str]) -> object:
        config = compose(words)
        return estimate(config) if config.dry_run else before_after(config)

    told = []
    for extra in ("dry_run=true", "dry_run=false"):
        with pytest.raises(HoldfastError) as refused:
            work([*words, extra] if "out=" in mistake else [*words, f"out={tmp_path / 'mine'}", extra])
        told.append(str(refused.value))
    assert told[0] == told[1]
    assert not (tmp_path / "mine").exists()


def _without_template(place: Path) -> Path:
    from holdfast.benchmarks.tiny import model_path

    shutil.copytree(model_path("tiny"), place)
    for name in ("chat_template.jinja", "tokenizer_config.json"):
        file = place / name
        if file.suffix == ".json" and file.is_file():
            file.write_text(json.dumps({k: v for k, v in json.loads(file.read_text()).items() if k != "chat_template"}))
        else:
            file.unlink(missing_ok=True)
    return place


def test_a_dry_run_says_which_data_of_the_suite_is_not_here(tmp_path: Path) -> None:
    words = ["trainer=sft", "model=tiny", "data.limit=100", f"data_root={tmp_path}", "suite=[gsm8k, tiny_sort]"]
    told = estimate(compose(words))
    assert any(line.startswith("gsm8k: ") and "comes from" in line for line in told.unreached)
    assert not [line for line in told.unreached if "tiny_sort" in line]
    assert "suite data  not on this machine: gsm8k" in told.text()
    assert json.loads(told.text(json=True))["unreached"] == told.unreached
    assert estimate(compose([*words[:-1], "suite=tiny"])).unreached == []
