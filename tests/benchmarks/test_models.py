"""Loading models to measure: adapters, directories that lack something, what the fingerprint sees."""

import json
from pathlib import Path

import pytest

from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.tiny import model_path
from holdfast.errors import DataError


def test_an_adapter_is_loaded_over_its_base(tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    base = load("tiny")
    tuned = get_peft_model(base.model, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    tuned.peft_config["default"].base_model_name_or_path = str(model_path())
    tuned.save_pretrained(tmp_path)
    loaded = load(str(tmp_path))
    assert loaded.chat and loaded.fingerprint != load("tiny").fingerprint
    encoded = loaded.tokenizer("Compute 1 + 1", return_tensors="pt")
    with torch.no_grad():
        assert torch.allclose(loaded.model(**encoded).logits, tuned.eval()(**encoded).logits, atol=1e-2)


def test_a_saved_copy_has_the_same_fingerprint(tmp_path: Path) -> None:
    first = load("tiny")
    first.model.save_pretrained(tmp_path)
    first.tokenizer.save_pretrained(tmp_path)
    again = load(str(tmp_path))
    assert again.fingerprint == first.fingerprint and again.tokenizer_hash == first.tokenizer_hash


def test_the_tokenizer_hash_sees_the_template_and_not_the_padding(tmp_path: Path) -> None:
    first, other = load("tiny"), load("tiny")
    other.tokenizer.padding_side = "left"
    other.tokenizer(["a", "bcd"], padding=True)
    assert other.tokenizer_hash == first.tokenizer_hash
    changed = load("tiny")
    changed.tokenizer.chat_template += " "
    assert changed.tokenizer_hash != first.tokenizer_hash


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no config.json"),
        ({"config.json": {}}, "has no tokenizer"),
        ({"adapter_config.json": {}}, "does not name its base model"),
        ({"config.json": {"model_type": "nonsense"}, "tokenizer.json": {}}, "cannot load model"),
    ],
)
def test_directories_that_lack_something(files: dict[str, dict[str, str]], says: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(DataError, match=says):
        load(str(tmp_path))


def test_a_folder_of_checkpoints_names_the_last(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(DataError, match=r"did you mean .*checkpoint\?"):
        load(str(tmp_path))
