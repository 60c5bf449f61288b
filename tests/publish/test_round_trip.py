"""What is published is read back: two published runs compare as the runs themselves do, item by item."""

import json
import time
from pathlib import Path

import pytest
from helpers.made_runs import flipped, made_rows, made_run
from helpers.published_runs import TALK, pair

from holdfast.compare import compare, load
from holdfast.publish import FORMATS, publish
from holdfast.publish.subject import read_subject
from holdfast.sample import message_text

READ_BACK = ("every_eval_ever", "lm_eval", "inspect")


def published(run: Path, form: str, out: Path) -> Path:
    publish(read_subject(run), out, [form])
    return out


@pytest.mark.parametrize("form", READ_BACK)
def test_the_comparison_of_published_runs_is_that_of_the_runs(form: str, tmp_path: Path) -> None:
    run = pair(tmp_path / "run")
    ours = compare(load(run / "before"), load(run / "after"), margin=0.05)
    read = [load(published(run / side, form, tmp_path / side)) for side in ("before", "after")]
    theirs = compare(*read, margin=0.05)
    assert {one.task for one in theirs.benchmarks} == {"gsm8k", "aime24", "tiny_notes"}
    for one in ours.benchmarks:
        other = theirs.benchmark(one.task)
        assert (other.n, other.repeats) == (one.n, one.repeats), one.task
        assert (other.before, other.after) == pytest.approx((one.before, one.after))
        assert other.interval.low == pytest.approx(one.interval.low, abs=2e-3)
        changed, found = ({(flip.doc_id, flip.direction) for flip in b.flips} for b in (one, other))
        assert found == changed


@pytest.mark.parametrize("form", READ_BACK)
def test_rows_come_back_with_their_texts(form: str, tmp_path: Path) -> None:
    run = pair(tmp_path / "run")
    ours, theirs = load(run / "after"), load(published(run / "after", form, tmp_path / "out"))
    for task in ("gsm8k", "aime24"):
        mine = {row.key: row for row in ours.rows(task)}
        back = {row.key: row for row in theirs.rows(task)}
        lacking = {key for key, row in mine.items() if row.score is None} if form == "every_eval_ever" else set()
        assert set(back) == set(mine) - lacking
        for key, row in back.items():
            assert (row.score, row.completion, row.prompt) == (mine[key].score, mine[key].completion, mine[key].prompt)
            assert row.extracted == mine[key].extracted
    last = next(iter(theirs.rows("tiny_notes"))).completion
    told = last if isinstance(last, str) else message_text(last[-1])
    assert message_text(TALK[-1]) in told


@pytest.mark.parametrize("dated", [True, False], ids=["with a manifest", "without"])
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_run_has_the_same_files(
    form: str, dated: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = pair(tmp_path / "run") if dated else made_run(tmp_path / "m", {"gsm8k": made_rows("gsm8k", [1.0])}).directory
    first = saved(published(run, form, tmp_path / "a"))
    real, later = time.gmtime, 4e9
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(time, "gmtime", lambda seconds=None: real(later if seconds is None else seconds))
    assert saved(published(run, form, tmp_path / "b")) == first
    assert saved(published(run, form, tmp_path / "a")) == first, "published again it replaces its files"
    assert first or form == "eval_results"


def saved(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


LOSSES = ("1 − brier", "1 − perplexity", "brier", "mine.errors", "wer", "word_perplexity", "score")
"""Metrics whose names say loss: a score of ours is higher for a better answer whatever it is called."""


@pytest.mark.parametrize("reward", ["mine.errors", "lm_eval:brier,none", "exact_match"])
@pytest.mark.parametrize("metric", LOSSES)
@pytest.mark.parametrize("form", READ_BACK)
def test_a_score_that_was_a_loss_is_not_turned_again(form: str, metric: str, reward: str, tmp_path: Path) -> None:
    scores = [0.9, 0.526, 0.1, None, 1.0, 0.0]
    named = {"name": reward, "version": "1", "options": {}}
    ours = made_run(tmp_path / "run", {"t": made_rows("t", scores)}, "org/m", metric=metric, reward=named)
    back = load(published(tmp_path / "run", form, tmp_path / "out"))
    assert back.tasks["t"].mean == pytest.approx(ours.tasks["t"].mean)
    assert back.tasks["t"].metric == metric
    kept = [row.score for row in back.rows("t")]
    assert kept == [score for score in scores if score is not None or form != "every_eval_ever"]
    again = load(published(tmp_path / "out", form, tmp_path / "twice"))
    assert (again.tasks["t"].mean, again.tasks["t"].metric) == (back.tasks["t"].mean, metric)


def test_a_published_loss_says_which_way_is_better(tmp_path: Path) -> None:
    made_run(tmp_path / "run", {"t": made_rows("t", [0.9])}, "org/m", metric="1 − brier")
    record, _ = publish(read_subject(tmp_path / "run"), tmp_path / "out", ["every_eval_ever"])["every_eval_ever"]
    (result,) = json.loads(record.read_text())["evaluation_results"]
    config = result["metric_config"]
    assert config["metric_id"] == config["metric_name"] == "1 − brier" and config["lower_is_better"] is False
    results, _ = publish(read_subject(tmp_path / "run"), tmp_path / "out", ["lm_eval"])["lm_eval"]
    assert json.loads(results.read_text())["higher_is_better"] == {"t": {"1 − brier": True}}


def test_anothers_output_is_published_too(tmp_path: Path) -> None:
    made_run(tmp_path / "run", {"mmlu": made_rows("mmlu", flipped(10, 6, 0, 0)[0])}, "org/m")
    from_lm_eval = published(tmp_path / "run", "lm_eval", tmp_path / "x") / "lm_eval" / "org__m"
    logs = published(from_lm_eval, "inspect", tmp_path / "y")
    assert load(logs).tasks["mmlu"].mean == pytest.approx(0.6)
