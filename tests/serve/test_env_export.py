"""What `holdfast env export` writes, loaded by the hubs' own packages; OpenEnv's own validator on our server."""

import json
import os
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from helpers.environment_server import environment_server
from helpers.foreign import foreign_python
from helpers.needs import lacking
from helpers.paths import ROOT

from holdfast.cli import main
from holdfast.serve.hubs.export import KINDS

ROWS = [{"prompt": "What is 40+2?", "reference": "42"}, {"prompt": "What is 3+4?", "reference": "7", "note": "x"}]


def exported(tmp_path: Path, kind: str) -> Path:
    """The rows for a hub."""
    rows = tmp_path / "my-rows.jsonl"
    rows.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    out = tmp_path / kind
    assert main(["env", "export", f"rows:{rows}", "reward=numeric", f"format={kind}", f"out={out}"]) == 0
    return out


def ran(python: str, code: str, *paths: Path) -> Any:
    """The JSON that a foreign interpreter prints last, our package beside it; skips where it lacks what ours needs."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [*paths, ROOT / "src"]))}
    probe = [python, "-c", "import holdfast.reward, holdfast.rewards.numeric"]
    if subprocess.run(probe, env=environ, capture_output=True, check=False).returncode:
        lacking("foreign", f"{python} lacks what holdfast-llm needs: pip install holdfast-llm there")
    done = subprocess.run([python, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_is_written_whole(kind: str, tmp_path: Path) -> None:
    out = exported(tmp_path, kind)
    for path in out.rglob("*"):
        if path.suffix == ".py":
            compile(path.read_text(), str(path), "exec")
        if path.suffix == ".toml":
            tomllib.loads(path.read_text())
    rewards = [json.loads(path.read_text()) for path in out.rglob("reward.json")]
    assert rewards and all(reward["reward"] == "numeric" for reward in rewards)


def test_a_harbor_task_tells_no_answer_outside_its_tests(tmp_path: Path) -> None:
    task = exported(tmp_path, "harbor") / "my_rows-0"
    seen = [path.read_text() for path in task.rglob("*") if path.is_file() and "tests" not in path.parts]
    assert len(seen) == 3 and not any('"42"' in text or "reference" in text for text in seen)
    assert os.access(task / "tests" / "test.sh", os.X_OK)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["format=verifier"], "did you mean 'verifiers'"),
        ([], "needs format="),
        (["format=inspect", "out="], "holds something"),
    ],
)
def test_mistakes_are_named(
    words: list[str], wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROWS[0]) + "\n")
    given = words if any(word.startswith("out") for word in words) else [*words, "out=new"]
    given = [word if word != "out=" else f"out={tmp_path}" for word in given]
    assert main(["env", "export", "rows:rows.jsonl", "reward=numeric", *given]) == 64
    assert wanted in capsys.readouterr().err


def test_what_has_turns_is_served_not_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "export", "tiny_form", "format=inspect", f"out={tmp_path / 'x'}"]) == 64
    assert "serve what has turns" in capsys.readouterr().err


@pytest.mark.slow
def test_verifiers_loads_and_scores_it(tmp_path: Path) -> None:
    out = exported(tmp_path, "verifiers")
    workers = ROOT / "benchmarks" / "environments" / "drivers" / "workers"
    code = """
import json, verifiers_worker as w
asked = [row["messages"] for row in w.rows("my_rows", 9)]
said = ((0, "42"), (0, "41"), (1, "It is 7."))
print(json.dumps([asked, [w.score("my_rows", 9, place, text)["value"] for place, text in said]]))
"""
    asked, scores = ran(foreign_python("verifiers", "verifiers"), code, out, workers)
    assert asked[0] == [{"role": "user", "content": "What is 40+2?"}] and len(asked) == 2
    assert scores == [1.0, 0.0, 1.0]


@pytest.mark.slow
def test_inspect_loads_and_scores_it(tmp_path: Path) -> None:
    """Its solver and scorer as they are; `inspect eval` itself fetches a tokenizer from the network."""
    out = exported(tmp_path, "inspect")
    workers = ROOT / "benchmarks" / "environments" / "drivers" / "workers"
    code = """
import json, inspect_worker as w
asked = [row["messages"] for row in w.rows("my_rows@my_rows", 9)]
said = ((0, "42"), (0, "41"), (1, "It is 7."))
print(json.dumps([asked, [w.score("my_rows@my_rows", 9, place, text)["value"] for place, text in said]]))
"""
    asked, scores = ran(foreign_python("inspect", "inspect_ai"), code, out, workers)
    assert asked[0] == [{"role": "user", "content": "What is 40+2?"}] and len(asked) == 2
    assert scores == [1.0, 0.0, 1.0]


@pytest.mark.slow
def test_the_validator_of_openenv_passes_our_server(tmp_path: Path) -> None:
    program = Path(foreign_python("openenv", "openenv")).with_name("openenv")
    with environment_server("tiny_form_solo", "items=2", "split=test") as url:
        command = [str(program), "validate", "--url", url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "FAIL" not in done.stdout and done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_exported_server_of_openenv_serves(tmp_path: Path) -> None:
    import httpx
    from starlette.testclient import TestClient

    out = exported(tmp_path, "openenv")
    assert httpx  # the client needs it
    namespace: dict[str, Any] = {"__file__": str(out / "server" / "app.py"), "__name__": "exported_app"}
    exec(compile((out / "server" / "app.py").read_text(), "app.py", "exec"), namespace)
    with TestClient(namespace["app"]) as client, client.websocket_connect("/ws") as socket:
        socket.send_text(json.dumps({"type": "reset", "data": {"split": "test", "index": 0}}))
        assert json.loads(socket.receive_text())["data"]["observation"]["messages"][0]["content"] == "What is 40+2?"
        socket.send_text(json.dumps({"type": "step", "data": {"message": "42"}}))
        assert json.loads(socket.receive_text())["data"]["reward"] == 1.0
