"""Every registered benchmark runs end to end with the embedded model: from a data_root, and from a hub-like folder.

A new benchmark is picked up by its registration; one whose rows are not in the shared data fails here until
tests/helpers/benchmark_rows.py holds rows for it.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.benchmark_rows import LM_EVAL, MADE, SAME_ITEMS_ELSEWHERE, hub_of, lm_eval_hub, repository, root_of
from helpers.chat_server import serving
from helpers.paths import shared
from helpers.sandboxes import need_any

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.source import Source, load_docs
from holdfast.benchmarks.suites.suite import load_suite
from holdfast.benchmarks.suites.task import builtin_tasks
from holdfast.errors import DataError
from holdfast.runs.measurement import Measurement
from holdfast.runs.row import Row

EVERY = sorted(name for name in builtin_tasks() if not name.startswith("tiny_"))
HOW = Settings(batch_size=4, limit=4, max_length=1024, progress=False)
BRIEF = replace(HOW, max_tokens=8)
JUDGES = ("judge", "pairwise_judge")


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


@pytest.fixture(scope="module")
def judge() -> Iterator[str]:
    def verdict(messages: Any, body: Any) -> str:
        kind = {"winner": "tie"} if "[Answer A]" in messages[0]["content"] else {"score": 4}
        return json.dumps({"explanation": "", **kind})

    with serving(verdict) as server:
        yield server.url


def how_of(name: str) -> Settings:
    """A short answer, where one is written."""
    return BRIEF if builtin_tasks()[name].kind == "generate" else HOW


def spoken(name: str, judge: str) -> Any:
    """The task as a suite names it; a judge's address where it needs one."""
    reward = builtin_tasks()[name].reward
    if reward in JUDGES:
        return {"task": name, "reward": {"reward": reward, "base_url": judge, "model": "recorded"}}
    return name


def check(found: Measurement, name: str, chat: bool) -> list[Row]:
    rows, result = list(found.rows(name)), found.tasks[name]
    assert len(rows) == 4 and all(row.doc_hash and row.prompt_hash for row in rows)
    assert all(row.outcome in ("correct", "wrong", "partial", "timeout") for row in rows), [r.reason for r in rows]
    assert result.mean is not None and 0 <= result.mean <= 1 and result.n == 4
    assert result.generation["chat_template"] is chat
    return rows


LONG = ("needles_16k", "needles_64k")
"""Haystacks that take seconds; `needles_4k` is made the same way."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in LONG else n for n in EVERY])
def test_every_benchmark_runs(name: str, tiny: LoadedModel, judge: str, tmp_path: Path) -> None:
    if json.dumps(builtin_tasks()[name].reward).find('"code"') >= 0:
        need_any()
    root = root_of(name, tmp_path / "root")
    check(
        measure(tiny, [spoken(name, judge)], tmp_path / "files", data_root=root, settings=how_of(name)), name, chat=True
    )


HUB = [name for name in EVERY if builtin_tasks()[name].source.rows is None]


@pytest.mark.parametrize(
    "name",
    [name if name in MADE and name != "humaneval_cpp" else pytest.param(name, marks=pytest.mark.slow) for name in HUB],
)
def test_every_benchmark_runs_from_the_hub(
    name: str, tiny: LoadedModel, judge: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same items as from files. (Those with real rows are read from a hub-like folder in test_data.py, too.)"""
    task = builtin_tasks()[name]
    root, suite = root_of(name, tmp_path / "root"), [spoken(name, judge)]
    if not task.source.hub:
        with pytest.raises(DataError, match="local folder only: set data_root"):
            measure(tiny, suite, tmp_path / "hub", settings=how_of(name))
        return
    rows = list(measure(tiny, suite, tmp_path / "files", data_root=root, settings=how_of(name)).rows(name))
    monkeypatch.setenv("HOLDFAST_HUB", str(hub_of(task, root, tmp_path / "mirror")))
    again = check(measure(tiny, suite, tmp_path / "hub", settings=how_of(name)), name, chat=True)
    if name not in SAME_ITEMS_ELSEWHERE:
        assert [row.doc_hash for row in again] == [row.doc_hash for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_every_benchmark_runs_with_a_base_model(name: str, tiny: LoadedModel, judge: str, tmp_path: Path) -> None:
    if name == "mmlu_pro":
        pytest.skip("its few-shot rows are on the hub only")
    need_any()
    root, how = root_of(name, tmp_path / "root"), replace(how_of(name), chat=False)
    check(measure(tiny, [spoken(name, judge)], tmp_path / "out", data_root=root, settings=how), name, chat=False)


GROUPS = ("longbench2", "mmmlu_de_de", "mmmlu_sw_ke")
"""Benchmarks made of many tasks of lm-eval, which take long to load."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in GROUPS else n for n in sorted(LM_EVAL)]
)
def test_every_benchmark_of_lm_eval_runs(
    name: str, tiny: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As suite `full` names them, from a hub-like folder with the columns of the hub's repositories."""
    monkeypatch.setenv("HOLDFAST_HUB", str(lm_eval_hub(name, tmp_path / "mirror")))
    (entry,) = [one for one in load_suite("full").entries if one.lm_eval == name]
    found = measure(tiny, [{"task": f"lm_eval:{name}", "name": name}], tmp_path / "out", settings=HOW)
    rows = check(found, name, chat=True)
    assert entry.name == name and all(row.parts for row in rows)


def test_a_changed_mirror_is_not_taken_for_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`datasets` itself would: its cache knows a local folder by its name alone."""
    for place in ("one", "two"):
        source = Source(hub="org/name", split="train")
        repository(tmp_path / place / source.hub, "default", {"train": [{"x": place}]})
        monkeypatch.setenv("HOLDFAST_HUB", str(tmp_path / place))
        assert load_docs(source, None) == [{"x": place}]


def test_the_full_suite_names_only_what_is_tested_here() -> None:
    ours = {entry.name for entry in load_suite("full").entries}
    assert ours <= {*EVERY, *LM_EVAL}
    shared()
