"""Several processes measure as one: torchrun with gloo on the CPU, standalone and inside a trainer (DDP, FSDP2)."""

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from helpers import ranks_job
from helpers.paths import ROOT, shared

from holdfast.benchmarks.engine.keeping.journal import Journal

JOB = str(ROOT / "tests" / "helpers" / "ranks_job.py")


def launch(count: int, *words: str) -> subprocess.Popen[str]:
    start = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(count)] if count > 1 else []
    environment = {**os.environ, "SHARED": str(shared()), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        [sys.executable, *start, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors[-3000:]
    return out


def made(place: Path, count: int) -> list[int]:
    """How many items each process generated; what each returned is the same."""
    records = [json.loads(place.with_name(f"{place.name}.{rank}.json").read_text()) for rank in range(count)]
    assert all(record["tasks"] == records[0]["tasks"] for record in records)
    return [record["made"] for record in records]


def content(place: Path) -> dict[str, Any]:
    """Sample files byte by byte, and the results."""
    found: dict[str, Any] = {path.name: path.read_bytes() for path in sorted(place.glob("samples/*"))}
    return found | {"results": json.loads((place / "results.json").read_text())["tasks"]}


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("one") / "out"
    finish(launch(1, JOB, "plain", str(place), str(place / "cache")))
    assert made(place, 1) == [13 + 21 + 13 + 13 + 13]
    return place


def forked(how: str, place: Path, count: int, suite: Any = None) -> list[int | None]:
    """The same job in processes that are copies of this one, which has imported everything; their exit codes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    facts = {"SHARED": str(shared()), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(count)}
    start = multiprocessing.get_context("fork").Process
    ranks = [start(target=_rank, args=(rank, facts, how, place, suite or ranks_job.SUITE)) for rank in range(count)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(timeout=90)
    alive = [process for process in ranks if process.is_alive()]
    for process in alive:
        process.kill()
        process.join()
    assert not alive, "a process waits for ever"
    return [process.exitcode for process in ranks]


def _rank(rank: int, facts: dict[str, str], how: str, place: Path, suite: Any) -> None:
    os.environ.update({**facts, "RANK": str(rank), "LOCAL_RANK": str(rank)})
    ranks_job.SUITE = suite[rank] if isinstance(suite, tuple) else suite
    ranks_job.main(how, place, place.parent / "cache")


SMALL = ["tiny_upper", *ranks_job.SUITE[1:3]]
"""Greedy, sampled and stopped answers."""


def test_two_processes_measure_as_one(tmp_path: Path) -> None:
    """Under DDP, without a launch, so that the fast tests see it: greedy, sampled and stopped answers."""
    assert forked("plain", tmp_path / "one" / "out", 1, SMALL) == [0]
    assert made(tmp_path / "one" / "out", 1) == [13 + 21 + 13]
    place = tmp_path / "ddp" / "out"
    assert forked("ddp", place, 2, SMALL) == [0, 0]
    shares = made(place, 2)
    assert sum(shares) == 47 and min(shares) > 10, "each item once, shared by both"
    assert content(place) == content(tmp_path / "one" / "out")


def test_what_one_of_two_processes_raises_ends_both(tmp_path: Path) -> None:
    """The second knows no such task: neither waits for the other."""
    codes = forked("plain", tmp_path / "out", 2, (SMALL, ["tiny_uper"]))
    assert codes == [1, 1] and not (tmp_path / "out" / "results.json").exists()


SLOW = pytest.mark.slow


@SLOW
@pytest.mark.parametrize(
    ("how", "count"),
    [("fsdp", 2), ("plain", 3)],
)
def test_several_processes_measure_as_one(how: str, count: int, one: Path, tmp_path: Path) -> None:
    finish(launch(count, JOB, how, str(tmp_path / "out"), str(tmp_path / "cache")))
    shares = made(tmp_path / "out", count)
    assert sum(shares) == 73 and min(shares) > 10, "each item once, shared by all"
    assert content(tmp_path / "out") == content(one)


@pytest.mark.slow
def test_a_killed_launch_is_resumed_by_another_number_of_processes(one: Path, tmp_path: Path) -> None:
    out, cache = tmp_path / "out", tmp_path / "cache"
    for count, stop in ((2, 9), (3, 40), (1, 60)):
        process = launch(count, JOB, "plain", str(out), str(cache))
        while process.poll() is None and rows(out) < stop:
            time.sleep(0.01)
        family = [process, *psutil.Process(process.pid).children(recursive=True)] if process.poll() is None else []
        for one_of_them in family:
            one_of_them.kill()
        process.communicate()
    finish(launch(2, JOB, "plain", str(out), str(cache)))
    assert content(out) == content(one)
    keys = [
        (path.name.partition(".")[0], key)
        for path in cache.glob("completions/*/*.jsonl")
        for line in path.read_text().splitlines()
        for key in json.loads(line or "{}")
    ]
    assert len(keys) == len(set(keys)) == 73, "an item was generated twice"


def rows(out: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in out.glob("samples/*.jsonl"))


@pytest.mark.slow
def test_the_verb_under_torchrun(tmp_path: Path) -> None:
    words = ["-m", "holdfast", "eval", "model=tiny", "against=tiny", "suite=[tiny_upper,tiny_addition]", "limit=21"]
    words += ["batch_size=4", f"cache={tmp_path / 'cache'}", "--json"]
    two = json.loads(finish(launch(2, *words, f"out={tmp_path / 'two'}", "margin=50")))
    assert two["tasks"]["tiny_upper"]["n"] == 21 and two["comparison"]["decision"]
    parts = {path.name for path in tmp_path.glob("cache/completions/*/*.jsonl")}
    assert {"tiny_upper.jsonl", "tiny_upper.part1.jsonl"} <= parts
    before, after = content(tmp_path / "two" / "before"), content(tmp_path / "two" / "after")
    assert before == after and (tmp_path / "two" / "report.html").is_file()


@pytest.mark.slow
def test_trouble_in_one_process_reaches_the_others(tmp_path: Path) -> None:
    missing = [f"data_root={tmp_path}", f"out={tmp_path / 'out'}", f"cache={tmp_path / 'cache'}"]
    process = launch(2, "-m", "holdfast", "eval", "model=tiny", "suite=gsm8k", *missing)
    _, errors = process.communicate(timeout=300)
    assert process.returncode != 0 and "no gsm8k/test.jsonl below" in errors


@pytest.mark.slow
def test_a_shard_is_not_measured_by_one_process_alone(tmp_path: Path) -> None:
    process = launch(2, JOB, "alone", str(tmp_path / "out"), str(tmp_path / "cache"))
    _, errors = process.communicate(timeout=300)
    assert "all of them must measure together" in errors


def test_a_journal_reads_every_part(tmp_path: Path) -> None:
    first, second = Journal(tmp_path / "t.jsonl"), Journal(tmp_path / "t.jsonl", 1)
    second.append({"b": {"n": 2}})
    first.append({"a": {"n": 1}})
    assert first.refresh() == ["b"] and second.refresh() == ["a"] and first.refresh() == []
    assert first.records == second.records == Journal(tmp_path / "t.jsonl", 2).records
