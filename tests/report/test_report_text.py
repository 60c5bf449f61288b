"""The terminal, Markdown and JSON forms, and writing them."""

import io
import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from helpers.report_samples import HOSTILE, benchmark, flip, full, guard, training
from rich.console import Console

from holdfast.compare.result import Comparison, Interval, Verdict, published_schema
from holdfast.errors import DataError, UsageError
from holdfast.report import phrases, read_training, terminal, text, write
from holdfast.report.console import plot
from holdfast.report.html.svg import scale
from holdfast.report.markdown import LONGEST, fenced, plain


def printed(comparison: Comparison, width: int) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=False).print(terminal(comparison))
    return stream.getvalue()


def test_write_makes_the_three_files_and_json_reads_back(tmp_path: Path) -> None:
    paths = write(full(), tmp_path)
    assert [path.name for path in paths] == ["report.json", "report.md", "report.html"]
    record = json.loads(paths[0].read_text())
    jsonschema.validate(record, published_schema())
    assert Comparison.from_json(record) == full()


def test_lone_surrogates_can_be_written(tmp_path: Path) -> None:
    bad = benchmark("t", 1.0, 0.5, 0.1, Verdict.REGRESSED, flips=[flip(0, wrong="".join(HOSTILE), prompt="\udc80")])
    write(replace(full(), benchmarks=(bad,), sentence="\ud800"), tmp_path)
    assert (tmp_path / "report.html").read_bytes().decode("utf-8")
    record = json.loads((tmp_path / "report.json").read_text())
    assert record["benchmarks"][0]["flips"][0]["prompt"] == "\udc80"


def test_write_reads_the_training_log_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "training.json").write_text(json.dumps({"seconds": 1.0, "log": training(3)}))
    write(full(), tmp_path, formats=("html",))
    assert 'id="curve-data"' in (tmp_path / "report.html").read_text()
    assert "the guard stopped" not in (tmp_path / "report.html").read_text()
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "guard.json").write_text(json.dumps(guard()))
    write(full(), tmp_path, formats=("html",))
    assert "the guard stopped" in (tmp_path / "report.html").read_text()
    (tmp_path / "training.json").write_text('{"log": 3}')
    with pytest.raises(DataError, match="must hold a list of log entries"):
        read_training(tmp_path / "training.json")


def test_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown report format 'htm'; did you mean 'html'"):
        write(full(), tmp_path, formats=("htm",))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", [76, 80, 100, 140])
def test_terminal_fits_and_names_every_benchmark(width: int) -> None:
    shown = printed(full(), width)
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= width
    assert "REGRESSED" in shown.splitlines()[0]
    for result in full().benchmarks:
        assert result.task[:10] in shown
    assert ("├" in shown) == (width >= 80)


def test_terminal_shows_names_as_they_are() -> None:
    odd = benchmark("[bold red]x[/] \x1b[31m", 0.5, 0.4, 0.02, Verdict.REGRESSED)
    shown = printed(replace(full(), benchmarks=(odd,)), 200)
    assert "[bold red]x[/] \ufffd[31m" in shown and "\x1b" not in shown


def test_plot_puts_zero_interval_and_margin_in_place() -> None:
    axis = scale([-0.1, 0.1])
    line = plot(0.05, Interval(0.02, 0.08), 0.03, axis, width=41)
    assert len(line) == 41
    assert line.index("│") == 20
    assert line.index("├") < line.index("●") < line.index("┤")
    assert line.index("┊") < 20


def test_markdown_fits_a_comment_whatever_the_models_wrote() -> None:
    nasty = "".join(HOSTILE) + "`" * 500 + "@everyone x" * 5000
    flips = [flip(i, wrong=nasty, prompt=nasty) for i in range(50)]
    many = tuple(benchmark(f"task{i}", 0.9, 0.5, 0.02, Verdict.REGRESSED, flips=flips) for i in range(60))
    made = text(replace(full(), benchmarks=many), "md")
    assert len(made) <= LONGEST + 200
    assert made.count("<details>") == made.count("</details>")
    assert "at its limit" in made


def test_markdown_names_cannot_mention_link_or_open_tags() -> None:
    hostile = "@team [x](http://a.b) <img src=x> | `code` \u202e"
    made = text(replace(full(), sentence=hostile, warnings=(hostile,)), "md")
    outside = re.sub(r"(?s)(`{3,})text\n.*?\n\1", "", made)
    assert not re.search(r"(?<!\\)<img", outside) and "\u202e" not in made
    assert not re.search(r"@\w", outside.partition("<details>")[0])
    assert plain("a|b\nc") == r"a\|b c"


def test_fence_is_longer_than_any_run_inside() -> None:
    assert fenced("a ``` b ````` c").startswith("``````text\n")


def test_markdown_table_has_one_row_per_benchmark() -> None:
    made = text(full(), "md")
    for result in full().benchmarks:
        [row] = [line for line in made.splitlines() if line.startswith(f"| {plain(result.task)}") and "**" in line]
        assert phrases.points(result.difference) in row


@pytest.mark.parametrize(
    ("value", "expected"), [(0.01234, "+1.2"), (-0.0004, "0.0"), (-0.107, "−10.7"), (float("inf"), "–"), (0.0, "0.0")]
)
def test_points(value: float, expected: str) -> None:
    assert phrases.points(value) == expected


def test_probabilities_margins_and_shares() -> None:
    assert [phrases.probability(p) for p in (0.00001, 0.004, 0.2, None)] == ["< 0.0001", "0.0040", "0.200", "–"]
    assert [phrases.margin(m) for m in (0.01, 0.0066)] == ["1 point", "0.66 points"]
    assert phrases.share(0.0421) == "4.2\u00a0%"
