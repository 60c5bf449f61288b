"""The engine on the embedded model and real data: results, resume, cache, overhead-free side effects."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.paths import ROOT, shared

from holdfast.benchmarks.engine.backends import lm_eval_models
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.generating.batches import batches
from holdfast.benchmarks.engine.items import Item
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.errors import DataError
from holdfast.runs.measurement import read_measurement

QUIET = Settings(batch_size=8, max_tokens=24, limit=20, progress=False)
SUITE = ["tiny_addition", "tiny_capitals", "tiny_upper"]


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


def texts(directory: Path) -> dict[str, str]:
    """Every sample file's content."""
    return {path.name: path.read_text() for path in sorted((directory / "samples").glob("*.jsonl"))}


def test_measures_the_tiny_suite(tiny: LoadedModel, tmp_path: Path) -> None:
    measured = measure(tiny, SUITE, tmp_path, settings=QUIET)
    assert list(measured.tasks) == SUITE
    upper = measured.tasks["tiny_upper"]
    assert upper.n == 20 and upper.mean is not None and upper.mean > 0.5
    rows = list(measured.rows("tiny_addition"))
    assert {row.finish_reason for row in rows} <= {"stop", "length"} and all(row.tokens for row in rows)
    assert upper.mean == sum(row.score or 0 for row in measured.rows("tiny_upper")) / 20
    assert read_measurement(tmp_path).tasks.keys() == measured.tasks.keys()


def test_twice_the_same_weights_flips_nothing(tiny: LoadedModel, tmp_path: Path) -> None:
    measure(tiny, SUITE, tmp_path / "a", settings=QUIET)
    measure(tiny, SUITE, tmp_path / "b", settings=QUIET)
    assert texts(tmp_path / "a") == texts(tmp_path / "b")


