"""Foreign packages in processes of their own; $HOLDFAST_BFCL_PYTHON names an interpreter."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.foreign import foreign_python

from holdfast.benchmarks.environments.drivers.process import Worker
from holdfast.environment import EpisodeError, make_environment
from holdfast.errors import UsageError


def test_a_package_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="bfcl_eval"):
        make_environment("bfcl_multi_turn", python=sys.executable).tasks("base")
    with pytest.raises(UsageError, match="no interpreter"):
        make_environment("bfcl_multi_turn", python="/no/such/python")


def _worker(tmp_path: Path, body: str, timeout: float = 20) -> Worker:
    script = tmp_path / "odd_worker.py"
    script.write_text(f"import sys, json, time\nsys.stdin.readline()\nprint('{{\"result\": 1}}', flush=True)\n{body}\n")
    made = Worker("bfcl_worker.py", sys.executable, timeout)
    made._script = script
    return made


@pytest.mark.parametrize("body", ["raise SystemExit(3)", "print('no json', flush=True)", "print('[1]', flush=True)"])
def test_a_worker_that_dies_or_talks_nonsense_is_our_failure_and_is_started_again(body: str, tmp_path: Path) -> None:
    made = _worker(tmp_path, "sys.stdin.readline()\n" + body)
    for generation in (1, 2):
        with pytest.raises(EpisodeError):
            made.ask("open")
        assert made.generation == generation
    made.close()


def test_a_worker_that_hangs_is_our_failure(tmp_path: Path) -> None:
    made = _worker(tmp_path, "time.sleep(60)", timeout=2)
    with pytest.raises(EpisodeError, match="no answer within"):
        made.ask("open")


def _marker(tmp_path: Path) -> str:
    return str(tmp_path / "executed")


def payloads(marker: str) -> list[tuple[str, dict[str, Any]]]:
    """Calls whose name or arguments would run code in an executor that evaluates them."""
    codes = [
        f"__import__('os').system('touch {marker}')",
        f"open('{marker}', 'w')",
        f"exec(\"open('{marker}', 'w')\")",
        f"eval(\"open('{marker}', 'w')\")",
        f"().__class__.__base__.__subclasses__()[0] or open('{marker}', 'w')",
        f"getattr(__import__('pathlib'), 'Path')('{marker}').touch()",
        f"(lambda: open('{marker}', 'w'))()",
        f"[x for x in [open('{marker}', 'w')]]",
        f"compile(\"open('{marker}','w')\", '', 'exec')",
        f"');open('{marker}', 'w');('",
    ]
    named = [(code, {}) for code in codes] + [(f"cd({code})", {}) for code in codes]
    inside = [(name, {key: code}) for code in codes for name, key in (("cd", "folder"), ("echo", "content"))]
    keyed = [("cd", {code: "x"}) for code in codes]
    odd = [(name, {}) for name in ("__init__", "__class__", "_load_scenario", "cd.__globals__", "exit", "kill", "eval")]
    return [*named, *inside, *keyed, *odd, *((f"GorillaFileSystem.{code}", {}) for code in codes)]


def test_there_are_enough_payloads(tmp_path: Path) -> None:
    assert len(payloads(_marker(tmp_path))) >= 60


def test_no_payload_is_executed(tmp_path: Path) -> None:
    made = make_environment("bfcl_multi_turn", python=foreign_python("bfcl", "bfcl"))
    row = next(iter(made.tasks("base")))
    episode = made.open(row, 0)
    for name, arguments in payloads(_marker(tmp_path)):
        call = {"id": "1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        episode._steps = 0  # type: ignore[attr-defined]
        episode.step({"role": "assistant", "content": "", "tool_calls": [call]})
        made._worker.ask("call", episode=episode._name, name=name, arguments=arguments)  # type: ignore[attr-defined]
    assert not Path(_marker(tmp_path)).exists()
    assert not any(Path(folder, "executed").exists() for folder in (".", "/tmp"))
