"""Other harnesses' outputs that differ: compare is right, or refuses in one line. Every reader, every kind of fault."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.foreign_outputs import WRITERS

from holdfast.cli import main
from holdfast.compare import Columns, Decision, compare, load
from holdfast.errors import DataError

FOLDERS = ("lm_eval", "lighteval", "helm", "evalscope", "opencompass", "inspect")
GOOD = [float(i % 4 > 0) for i in range(80)]
BAD = [float(i % 4 > 0 and i % 3 > 0) for i in range(80)]


def refused(capsys: pytest.CaptureFixture[str], words: Sequence[Any], code: int = 65) -> str:
    """The one line of a refusal."""
    assert main(["compare", *map(str, words)]) == code
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "Traceback" not in err
    return err


@pytest.mark.parametrize("harness", WRITERS)
def test_a_drop_and_a_gain_are_what_they_are(harness: str, tmp_path: Path) -> None:
    before, after = (load(WRITERS[harness](tmp_path, m, {"t": s})) for m, s in (("old", GOOD), ("new", BAD)))
    worse = compare(before, after).benchmarks[0]
    lost = sum(g > b for g, b in zip(GOOD, BAD, strict=True))
    assert worse.forgetting is not None and (worse.forgetting.lost, worse.forgetting.gained) == (lost, 0)
    assert compare(before, after).decision is Decision.REGRESSED
    assert compare(after, before).decision is Decision.PASS


@pytest.mark.parametrize("harness", WRITERS)
def test_unequal_items_are_refused_with_both_counts(
    harness: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [WRITERS[harness](tmp_path / m, m, {"t": s}) for m, s in (("old", GOOD), ("new", GOOD[:60]))]
    said = refused(capsys, paths)
    assert "20 only before" in said and "60 in both" in said and "allow_missing=25" in said
    assert main(["compare", *map(str, paths), "allow_missing=25", "margin=5"]) in (0, 2)
    assert "25.0% missing" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("harness", [name for name in WRITERS if name not in ("promptfoo", "openai_evals")])
def test_rows_without_a_score_are_left_out_never_zero(harness: str, tmp_path: Path) -> None:
    holes: list[float | None] = [None if i in (5, 6) else s for i, s in enumerate(GOOD)]
    before, after = (load(WRITERS[harness](tmp_path, m, {"t": s})) for m, s in (("old", GOOD), ("new", holes)))
    result = compare(before, after).benchmarks[0]
    assert (result.n, result.dropped, result.difference) == (78, 2, 0.0)


@pytest.mark.parametrize("harness", ["lm_eval", "lighteval", "helm", "evalscope"])
def test_another_metric_never_stands_in_for_the_one_that_counts(harness: str, tmp_path: Path) -> None:
    holes: list[float | None] = [None if i in (5, 6) else s for i, s in enumerate(GOOD)]
    before, after = (
        load(WRITERS[harness](tmp_path, m, {"t": s}, more={"zeta": 0.0})) for m, s in (("old", GOOD), ("new", holes))
    )
    result = compare(before, after).benchmarks[0]
    assert (result.n, result.dropped, result.difference) == (78, 2, 0.0)


@pytest.mark.parametrize("harness", FOLDERS)
def test_a_folder_of_two_models_is_refused(harness: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for model, scores in (("old", GOOD), ("new", BAD)):
        WRITERS[harness](tmp_path / "both", model, {"t": scores})
    said = refused(capsys, [tmp_path / "both", tmp_path / "both"])
    assert "2 models" in said and "old" in said and "new" in said


LOSSES: dict[str, tuple[str, str, Any, Any]] = {
    "lm_eval word_perplexity": ("lm_eval", "word_perplexity", [-20.0, 10], [-50.0, 10]),
    "lm_eval byte_perplexity": ("lm_eval", "byte_perplexity", [-20.0, 40], [-50.0, 40]),
    "lm_eval bits_per_byte": ("lm_eval", "bits_per_byte", [-20.0, 40], [-50.0, 40]),
    "lm_eval perplexity": ("lm_eval", "perplexity", -1.5, -4.0),
    "lm_eval brier_score": ("lm_eval", "brier_score", [1, [0.1, 0.9]], [1, [0.6, 0.4]]),
    "lm_eval wer": ("lm_eval", "wer", 0.1, 0.5),
    "lighteval perplexity": ("lighteval", "perplexity", 4.0, 12.0),
    "lighteval bits_per_byte": ("lighteval", "bits_per_byte", 0.7, 1.9),
    "helm bits_per_byte": ("helm", "bits_per_byte", 0.7, 1.9),
    "helm error_rate": ("helm", "error_rate", 0.1, 0.6),
    "evalscope wer": ("evalscope", "wer", 0.1, 0.6),
    "inspect edit_distance": ("inspect", "edit_distance", 2, 9),
    "deepeval Hallucination": ("deepeval", "Hallucination", 0.1, 0.7),
    "deepeval Toxicity": ("deepeval", "Toxicity", 0.0, 0.6),
    "deepeval Bias": ("deepeval", "Bias", 0.0, 0.6),
    "csv loss": ("csv", "loss", 0.4, 1.3),
    "csv bits_per_byte": ("csv", "bits_per_byte", 0.7, 1.9),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_rise_of_a_loss_is_a_regression(name: str, tmp_path: Path) -> None:
    harness, metric, low, high = LOSSES[name]
    runs = []
    for model, value in (("old", low), ("new", high)):
        path = WRITERS[harness](tmp_path, model, {"t": [value] * 60}, metric=metric)
        runs.append(load(path, Columns(score=metric) if harness == "csv" else None))
    worse, better = compare(*runs), compare(*runs[::-1])
    assert worse.decision is Decision.REGRESSED and better.decision is Decision.PASS
    assert any("is a loss" in warning for warning in worse.warnings)


@pytest.mark.parametrize("harness", ["lm_eval", "promptfoo", "inspect", "csv"])
@pytest.mark.parametrize("value", [7.5, -1.0])
def test_a_scale_that_is_not_from_0_to_1_is_refused_not_cut(
    harness: str, value: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [WRITERS[harness](tmp_path / m, m, {"t": [value, *GOOD]}) for m in ("old", "new")]
    assert "between 0 and 1" in refused(capsys, paths)


@pytest.mark.parametrize(
    ("harness", "names"),
    [
        ("lighteval", ["mmlu:anatomy", "mmlu:law", "mmlu:virology"]),
        ("evalscope", ["mmlu_anatomy", "mmlu_law", "mmlu_virology"]),
        ("opencompass", ["lukaemon_mmlu_anatomy", "lukaemon_mmlu_law", "lukaemon_mmlu_virology"]),
        ("helm", ["mmlu:subject=anatomy", "mmlu:subject=law", "mmlu:subject=virology"]),
        ("lm_eval", ["mmlu_anatomy", "mmlu_law", "mmlu_virology"]),
    ],
)
def test_mmlus_subjects_are_one_benchmark_whoever_measured(harness: str, names: list[str], tmp_path: Path) -> None:
    runs = [load(WRITERS[harness](tmp_path, m, dict.fromkeys(names, GOOD))) for m in ("old", "new")]
    (result,) = compare(*runs, margin=0.05).benchmarks
    assert (result.task, result.n, len(result.categories)) == ("mmlu", 240, 3)


def test_rows_written_twice_change_nothing_and_are_told(tmp_path: Path) -> None:
    """A run that was appended to itself: the same items, the same verdict."""
    paths = [WRITERS["lm_eval"](tmp_path, m, {"t": s}) for m, s in (("old", GOOD), ("new", BAD))]
    wanted = compare(*map(load, paths)).benchmarks[0]
    (samples,) = paths[1].glob("samples_*")
    lines = samples.read_text().splitlines(keepends=True)
    for more in (lines, lines[:7]):
        samples.write_text("".join([*lines, *more]))
        comparison = compare(*map(load, paths))
        found = comparison.benchmarks[0]
        assert (found.n, found.difference, found.verdict) == (wanted.n, wanted.difference, wanted.verdict)
        assert any("answers before" in warning for warning in comparison.warnings)


def test_rows_written_twice_in_both_runs_are_told(tmp_path: Path) -> None:
    paths = [WRITERS["lm_eval"](tmp_path, m, {"t": GOOD}) for m in ("old", "new")]
    for path in paths:
        (samples,) = path.glob("samples_*")
        lines = samples.read_text().splitlines(keepends=True)
        samples.write_text("".join([*lines, *lines[:7]]))
    comparison = compare(*map(load, paths))
    assert comparison.benchmarks[0].n == 80
    assert any("items have 1 to 2 rows" in warning for warning in comparison.warnings)


@pytest.mark.parametrize("word", ["score=acc", "id=doc_id", "scale=10", "category=subject", "model=x"])
@pytest.mark.parametrize("harness", ["lm_eval", "helm", "inspect"])
def test_columns_of_a_run_are_refused(
    harness: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [WRITERS[harness](tmp_path, m, {"t": GOOD}) for m in ("old", "new")]
    assert f"{word.split('=')[0]}= is for tables" in refused(capsys, [*paths, word], 64)


@pytest.mark.parametrize("harness", FOLDERS)
def test_a_direction_of_the_command_line_holds_for_runs(harness: str, tmp_path: Path) -> None:
    paths = [str(WRITERS[harness](tmp_path / m, m, {"t": s})) for m, s in (("old", BAD), ("new", GOOD))]
    assert main(["compare", *paths, "direction=lower"]) == 1
    assert main(["compare", *paths[::-1], "direction=lower"]) == 0


def test_ids_that_differ_pair_by_question(tmp_path: Path) -> None:
    """One run numbers from 0, the other from 1: the questions say what is what."""
    for name, first in (("a", 0), ("b", 1)):
        rows = [{"id": i + first, "question": f"Question {i}?", "score": GOOD[i]} for i in range(80)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = compare(load(tmp_path / "a.jsonl"), load(tmp_path / "b.jsonl")).benchmarks[0]
    assert (result.n, result.difference) == (80, 0.0)
    for name, first in (("c", 0), ("d", 1)):  # nothing but ids: another set of items
        rows = [{"id": i + first, "score": GOOD[i]} for i in range(80)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(DataError, match=r"1 only before.*1 only after"):
        compare(load(tmp_path / "c.jsonl"), load(tmp_path / "d.jsonl"))


def test_equal_names_are_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for side, scores in (("one", GOOD), ("two", BAD)):
        WRITERS["csv"](tmp_path / side, "run", {"t": scores})
    paths = [str(tmp_path / side / "run.csv") for side in ("one", "two")]
    main(["compare", *paths, "--json"])
    record = json.loads(capsys.readouterr().out)
    assert (record["before"]["name"], record["after"]["name"]) == ("one/run.csv", "two/run.csv")
    WRITERS["csv"](tmp_path / "three", "run", {"t": GOOD})
    main(["compare", *paths, str(tmp_path / "three" / "run.csv"), "--json"])
    points = json.loads(capsys.readouterr().out)["frontier"]["points"]
    assert [point["name"] for point in points] == ["two/run.csv", "three/run.csv"]
    assert main(["rank", *paths, "--json"]) == 0
    standings = json.loads(capsys.readouterr().out)["standings"]
    assert [one["name"] for one in standings] == ["one/run.csv", "two/run.csv"]
    assert main(["rank", *paths, "allow_missing=200"]) == 64 and main(["rank", *paths, "scale=0"]) == 64


LEADERBOARDS = {
    "alpaca_eval.csv": ",win_rate,standard_error,n_total\nm1,50.0,1.7,805\nm2,41.0,1.7,805\n",
    "arena_hard.csv": "model,score,rating_q025,rating_q975\nm1,82.6,80.7,84.6\nm2,79.3,77.2,80.6\n",
    "opencompass.csv": "dataset,version,metric,mode,m1\ngsm8k,1d7fe4,accuracy,gen,61.2\n",
}


@pytest.mark.parametrize("name", LEADERBOARDS)
def test_leaderboards_are_refused_in_one_line(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_text(LEADERBOARDS[name])
    shutil.copy(tmp_path / name, tmp_path / f"x{name}")
    said = refused(capsys, [tmp_path / name, tmp_path / f"x{name}"])
    assert "averages" in said


AVERAGES: dict[str, tuple[Any, str]] = {
    "lm-eval": ({"results": {"arc": {"acc,none": 0.5, "acc_stderr,none": 0.01}}, "n-samples": {}}, "--log_samples"),
    "lighteval": ({"config_general": {}, "results": {"all": {"acc": 0.5}}}, "--save-details"),
    "evalscope": (
        {"name": "m@gsm8k", "dataset_name": "gsm8k", "model_name": "m", "score": 0.5, "metrics": [{"name": "acc"}]},
        "reviews",
    ),
    "opencompass": ({"accuracy": 61.2}, "--dump-eval-details"),
    "helm": ([{"name": {"name": "exact_match", "split": "test"}, "count": 1, "mean": 0.5}], "per_instance_stats.json"),
}


@pytest.mark.parametrize("harness", AVERAGES)
def test_averages_are_refused_with_what_would_have_kept_the_samples(
    harness: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, flag = AVERAGES[harness]
    for name in "ab":
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    said = refused(capsys, [tmp_path / "a.json", tmp_path / "b.json"])
    assert "averages" in said and flag in said
