"""Replay that the base model writes itself: what it says, once per sweep, and nothing that should not be rehearsed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import DataError, UsageError
from holdfast.trainers.data.generated.self_replay import written_rows
from holdfast.trainers.settings.compose import compose

LESSON = ["trainer=sft", "data=tiny:subtraction", "data.limit=28", "data.replay.source=self", "data.replay.ratio=0.3"]


def rows_of(out: Path, *words: str) -> list[dict[str, Any]]:
    return written_rows(compose(["model=tiny", *LESSON, f"out={out}", *words]), out) or []


def journal() -> dict[Path, bytes]:
    cache = Path(os.environ["HOLDFAST_CACHE"])
    return {file: file.read_bytes() for file in cache.glob("completions/*/replay*.jsonl")}


@pytest.fixture(autouse=True)
def _fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))


def said(prompt: Any) -> str:
    """What the embedded model answers, by transformers alone."""
    import torch

    from holdfast.benchmarks.engine.backends.models import load

    tiny = load("tiny")
    text = tiny.tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    given = tiny.tokenizer(text, return_tensors="pt", add_special_tokens=False)
    with torch.no_grad():
        out = tiny.model.generate(**given, max_new_tokens=128, do_sample=False)
    return str(tiny.tokenizer.decode(out[0][given["input_ids"].shape[1] :], skip_special_tokens=True))


@pytest.mark.slow
def test_a_training_rehearses_what_its_base_says_and_a_sweep_writes_it_once(tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after

    quick = ["suite=[tiny_upper]", "limit=4", "trainer.args.max_steps=2", "data.replay.prompts=tiny_skills"]
    result = before_after(compose(["model=tiny", *LESSON, *quick, f"out={tmp_path}/a"]))
    rows = [json.loads(line) for line in (tmp_path / "a" / "replay" / "rows.jsonl").read_text().splitlines()]
    assert len(rows) == 12 == len({json.dumps(row["prompt"]) for row in rows})
    for row in rows:
        assert row["completion"] == [{"role": "assistant", "content": said(row["prompt"])}]
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert manifest["training_rows"]["count"] == 40
    assert manifest["training_rows"]["replay"] == {"count": 12, "source": "self"}
    assert manifest["replay"]["asked"] == 48 == sum(manifest["replay"][key] for key in ("kept", "empty", "cut"))
    assert "write replay" in manifest["seconds"] and result.training["steps"] == 2

    before = journal()
    assert len(before) == 1
    another = rows_of(tmp_path / "b", "data.replay.prompts=tiny_skills", "seed=7")
    assert another == rows and journal() == before, "a second job of a sweep generated again"
    more = rows_of(tmp_path / "c", "data.replay.prompts=tiny_skills", "data.replay.ratio=0.5", "data.limit=12")
    assert more == rows and journal() == before


def test_a_finished_writing_is_read_and_no_model_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(tmp_path, "data.replay.prompts=tiny:upper", "data.replay.limit=12")
    monkeypatch.setattr("holdfast.trainers.models.model.load_base", None)
    assert rows_of(tmp_path, "data.replay.prompts=tiny:upper", "data.replay.limit=12") == rows


def test_a_reward_keeps_what_is_right(tmp_path: Path) -> None:
    from holdfast.benchmarks.tiny.skills import generate

    right = {row["prompt"]: row["reference"] for row in generate("sort", "train", 1000, 0)}
    some = rows_of(tmp_path, "data.replay.prompts=tiny:sort", "data.replay.reward=exact_match")
    assert len(some) == 12
    assert all(row["completion"][0]["content"] == right[row["prompt"][0]["content"]] for row in some)
    told = json.loads((tmp_path / "replay" / "replay.json").read_text())
    assert told["below"] > 0 and told["asked"] == 48


def test_sampled_answers_follow_the_replays_seed(tmp_path: Path) -> None:
    words = ["data.replay.prompts=tiny:sort", "data.replay.temperature=1.5", "data.replay.limit=24"]
    first = rows_of(tmp_path / "a", *words)
    assert rows_of(tmp_path / "b", *words, f"cache={tmp_path}/other") == first
    assert rows_of(tmp_path / "c", *words, "data.replay.seed=3") != first


def test_plain_text_rows_keep_their_prompt_as_it_was_answered(tmp_path: Path) -> None:
    from holdfast.trainers.data.formats.row_formats import completion_row

    words = ["data.replay.prompts={path: tiny:upper, template: 'Q: {prompt} A:'}", "data.conversational=false"]
    config = compose(["model=tiny", *LESSON, *words, "data.template='Lesson {prompt}'", f"out={tmp_path}"])
    config.data.replay.max_tokens = 128
    rows = written_rows(config, tmp_path) or []
    assert rows and all(isinstance(row["completion"], str) for row in rows)
    assert all(completion_row(row, config.data)["prompt"].startswith("Q: Upper") for row in rows)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "needs prompts to answer: data.replay.prompts="),
        (["data.replay.prompts=tiny_skills", "data.replay.source=base"], "is data .* or self .*, not 'base'"),
        (["data.replay.prompts=tiny_skills", "trainer=dpo", "data=tiny:last"], "which trainer=sft learns"),
        (["data.replay.prompts=tiny_skills", "data.replay.reward=exact_mach"], "did you mean 'exact_match'"),
        (["data.replay.prompts=tiny_skills", "data.replay.max_tokens=0"], "max_tokens >= 1"),
    ],
)
def test_wrong_settings_are_found_before_a_model_loads(words: list[str], expected: str, tmp_path: Path) -> None:
    from holdfast.trainers.estimate.checks import check

    with pytest.raises(UsageError, match=expected):
        check(compose(["model=tiny", *LESSON, *words, f"out={tmp_path}"]))


@pytest.mark.parametrize(
    ("content", "expected"),
    [("", "holds no rows"), ('{"question": "a"}\n', "no prompt.*question"), ('{"prompt": ""}\n', "no prompt")],
)
def test_prompts_that_are_none(content: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(content)
    with pytest.raises(DataError, match=expected):
        rows_of(tmp_path / "run", f"data.replay.prompts={tmp_path}/p.jsonl")


def test_a_model_that_writes_nothing_or_never_ends_is_one_line(untrained: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(untrained)
    with torch.no_grad():  # whatever it reads, its state is a vector of ones, which only the end token likes
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.fill_(1.0)
        model.lm_head.weight = torch.nn.Parameter(torch.zeros_like(model.lm_head.weight))
        model.lm_head.weight[model.config.eos_token_id].fill_(1.0)
    model.save_pretrained(tmp_path / "mute")
    AutoTokenizer.from_pretrained(untrained).save_pretrained(tmp_path / "mute")
    asked = ["data.replay.prompts=tiny:upper", "data.replay.max_tokens=8"]
    with pytest.raises(DataError, match="of 48 answers 48 empty; give other prompts"):
        rows_of(tmp_path / "a", f"model={tmp_path}/mute", *asked)
    with pytest.raises(DataError, match=r"\d+ not finished within data.replay.max_tokens=8"):
        rows_of(tmp_path / "b", f"model={untrained}", *asked)


def test_an_estimate_counts_the_rows_and_writes_nothing(tmp_path: Path) -> None:
    from holdfast.trainers.estimate.estimate import estimate

    told = estimate(compose(["model=tiny", *LESSON, "data.replay.prompts=tiny_skills", f"out={tmp_path}/run"]))
    assert told.rows == 40 and not (tmp_path / "run").exists() and not journal()


@pytest.mark.slow
def test_a_killed_writing_goes_on_and_generates_nothing_twice(tmp_path: Path) -> None:
    words = [*LESSON[:2], *LESSON[3:], "model=tiny", "data.limit=700", "data.replay.prompts=tiny_skills",
             "suite=[tiny_upper]", "limit=4",
             "trainer.args.max_steps=1", "model.threads=1", f"out={tmp_path}/run"]  # fmt: skip
    command = [sys.executable, "-m", "holdfast", "train", *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while sum(content.count(b"\n") for content in journal().values()) < 3 and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "run" / "replay" / "replay.json").exists()
    (before,) = journal().values()
    subprocess.run(command, check=True, capture_output=True)
    (after,) = journal().values()
    assert after.startswith(before[: before.rfind(b"\n") + 1])
    keys = [key for line in after.splitlines() for key in json.loads(line)]
    assert len(keys) == len(set(keys)) == json.loads((tmp_path / "run/replay/replay.json").read_text())["asked"]
    subprocess.run(command, check=True, capture_output=True)
    assert next(iter(journal().values())) == after
