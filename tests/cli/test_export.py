"""`holdfast export`: the merged model says what base and adapter said; a card goes along."""

import json
from pathlib import Path

import pytest
from helpers.trl_scripts import adapter, evaluated

from holdfast.cli import main


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    from holdfast.benchmarks.tiny.tokenizer import POSITIONS, VOCABULARY, write_tokenizer

    directory = tmp_path_factory.mktemp("base")
    write_tokenizer(directory)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": POSITIONS}
    ends = {"eos_token_id": 258, "pad_token_id": 256}
    Qwen3ForCausalLM(Qwen3Config(vocab_size=VOCABULARY, **sizes, **heads, **ends)).save_pretrained(directory)
    return directory


def test_an_adapter_is_merged_and_says_the_same(base: Path, tmp_path: Path) -> None:
    path = adapter(base, tmp_path / "adapter")
    assert main(["export", str(path), f"out={tmp_path / 'merged'}", "dtype=float32"]) == 0
    assert (tmp_path / "merged" / "config.json").is_file()
    assert not (tmp_path / "merged" / "adapter_config.json").exists()
    assert evaluated(tmp_path / "merged", tmp_path / "a") == evaluated(path, tmp_path / "b")
    assert main(["export", str(path), "merge=false", f"out={tmp_path / 'alone'}"]) == 0
    assert (tmp_path / "alone" / "adapter_config.json").is_file()
    assert main(["export", str(path), f"out={tmp_path / 'alone'}"]) == 64, "nothing is overwritten"


def test_a_runs_card_goes_along(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    path = adapter(base, run / "checkpoint")
    config = {"trainer": {"name": "sft"}, "model": {"path": "org/base"}, "data": {"path": "rows.jsonl"}}
    (run / "manifest.json").write_text(json.dumps({"config": config, "training_rows": {"count": 1234}}))
    (run / "report.md").write_text("| task | before | after |\n")
    assert main(["export", str(run), f"out={tmp_path / 'out'}", "merge=false", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"out": str(tmp_path / "out"), "kind": "adapter"}
    card = (tmp_path / "out" / "README.md").read_text()
    assert "base_model: org/base" in card
    assert "1,234 rows" in card
    assert "| task | before | after |" in card
    assert path.is_dir()


def test_what_is_no_model(tmp_path: Path) -> None:
    assert main(["export", str(tmp_path), f"out={tmp_path / 'x'}"]) == 65
    assert main(["export", str(tmp_path)]) == 64
