"""Real comparisons of published outputs, each figure calculated by hand from the rows."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import jsonschema
import pytest
from helpers.paths import ROOT, shared
from helpers.recorded_runs import COMPARISONS, Recorded
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from holdfast.cli import main
from holdfast.compare import Comparison, Decision, Verdict, compare
from holdfast.compare.result import published_schema
from holdfast.runs.row import Row

GSM8K = ("gsm8k", "example_model_solutions.jsonl")


def _keyed(rows: Iterable[Row]) -> dict[tuple[str, int], float]:
    """Scores by item; of questions that occur more than once, the first by id comes first."""
    seen: Counter[str] = Counter()
    keyed = {}
    for row in sorted(rows, key=lambda row: row.doc_id):
        keyed[row.doc_hash, seen[row.doc_hash]] = float(row.score or 0)
        seen[row.doc_hash] += 1
    return keyed


def _cells(recorded: Recorded) -> Counter[tuple[float, float]]:
    before, after = _keyed(recorded.before[1]()), _keyed(recorded.after[1]())
    return Counter((before[key], after[key]) for key in before if key in after)


BY_HAND = [
    pytest.param(recorded, id=recorded.name, marks=pytest.mark.slow if recorded.name == "mmlu-pro" else ())
    for recorded in COMPARISONS
]


@pytest.mark.parametrize("recorded", BY_HAND)
def test_by_hand(recorded: Recorded, tmp_path: Path) -> None:
    for name in recorded.needs:
        shared(*name.split("/"))
    comparison = compare(*recorded.measure(tmp_path), allow=recorded.allow)
    result = comparison.benchmarks[0]
    cells = _cells(recorded)
    n, lost, gained = cells.total(), cells[1.0, 0.0], cells[0.0, 1.0]
    table = result.forgetting
    assert table is not None
    assert (result.n, table.lost, table.gained) == (n, lost, gained)
    assert (table.both_right, table.both_wrong) == (cells[1.0, 1.0], cells[0.0, 0.0])
    assert result.difference == pytest.approx((table.gained - table.lost) / result.n, abs=1e-12)
    p = stats.binomtest(table.lost, table.lost + table.gained, alternative="greater").pvalue
    p -= stats.binom.pmf(table.lost, table.lost + table.gained, 0.5) / 2
    assert result.p_regressed == pytest.approx(p, abs=1e-9)
    assert result.interval.low < result.difference < result.interval.high
    halved = mcnemar([[0, lost], [gained, 0]], exact=True).pvalue / 2
    assert min(p, 1 - p) == pytest.approx(halved - stats.binom.pmf(min(lost, gained), lost + gained, 0.5) / 2, abs=1e-9)
    expected = Verdict.REGRESSED if p <= 0.05 else Verdict.IMPROVED if 1 - p <= 0.05 else None
    assert expected in (result.verdict, None)
    assert len(result.flips) == table.lost + table.gained
    assert {flip.direction for flip in result.flips} == {"lost", "gained"}
    jsonschema.validate(json.loads(json.dumps(comparison.to_json())), published_schema())
    assert Comparison.from_json(json.loads(json.dumps(comparison.to_json()))).to_json() == comparison.to_json()


def _compare(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, object]]:
    code = main(["compare", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_6b_finetuning_against_6b_verification(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(shared(*GSM8K))
    columns = "before=6b_finetuning.is_correct", "after=6b_verification.is_correct"
    code, record = _compare(capsys, file, *columns, "task=gsm8k")
    comparison = Comparison.from_json(record)
    result = comparison.benchmark("gsm8k")
    assert code == 0 and comparison.decision is Decision.PASS and result.verdict is Verdict.IMPROVED
    assert result.n == 1319
    assert round(100 * result.difference, 1) == 17.4
    assert round(100 * result.before, 2) == 21.68 and round(100 * result.after, 2) == 39.04
    assert result.forgetting is not None
    assert len(result.flips) == result.forgetting.lost + result.forgetting.gained == 64 + 293
    flip = result.flips[0]
    assert flip.before.completion != flip.after.completion and "A:" in str(flip.before.completion)


def test_the_reverse_regressed(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(shared(*GSM8K))
    code, record = _compare(capsys, file, "before=6b_verification.is_correct", "after=6b_finetuning.is_correct")
    comparison = Comparison.from_json(record)
    assert code == 1 and comparison.decision is Decision.REGRESSED
    assert comparison.benchmarks[0].verdict is Verdict.REGRESSED
    assert round(100 * comparison.benchmarks[0].difference, 1) == -17.4


def test_a_run_against_itself(capsys: pytest.CaptureFixture[str]) -> None:
    file, column = str(shared(*GSM8K)), "6b_finetuning.is_correct"
    code, record = _compare(capsys, file, f"before={column}", f"after={column}")
    comparison = Comparison.from_json(record)
    assert code in (0, 2)
    assert comparison.benchmarks[0].verdict in (Verdict.NON_INFERIOR, Verdict.INCONCLUSIVE)
    assert comparison.benchmarks[0].flips == ()


def test_compare_does_not_import_torch() -> None:
    file = str(shared(*GSM8K))
    code = (
        "import sys; from holdfast.cli import main; "
        f"main(['compare', {file!r}, 'before=6b_finetuning.is_correct', 'after=6b_verification.is_correct']); "
        "print([m for m in ('torch', 'transformers', 'lm_eval', 'trl') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert out.stdout.splitlines()[-1] == "[]"


def test_the_published_schema_is_the_code() -> None:
    published = json.loads((ROOT / "harness" / "compare" / "comparison.schema.json").read_text())
    assert published == published_schema()
