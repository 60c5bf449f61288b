"""Suites: what they hold, how many items, and a benchmark of one's own from a file."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from helpers.paths import shared

from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.items import choose
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.source import load_docs
from holdfast.benchmarks.suites.suite import load_suite
from holdfast.cli import main

COUNTS = {
    "quick": {"ifeval": 200, "gsm8k": 250, "mmlu": 500, "math500": 100, "humaneval": 164, "needles_4k": 24},
    "core": {"ifeval": 541, "gsm8k": 1319, "mmlu": 14042, "humaneval": 164, "math500": 500},
    "full": {
        "ifeval": 541, "ifbench": 300, "gsm8k": 1319, "math500": 500, "aime24": 30, "aime25": 30, "amc23": 40,
        "olympiadbench": 675, "minerva": 272, "mmlu": 14042, "mmlu_generative": 14042, "mmlu_pro": 3000,
        "humaneval": 164, "humaneval_plus": 164, "mbpp": 500, "mbpp_plus": 420, "livecodebench": 879, "bfcl": 3641,
        "abstention": 647,
    },
}  # fmt: skip
ELSEWHERE = {
    "full": {
        *("gpqa_diamond", "arc_challenge", "hellaswag", "truthfulqa_mc2", "perplexity"),
        *("mmmlu_de_de", "mmmlu_sw_ke", "longbench2"),
    },
    "quick": {"hellaswag", "bbh", "mgsm_de", "truthfulqa", "xstest"},
    "core": set(),
}
"""Of each suite: not in the shared data; they run in test_every_run.py, tasks of lm-eval in test_lm_eval_tasks.py."""


def chosen(entry: Any) -> list[Any]:
    """The docs of a suite's entry."""
    docs = [(str(i), doc) for i, doc in enumerate(load_docs(entry.task.source, shared(), entry.task.name))]
    return [doc for _, doc in choose(docs, entry.task, entry.limit)]


@pytest.mark.parametrize("name", COUNTS)
def test_item_counts(name: str) -> None:
    suite = load_suite(name)
    assert set(suite.names) - set(COUNTS[name]) == ELSEWHERE[name]
    assert {e.name: len(chosen(e)) for e in suite.entries if e.name in COUNTS[name]} == COUNTS[name]


def test_quick_is_small_stratified_and_always_the_same() -> None:
    suite = load_suite("quick")
    assert max(COUNTS["quick"].values()) <= 500
    (mmlu,) = [entry for entry in suite.entries if entry.name == "mmlu"]
    subjects = Counter(doc["subject"] for doc in chosen(mmlu))
    whole = Counter(doc["subject"] for doc in load_docs(mmlu.task.source, shared()))  # type: ignore[union-attr]
    assert len(subjects) == 57
    assert all(abs(subjects[one] - 500 * whole[one] / 14042) <= 1 for one in whole)
    assert chosen(mmlu) == chosen(mmlu)


ROWS = '{"question": "Write cat in capitals.", "gold": "CAT"}\n{"question": "Write dog in capitals.", "gold": "DOG"}\n'


def test_a_benchmark_of_ones_own_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(ROWS)
    suite = tmp_path / "own.yaml"
    suite.write_text("- tiny_upper\n- {file: mine.jsonl, reward: exact_match, prompt: question, reference: gold}\n")
    measured = measure(load("tiny"), suite, tmp_path / "out", settings=Settings(limit=5, progress=False))
    assert list(measured.tasks) == ["tiny_upper", "mine"] and measured.tasks["mine"].n == 2
    assert [row.reference for row in measured.rows("mine")] == ["CAT", "DOG"]


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("{file: mine.jsonl, reward: exact_match, reference: gold}", "no field 'prompt'; it has question, gold."),
        ("{file: mine.jsonl, reward: exact_match, prompt: question}", "Say which one it is: `reference: FIELD`"),
        ("{file: mine.jsonl, reward: exact_mach}", "did you mean 'exact_match'"),
        ("{file: mine.jsonl}", "needs `reward`"),
        ("{file: empty.jsonl, reward: numeric}", "is empty"),
        ("{file: absent.jsonl, reward: numeric}", "no file"),
        ("{task: mine, reward: numeric}", "needs `file: rows.jsonl`"),
        ("{task: gsm8k, fille: mine.jsonl}", "did you mean 'file'"),
    ],
)
def test_mistakes_are_named_in_one_line(
    item: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.jsonl").write_text(ROWS)
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "s.yaml").write_text(f"tasks: [{item}]")
    assert main(["eval", "model=tiny", f"suite={tmp_path / 's.yaml'}", f"out={tmp_path / 'out'}"]) in (64, 65)
    error = capsys.readouterr().err.strip()
    assert says in error and len(error.splitlines()) == 1


def test_rows_in_place_of_a_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "model=tiny", "suite=mine.jsonl"]) == 64
    assert "suite=[{file: mine.jsonl, reward: NAME}]" in capsys.readouterr().err
