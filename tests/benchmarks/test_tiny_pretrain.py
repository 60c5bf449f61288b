"""The pretraining script, a few real steps of it: seeded, resumable, and what it writes is a loadable model."""

import json
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from holdfast.benchmarks.tiny.pretrain import (
    IGNORED,
    SENTENCE_SHARE,
    SHARES,
    Options,
    batches,
    options_of,
    rate_at,
    rows,
    tensors,
    train,
)
from holdfast.benchmarks.tiny.skills import generate, split_of
from holdfast.benchmarks.tiny.tokenizer import encode_completion, encode_prompt


def test_rows_are_of_the_train_split_and_follow_the_shares() -> None:
    drawn = list(islice(rows(1), 4000))
    assert drawn[:50] == list(islice(rows(1), 50))
    skills = Counter(row["skill"] for row in drawn)
    for skill, share in SHARES.items():
        assert skills[skill] / 4000 == pytest.approx(share / sum(SHARES.values()), abs=0.025)
    assert "subtraction" not in skills
    assert all(split_of(row["prompt"]) == "train" for row in drawn if row["skill"] != "facts")
    last = [row["completion"] for row in drawn if row["skill"] == "last"]
    sentences = sum(text.startswith("The last letter is ") for text in last)
    assert sentences / len(last) == pytest.approx(SENTENCE_SHARE, abs=0.12)


def test_the_loss_is_on_the_answers_only() -> None:
    batch = generate("json", "train", 5) + generate("addition", "train", 5)
    ids, wanted = tensors(batch)
    for row, given, asked in zip(batch, ids.tolist(), wanted.tolist(), strict=True):
        whole = encode_prompt(row["prompt"]) + encode_completion(row["completion"])
        assert given[: len(whole) - 1] == whole[:-1]
        assert [token for token in asked if token != IGNORED] == encode_completion(row["completion"])
        first = next(i for i, token in enumerate(asked) if token != IGNORED)
        assert given[: first + 1] == encode_prompt(row["prompt"])


def test_halves_hold_the_whole_batch_short_rows_first() -> None:
    short, long = next(batches(rows(2), 32))
    size = [len(row["prompt"]) + len(row["completion"]) for row in (*short, *long)]
    assert len(short) == len(long) == 16 and size == sorted(size)


def test_the_rate_rises_holds_and_falls() -> None:
    options = Options(out="", steps=1000, warmup=10, decay=100)
    assert [rate_at(step, options) for step in (0, 9, 500, 900, 950, 999)] == [0.1, 1.0, 1.0, 1.0, 0.5, 0.01]


def test_words_become_options() -> None:
    assert options_of(["--out", "x", "--steps", "7", "--resume"]) == Options(out="x", steps=7, resume=True)


def test_a_short_training_writes_a_model_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    common = {"out": str(tmp_path), "batch": 8, "threads": 1, "warmup": 2, "decay": 2}
    train(Options(steps=4, every=4, **common))  # type: ignore[arg-type]
    first = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in first] == ["4"]
    train(Options(steps=6, every=4, resume=True, **common))  # type: ignore[arg-type]
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["6"]
    assert json.loads((tmp_path / "made.json").read_text())["steps"] == 6
    model = AutoModelForCausalLM.from_pretrained(str(tmp_path))
    assert len(AutoTokenizer.from_pretrained(str(tmp_path))) == model.get_input_embeddings().weight.shape[0]


@pytest.mark.slow
def test_training_lowers_the_loss_and_repeats_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        train(Options(out=str(tmp_path), steps=30, batch=16, threads=1, warmup=5, decay=1, every=10))
    losses = [float(line.split()[4]) for line in capsys.readouterr().out.splitlines()]
    assert losses[:3] == losses[3:]
    assert losses[2] < 0.8 * losses[0]
