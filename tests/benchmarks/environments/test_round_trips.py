"""Rows served by us through a protocol and consumed through its driver earn the direct verdicts."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.adapter_rows import Row, direct, recorded
from helpers.reward_server import serving

from holdfast.benchmarks.environments.shared.audit import play
from holdfast.environment import make_environment
from holdfast.errors import UsageError

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


def test_a_missing_token_is_named_and_never_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GYM_TOKEN", raising=False)
    with pytest.raises(UsageError, match="token_env=GYM_TOKEN"):
        make_environment("ors:http://127.0.0.1:1", token_env="GYM_TOKEN")
