"""`holdfast score`: recorded outputs of any shape, with errors that name the place."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.paths import shared

from holdfast import DataError, Reward
from holdfast.cli import main
from holdfast.runs.measurement import read_measurement
from holdfast.runs.row import read_rows
from holdfast.scoring.score_file import Tally

ROWS = [
    {"id": "a", "q": "Capital of France?", "out": {"text": "Paris"}, "gold": "Paris"},
    {"id": "b", "q": "Capital of Italy?", "out": {"text": "Milan"}, "gold": "Rome"},
    {"id": "c", "q": "Capital of Nowhere?", "out": {"text": "Utopia"}, "gold": None},
]
FIELDS = ["completion=out.text", "reference=gold", "prompt=q"]


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    text = "\n".join(json.dumps(row) for row in rows)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".parquet":
        import pyarrow
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    else:
        path.write_text(text)
    return path


def _summary(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["score", *words, "--json"]) == 0
    output = capsys.readouterr().out
    assert output.count("\n") == 1
    return dict(json.loads(output))


@pytest.mark.parametrize("name", ["x.jsonl", "x.jsonl.gz", "x.json", "x.parquet"])
def test_every_kind_of_file_gives_the_same_scores(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _write(tmp_path / name, ROWS)
    summary = _summary(capsys, str(source), "reward=exact_match", *FIELDS, f"out={tmp_path}/scored.jsonl")
    assert (summary["rows"], summary["judged"], summary["mean"]) == (3, 2, 0.5)
    assert summary["outcomes"] == {"correct": 1, "unjudgeable": 1, "wrong": 1}
    rows = list(read_rows(tmp_path / "scored.jsonl"))
    assert [row.score for row in rows] == [1.0, 0.0, None]
    assert [row.doc_id for row in rows] == ["a", "b", "c"]


def test_a_folder_is_a_measurement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = _write(tmp_path / "x.jsonl", ROWS)
    _summary(capsys, str(source), "reward=exact_match", *FIELDS, f"out={tmp_path}/run", "task=capitals")
    measurement = read_measurement(tmp_path / "run")
    assert measurement.tasks["capitals"].mean == 0.5
    assert measurement.tasks["capitals"].unjudged == 1
    assert len(list(measurement.rows("capitals"))) == 3


def test_a_list_of_completions_is_repeats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = _write(tmp_path / "x.jsonl", [{"id": "a", "completion": ["Rome", "Paris"], "reference": "Rome"}])
    assert _summary(capsys, str(source), "reward=exact_match", f"out={tmp_path}/o.jsonl")["rows"] == 2
    assert [(row.repeat, row.score) for row in read_rows(tmp_path / "o.jsonl")] == [(0, 1.0), (1, 0.0)]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["1", "1"], (0.3424, 1.0)),  # Wilson: no certainty from two rows
        (["1"], (0.2065, 1.0)),
        (["1", "2", "1", "2"], (0.15, 0.85)),
        (["2"] * 30, (0.0, 0.1135)),
        ([["1", "2"], "1"], None),  # repeats are not independent rows
    ],
)
def test_the_mean_has_an_interval_that_holds(
    answers: list[Any], expected: tuple[float, float] | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": str(n), "completion": answer, "reference": "1"} for n, answer in enumerate(answers)]
    source = _write(tmp_path / "x.jsonl", rows)
    found = _summary(capsys, str(source), "reward=exact_match")["interval"]
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-3))
    assert main(["score", str(source), "reward=exact_match"]) == 0
    assert ("95 % interval" in capsys.readouterr().out) == (expected is not None)


def test_graded_scores_have_the_interval_of_their_mean() -> None:
    scores = np.array([0.1, 0.9, 0.4, 0.4, 1.0])
    tally = Tally(5, 5, float(scores.sum()), float((scores**2).sum()), graded=True)
    reach = 2.776445 * scores.std(ddof=1) / 5**0.5
    assert tally.interval == pytest.approx((scores.mean() - reach, scores.mean() + reach))
    assert Tally(3, 3, 1.5, 0.75, graded=True).interval is None, "three equal halves tell no spread"


def test_references_join_on_the_prompt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = _write(tmp_path / "answers.jsonl", [{"q": row["q"], "completion": "Paris"} for row in ROWS])
    golds = _write(tmp_path / "golds.jsonl", [{"question": row["q"], "gold": row["gold"]} for row in ROWS])
    words = [str(answers), "reward=exact_match", f"references={golds}", "join=q:question", "reference=gold"]
    assert _summary(capsys, *words)["outcomes"] == {"correct": 1, "unjudgeable": 1, "wrong": 1}


def _broken(tmp_path: Path, text: str) -> str:
    (tmp_path / "broken.jsonl").write_text(text)
    return str(tmp_path / "broken.jsonl")


GOOD = '{"id": "a", "completion": "x", "reference": "x"}\n'


@pytest.mark.parametrize(
    ("text", "words", "code", "expected"),
    [
        ("", [], 65, "holds no rows"),
        (GOOD + "{oops\n", [], 65, "broken.jsonl:2: not JSON"),
        (GOOD + "[1]\n", [], 65, "broken.jsonl:2: expected an object, found list"),
        (GOOD + GOOD, [], 65, "broken.jsonl:2: id 'a' is there twice"),
        (GOOD, ["completion=completon"], 65, "did you mean 'completion'"),
        (GOOD, ["reference=gold"], 65, "no field 'gold'"),
        (GOOD, ["completion=completion.text"], 65, "goes into a str at 'text'"),
        ('{"id": "a", "completion": 3, "reference": "x"}', [], 65, "a completion must be text or messages, not int"),
        (GOOD, ["reward=exact_mach"], 64, "did you mean 'exact_match'"),
        (GOOD, ["ignorecase=true"], 64, "did you mean 'ignore_case'"),
        (GOOD, ["references=x.jsonl"], 64, "go together"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    text: str, words: list[str], code: int, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reward = [] if any(word.startswith("reward=") for word in words) else ["reward=exact_match"]
    assert main(["score", _broken(tmp_path, text), *reward, *words, f"out={tmp_path}/out.jsonl"]) == code
    error = capsys.readouterr().err
    assert expected in error
    assert error.count("\n") == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["broken.jsonl"]


def test_a_missing_file_names_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(tmp_path / "samples.jsonl", ROWS)
    assert main(["score", str(tmp_path / "sample.jsonl"), "reward=exact_match"]) == 65
    assert "did you mean 'samples.jsonl'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("model", "percent"),
    [("6b_finetuning", 21.68), ("6B_verification", 39.04), ("175b_finetuning", 34.72), ("175b_verification", 56.25)],
)
def test_gsm8k_recorded_solutions_agree_row_by_row(
    model: str, percent: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = shared("gsm8k", "example_model_solutions.jsonl")
    words = [f"completion={model}.solution", "reference=ground_truth", "prompt=question", f"out={tmp_path}/o.jsonl"]
    summary = _summary(capsys, str(source), "reward=numeric", *words)
    assert round(100 * summary["mean"], 2) == percent
    recorded = [json.loads(line)[model.lower()]["is_correct"] for line in source.open(encoding="utf-8")]
    assert [row.score for row in read_rows(tmp_path / "o.jsonl")] == [float(correct) for correct in recorded]


@pytest.mark.parametrize(("model", "published"), [("gpt-4o-mini-2024-07-18", 94.24), ("Qwen2-7B-Instruct", 80.06)])
def test_zeroeval_is_within_its_published_figure(
    model: str, published: float, capsys: pytest.CaptureFixture[str]
) -> None:
    source = shared("gsm8k", "recorded", "zeroeval", f"gsm.{model}.json.gz")
    words = ["reward=numeric", "completion=output.0", "id=session_id", "prompt=question", "reference=answer"]
    assert abs(100 * _summary(capsys, str(source), *words)["mean"] - published) <= 0.3


@pytest.mark.slow
def test_memory_stays_flat(tmp_path: Path) -> None:
    """Rows are streamed: five times the rows must not need five times the memory."""
    import tracemalloc

    from holdfast.scoring.score_file import Fields, score_file

    def peak(count: int) -> int:
        source = tmp_path / f"{count}.jsonl"
        with source.open("w") as stream:
            for number in range(count):
                stream.write(json.dumps({"id": number, "completion": "x" * 1000, "reference": "y"}) + "\n")
        tracemalloc.start()
        with (tmp_path / "out").open("w") as sink:
            score_file(source, Reward("exact_match"), Fields(), sink, task="t")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(5_000) < 2.5 * peak(1_000)


def test_an_unknown_option_of_the_reader_is_a_data_error(tmp_path: Path) -> None:
    from holdfast.records import read_records

    (tmp_path / "x.xml").write_text("a,b\n")
    with pytest.raises(DataError, match="unknown kind of file"):
        list(read_records(tmp_path / "x.xml"))


def test_a_misspelt_engine_gets_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = _write(tmp_path / "x.jsonl", ROWS)
    assert main(["score", str(source), "reward=exact_match", *FIELDS, "engine=rai"]) == 64
    assert "unknown engine of `holdfast score` 'rai'; did you mean 'ray'?" in capsys.readouterr().err
