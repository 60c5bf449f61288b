"""Two trainings from one model side by side: the sentences say what the comparisons say, nothing more."""

from dataclasses import replace

from helpers.report_samples import benchmark, full
from rich.console import Console

from holdfast.compare.result import Benchmark, Comparison, Verdict
from holdfast.report.sweep import side_by_side


def comparison(*benchmarks: Benchmark) -> Comparison:
    targets = tuple(one.task for one in benchmarks if one.role == "target")
    return replace(full(), benchmarks=benchmarks, target=targets)


def learned(after: float, verdict: Verdict = Verdict.IMPROVED) -> Benchmark:
    return benchmark("subtraction", 0.0, after, 0.05, verdict, 200, "target")


ALONE = comparison(
    learned(0.8),
    benchmark("addition", 0.98, 0.0, 0.03, Verdict.REGRESSED, 200),
    benchmark("json", 0.95, 0.6, 0.03, Verdict.REGRESSED, 200),
    benchmark("upper", 1.0, 0.99, 0.02, Verdict.INCONCLUSIVE, 200),
)
REPLAY = comparison(
    learned(0.7),
    benchmark("addition", 0.98, 0.5, 0.03, Verdict.REGRESSED, 200),
    benchmark("json", 0.95, 0.95, 0.03, Verdict.NON_INFERIOR, 200),
    benchmark("upper", 1.0, 1.0, 0.02, Verdict.NON_INFERIOR, 200),
)


def test_sentences_name_gain_loss_and_what_was_saved() -> None:
    assert side_by_side.lines({"alone": ALONE, "replay": REPLAY}) == [
        "Gained with alone: subtraction 0.0 → 80.0 (+80.0 points).",
        "Gained with replay: subtraction 0.0 → 70.0 (+70.0 points).",
        "Forgotten with alone: 2 of 3 held skills: addition −98.0, json −35.0.",
        "Forgotten with replay: 1 of 3 held skills: addition −48.0.",
        "Saved by replay: addition +50.0, json +35.0 points; 1 of 2 forgotten skills no longer drop provably.",
    ]


def test_a_drop_that_is_not_proven_is_not_called_forgotten() -> None:
    unproven = comparison(learned(0.8), benchmark("json", 0.95, 0.9, 0.03, Verdict.BEYOND_MARGIN, 200))
    assert side_by_side.record({"alone": unproven})["alone"]["forgotten"] == []


def test_no_outcome_is_assumed() -> None:
    """A training that gains nothing provable and forgets nothing is said to do so, and replay saves nothing."""
    still = comparison(
        learned(0.01, Verdict.INCONCLUSIVE), benchmark("json", 0.95, 0.95, 0.03, Verdict.NON_INFERIOR, 200)
    )
    said = side_by_side.lines({"alone": still, "replay": still})
    assert said[0] == "Gained with alone: subtraction 0.0 → 1.0 (+1.0 points, not proven)."
    assert said[2] == "Forgotten with alone: no drop is proven on any of the 1 held skills."
    assert said[4] == "Saved by replay: nothing that alone had forgotten."
    worse = side_by_side.lines({"alone": REPLAY, "replay": ALONE})
    assert worse[4] == "Saved by replay: nothing that alone had forgotten."


def test_table_and_markdown_hold_every_skill_of_both() -> None:
    named = {"alone": ALONE, "replay": REPLAY}
    console = Console(width=140, record=True, file=None, quiet=False)
    with console.capture() as shown:
        console.print(side_by_side.table(named, "title"))
    text = side_by_side.markdown(named, {"alone": "a/report.html", "replay": "b/report.html"}, "Title")
    for task, cells in {"subtraction": ("80.0", "70.0"), "addition": ("−98.0", "−48.0"), "json": ("Held",)}.items():
        for place in (shown.get(), text):
            line = next(line for line in place.splitlines() if task in line)
            assert all(cell in line for cell in cells), line
    assert "[replay](b/report.html)" in text


def test_record_is_plain_json() -> None:
    record = side_by_side.record({"alone": ALONE})["alone"]
    assert record["forgotten"] == ["addition", "json"]
    assert record["tasks"]["subtraction"] == {
        "role": "target",
        "before": 0.0,
        "after": 0.8,
        "difference": 0.8,
        "verdict": "IMPROVED",
    }
