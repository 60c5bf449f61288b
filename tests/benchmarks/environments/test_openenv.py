"""OpenEnv servers made with the installed package: text, tools, tasks, faults."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.foreign import foreign_python
from helpers.sandboxes import need
from helpers.scripted_engine import ScriptedEngine

from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.environments.shared.audit import play
from holdfast.environment import EpisodeError, make_environment
from holdfast.errors import DataError, UsageError
from holdfast.runs.measurement import environments_of

SERVER = Path(__file__).parent / "scripts" / "openenv_server.py"


def _serve(kind: str) -> Iterator[str]:
    python = foreign_python("openenv", "openenv")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([python, str(SERVER), kind, str(port)], stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/health", timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, "the server ended"
                time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def spell() -> Iterator[str]:
    """A server whose tasks are listed and answered in text."""
    yield from _serve("spell")


@pytest.fixture(scope="module")
def sums() -> Iterator[str]:
    """A server with tools."""
    yield from _serve("sums")


@pytest.fixture(scope="module")
def broken() -> Iterator[str]:
    """A server that raises."""
    yield from _serve("broken")


@pytest.fixture(scope="module")
def picky() -> Iterator[str]:
    """A server with one place, as they are by default, that raises where the text is no number."""
    yield from _serve("picky")


@pytest.mark.slow
def test_text_and_the_task_api(spell: str) -> None:
    made = make_environment(f"openenv:{spell}")
    assert [row["key"] for row in made.tasks("")] == ["test-0", "test-1"]
    rows = list(made.tasks("train"))
    assert len(rows) == 3
    assert [play(made, row, lambda asked: asked.split()[1][::-1]).value for row in rows] == [1.0, 1.0, 1.0]
    assert play(made, rows[0], lambda asked: "kelp").value == 0.0
    with pytest.raises(UsageError, match="did you mean 'test'"):
        list(made.tasks("tests"))


def _call(name: str, arguments: str) -> dict[str, Any]:
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


@pytest.mark.slow
def test_tools(sums: str) -> None:
    made = make_environment(f"openenv:{sums}", items=3)
    for row in made.tasks(""):
        episode = made.open(row, 7)
        assert [tool["function"]["name"] for tool in episode.tools] == ["add", "tell"]
        words = str(episode.messages[0]["content"]).split()
        one, two = int(words[1]), int(words[3].rstrip(";"))
        step = episode.step(_call("add", f'{{"a": {one}, "b": {two}}}'))
        assert not step.done
        assert step.messages[0]["content"] == str(one + two)
        wrong = episode.step(_call("add", '{"a": "many"}'))
        assert "error" in str(wrong.messages[0]["content"]).lower()
        missing = episode.step(_call("no_such_tool", "{}"))
        assert missing.messages[0]["role"] == "tool"
        assert episode.step(_call("tell", f'{{"total": {one + two}}}')).done
        assert episode.score().value == 1.0
        episode.close()


@pytest.mark.slow
def test_a_failing_environment_is_no_zero(broken: str) -> None:
    made = make_environment(f"openenv:{broken}")
    row = next(iter(made.tasks("")))
    assert play(made, row, lambda asked: "x").outcome == "error"
    with pytest.raises(EpisodeError, match=r"cannot reach|list_environments"):
        list(make_environment("openenv:http://127.0.0.1:9").tasks(""))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "scores"), [("4", [1.0, 1.0, 1.0]), ("5", [0.0, 0.0, 0.0]), ("many", [0.0, 0.0, 0.0]), ("", [0.0] * 3)]
)
def test_a_server_with_one_place_plays_all_and_a_text_that_breaks_it_earns_nothing(
    picky: str, said: str, scores: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "open_engine", lambda *_: ScriptedEngine(lambda messages, item: said))
    entry = {"env": f"openenv:{picky}", "split": "train", "name": "picky"}
    measured = measure({"backend": "scripted", "model": "x"}, [entry], tmp_path, settings=Settings(progress=False))
    assert [row.score for row in measured.rows("picky")] == scores
    held = environments_of(measured)["picky"]
    assert held["address"] == picky and len(held["sha256"]) >= 16 and held["name"]


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="takes the address of a server"):
        make_environment("openenv:ftp://x")


@pytest.mark.slow
def test_a_packages_folder_is_served_here(tmp_path: Path) -> None:
    """As `openenv init` lays it out: openenv.yaml names the application. One that cannot start is told."""
    python = foreign_python("openenv", "openenv")
    folder = tmp_path / "spell_env"
    (folder / "server").mkdir(parents=True)
    (folder / "server" / "spell.py").write_text(SERVER.read_text())
    app = "from openenv.core.env_server.http_server import create_app\nfrom server.spell import *\n"
    (folder / "server" / "app.py").write_text(f"{app}app = create_app(Spell, SpellAction, SpellObservation)\n")
    (folder / "openenv.yaml").write_text("spec_version: 1\nname: spell_env\napp: server.app:app\n")
    made = make_environment(f"openenv:{folder}", python=python)
    rows = list(made.tasks("test"))
    assert [play(made, row, lambda asked: "toor").value for row in rows] == [1.0, 0.0]
    held = made.pinned()  # type: ignore[attr-defined]
    assert held["folder"] == "spell_env" and len(held["files"]) == 64 and "address" not in held
    again = make_environment(f"openenv:{folder}", python=python)
    assert again.http == made.http, "one server for all"  # type: ignore[attr-defined]

    broken = tmp_path / "broken_env"
    broken.mkdir()
    with pytest.raises(DataError, match=r"openenv\.yaml"):
        make_environment(f"openenv:{broken}", python=python)
    (broken / "openenv.yaml").write_text("name: broken\n")
    with pytest.raises(EpisodeError, match="ended"):
        make_environment(f"openenv:{broken}", python=python)
    with pytest.raises(UsageError, match="python= is for"):
        make_environment("openenv:http://localhost:1", python=python)


@pytest.mark.docker
def test_an_image_that_is_not_there_is_told() -> None:
    need("docker")
    with pytest.raises(EpisodeError, match="Docker engine"):
        make_environment("openenv:docker:holdfast-no-such-image:1")
