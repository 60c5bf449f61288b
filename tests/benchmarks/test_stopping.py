"""A measurement that stops when it is decided: look by look, resumed, compared, continued to the full set."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.benchmarks.engine.evaluate import evaluate
from holdfast.benchmarks.engine.items import Item
from holdfast.benchmarks.engine.parallel.ranks import Ranks
from holdfast.benchmarks.engine.stopping import Until, item_order, measure_until
from holdfast.benchmarks.engine.work import Work
from holdfast.benchmarks.suites.compose import compose as eval_config
from holdfast.benchmarks.suites.eval_config import EvalConfig
from holdfast.compare import compare
from holdfast.compare.result import Decision, Verdict
from holdfast.errors import DataError, UsageError
from holdfast.runs.measurement import Measurement, TaskResult, read_measurement, sample_path, summarize, write_results
from holdfast.runs.row import Row, encode
from holdfast.runs.stopped import read_stopped

Scores = dict[str, list[float]]


def _row(task: str, number: int, score: float | None) -> Row:
    doc = f"{task}-{number}"
    outcome = "unjudgeable" if score is None else "correct" if score == 1 else "wrong"
    return Row(task, doc, f"hash-{doc}", "p", "?", str(score), "r", score, outcome)


def _write(directory: Path, task: str, rows: Sequence[Row]) -> TaskResult:
    path = sample_path(directory, task)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(encode(row) + "\n" for row in rows))
    return summarize(TaskResult(task), rows)


def _before(directory: Path, scores: Scores) -> Measurement:
    tasks = {name: _write(directory, name, [_row(name, i, s) for i, s in enumerate(s_)]) for name, s_ in scores.items()}
    measurement = Measurement(directory, tasks, {"name": "base", "fingerprint": "b"})
    write_results(measurement)
    return measurement


def _item(task: str, doc: str) -> Item:
    common = {"repeat": 0, "kind": "generate", "prompt": "?", "reference": "r"}
    return Item(task=task, doc_id=doc, doc_hash=f"hash-{doc}", **common)  # type: ignore[arg-type]


def _works(scores: Scores, **changes: Any) -> list[Work]:
    works = []
    for task, values in scores.items():
        items = [
            Item(
                task=task,
                doc_id=f"{task}-{i}",
                repeat=0,
                kind="generate",
                prompt="?",
                reference="r",
                doc_hash=f"hash-{task}-{i}",
            )
            for i in range(len(values))
        ]
        works.append(Work(task, items, lambda finished: [], TaskResult(task), **changes))
    return works


def _measuring(out: Path, scores: Scores, asked: list[str]) -> Callable[[Work], TaskResult]:
    def measure(work: Work) -> TaskResult:
        asked.append(f"{work.name}:{len(work.items)}")
        numbers = [int(item.doc_id.rpartition("-")[2]) for item in work.items]
        return _write(out, work.name, [_row(work.name, i, scores[work.name][i]) for i in numbers])

    return measure


def _stop(tmp_path: Path, before: Scores, after: Scores, **options: Any) -> tuple[Measurement, Measurement, list[str]]:
    first = _before(tmp_path / "before", before)
    asked: list[str] = []
    until = Until(before=first, **{"margin": 0.05, **options})
    out = tmp_path / "after"
    results = measure_until(_works(after), _measuring(out, after, asked), until, out, Ranks())
    second = Measurement(tmp_path / "after", {r.task: r for r in results}, {"name": "tuned", "fingerprint": "t"})
    write_results(second)
    return first, second, asked


def _changed(n: int, lost: float, gained: float, seed: int) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 2, n).astype(float)
    drawn = rng.random(n)
    after = np.where(drawn < 2 * lost * before, 0.0, np.where(drawn < 2 * gained * (1 - before), 1.0, before))
    return before.tolist(), after.tolist()


def test_each_benchmark_stops_with_its_verdict_and_the_comparison_keeps_it(tmp_path: Path) -> None:
    broken, same = _changed(1500, 0.12, 0.01, 1), _changed(1500, 0.03, 0.03, 2)
    pairs = {"broken": broken, "same": same}
    before, after, asked = _stop(tmp_path, {k: v[0] for k, v in pairs.items()}, {k: v[1] for k, v in pairs.items()})
    stopped = read_stopped(after.directory)
    assert stopped is not None and stopped.decision == "REGRESSED"
    assert {name: task.verdict for name, task in stopped.tasks.items()} == {"broken": "REGRESSED", "same": "HELD"}
    assert stopped.tasks["broken"].items < 400 and stopped.tasks["same"].items < 900
    assert asked[:4] == ["broken:32", "same:32", "broken:64", "same:64"]
    assert after.tasks["broken"].n == stopped.tasks["broken"].items
    compared = compare(before, read_measurement(after.directory))
    assert compared.decision is Decision.REGRESSED and compared.margin == 0.05
    assert {b.task: b.verdict for b in compared.benchmarks} == {
        "broken": Verdict.REGRESSED, "same": Verdict.NON_INFERIOR
    }  # fmt: skip
    assert any("stopped when decided" in warning for warning in compared.warnings)
    for one in compared.benchmarks:
        assert "holds at any time of stopping" in one.explanation
        assert one.interval.low <= one.difference <= one.interval.high


def test_continued_to_the_full_set_the_verdict_stays_and_the_rest_describes(tmp_path: Path) -> None:
    pairs = {"broken": _changed(1500, 0.12, 0.01, 1)}
    before, after, _ = _stop(tmp_path, {k: v[0] for k, v in pairs.items()}, {k: v[1] for k, v in pairs.items()})
    rows = [_row("broken", i, score) for i, score in enumerate(pairs["broken"][1])]
    whole = {"broken": _write(after.directory, "broken", rows)}
    write_results(replace(after, tasks=whole))
    compared = compare(before, read_measurement(after.directory))
    (one,) = compared.benchmarks
    assert one.verdict is Verdict.REGRESSED and one.n == 1500
    assert "the rest describes" in one.explanation and "any time" not in one.method


def test_a_suite_too_small_to_decide_is_measured_whole_and_says_so(tmp_path: Path) -> None:
    scores = {"small": [1.0] * 40}
    before, after, _ = _stop(tmp_path, scores, scores)
    stopped = read_stopped(after.directory)
    assert stopped is not None and stopped.decision == "OPEN" and stopped.tasks["small"].items == 40
    compared = compare(before, read_measurement(after.directory))
    assert compared.decision is Decision.INCONCLUSIVE
    explained = compared.benchmarks[0].explanation
    assert "undecided after 40 of 40 items (fewer than 89 cannot be held at this margin" in explained


def test_small_benchmarks_beside_large_ones_are_measured_whole_and_judged_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """50 items could never be held at 5 points, and would end the mean's schedule: the suite would stay open."""
    pairs = {"small": _changed(50, 0.05, 0.05, 5), "large": _changed(1500, 0.03, 0.03, 2)}
    befores, afters = ({k: v[side] for k, v in pairs.items()} for side in (0, 1))
    before, after, asked = _stop(tmp_path, befores, afters)
    stopped = read_stopped(after.directory)
    assert stopped is not None and stopped.whole == {"small": 50} and list(stopped.tasks) == ["large"]
    assert stopped.alpha == pytest.approx(0.05 * 2 / 3) and asked[0] == "small:50"
    assert "356 items seldom stop" in capsys.readouterr().err
    compared = compare(before, read_measurement(after.directory))
    assert compared.decision is Decision.PASS and compared.macro is not None and compared.macro.tasks == 1
    small = next(one for one in compared.benchmarks if one.task == "small")
    assert small.n == 50 and "Too small to stop" in small.explanation and small.verdict is not Verdict.REGRESSED