def test_a_second_call_generates_nothing(tiny: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure(tiny, SUITE, tmp_path / "a", cache=tmp_path / "cache", settings=QUIET)

    def refuse(*_: object) -> None:
        raise AssertionError("generated again")

    monkeypatch.setattr(lm_eval_models.HFEngine, "run", refuse)
    measure(tiny, SUITE, tmp_path / "a", cache=tmp_path / "cache", settings=QUIET)
    measure(tiny, SUITE, tmp_path / "b", cache=tmp_path / "cache", settings=QUIET)
    assert texts(tmp_path / "a") == texts(tmp_path / "b")


def test_training_mode_padding_and_random_state_are_put_back(tiny: LoadedModel, tmp_path: Path) -> None:
    import torch

    tiny.model.train()
    side, state = tiny.tokenizer.padding_side, torch.get_rng_state()
    measure(tiny, ["tiny_last"], tmp_path, settings=replace(QUIET, sampling={"temperature": 1.0}, repeats=2))
    assert tiny.model.training and all(module.training for module in tiny.model.modules())
    assert tiny.tokenizer.padding_side == side and torch.equal(torch.get_rng_state(), state)
    tiny.model.eval()


def test_repeats_are_sampled_reproducibly(tiny: LoadedModel, tmp_path: Path) -> None:
    how = replace(QUIET, sampling={"temperature": 6.0}, repeats=4, seed=3, max_tokens=6)
    one = measure(tiny, ["tiny_addition"], tmp_path / "a", settings=how)
    measure(tiny, ["tiny_addition"], tmp_path / "b", settings=how)
    assert texts(tmp_path / "a") == texts(tmp_path / "b")
    result = one.tasks["tiny_addition"]
    rows = list(one.rows("tiny_addition"))
    assert result.n == 20 and len(rows) == 80 and len({row.completion for row in rows}) > 20
    assert result.metrics["avg@4"] == pytest.approx(result.mean)
    assert result.metrics["pass^4"] <= result.metrics["avg@4"] <= result.metrics["pass@4"]
    other = measure(tiny, ["tiny_addition"], tmp_path / "c", settings=replace(how, seed=4))
    assert [row.completion for row in other.rows("tiny_addition")] != [row.completion for row in rows]


def test_cut_answers_and_cut_prompts_are_counted(tiny: LoadedModel, tmp_path: Path) -> None:
    how = replace(QUIET, max_tokens=2, max_length=64)
    measured = measure(tiny, ["tiny_upper", "gsm8k"], tmp_path, data_root=shared(), settings=how)
    assert measured.tasks["tiny_upper"].truncated > 10
    assert all(row.tokens == 2 for row in measured.rows("tiny_upper") if row.finish_reason == "length")
    assert measured.tasks["gsm8k"].metrics["prompts_cut"] == 20


def test_another_model_in_the_same_directory_is_refused(tiny: LoadedModel, tmp_path: Path) -> None:
    measure(tiny, ["tiny_last"], tmp_path, settings=QUIET)
    other = LoadedModel(tiny.model, tiny.tokenizer, "other", "0000")
    with pytest.raises(DataError, match="other weights or settings"):
        measure(other, ["tiny_last"], tmp_path, settings=QUIET)


def test_the_fingerprint_follows_the_weights(tiny: LoadedModel) -> None:
    import torch

    again = load("tiny")
    assert again.fingerprint == tiny.fingerprint
    with torch.no_grad():
        next(again.model.parameters()).view(-1)[0] += 1
    assert LoadedModel(again.model, again.tokenizer, "moved").fingerprint != tiny.fingerprint


def test_batches_keep_their_company_and_separate_generation_arguments() -> None:
    items = [Item("t", str(i), 0, "generate", "x" * i, generation={"max_gen_toks": 1 + i % 2}) for i in range(10)]
    found = list(batches(items, 3))
    assert sorted(item.doc_id for batch in found for item in batch) == sorted(item.doc_id for item in items)
    assert all(len({repr(item.generation) for item in batch}) == 1 for batch in found)
    assert len(found[0][0].prompt) >= len(found[0][-1].prompt)


_SCRIPT = """
import sys, torch
torch.set_num_threads(1)
from pathlib import Path
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.settings import Settings
measure(load("tiny"), sys.argv[2].split(","), Path(sys.argv[1]), cache=Path(sys.argv[1]) / "cache",
        settings=Settings(batch_size=4, max_tokens=24, limit=60, progress=False))
"""


def lines(directory: Path) -> int:
    """Rows on the disk."""
    return sum(path.read_bytes().count(b"\n") for path in directory.glob("samples/*.jsonl"))


HOW = Settings(batch_size=4, max_tokens=24, limit=60, progress=False)


def kill_once(out: Path, after: int, delay: float = 0.0) -> None:
    """Run the measurement in a process of its own and kill it `delay` seconds after `after` rows are there."""
    process = subprocess.Popen([sys.executable, "-c", _SCRIPT, str(out), ",".join(SUITE)], cwd=ROOT)
    while process.poll() is None and lines(out) < after:
        time.sleep(0.002)
    time.sleep(delay)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and lines(out) >= after


def kill_a_copy_once(out: Path, after: int, delay: float = 0.0) -> None:
    """The same in a copy of this process, which has everything imported."""
    process = multiprocessing.get_context("fork").Process(
        target=measure, args=(load("tiny"), SUITE, out), kwargs={"cache": out / "cache", "settings": HOW}
    )
    process.start()
    while process.is_alive() and lines(out) < after:
        time.sleep(0.002)
    time.sleep(delay)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL and lines(out) >= after


def generated(out: Path) -> list[str]:
    """Keys of every completion ever journaled, in order."""
    found = []
    for path in sorted(out.glob("cache/completions/*/*.jsonl")):
        for line in path.read_text().splitlines():
            if line.strip():
                try:
                    found += [f"{path.stem}/{key}" for key in json.loads(line)]
                except ValueError:
                    continue
    return found


def resume_after_kills(tiny: LoadedModel, tmp_path: Path, stops: list[int], kill: Callable[..., None]) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    measure(tiny, SUITE, undisturbed, settings=HOW)
    moments = random.Random(len(stops))
    for stop in stops:
        kill(killed, stop, moments.uniform(0, 0.05))
    measure(load("tiny"), SUITE, killed, cache=killed / "cache", settings=HOW)
    assert texts(killed) == texts(undisturbed) and len(texts(killed)) == 3
    keys = generated(killed)
    assert len(keys) == len(set(keys)) == 180
    mine, theirs = (json.loads((path / "results.json").read_text()) for path in (killed, undisturbed))
    assert mine["tasks"] == theirs["tasks"]


def test_resumes_after_kill_9(tiny: LoadedModel, tmp_path: Path) -> None:
    resume_after_kills(tiny, tmp_path, [7, 70], kill_a_copy_once)


@pytest.mark.slow
def test_resumes_after_twenty_kills(tiny: LoadedModel, tmp_path: Path) -> None:
    resume_after_kills(tiny, tmp_path, [1 + 8 * i for i in range(20)], kill_once)


def test_torn_lines_are_dropped_and_done_again(tiny: LoadedModel, tmp_path: Path) -> None:
    measure(tiny, ["tiny_upper"], tmp_path, settings=QUIET)
    want = texts(tmp_path)
    for path in [*tmp_path.glob("samples/*.jsonl"), *tmp_path.glob("cache/completions/*/*.jsonl")]:
        path.write_bytes(path.read_bytes()[:-25])
    measure(tiny, ["tiny_upper"], tmp_path, settings=QUIET)
    assert texts(tmp_path) == want
