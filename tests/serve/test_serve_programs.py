"""Recorded programs over HTTP: the sandbox's verdicts on every route, and a lost sandbox is no wrong program."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from helpers.adapter_rows import GONE, Row, code_config, direct, programs
from helpers.reward_server import serving
from helpers.sandboxes import need


def _asked(port: int, rows: list[Row]) -> tuple[list[Any], dict[str, Any], list[Any]]:
    """What the server's own route, OpenRLHF's and NeMo-Gym's make of the rows."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:

        def told(path: str, body: dict[str, Any]) -> Any:
            return client.post(path, json=body).raise_for_status().json()

        samples = [{"prompt": p, "completion": c, "reference": r} for p, c, r in rows]
        own = told("/v1/rewards/code/score_batch", {"samples": samples})["scores"]
        queries = {"query": [p + c for p, c, _ in rows], "prompts": [p for p, _, _ in rows]}
        openrlhf = told("/openrlhf/code", {**queries, "labels": [r for _, _, r in rows]})
        return own, openrlhf, [told("/nemo_gym/code/verify", _verify(row)) for row in rows]


def _verify(row: Row) -> dict[str, Any]:
    prompt, completion, reference = row
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": completion}]}
    asked = {"input": [{"role": "user", "content": prompt}]}
    return {"responses_create_params": asked, "response": {"output": [message]}, "expected_answer": reference}


def test_programs_get_the_direct_verdicts(tmp_path: Path) -> None:
    config, rows = code_config(tmp_path, need("bubblewrap")), programs()
    expected = direct(rows, config)
    with serving(f"reward={config}", "deadline=120") as (port, _):
        own, openrlhf, gym = _asked(port, rows)
    assert [one["value"] for one in own] == openrlhf["rewards"] == [one["reward"] for one in gym] == expected
    assert openrlhf["extra_logs"]["judged"] == [1.0] * len(rows) and all(one["judged"] for one in gym)


def test_a_lost_sandbox_is_no_wrong_program(tmp_path: Path) -> None:
    pytest.importorskip("docker")
    with serving(f"reward={code_config(tmp_path, 'docker', hosts=GONE)}") as (port, _):
        own, openrlhf, gym = _asked(port, programs()[:3])
    assert [(one["value"], one["outcome"]) for one in own] == [(None, "error")] * 3
    assert (openrlhf["rewards"], openrlhf["extra_logs"]["judged"]) == ([0.0] * 3, [0.0] * 3)
    assert [(one["judged"], one["instance_config"]) for one in gym] == [(False, {"mask_sample": True})] * 3
