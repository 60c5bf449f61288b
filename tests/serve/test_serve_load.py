"""The server under load, each request counted by its number: nothing accepted is lost, nothing judged otherwise."""

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from helpers.http_load import CUT, Answer, Load
from helpers.paths import shared
from helpers.reward_server import gsm8k_bodies, logged, serving, stop, wait_ready, workers

from holdfast import Reward, Sample

SLOW = """
import time
from collections.abc import Sequence
from holdfast import Sample, Score
from holdfast.registry import register

@register("metered", version="1", scope="batch")
def metered(samples: Sequence[Sample]) -> list[Score]:
    \"\"\"Judges 1,000 a second.\"\"\"
    time.sleep(len(samples) / 1000)
    return [Score.of(sample.text == sample.reference) for sample in samples]
"""
METERED = "mine_metered:metered"
FILE = ("gsm8k", "example_model_solutions.jsonl")


def _metered(folder: Path) -> Path:
    (folder / "mine_metered.py").write_text(SLOW)
    return folder


def _numbered(count: int) -> list[bytes]:
    """Samples of which every third is wrong, told apart by their number."""
    return [
        json.dumps({"sample": {"completion": str(n if n % 3 else -1), "reference": str(n)}}).encode()
        for n in range(count)
    ]


def _right(answer: Answer) -> bool:
    return bool(json.loads(answer.body)["value"] == float(answer.number % 3 != 0))


@pytest.mark.parametrize("count", [1000, pytest.param(4000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("batch", [1, 64])
def test_no_verdict_under_load_differs_from_the_direct_call(batch: int, count: int) -> None:
    bodies, groups = gsm8k_bodies(shared(*FILE), batch, count // batch)
    reward = Reward("math")
    expected = [[s.value for s in reward.score_batch([Sample(*pair) for pair in group])] for group in groups]
    with serving("reward=math", "workers=2", "max_queue=100000") as (port, _):
        path = "/v1/rewards/math/score" if batch == 1 else "/v1/rewards/math/score_batch"
        load = Load(port, path, bodies, 2 * len(bodies), connections=200).run()
    assert Counter(answer.status for answer in load.answers) == {200: 2 * len(bodies)}
    for answer in load.answers:
        told = json.loads(answer.body)
        assert [s["value"] for s in told.get("scores", [told])] == expected[answer.number % len(bodies)]


@pytest.mark.slow
def test_ten_times_too_much_is_shed_and_nothing_accepted_is_lost(tmp_path: Path) -> None:
    """10,000 requests at 10,000 a second for a reward that judges 1,000."""
    with serving(f"reward={METERED}", "max_queue=256", modules=_metered(tmp_path)) as (port, _):
        load = Load(port, f"/v1/rewards/{METERED}/score", _numbered(10_000), 10_000, connections=400, rate=10_000).run()
        page = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    statuses = Counter(answer.status for answer in load.answers)
    assert set(statuses) == {200, 429}
    assert sum(statuses.values()) == 10_000 == len({answer.number for answer in load.answers})
    assert statuses[429] > 500
    assert all(_right(answer) for answer in load.answers if answer.status == 200)
    assert all(b"retry-after: " in answer.head for answer in load.answers if answer.status == 429)
    for status, count in statuses.items():
        assert f'route="/v1/rewards/{{reward}}/score",status="{status}"}} {float(count)}' in page


@pytest.mark.parametrize("count", [1, 2])
def test_sigterm_under_load_loses_nothing_it_accepted(tmp_path: Path, count: int) -> None:
    """300 connections: what the server says it answered is what arrived, and right; the rest was never begun."""
    log = tmp_path / "log"
    words = (f"reward={METERED}", f"workers={count}", "log=true", "max_queue=1000")
    with serving(*words, modules=_metered(tmp_path), log=log) as (port, process):
        load = Load(port, f"/v1/rewards/{METERED}/score", _numbered(30_000), 30_000, connections=300)
        threading.Timer(2.0, process.send_signal, [signal.SIGTERM]).start()
        load.run()
        process.wait(timeout=300)
    statuses = Counter(answer.status for answer in load.answers)
    assert process.returncode == 0
    assert set(statuses) <= {200, CUT}, statuses
    assert statuses[200] > 50
    told = {str(line["id"]) for line in logged(log) if "id" in line and line["status"] == 200}
    assert told == {str(answer.number) for answer in load.answers if answer.status == 200}
    assert all(_right(answer) for answer in load.answers if answer.status == 200)


@pytest.mark.slow
def test_a_killed_worker_under_load_makes_no_wrong_verdict_and_is_replaced(tmp_path: Path) -> None:
    with serving(f"reward={METERED}", "workers=2", modules=_metered(tmp_path)) as (port, process):
        before = {worker.pid for worker in workers(process)}
        load = Load(port, f"/v1/rewards/{METERED}/score", _numbered(4_000), 4_000, connections=200)
        killing = threading.Timer(0.5, os.kill, [random.choice(sorted(before)), signal.SIGKILL])
        killing.start()
        load.run()
        wait_ready(port)
        for _ in range(100):
            if len({worker.pid for worker in workers(process)} - before) == 1:
                break
            time.sleep(0.1)
        after = {worker.pid for worker in workers(process)}
        stop(process)
    statuses = Counter(answer.status for answer in load.answers)
    assert set(statuses) <= {200, CUT}
    # what the connections carried, and at most once more: one may come back while the dead worker's door closes
    assert 0 < statuses[CUT] <= 400
    assert all(_right(answer) for answer in load.answers if answer.status == 200)
    assert len(after) == 2
    assert len(after & before) == 1
