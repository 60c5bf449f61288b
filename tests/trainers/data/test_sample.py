"""`holdfast sample`: real completions of the tiny model become rows that train."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from holdfast.benchmarks.tiny.skills import generate
from holdfast.cli import main
from holdfast.runs.row import Row, read_rows
from holdfast.trainers.data.generated.sampling import Selection, choose


def _row(score: float | None, text: str, finish: str = "stop") -> Row:
    return Row("t", "a", "h", "p", "ask", text, "", score, "partial" if score is not None else "error",
               finish_reason=finish)  # fmt: skip


def test_the_best_and_shortest_is_chosen_and_what_is_cut_or_unjudged_is_not() -> None:
    group = [_row(1.0, "long answer"), _row(1.0, "short"), _row(0.0, "no"), _row(None, "?"), _row(1.0, "s", "length")]
    (sft,) = choose(group, Selection("sft"))
    assert sft["completion"] == [{"role": "assistant", "content": "short"}]
    (dpo,) = choose(group, Selection("dpo"))
    assert (dpo["chosen"][0]["content"], dpo["rejected"][0]["content"]) == ("short", "no")
    assert choose([_row(0.5, "a"), _row(0.0, "b")], Selection("dpo")) == []
    assert choose([_row(1.0, "a"), _row(1.0, "b")], Selection("dpo")) == []
    assert choose([], Selection()) == []


def test_keep_all_is_rejection_sampling_and_pairs_go_inwards() -> None:
    group = [
        _row(1.0, "one long"),
        _row(0.5, "half"),
        _row(1.0, "two"),
        _row(1.0, "two "),
        _row(0.0, "no"),
        _row(0.2, "b"),
    ]
    kept = choose(group, Selection("sft", threshold=0.5, keep=None))
    assert [row["completion"][0]["content"] for row in kept] == ["two", "one long", "half"]
    assert len(choose(group, Selection("sft", threshold=0.5, keep=None, dedupe=False))) == 4
    assert [row["score"] for row in choose(group, Selection("sft", threshold=0.5, keep=2))] == [1.0, 1.0]
    assert [
        row["completion"][0]["content"]
        for row in choose(group, Selection("sft", threshold=0.5, keep=None, max_chars=4))
    ] == ["two", "half"]
    pairs = choose(group, Selection("dpo", threshold=0.5, keep=None))
    contents = [(pair["chosen"][0]["content"], pair["rejected"][0]["content"]) for pair in pairs]
    assert contents == [("two", "no"), ("one long", "b")]


@pytest.mark.parametrize("to", ["sft", "dpo"])
def test_sampled_rows_are_right_by_the_reward_and_train(
    to: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path / "cache"))
    source = tmp_path / "sort.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in generate("sort", "train", 24, 0)))
    words = ["sample", str(source), "model=tiny", "reward=exact_match", f"to={to}", "n=6", "max_tokens=24",
             "batch_size=48", f"out={tmp_path}/drawn", "--json"]  # fmt: skip
    assert main(words) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (told["prompts"], told["completions"]) == (24, 144)
    assert 0 < told["training_rows"] == 24 - told["prompts_without"]
    rows = list(read_rows(tmp_path / "drawn" / "samples" / "sample.jsonl"))
    right = {row.doc_id for row in rows if row.score == 1.0}
    wrong = {row.doc_id for row in rows if row.score == 0.0 and row.finish_reason != "length"}
    assert told["training_rows"] <= len(right if to == "sft" else right & wrong)
    train = ["train", f"trainer={to}", f"data={tmp_path}/drawn/{to}.jsonl", "suite=[tiny_sort]", "limit=8",
             "trainer.args.max_steps=2", f"out={tmp_path}/run"]  # fmt: skip
    assert main(train) == 0
    assert (tmp_path / "run" / "report.json").is_file()


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["to=dpo", "n=1"], 64, "needs at least 2"),
        (["keep=some"], 64, "a whole number or all"),
        (["keep=0"], 64, "at least 1"),
        (["to=ppo"], 64, "cannot be 'ppo'"),
        (["reward=exact_mach"], 64, "did you mean 'exact_match'"),
        (["prompt=question"], 65, "no field 'question'"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str], code: int, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "x.jsonl"
    source.write_text('{"prompt": "Sort 2 1", "reference": "1 2"}\n')
    given = {word.partition("=")[0] for word in words}
    base = [word for word in ("model=tiny", "reward=exact_match") if word.partition("=")[0] not in given]
    assert main(["sample", str(source), *base, *words, f"out={tmp_path}/out"]) == code
    assert expected in capsys.readouterr().err


def test_the_prompts_field_counts_without_a_reference_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "x.jsonl"
    source.write_text('{"question": "Repeat cat 2 times"}\n')
    words = ["model=tiny", "reward=length", "prompt=question", "n=1", "max_tokens=16", f"out={tmp_path}/out", "--json"]
    assert main(["sample", str(source), *words]) == 0
    assert json.loads(capsys.readouterr().out)["completions"] == 1


@pytest.mark.slow
def test_a_killed_sampling_goes_on_and_ends_as_an_undisturbed_one(tmp_path: Path) -> None:
    source = tmp_path / "sort.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in generate("sort", "train", 40, 0)))

    def words(name: str) -> list[str]:
        drawn = ["n=8", "max_tokens=24", "batch_size=16", "keep=all", f"out={tmp_path}/{name}"]
        return [sys.executable, "-m", "holdfast", "sample", str(source), "model=tiny", "reward=exact_match", *drawn]

    subprocess.run(words("whole"), check=True, capture_output=True)
    rows = tmp_path / "killed" / "samples" / "sample.jsonl"
    process = subprocess.Popen(words("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not (rows.is_file() and rows.read_bytes().count(b"\n") > 20) and time.monotonic() < deadline:
        assert process.poll() is None, "it finished before it could be killed"
        time.sleep(0.02)
    process.kill()
    process.wait()
    held = rows.read_bytes().splitlines(keepends=True)
    before = {line for line in held if line.endswith(b"\n")}
    assert 20 < len(before) < 320 and not (tmp_path / "killed" / "sft.jsonl").exists()
    subprocess.run(words("killed"), check=True, capture_output=True)
    again = rows.read_bytes().splitlines(keepends=True)
    assert len(again) == 320 and before <= set(again)
    assert (tmp_path / "killed" / "sft.jsonl").read_bytes() == (tmp_path / "whole" / "sft.jsonl").read_bytes()
