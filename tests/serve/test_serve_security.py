"""Who may ask, and what a request can never make the server do."""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.reward_server import free_port, serving

from holdfast import UsageError
from holdfast.cli import main
from holdfast.cli.serve import Options, _token
from holdfast.serve import middleware
from holdfast.serve.settings import Settings

TOKEN = "tok-3n"
SAMPLE = {"completion": "42", "reference": "42"}
TRAP = """
from pathlib import Path
Path(__file__).with_name("imported").touch()
from holdfast import Sample, Score
def attr(sample: Sample) -> Score:
    return Score.of(True)
"""


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("trap")
    (found / "trap_module.py").write_text(TRAP)
    return found


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving("reward=numeric", f"token={TOKEN}", modules=folder) as (port, _):
        yield f"http://127.0.0.1:{port}"


WRONG = [
    {},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer wrong"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Bearer {TOKEN[:-1]}"},
    {"Authorization": TOKEN},
    {"Authorization": f"Token {TOKEN}"},
    {"Authorization": _basic(f"{TOKEN}:x")},
    {"Authorization": _basic(TOKEN)},
    {"Authorization": "Basic %%%"},
    {"Authorization": f"Bearer wrong {TOKEN}"},
    {"X-API-Key": "wrong"},
    {"Authorization": "Bearer wrong", "X-API-Key": TOKEN},
]
ROUTES = [
    ("POST", "/v1/rewards/numeric/score"),
    ("POST", "/v1/rewards/numeric/score_batch"),
    ("POST", "/v1/rewards/numeric/score_stream"),
    ("POST", "/openrlhf/numeric"),
    ("POST", "/nemo_gym/numeric/verify"),
    ("GET", "/v1/rewards"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/nowhere"),
]


def _counters(url: str) -> dict[str, float]:
    page = httpx.get(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    return {name: float(value) for name, value in re.findall(r"^(holdfast_requests_total{.*}) ([\d.]+)$", page, re.M)}


def test_without_the_token_everything_is_401_and_no_reward_is_reached(url: str) -> None:
    before = _counters(url)
    with httpx.Client(timeout=30) as client:
        for method, path in ROUTES:
            for headers in WRONG:
                answer = client.request(method, url + path, headers=headers, content=json.dumps({"sample": SAMPLE}))
                assert answer.status_code == 401, (method, path, headers)
                assert answer.headers.get_list("www-authenticate")[0] == "Bearer"
    after = _counters(url)
    changed = {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}
    refused = 'holdfast_requests_total{route="unauthorized",status="401"}'
    assert changed.pop(refused) == len(ROUTES) * len(WRONG)
    assert list(changed) == ['holdfast_requests_total{route="/metrics",status="200"}']


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"authorization": f"bearer  {TOKEN}"},
        {"Authorization": _basic(f"anybody:{TOKEN}")},
        {"Authorization": _basic(f":{TOKEN}")},
        {"X-API-Key": TOKEN},
    ],
)
def test_the_token_opens(url: str, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{url}/v1/rewards/numeric/score", headers=headers, json={"sample": SAMPLE})
    assert answer.json()["value"] == 1.0


def test_the_comparison_takes_the_same_time_wherever_the_difference_is() -> None:
    import hmac

    assert middleware.hmac is hmac
    assert "compare_digest" in middleware.Guard._knows.__code__.co_names


@pytest.mark.parametrize(
    "name",
    [
        "trap_module:attr",
        "os:system",
        "../x",
        "..%2Fx",
        "file://etc/passwd",
        "file:%2F%2Fetc",
        "mine.yaml",
        "%00",
        "code",
    ],
)
def test_no_name_in_a_request_is_imported_or_opened(url: str, folder: Path, name: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("v1/rewards/{}/score", "v1/rewards/{}/score_stream", "openrlhf/{}", "nemo_gym/{}/verify"):
        body: dict[str, Any] = {"sample": SAMPLE, "query": "a", "prompts": "a", "labels": "1"}
        answer = httpx.post(f"{url}/{path.format(name)}", headers=headers, json=body)
        assert answer.status_code == 404
    hostile = {"reward": name, "reward_fn": name, "path": name, "backend": "unsafe-local", "base_url": name}
    body = {"sample": {**SAMPLE, "info": hostile}}
    answer = httpx.post(f"{url}/v1/rewards/numeric/score", headers=headers, json=body)
    assert answer.json()["value"] == 1.0
    for extra in ({**body, **hostile}, {"sample": {**SAMPLE, **hostile}}):
        assert httpx.post(f"{url}/v1/rewards/numeric/score", headers=headers, json=extra).status_code == 400
    assert not (folder / "imported").exists()


def test_the_operator_may_serve_what_a_request_may_not_name(folder: Path) -> None:
    with serving("reward=trap_module:attr", modules=folder) as (port, _):
        answer = httpx.post(f"http://127.0.0.1:{port}/v1/rewards/trap_module:attr/score", json={"sample": SAMPLE})
        assert answer.json()["value"] == 1.0
    assert (folder / "imported").exists()
    (folder / "imported").unlink()


def test_beyond_loopback_a_token_is_made_unless_it_is_refused_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOLDFAST_TOKEN", raising=False)
    made = _token(Options(reward=["numeric"], host="0.0.0.0"))
    assert made is not None
    assert len(made) >= 32
    assert made in capsys.readouterr().err
    assert made != _token(Options(reward=["numeric"], host="0.0.0.0"))
    assert _token(Options(reward=["numeric"], host="::")) is not None
    assert _token(Options(reward=["numeric"])) is None
    assert _token(Options(reward=["numeric"], host="0.0.0.0", auth=False)) is None
    monkeypatch.setenv("HOLDFAST_TOKEN", "given")
    assert _token(Options(reward=["numeric"])) == _token(Options(reward=["numeric"], host="10.0.0.1")) == "given"


def test_bound_beyond_loopback_the_server_asks_for_the_token_it_made(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving("reward=numeric", "host=0.0.0.0", log=log) as (port, _):
        address = f"http://127.0.0.1:{port}/v1/rewards"
        assert httpx.get(address).status_code == 401
        made = re.search(r"made one: (\S+)", log.read_text())
        assert made is not None
        assert httpx.get(address, headers={"Authorization": f"Bearer {made[1]}"}).status_code == 200


def test_code_is_served_only_in_a_sandbox_that_isolates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unsafe = {"reward": "code", "backend": "unsafe-local"}
    inside = {"reward": "weighted_sum", "of": {"a": {**unsafe, "weight": 1.0}}}
    for config in (unsafe, inside):
        with pytest.raises(UsageError, match="runs no code with backend 'unsafe-local'"):
            Settings(rewards={"mine": config}).build()
    (tmp_path / "mine.yaml").write_text(json.dumps(inside))
    assert main(["serve", f"reward={tmp_path}/mine.yaml"]) == 64
    assert "unsafe-local" in capsys.readouterr().err


def test_no_server_starts_without_a_sandbox_for_code() -> None:
    """Nothing there: no docker on the path and no engine, no bubblewrap."""
    command = [sys.executable, "-m", "holdfast", "serve", "reward=code", f"port={free_port()}"]
    environment = {**os.environ, "PATH": "/nonexistent", "DOCKER_HOST": "unix:///nonexistent.sock"}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert found.returncode == 64
    assert "no sandbox to run code in" in found.stderr


PROBE = """
import os
found = {k: v for k, v in os.environ.items() if "HOLDFAST" in k}
def f():
    return len(found) + ("SECRET" in str(dict(os.environ)))
"""

READ = """
def f():
    try:
        return len(open({path!r}).read())
    except OSError:
        return 0
"""


@pytest.mark.docker
def test_code_through_the_server_sees_nothing_of_it(tmp_path: Path) -> None:
    """The real sandbox, if there is one: the token is not in the program's environment, nor is the server's folder."""
    (tmp_path / "private").write_text("SECRET")
    reading = READ.format(path=str(tmp_path / "private"))
    with serving("reward=code", "token=SECRET") as (port, _):
        for program in (PROBE, reading):
            sample = {"completion": f"```python\n{program}\n```", "reference": {"tests": ["assert f() == 0"]}}
            answer = httpx.post(
                f"http://127.0.0.1:{port}/v1/rewards/code/score",
                headers={"Authorization": "Bearer SECRET"},
                json={"sample": sample},
                timeout=90,
            )
            assert answer.json()["value"] == 1.0, answer.json()
