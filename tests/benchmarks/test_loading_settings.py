"""Settings of loading and backends: each takes effect, is passed on, or is refused in one line."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends import batch_size, lm_eval_models
from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.evaluate import open_model
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.compose import compose
from holdfast.benchmarks.tiny import model_path
from holdfast.cli import main
from holdfast.errors import DataError, HoldfastError, UsageError

ONE_LINE = [
    (["model=tiny", "suite=tiny", "limit=0"], 64, "limit must be at least 1"),
    (["model=tiny", "suite=[{task: tiny_upper, limit: 0}]"], 64, "limit of task 'tiny_upper' must be at least 1"),
    (["model=tiny", "suite=tiny", "batch_size=0"], 64, "batch_size must be at least 1"),
    (["model=tiny", "suite=tiny", "batch_size=many"], 64, "batch_size must be a whole number or auto"),
    (["model=tiny", "suite=tiny", "device=cuda"], 64, "torch sees no GPU here"),
    (["model=tiny", "suite=tiny", "quantization=3bit"], 64, "did you mean '8bit'"),
    (["model=m", "suite=tiny", "backend=gguf"], 64, "set backend_args.base_url"),
    (["model=m", "suite=tiny", "backend=local-chat-completions"], 64, "needs backend_args.base_url"),
    (["model=m", "suite=tiny", "backend=vllm"], 64, "backend 'vllm' is not installed"),
    (["model=tiny", "suite=tiny", "peft=no/such/adapter"], 65, "cannot load model"),
    (["model=tiny", "suite=tiny", "backend_args.attn_implementaton=eager"], 64, "did you mean 'attn_implementation'"),
]


@pytest.mark.parametrize(("words", "code", "says"), ONE_LINE)
def test_it_is_refused_in_one_line(
    words: list[str], code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", *words, f"out={tmp_path / 'out'}"]) == code
    error = capsys.readouterr().err.strip()
    assert says in error and len(error.splitlines()) == 1 and "Traceback" not in error


def test_a_quantized_model_needs_its_package() -> None:
    with (
        mock.patch("importlib.util.find_spec", return_value=None),
        pytest.raises(UsageError, match="quantization=4bit needs bitsandbytes"),
    ):
        load("tiny", quantization="4bit")


@pytest.mark.parametrize(("bits", "given"), [("4bit", "load_in_4bit"), ("8bit", "load_in_8bit")])
def test_a_quantized_model_is_loaded_so(bits: str, given: str) -> None:
    """What reaches transformers, where the package itself cannot be had."""
    import transformers

    asked: dict[str, Any] = {}

    def loading(name: str, **options: Any) -> Any:
        asked.update(options)
        raise OSError("seen")

    with (
        mock.patch("importlib.util.find_spec", return_value=object()),
        mock.patch.object(transformers.BitsAndBytesConfig, "post_init"),
        mock.patch.object(transformers.AutoModelForCausalLM, "from_pretrained", loading),
        pytest.raises(DataError, match="seen"),
    ):
        load("tiny", quantization=bits, attn_implementation="eager", revision="abc")
    assert getattr(asked["quantization_config"], given) and asked["attn_implementation"] == "eager"
    assert asked["revision"] == "abc"


class Vllm:
    """Stands where lm-eval's class of vLLM would be."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments, self.max_length, self.tokenizer = arguments, 512, None


def test_what_vllm_is_given() -> None:
    words = ["model=m", "backend=vllm", "suite=tiny", "peft=adapter", "dtype=bfloat16", "quantization=fp8"]
    words += ["backend_args.tensor_parallel_size=2", "revision=abc", "batch_size=auto", "max_length=400"]
    words += ["chat_template_args.enable_thinking=false", "tokenizer=words"]
    config = compose(words)
    with mock.patch.object(lm_eval_models, "model_class", return_value=Vllm):
        settings = Settings(batch_size="auto", max_length=400, chat_template_args={"enable_thinking": False})
        engine: Any = lm_eval_models.open_engine(open_model(config, config.model), settings)
    assert engine._lm.arguments == {
        "pretrained": "m", "lora_local_path": "adapter", "dtype": "bfloat16", "quantization": "fp8",
        "tensor_parallel_size": 2, "revision": "abc", "batch_size": "auto", "max_length": 400, "tokenizer": "words",
        "chat_template_args": {"enable_thinking": False},
    }  # fmt: skip


