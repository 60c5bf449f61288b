"""The frameworks' own clients, or their call sites' exact requests, against a live server with a token."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from helpers.adapter_rows import Row, direct, recorded
from helpers.reward_server import serving

TOKEN = "s3cret"


@pytest.fixture(scope="module", params=[200, pytest.param(2000, marks=pytest.mark.slow)])
def rows(request: pytest.FixtureRequest) -> list[Row]:
    return recorded(request.param)


@pytest.fixture(scope="module")
def expected(rows: list[Row]) -> list[float | None]:
    return direct(rows, "numeric")


@pytest.fixture(scope="module")
def port(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    tasks = tmp_path_factory.mktemp("ors") / "tasks.jsonl"
    tasks.write_text("\n".join(json.dumps({"prompt": p, "reference": r}) for p, _, r in rows))
    with serving("reward=numeric", f"ors={tasks}", f"token={TOKEN}", "max_body=100000") as (number, _):
        yield number


async def _few(work: list[Any], at_once: int = 32) -> list[Any]:
    gate = asyncio.Semaphore(at_once)

    async def one(coroutine: Any) -> Any:
        async with gate:
            return await coroutine

    return list(await asyncio.gather(*(one(coroutine) for coroutine in work)))


def test_openrlhf_remote_url(port: int, rows: list[Row], expected: list[float | None]) -> None:
    """Its `_fetch_rewards_via_http` (OpenRLHF 04655bc3, utils/agent.py): lists of one, and no header to hold a token:
    the address holds it."""
    url = f"http://openrlhf:{TOKEN}@127.0.0.1:{port}/openrlhf/numeric"

    async def fetch(session: aiohttp.ClientSession, row: Row) -> dict[str, Any]:
        prompt, completion, reference = row
        payload = {"query": [prompt + completion + "<|im_end|>"], "prompts": [prompt], "labels": [reference]}
        async with session.post(url, json=payload) as response:
            response.raise_for_status()
            return dict(await response.json())

    async def everything() -> list[Any]:
        async with aiohttp.ClientSession() as session:
            return await _few([fetch(session, row) for row in rows])

    told = asyncio.run(everything())
    assert [one["rewards"] for one in told] == [one["scores"] for one in told] == [[value] for value in expected]
    assert all(one["extra_logs"] == {"judged": [1.0]} for one in told)


def test_nemo_gym_verify(port: int, rows: list[Row], expected: list[float | None]) -> None:
    """A resources server's three routes, with an OpenAI Responses object (NeMo-Gym 07d6b0d0)."""
    base = f"http://127.0.0.1:{port}/nemo_gym/numeric"

    async def everything() -> tuple[list[Any], Any]:
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
            assert (await client.post(f"{base}/seed_session", json={})).json() == {}
            answers = await _few([client.post(f"{base}/verify", json=_verify(row)) for row in rows])
            told = [answer.raise_for_status().json() for answer in answers]
            whole = await client.post(f"{base}/aggregate_metrics", json={"verify_responses": _slim(told)})
            return told, whole.json()

    told, whole = asyncio.run(everything())
    assert [one["reward"] for one in told] == expected
    assert all(one["judged"] is True and one["responses_create_params"] for one in told)
    mean = sum(value or 0.0 for value in expected) / len(expected)
    assert whole["metrics"] == {"mean_reward": pytest.approx(mean), "judged": len(rows), "rows": len(rows)}


def _verify(row: Row) -> dict[str, Any]:
    prompt, completion, reference = row
    text = {"type": "output_text", "text": completion, "annotations": []}
    message = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [text]}
    return {
        "responses_create_params": {"input": [{"role": "user", "content": prompt}]},
        "response": {"id": "r", "object": "response", "output": [{"type": "reasoning", "summary": []}, message]},
        "expected_answer": reference,
    }


def _slim(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"reward": one["reward"], "judged": one["judged"]} for one in told]


def test_open_reward_standard(port: int, rows: list[Row], expected: list[float | None]) -> None:
    """ors-sdk's own client: a session, the prompt, one tool call, for every task."""
    client = pytest.importorskip("ors.client")
    url = f"http://127.0.0.1:{port}"

    async def judged(environment: Any, task: Any, row: Row) -> Any:
        async with environment.session(task=task) as session:
            (block,) = await session.get_prompt()
            assert block.text == row[0]
            return await session.call_tool("submit", {"answer": row[1]})

    async def everything() -> list[Any]:
        api = client.AsyncORS(url, api_key=TOKEN)  # its connections close with it
        environment = api.environment("HoldfastEnvironment")
        assert await environment.list_splits() == ["test"]
        tasks = await environment.list_tasks("test")
        assert "18" not in json.dumps([task.task_spec for task in tasks[:1]]), "the reference left the server"
        return await _few([judged(environment, *pair) for pair in zip(tasks, rows, strict=True)], 16)

    told = asyncio.run(everything())
    assert [one.reward for one in told] == expected
    assert all(one.finished for one in told)


def test_open_reward_standard_refuses_a_wrong_key(port: int) -> None:
    client = pytest.importorskip("ors.client")

    async def ask() -> None:
        api = client.AsyncORS(f"http://127.0.0.1:{port}", api_key="wrong")
        await api.environment("HoldfastEnvironment").list_splits()

    with pytest.raises(client.AuthenticationError):
        asyncio.run(ask())


def test_open_reward_standard_takes_no_endless_body(port: int) -> None:
    base = f"http://127.0.0.1:{port}"
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Session-ID": "x"}
    assert httpx.post(f"{base}/create", headers=headers, content=b" " * 200_000).status_code == 413
    pieces = iter([b" " * 50_000] * 10)
    answer = httpx.post(f"{base}/create", headers=headers, content=pieces, timeout=30)
    assert answer.status_code in (400, 499, 500)
    assert "Traceback" not in answer.text
    assert httpx.get(f"{base}/healthz").status_code == 200


def test_the_servers_own_routes_come_before_the_standards(port: int, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    base = f"http://127.0.0.1:{port}"
    for path in ("/v1/rewards", "/metrics", "/docs", "/openapi.json", "/list_environments"):
        assert httpx.get(base + path, headers=headers).status_code == 200
        assert httpx.get(base + path).status_code == 401
