"""What is published is read back: two published runs compare as the runs themselves do, item by item."""

from pathlib import Path

import pytest
from helpers.made_runs import flipped, made_rows, made_run
from helpers.published_runs import TALK, pair

from holdfast.compare import compare, load
from holdfast.publish import publish
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


def test_the_same_run_has_the_same_files(tmp_path: Path) -> None:
    run = pair(tmp_path / "run")
    first, again = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*_samples.jsonl")}
        for name in ("a", "b")
        if published(run, "every_eval_ever", tmp_path / name)
    )
    assert first == again and first


def test_anothers_output_is_published_too(tmp_path: Path) -> None:
    made_run(tmp_path / "run", {"mmlu": made_rows("mmlu", flipped(10, 6, 0, 0)[0])}, "org/m")
    from_lm_eval = published(tmp_path / "run", "lm_eval", tmp_path / "x") / "lm_eval" / "org__m"
    logs = published(from_lm_eval, "inspect", tmp_path / "y")
    assert load(logs).tasks["mmlu"].mean == pytest.approx(0.6)
