"""Where rows come from: the hub (a mirror of it on disk), local folders, prepared folders; and what is refused."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.benchmark_rows import MADE
from helpers.paths import SHARED_DATA, shared
from helpers.scripted_engine import ScriptedEngine

from holdfast.benchmarks.arena_hard import with_baselines
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.workload import plan
from holdfast.benchmarks.suites.fetch import fetch, missing, sources_of, unreached, verify
from holdfast.benchmarks.suites.source import Doc, Source, load_docs
from holdfast.benchmarks.suites.suite import Suite, load_suite
from holdfast.benchmarks.suites.task import Task, builtin_tasks, find_task
from holdfast.cli import main
from holdfast.errors import DataError

OTHER_SHAPE = ("mt_bench", "mbpp_plus", "humaneval_plus")
"""The hub's rows of these look otherwise than the local files'; tests of their own below."""
ON_THE_HUB = sorted(
    task.name for task in builtin_tasks().values() if task.source.hub and task.name not in (*OTHER_SHAPE, *MADE)
)


def mirror(folder: Path, source: Source, rows: Sequence[Doc]) -> None:
    """Lay rows down as a hub repository does: parquet files and a card that names configurations and splits."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = folder / source.hub
    config = source.config or "default"
    (place / config).mkdir(parents=True, exist_ok=True)
    plain = [{key: value for key, value in row.items() if not key.startswith("_")} for row in rows]
    pq.write_table(pa.Table.from_pylist(plain), place / config / f"{source.split}.parquet")
    splits = sorted(path.stem for path in (place / config).glob("*.parquet"))
    files = "".join(f"  - split: {split}\n    path: {config}/{split}.parquet\n" for split in splits)
    (place / "README.md").write_text(f"---\nconfigs:\n- config_name: {config}\n  data_files:\n{files}---\n")


def same(task: Task, one: Sequence[Doc], other: Sequence[Doc]) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=False):
        assert task.prompt(a) == task.prompt(b) and task.reference(a) == task.reference(b)