def test_the_automatic_batch_is_the_devices_not_the_moments(tmp_path: Path) -> None:
    loaded = load("tiny")
    assert batch_size.automatic(loaded.model, 4096) == batch_size.CPU_BATCH
    found = measure(
        loaded, [{"task": "tiny_upper", "limit": 3}], tmp_path, settings=Settings(batch_size="auto", progress=False)
    )
    assert found.model["batch_size"] == batch_size.CPU_BATCH
    seven = SimpleNamespace(num_hidden_layers=28, num_key_value_heads=4, num_attention_heads=28, hidden_size=3584,
                            vocab_size=152_064, text_config=None, head_dim=128)  # fmt: skip
    one = batch_size.sequence_bytes(seven, 32_768, 2)
    sizes = [batch_size.fitting(gib << 30, 15 << 30, one) for gib in (16, 24, 80, 140)]
    assert sizes == sorted(sizes) and sizes[0] == 1 and sizes[-1] >= 16
    assert all(size * one + (15 << 30) <= gib << 30 for size, gib in zip(sizes[1:], (24, 80, 140), strict=True))
    assert batch_size.fitting(1 << 40, 1, 1) == 256


def test_a_model_by_its_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the local cache of the hub, at its commit."""
    commit = "0" * 39 + "1"
    folder = tmp_path / "hub" / "models--me--small"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(commit)
    (folder / "snapshots").mkdir()
    (folder / "snapshots" / commit).symlink_to(model_path())
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    program = (
        "from holdfast.benchmarks.engine.backends.models import load; loaded = load('me/small');"
        "print(loaded.name, loaded.fingerprint, loaded.chat)"
    )
    own = {**os.environ, "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=own, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["me/small", load("tiny").fingerprint, "True"]


def test_missing_sentence_data_of_nltk_is_one_line() -> None:
    from holdfast.benchmarks.engine.lm_eval import tasks

    error = LookupError(
        "\n" + "*" * 70 + "\n  Resource \x1b[93mpunkt_tab\x1b[0m not found.\n  Please use the NLTK Downloader"
    )
    with (
        mock.patch.object(tasks.index, "load", side_effect=error),
        pytest.raises(DataError, match=r"nltk\.downloader punkt") as said,
    ):
        tasks._loaded("ifeval", None, None)
    assert "\n" not in str(said.value)


def test_a_task_that_ends_the_process_is_one_line() -> None:
    from holdfast.benchmarks.engine.lm_eval import tasks

    with mock.patch.object(tasks.index, "load", side_effect=SystemExit(1)), pytest.raises(DataError, match="a program"):
        tasks._loaded("slr_bench", None, None)


def test_an_adapter_that_added_tokens_is_loaded(tmp_path: Path) -> None:
    import peft
    import transformers

    base = transformers.AutoModelForCausalLM.from_pretrained(model_path())
    words = transformers.AutoTokenizer.from_pretrained(model_path())
    words.add_tokens([f"<new{n}>" for n in range(6)])
    base.resize_token_embeddings(len(words))
    adapter = peft.get_peft_model(base, peft.LoraConfig(r=2, target_modules=["q_proj"]))
    adapter.save_pretrained(tmp_path / "adapter")
    words.save_pretrained(tmp_path / "adapter")
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = str(model_path())
    (tmp_path / "adapter" / "adapter_config.json").write_text(json.dumps(config))
    loaded = load(str(tmp_path / "adapter"))
    assert loaded.model.get_input_embeddings().weight.shape[0] >= len(words) == len(loaded.tokenizer)
    found = measure(loaded, [{"task": "tiny_upper", "limit": 4}], tmp_path / "out", settings=Settings(progress=False))
    assert found.tasks["tiny_upper"].mean == 1.0


def test_an_adapter_of_another_shape_says_why(tmp_path: Path) -> None:
    import peft
    import transformers

    other = transformers.AutoModelForCausalLM.from_config(
        transformers.LlamaConfig(vocab_size=300, hidden_size=32, intermediate_size=32, num_hidden_layers=1,
                                 num_attention_heads=2, num_key_value_heads=2)
    )  # fmt: skip
    peft.get_peft_model(other, peft.LoraConfig(r=2, target_modules=["q_proj"])).save_pretrained(tmp_path)
    with pytest.raises(HoldfastError) as said:
        load("tiny", peft=str(tmp_path))
    assert "cannot load model" in str(said.value) and "\n" not in str(said.value)
