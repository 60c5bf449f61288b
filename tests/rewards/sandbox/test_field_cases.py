"""Cases from public bug threads and attacks of our own: each with the verdict that it should get."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared
from helpers.sandboxes import BACKENDS, need

from holdfast.reward import Reward
from holdfast.sample import Sample

DECIDED = {
    "st05": "the row's reference is cut off: unjudgeable",
    "st23": "multiprocessing needs /dev/shm, which the sandbox does not have (docs/sandbox.md)",
    "st33": "a problem with several right answers needs its checker; without one the recorded output counts",
    "in19": "a module whose own assertion fails cannot be imported in Python either",
    "in45": "an answer above 16 MiB does not cross (docs/sandbox.md)",
    "in46": "100,000 calls through a pipe may break the time limit of a loaded machine",
    "ft04": "a special token left in the text is text after the last tag",
    "so02": "the string of tests runs as the tests that it holds (as in va01 and va02), and the program is wrong",
}
"""Rows that we judge otherwise, and why: contestable ones, and one that contradicts two others."""


def cases() -> list[dict[str, Any]]:
    lines = shared("field_cases", "programs.jsonl").read_text().splitlines()
    found = {(row["id"], row["completion"], str(row["reference"])): row for row in map(json.loads, lines)}
    return [row for row in found.values() if row["id"] not in DECIDED]


def failures(rows: list[dict[str, Any]], backend: str) -> list[str]:
    """What came out otherwise than wanted, by batches of equal options."""
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[json.dumps([row["reward"], row.get("options") or {}], sort_keys=True)].append(row)
    failed = []
    for key, group in groups.items():
        name, options = json.loads(key)
        if name == "code":
            options |= {"backend": backend, "timeout": options.get("timeout", 20.0)}
        reward = Reward(name, **options)
        scores = reward.score_batch([Sample(r["completion"], r["reference"], r.get("prompt") or "") for r in group])
        failed += [
            f"{row['id']} {row['area']}: {score.value}, want {row['want']}: {score.reason}"
            for row, score in zip(group, scores, strict=True)
            if score.value != row["want"]
        ]
    return failed


VARIANTS = Path(__file__).parent / "variants.jsonl"
"""Rows of our own in the shape of the field cases: other spellings of every kind."""


def variants() -> list[dict[str, Any]]:
    return [json.loads(line) for line in VARIANTS.read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_variant_gets_its_verdict(backend: str) -> None:
    rows = [row for row in variants() if row["reward"] == "code"]
    assert len(rows) >= 150 and failures(rows, need(backend)) == []


def test_every_variant_of_the_other_rewards_gets_its_verdict() -> None:
    rows = [row for row in variants() if row["reward"] != "code"]
    assert len(rows) >= 120 and failures(rows, "") == []


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_case_gets_its_verdict(backend: str) -> None:
    assert failures([row for row in cases() if row["reward"] == "code"], need(backend)) == []


def test_every_case_of_the_other_rewards_gets_its_verdict() -> None:
    rows = [row for row in cases() if row["reward"] != "code"]
    assert len(rows) >= 30 and failures(rows, "") == []