def test_a_small_benchmark_that_broke_is_found_beside_a_large_one(tmp_path: Path) -> None:
    pairs = {"small": _changed(50, 0.5, 0.0, 5), "large": _changed(1500, 0.03, 0.03, 2)}
    before, after, _ = _stop(tmp_path, {k: v[0] for k, v in pairs.items()}, {k: v[1] for k, v in pairs.items()})
    compared = compare(before, read_measurement(after.directory))
    assert compared.decision is Decision.REGRESSED
    assert [one.task for one in compared.benchmarks if one.verdict is Verdict.REGRESSED] == ["small"]


def test_the_order_is_fixed_by_hash_and_not_by_the_file() -> None:
    items = _works({"t": [0.0] * 50})[0].items
    assert item_order(items) == item_order(list(reversed(items))) != [item.doc_hash for item in items]


def test_targets_are_measured_whole_and_share_alpha(tmp_path: Path) -> None:
    same = _changed(800, 0.02, 0.02, 3)
    scores = {"goal": same, "kept": same}
    _, after, _ = _stop(
        tmp_path, {k: v[0] for k, v in scores.items()}, {k: v[1] for k, v in scores.items()}, target=("goal",)
    )
    stopped = read_stopped(after.directory)
    assert stopped is not None and list(stopped.tasks) == ["kept"] and stopped.alpha == pytest.approx(0.05 * 2 / 3)
    assert after.tasks["goal"].n == 800 and after.tasks["kept"].n < 800


