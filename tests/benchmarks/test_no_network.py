"""Without a network everything is read below data_root; beforehand `data fetch` names every file, size and licence."""

import json
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from helpers import lm_eval_walk as walk
from helpers.benchmark_rows import repository

from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.lm_eval_fence import index
from holdfast.benchmarks.suites import fetch
from holdfast.benchmarks.suites.suite import load_suite, suite_names
from holdfast.cli import main

HOW = Settings(batch_size=4, limit=2, max_tokens=4, max_length=2048, progress=False)
LIKELIHOODS = Settings(batch_size=4, limit=2, max_length=2048, progress=False)
ENTRIES = {
    entry.lm_eval: entry
    for name in suite_names()
    if name not in ("agents", "agents_solo", "tiny_agent", "reasoning")
    for entry in load_suite(name).entries
    if entry.lm_eval
}
_DATE = {"day": "", "month": "", "year": ""}
_DROP: dict[str, Any] = {"number": "3", "date": _DATE, "spans": ["3 men"]}
OWN = {
    "drop": [
        {"query_id": f"q{n}", "passage": f"{n} men and 2 dogs ran.", "question": "How many ran?", "answer": _DROP,
         "validated_answers": {"number": ["3", ""], "date": [_DATE] * 2, "spans": [[], ["three men"]]}}
        for n in range(8)
    ]
}  # fmt: skip
"""Rows in the documented shape, where none made from the columns' names fits the task's functions."""
FAST = ("winogrande", "piqa", "drop", "mgsm_direct_de", "belebele_arb_Arab")


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every attempt to connect is refused and kept."""
    tried: list[Any] = []

    def refuse(self: Any, address: Any) -> None:
        tried.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.delenv("HOLDFAST_HUB", raising=False)
    return tried


def stand_ins(name: str, hub: Path) -> None:
    """The repositories of a task or group below `hub`, with rows made from the columns that its files name."""
    tasks: dict[tuple[str, str], dict[str, list[Any]]] = {}
    for config in index.configs_of(name):
        rows = OWN.get(name) or walk.task_of(str(config["task"])).dataset["test"].to_list()
        splits = tasks.setdefault((str(config["dataset_path"]), str(config.get("dataset_name") or "default")), {})
        named = {str(config[key]) for key in config if key.endswith("_split") and isinstance(config[key], str)}
        splits |= dict.fromkeys(named | {"test"}, rows)
    for (path, config_name), rows_of in tasks.items():
        repository(hub / path, config_name, rows_of)


@pytest.mark.parametrize("name", [n if n in FAST else pytest.param(n, marks=pytest.mark.slow) for n in sorted(ENTRIES)])
def test_every_task_of_lm_eval_in_a_suite_runs_below_data_root(
    name: str, tiny: LoadedModel, tmp_path: Path, offline: list[Any]
) -> None:
    """Over stand-in rows, in the place where `data fetch` puts a repository."""
    stand_ins(name, tmp_path / "data" / "hub")
    entry = ENTRIES[name]
    kinds = {str(config.get("output_type", "generate_until")) for config in index.configs_of(name)}
    task = {
        "task": f"lm_eval:{name}",
        "name": entry.name,
        **{k: v for k, v in entry.overrides.items() if k == "metric"},
    }
    how = HOW if "generate_until" in kinds else LIKELIHOODS
    with walk.any_subject():
        found = measure(tiny, [task], tmp_path / "out", data_root=tmp_path / "data", settings=how)
    assert found.tasks[entry.name].n == 2 and not offline
    assert not fetch.missing(list(fetch.verify(load_suite([task]), tmp_path / "data")))


def test_what_is_to_be_fetched_is_named_file_by_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every repository of `everyday`, its licence, each of its files with its size, before anything is loaded."""
    files = [
        SimpleNamespace(rfilename="data/test.parquet", size=2_500_000),
        SimpleNamespace(rfilename="README.md", size=7),
    ]
    asked: list[str] = []

    def info(self: Any, name: str, **_: Any) -> Any:
        asked.append(name)
        return SimpleNamespace(card_data=SimpleNamespace(license="mit"), siblings=files)

    fetch._stated.cache_clear()
    with (
        mock.patch("huggingface_hub.HfApi.dataset_info", info),
        mock.patch("huggingface_hub.snapshot_download", side_effect=OSError("not now")),
        mock.patch("datasets.load_dataset", side_effect=OSError("not now")),
        mock.patch("huggingface_hub.hf_hub_download", side_effect=OSError("not now")),
    ):
        assert main(["data", "fetch", "suite=everyday", f"data_root={tmp_path}", "--json"]) == 65
    fetch._stated.cache_clear()
    said, states = capsys.readouterr()
    suite = load_suite("everyday")
    repositories = set(fetch.repositories_of(suite)) | {
        source.hub for _, source in fetch.sources_of(suite) if source.hub
    }
    assert set(asked) == repositories and len(asked) == len(repositories), "each is asked once"
    lines = states.splitlines()
    for name in repositories:
        (place, *_) = [n for n, line in enumerate(lines) if line.startswith("to fetch:") and f" {name}" in line]
        assert "2 files, 2.5 MB" in lines[place]
        assert [line.strip() for line in lines[place + 1 : place + 3]] == [
            "README.md (0.00 MB)",
            "data/test.parquet (2.50 MB)",
        ]
    assert {one["task"] for one in json.loads(said)} >= set(fetch.repositories_of(suite))