@pytest.mark.parametrize("name", ON_THE_HUB)
def test_the_hub_path(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = builtin_tasks()[name]
    docs = load_docs(task.source, shared(), name)
    raw = replace(task.source, assemble=None, count=None) if task.source.assemble_hub else task.source
    mirror(tmp_path / "hub", task.source, load_docs(raw, shared(), name))
    monkeypatch.setenv("HOLDFAST_HUB", str(tmp_path / "hub"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    same(task, load_docs(task.source, None, name), docs)


def test_hub_rows_in_another_shape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_HUB", str(tmp_path))
    rows: dict[str, list[dict[str, Any]]] = {
        "mt_bench": [{"prompt_id": 1, "category": "math", "prompt": ["1+1?", "And 2+2?"], "reference": ["2", "4"]}],
        "mbpp_plus": [
            {
                "task_id": 2,
                "code": "def f(x): return x",
                "prompt": "Write f.",
                "test_list": ["assert f(1) == 1"],
                "test": "inputs = [[1]]\nfor inp in inputs:\n    assertion(f(*inp), 1, 0)",
            }
        ],
        "humaneval_plus": [
            {"task_id": "HumanEval/0", "prompt": "def f():", "entry_point": "f", "test": "def check(c): 1"}
        ],
        "perplexity": [{"text": t} for t in ("", " = A = \n", " one \n", " = = B = = \n", " = C = \n", " two \n")],
    }
    found = {}
    for name, given in rows.items():
        source = find_task(name).source
        mirror(tmp_path, source, given)
        found[name] = load_docs(Source(**{**vars(source), "count": None}), None, name)
    assert find_task("mt_bench").reference(found["mt_bench"][0]) == ["2", "4"]
    plus = find_task("mbpp_plus").reference(found["mbpp_plus"][0])
    assert plus["entry_point"] == "f" and plus["tests"].startswith("def check(candidate):\n    inputs")
    assert find_task("humaneval_plus").reference(found["humaneval_plus"][0])["style"] == "check"
    assert [doc["text"] for doc in found["perplexity"]] == [" = A = \n one \n = = B = = \n", " = C = \n two \n"]


def test_arena_hard_v2_joins_the_answers_of_two_baselines(tmp_path: Path) -> None:
    """Its 750 questions; answers in the shape of the published files (data/arena-hard-v2.0/model_answer/NAME.jsonl)."""
    folder = tmp_path / "arena_hard"
    folder.mkdir()
    text = shared("arena_hard", "arena-hard-v2.0.question.jsonl").read_text("utf-8")
    (folder / "arena-hard-v2.0.question.jsonl").write_text(text, "utf-8")
    task = find_task("arena_hard_v2")
    for model in ("o3-mini-2025-01-31", "gemini-2.0-flash-001"):
        with pytest.raises(DataError, match="gemini-2.0-flash-001" if "o3" not in model else "no "):
            load_docs(task.source, tmp_path, task.name)
        rows = [
            {"uid": one["uid"], "ans_id": "a", "model": model, "messages": [
                {"role": "user", "content": one["prompt"]},
                {"role": "assistant", "content": {"answer": f"{model} on {one['uid']}"}}], "metadata": {"token_len": 9}}
            for one in map(json.loads, filter(None, text.split("\n")))
        ]  # fmt: skip
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"arena-hard-v2.0.model_answer.{model}.jsonl").write_text(lines, "utf-8")
    docs = load_docs(task.source, tmp_path, task.name)
    assert Counter(map(task.category, docs)) == {"hard_prompt": 500, "creative_writing": 250}  # type: ignore[arg-type]
    for doc in docs:
        baseline = "o3-mini" if doc["category"] == "hard_prompt" else "gemini"
        assert task.reference(doc).startswith(baseline) and task.reference(doc).endswith(doc["uid"])
        assert task.prompt(doc)


@pytest.mark.parametrize("category", ["essays", None, 5, ["hard_prompt"]])
def test_a_category_of_arena_hard_v2_without_a_baseline_is_named(category: Any) -> None:
    rows = [{"uid": "a", "category": category, "prompt": "?"}]
    with pytest.raises(DataError, match="question a has category"):
        with_baselines(rows if category is not None else [{"uid": "a", "prompt": "?"}])


ODD = ([{"odd": 1}], [{"question": None, "prompt": None, "text": 3}], [{}], [{"question_id": "a", "messages": []}])
FROM_FILES = sorted(name for name, task in builtin_tasks().items() if task.source.files)


@pytest.mark.parametrize("name", FROM_FILES)
def test_rows_of_another_form_are_named(name: str, tmp_path: Path) -> None:
    """Of every benchmark that reads files: a line that says which, whatever function of it met them."""
    (entry,) = load_suite([name]).entries
    assert entry.task is not None
    source = replace(entry.task.source, sha256="", count=None)
    plain = replace(entry.task, source=source, reward="exact_match")  # a judge would want an endpoint
    refused = 0
    for rows in ODD:
        for pattern in source.files:
            path = tmp_path / pattern.replace("*", "").replace(".gz", "")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(rows) if path.suffix == ".json" else "".join(f"{json.dumps(r)}\n" for r in rows))
        suite = Suite(name=name, entries=(replace(entry, task=plain),))
        try:
            plan(suite, ScriptedEngine(lambda messages, item: ""), Settings(progress=False), tmp_path, None)
        except DataError as error:
            assert name.partition("_")[0] in str(error) or "below" in str(error)
            refused += 1
    assert refused or all(".txt" in pattern for pattern in source.files), "a text has no form"


def test_fetch_prepares_a_folder_that_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    suite = load_suite(["gsm8k", "tiny_upper"])
    task = find_task("gsm8k")
    for source in (task.source, task.fewshot_source):
        assert source is not None
        mirror(tmp_path / "hub", source, load_docs(source, shared(), "gsm8k"))
    monkeypatch.setenv("HOLDFAST_HUB", str(tmp_path / "hub"))
    root = tmp_path / "data"
    assert [one.state for one in fetch(suite, root)] == ["fetched", "fetched", "generated"]
    monkeypatch.delenv("HOLDFAST_HUB")
    assert [one.state for one in fetch(suite, root)] == ["ok", "ok", "generated"]
    assert not missing(verify(suite, root))
    same(task, load_docs(task.source, root, "gsm8k"), load_docs(task.source, shared(), "gsm8k"))
    changed = root / "holdfast" / "gsm8k" / "test.jsonl"
    changed.write_text(changed.read_text().replace("ducks", "geese"))
    assert [one.state.partition(":")[0] for one in missing(verify(suite, root))] == ["changed"]


def test_the_verb_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "verify", "tasks=[gsm8k]", f"data_root={tmp_path}", "--json"]) == 65
    states = [one["state"] for one in json.loads(capsys.readouterr().out)]
    assert all("holdfast data fetch" in state for state in states)
    assert main(["data", "fetsh", f"data_root={tmp_path}"]) == 64
    assert "did you mean 'fetch'" in capsys.readouterr().err


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="needs the shared data")
def test_the_verb_verifies_the_core_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "verify", "suite=core", f"data_root={shared()}", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["task"] for one in found} == {"ifeval", "gsm8k", "mmlu", "humaneval", "math500"}
    assert all(one["licence"] and one["sha256"] for one in found)


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n')
    with pytest.raises(DataError, match="expected 2 rows, found 1"):
        load_docs(Source(files=("a.jsonl",), count=2), tmp_path, "a")


