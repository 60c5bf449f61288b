"""Rows served by us through a protocol and consumed through its driver earn the direct verdicts."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.adapter_rows import Row, direct, recorded
from helpers.environment_server import environment_server
from helpers.foreign import foreign_python
from helpers.reward_server import serving

from holdfast.benchmarks.environments.shared.audit import play
from holdfast.benchmarks.environments.tiny_form import gold
from holdfast.environment import make_environment
from holdfast.errors import UsageError
from holdfast.serve.hubs.openenv import call_of

FEW = 60


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Recorded GSM8K solutions."""
    return recorded(2000)


@pytest.fixture(scope="module")
def port(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Our server with the rows as an Open Reward Standard environment, behind a token."""
    tasks = tmp_path_factory.mktemp("tasks") / "tasks.jsonl"
    tasks.write_text("\n".join(json.dumps({"prompt": p, "reference": r}) for p, _, r in rows))
    with serving("reward=numeric", f"ors={tasks}", "token=s3cret", "max_body=100000") as (number, _):
        yield number


def _played(address: str, rows: list[Row], **options: object) -> list[float | None]:
    made = make_environment(address, **options)
    tasks = list(made.tasks("test"))[: len(rows)]
    with ThreadPoolExecutor(16) as threads:
        work = zip(tasks, rows, strict=True)
        return list(threads.map(lambda one: play(made, one[0], lambda asked: one[1][1]).value, work))


@pytest.mark.parametrize("count", [FEW, pytest.param(2000, marks=pytest.mark.slow)])
def test_open_reward_standard(count: int, port: int, rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GYM_TOKEN", "s3cret")
    found = _played(f"ors:http://127.0.0.1:{port}", rows[:count], items=count, token_env="GYM_TOKEN")
    assert found == direct(rows[:count], "numeric")


@pytest.mark.parametrize("count", [FEW, pytest.param(2000, marks=pytest.mark.slow)])
def test_nemo_gym(count: int, port: int, rows: list[Row], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GYM_TOKEN", "s3cret")
    data = tmp_path / "rows.jsonl"
    asked = [{"role": "user", "content": prompt} for prompt, _, _ in rows[:count]]
    data.write_text(
        "".join(
            json.dumps({"responses_create_params": {"input": [message]}, "expected_answer": reference}) + "\n"
            for message, (_, _, reference) in zip(asked, rows[:count], strict=True)
        )
    )
    address = f"nemo_gym:http://127.0.0.1:{port}/nemo_gym/numeric"
    assert _played(address, rows[:count], data=str(data), token_env="GYM_TOKEN") == direct(rows[:count], "numeric")


@pytest.fixture(scope="module")
def served(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`holdfast env serve` of the rows and a reward: three protocols on one port."""
    tasks = tmp_path_factory.mktemp("served") / "tasks.jsonl"
    tasks.write_text("".join(json.dumps({"prompt": p, "reference": r}) + "\n" for p, _, r in rows))
    with environment_server(f"rows:{tasks}", "reward=numeric", "split=test") as url:
        yield url


@pytest.mark.parametrize("count", [FEW, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("scheme", ["openenv", "ors", "nemo_gym"])
def test_one_server_speaks_every_protocol(
    scheme: str, count: int, served: str, rows: list[Row], tmp_path: Path
) -> None:
    options: dict[str, object] = {"items": count}
    if scheme == "nemo_gym":
        data = tmp_path / "rows.jsonl"
        data.write_text(httpx.get(f"{served}/rows?split=test", timeout=60).text)
        options["data"] = str(data)
    found = _played(f"{scheme}:{served}", rows[:count], **options)
    assert found == direct(rows[:count], "numeric")
    assert {0.0, 1.0} == set(found)


@pytest.mark.parametrize("scheme", ["openenv", "ors", "nemo_gym"])
def test_no_route_tells_a_reference(scheme: str, served: str, rows: list[Row]) -> None:
    name = httpx.get(f"{served}/list_environments").json()[0]
    asked = {"split": "test", "index": 0, "start": 0, "stop": 2}
    pages = [httpx.get(f"{served}/{path}").text for path in (f"{name}/splits", f"{name}/tools", "schema", "metadata")]
    pages += [httpx.post(f"{served}/{name}/{path}", json=asked).text for path in ("tasks", "task", "task_range")]
    pages.append(httpx.get(f"{served}/rows?split=test").text)
    assert not any('"reference"' in page for page in pages)


@pytest.mark.parametrize("scheme", ["openenv", "ors", "nemo_gym"])
def test_tools_and_turns_over_every_protocol(scheme: str, tmp_path: Path) -> None:
    own = list(make_environment("tiny_form_solo", items=4).tasks("test"))
    with environment_server("tiny_form_solo", "items=4", "split=test") as url:
        options: dict[str, object] = {}
        if scheme == "nemo_gym":
            (tmp_path / "rows.jsonl").write_text(httpx.get(f"{url}/rows").text)
            options["data"] = str(tmp_path / "rows.jsonl")
        made = make_environment(f"{scheme}:{url}", **options)
        for place, row in enumerate(made.tasks("test")):
            episode = made.open(row, 0)
            assert {"look", "save"} <= {tool["function"]["name"] for tool in episode.tools}
            messages = [message for message in gold(own[place], True)[1:] if message["role"] == "assistant"]
            if scheme == "ors":
                messages[-1] = call_of(9, "submit", {"answer": "Done"})
            if place == 3:
                messages = messages[-1:]
            done = [episode.step(message).done for message in messages][-1]
            assert (done, episode.score().value) == (True, float(place != 3))
            episode.close()


def test_a_model_that_stops_before_a_reward_earns_nothing(tmp_path: Path) -> None:
    with environment_server("tiny_form_solo", "items=1", "split=test") as url:
        made = make_environment(f"ors:{url}")
        assert play(made, next(iter(made.tasks("test"))), lambda asked: "I stop here").value == 0.0


@pytest.mark.slow
def test_the_client_of_ors_sdk_plays_ours(tmp_path: Path) -> None:
    python = foreign_python("ors-sdk", "ors")
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"Plant {i}?", "reference": "kelp"}) + "\n" for i in range(2)))
    script = Path(__file__).parent / "scripts" / "ors_client.py"
    with environment_server(f"rows:{rows}", "reward=exact_match", "split=test") as url:
        name = httpx.get(f"{url}/list_environments").json()[0]
        done = subprocess.run(
            [python, str(script), url, name], capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["played"] == [["Plant 0?", ["submit"], 1.0, True], ["Plant 1?", ["submit"], 0.0, True]]
    assert (found["splits"], found["count"], found["tools"]) == (["test"], 2, ["submit"])


def test_a_busy_server_is_not_taken_for_dead(served: str) -> None:
    """No pings: what a full queue of 2,000 episodes delays by 20 seconds closed a connection, once in 2,000."""
    made = make_environment(f"openenv:{served}")
    episode: Any = made.open(next(iter(made.tasks("test"))), 0)
    assert episode._session._socket.ping_interval is None
    episode.close()


def test_a_missing_token_is_named_and_never_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GYM_TOKEN", raising=False)
    with pytest.raises(UsageError, match="token_env=GYM_TOKEN"):
        make_environment("ors:http://127.0.0.1:1", token_env="GYM_TOKEN")