def test_what_was_not_judged_is_left_out_of_the_evidence(tmp_path: Path) -> None:
    before, after = _changed(600, 0.02, 0.02, 4)
    holes: list[Any] = [None if i % 50 == 0 else s for i, s in enumerate(after)]
    _, measured, _ = _stop(tmp_path, {"t": before}, {"t": holes})
    stopped = read_stopped(measured.directory)
    assert stopped is not None and stopped.tasks["t"].items > stopped.mean.rounds > 0


@pytest.mark.parametrize(
    ("before", "changes", "error", "says"),
    [
        ({"t": [1.0] * 3}, {"hold": True}, UsageError, "judged all at once"),
        ({"other": [1.0] * 3}, {}, DataError, "does not hold 't'"),
        ({"t": [1.0] * 2}, {}, DataError, "lacks 1 of 3 items"),
        ({"t": [1.0, 2.0, 1.0]}, {}, DataError, r"leave \[0, 1\]"),
    ],
)
def test_what_cannot_be_stopped_is_refused(
    tmp_path: Path, before: Scores, changes: dict[str, Any], error: type[Exception], says: str
) -> None:
    until = Until(before=_before(tmp_path, before), margin=0.05)
    works = _works({"t": [1.0] * 3}, **changes)
    with pytest.raises(error, match=says):
        measure_until(works, lambda work: work.result, until, tmp_path / "after", Ranks())


def test_another_measurement_before_or_a_smaller_margin_is_refused(tmp_path: Path) -> None:
    scores = {"t": [1.0] * 300}
    before, after, _ = _stop(tmp_path, scores, scores)
    other = replace(before, model={"name": "x", "fingerprint": "x"})
    with pytest.raises(DataError, match="against another model"):
        compare(other, after)
    with pytest.raises(UsageError, match="a smaller one needs all items"):
        compare(before, after, margin=0.01)
    assert compare(before, after, margin=0.08).decision is Decision.PASS


@pytest.mark.parametrize("words", [["stop=decided"], ["stop=decided", "against=tiny"], ["stop=never ever"]])
def test_eval_asks_for_a_margin_and_a_model_before(words: list[str]) -> None:
    with pytest.raises(UsageError, match="stop"):
        evaluate(eval_config(["model=tiny", "suite=tiny", *words]))


def test_eval_of_the_same_weights_stops_early_and_resumes_without_generating(tmp_path: Path) -> None:
    config = EvalConfig(
        model="tiny", against="tiny", suite=["tiny_upper", "tiny_repeat"], stop="decided", margin=5.0, batch_size=64,
        out=str(tmp_path / "run"), cache=str(tmp_path / "cache"),
    )  # fmt: skip
    done = evaluate(config)
    assert done.comparison is not None and done.comparison.decision is Decision.PASS and done.exit_code == 0
    stopped = read_stopped(tmp_path / "run" / "after")
    assert stopped is not None and all(task.items < task.of for task in stopped.tasks.values())
    first = (tmp_path / "run" / "after" / "stopping.json").read_text()
    assert evaluate(config).exit_code == 0
    assert (tmp_path / "run" / "after" / "stopping.json").read_text() == first
    assert "stopped when decided" in json.dumps(json.loads((tmp_path / "run" / "report.json").read_text())["warnings"])