def test_a_benchmark_of_ones_own(tmp_path: Path) -> None:
    rows = [{"question": f"{i}+1?", "sum": str(i + 1), "kind": "even" if i % 2 else "odd"} for i in range(30)]
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "mine.yaml").write_text(
        "tasks:\n"
        "  - {task: sums, file: sums.jsonl, reward: numeric, prompt: question, reference: sum, limit: 10}\n"
        "  - {task: gsm8k, limit: 5, name: gsm8k_small, fewshot: 0}\n"
    )
    suite = load_suite(tmp_path / "mine.yaml")
    assert suite.names == ["sums", "gsm8k_small"]
    task = suite.entries[0].task
    assert task is not None
    docs = load_docs(task.source, None, task.name)
    assert len(docs) == 30 and task.prompt(docs[3]) == "3+1?" and task.reference(docs[3]) == "4"
    with pytest.raises(DataError, match="no field 'question'"):
        task.prompt({"other": 1})


@pytest.mark.parametrize("suite", ["quick", "core", "everyday", "safety", "tiny"])
def test_what_is_not_on_this_machine_is_named_without_a_network(
    suite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every benchmark whose rows are neither made nor cached, with where they would come from."""
    import socket

    monkeypatch.delenv("HOLDFAST_HUB", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("asks the network"))
    chosen = load_suite(suite)
    wanted = {
        entry.task.name
        for entry in chosen.entries
        if entry.task and entry.task.source.rows is None and entry.task.source.rows_below is None
    }
    for root in (None, tmp_path):
        lines = unreached(chosen, root)
        assert wanted <= {line.partition(":")[0] for line in lines}, root
        assert bool(wanted) == bool(lines) and all("com" in line or "folder" in line for line in lines)
    hubs = [source.hub for _, source in sources_of(chosen) if source.hub]
    for name in hubs:
        (tmp_path / "hub" / f"datasets--{name.replace('/', '--')}").mkdir(parents=True, exist_ok=True)
    assert not [line for line in unreached(chosen, None) if any(f"hub, {name}" in line for name in hubs)]
