"""All runs of a folder: what is found, what the page says without a script, what is written for others."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from helpers.made_runs import made_rows, made_run
from helpers.report_samples import HOSTILE
from helpers.run_folders import evaluation, failed, folder, many, training

from holdfast.cli import main
from holdfast.errors import DataError
from holdfast.files import write_json
from holdfast.report.sweep.page import write_sweep
from holdfast.report.view.entries import Entry, read_runs, sweeps
from holdfast.report.view.export import export
from holdfast.report.view.page import Links, render
from holdfast.report.view.trends import trends_of

NOWHERE = Links(lambda entry: entry.report, "runs")


def test_every_kind_of_run_is_found_and_no_part_of_one(tmp_path: Path) -> None:
    found = {entry.path: entry for entry in read_runs(folder(tmp_path))}
    assert list(found) == ["c2", "c1", "broken", "sft/bad", "sft/good"], "the newest first; before and after are parts"
    assert [found[name].kind for name in ("c1", "sft/good")] == ["evaluation", "training"]
    assert found["sft/good"].decision == "PASS" and found["sft/bad"].decision == "REGRESSED"
    assert found["sft/bad"].changes("held")["mmlu"] == pytest.approx(-0.5)
    assert found["sft/bad"].changes("target")["gsm8k"] == pytest.approx(1 / 3)
    assert [step for step, _ in found["sft/bad"].looks] == [0, 100, 200]
    assert found["broken"].status == "failed" and "no number at step 3" in found["broken"].trouble
    assert (found["c1"].step, found["c2"].step) == (10, 20)
    assert found["sft/good"].models == ("org/base",) and found["sft/bad"].data == "other.jsonl"


def test_a_folder_that_is_a_run_itself_and_one_without_any(tmp_path: Path) -> None:
    training(tmp_path / "one", "2026-11-01T10:00:00Z")
    assert [entry.path for entry in read_runs(tmp_path / "one")] == ["."]
    assert read_runs(tmp_path / "one")[0].report == "report.html"
    assert read_runs(tmp_path / "one" / "before" / "samples") == []
    assert "No runs here" in render([], NOWHERE)
    with pytest.raises(DataError, match="is not a folder"):
        read_runs(tmp_path / "absent")


def test_measurements_without_a_manifest_and_two_models_compared(tmp_path: Path) -> None:
    made_run(tmp_path / "scored", {"mmlu": made_rows("mmlu", [1.0, 0.0])}, "recorded:x.jsonl")
    evaluation(tmp_path / "pair" / "before", "2026-11-01T10:00:00Z", "a")
    evaluation(tmp_path / "pair" / "after", "2026-11-01T10:00:00Z", "b")
    found = {entry.path: entry for entry in read_runs(tmp_path)}
    assert set(found) == {"scored", "pair"}
    assert found["pair"].kind == "comparison" and found["pair"].models == ("a", "b")
    assert re.match(r"\d{4}-\d\d-\d\dT", found["scored"].created)


@pytest.mark.parametrize("name", ["manifest.json", "report.json", "outcome.json", "trajectory.json"])
@pytest.mark.parametrize("content", ["", "[]", "{", '{"decision": 3, "status": [], "created": {}, "looks": 1}', "\xff"])
def test_a_broken_file_is_told_and_hides_no_other_run(tmp_path: Path, name: str, content: str) -> None:
    training(tmp_path / "broken", "2026-11-01T10:00:00Z")
    evaluation(tmp_path / "whole", "2026-11-02T10:00:00Z", "m")
    (tmp_path / "broken" / name).write_text(content, encoding="latin-1")
    found = {entry.path: entry for entry in read_runs(tmp_path)}
    assert found["whole"].status == "finished"
    assert found["broken"].status == "failed" and name in found["broken"].trouble


def test_numbers_that_json_does_not_have_and_lone_surrogates_are_read(tmp_path: Path) -> None:
    training(tmp_path / "r", "2026-11-01T10:00:00Z")
    path = tmp_path / "r" / "report.json"
    record = json.loads(path.read_text())
    record["benchmarks"][0]["interval"]["low"] = float("nan")
    record["sentence"] = "\ud800"
    path.write_text(json.dumps(record))
    (entry,) = read_runs(tmp_path)
    assert entry.status == "finished" and render([entry], NOWHERE).encode("utf-8")


def test_the_plain_table_says_everything(tmp_path: Path) -> None:
    page = render(read_runs(folder(tmp_path)), NOWHERE)
    told = ("sft/bad", "org/base", "other.jsonl", "Regressed", "−50.0", "+33.3", "2026-11-02", "no number at step 3")
    for text in (*told, "mmlu  83.3 → 33.3 (−50.0)", 'href="sft/bad/report.html"', "checkpoint-20"):
        assert text in page, text


def test_names_cannot_become_markup() -> None:
    nasty = " ".join(HOSTILE)
    page = render([Entry(nasty, "training", (nasty,), nasty, nasty, nasty, decision=nasty, trouble=nasty)], NOWHERE)
    body = page.partition("<body>")[2].rpartition("<script>")[0]
    assert "<img" not in body and "alert(1)</script>" not in body and "\u202e" not in body


def test_trends_join_a_models_checkpoints(tmp_path: Path) -> None:
    found = {(one.task, one.model): one for one in trends_of(read_runs(folder(tmp_path)))}
    other = found["mmlu", "org/other"]
    assert (other.runs, other.first, other.last) == (2, 0.5, pytest.approx(2 / 3))
    assert found["mmlu", "org/base"].runs == 2


def test_a_file_links_to_the_reports_and_a_folder_holds_them(tmp_path: Path) -> None:
    runs = folder(tmp_path / "runs with space")
    (page,) = export(runs, tmp_path / "out" / "page.html")
    links = re.findall(r'href="([^"#]*report\.html)"', page.read_text(encoding="utf-8"))
    assert links and all((page.parent / link.replace("%20", " ")).is_file() for link in links)
    index, *copies = export(runs, tmp_path / "site")
    assert len(copies) == 2 and all(copy.is_file() for copy in copies)
    moved = (tmp_path / "site").rename(tmp_path / "elsewhere")
    links = re.findall(r'href="([^"#]*report\.html)"', (moved / index.name).read_text(encoding="utf-8"))
    assert len(links) == 2 and all((moved / link).is_file() for link in links)


def test_sweeps_are_linked_and_their_jobs_are_runs(tmp_path: Path) -> None:
    training(tmp_path / "sweep" / "0", "2026-11-01T10:00:00Z")
    (tmp_path / "sweep" / "frontier.html").write_text("x")
    (tmp_path / "sweep" / "frontier.json").write_text("{}")
    _, *copies = export(tmp_path, tmp_path / "site")
    assert (tmp_path / "site" / "reports" / "sweep" / "frontier.html") in copies
    assert 'href="reports/sweep/frontier.html"' in (tmp_path / "site" / "index.html").read_text()


def test_a_page_written_again_into_its_own_folder_is_the_same(tmp_path: Path) -> None:
    """Its copies of sweeps and reports are no sweeps and no runs."""
    training(tmp_path / "sweep" / "0", "2026-11-01T10:00:00Z")
    write_sweep(tmp_path / "sweep")
    first = export(tmp_path, tmp_path / "site")
    assert len(first) == 3, "the page, a report and a sweep"
    assert export(tmp_path, tmp_path / "site") == first
    assert len(export(tmp_path, tmp_path / "other")) == 3


LINKED = [
    "report.html",
    "report.json",
    "manifest.json",
    "outcome.json",
    "trajectory.json",
    "after/results.json",
    "after",
]


@pytest.mark.parametrize("name", LINKED)
def test_a_link_out_of_the_folder_is_told_and_not_read(tmp_path: Path, name: str) -> None:
    training(tmp_path / "runs" / "r", "2026-11-01T10:00:00Z")
    training(tmp_path / "runs" / "whole", "2026-11-01T10:00:00Z")
    (tmp_path / "runs" / "r" / "trajectory.json").write_text('{"looks": []}')
    (tmp_path / "runs" / "r" / name).rename(tmp_path / "elsewhere")
    (tmp_path / "runs" / "r" / name).symlink_to(tmp_path / "elsewhere")
    (tmp_path / "runs" / "frontier.html").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "runs" / "frontier.json").write_text("{}")
    found = {entry.path: entry for entry in read_runs(tmp_path / "runs")}
    assert "link that leads out" in found["r"].trouble and not found["r"].report and not found["r"].tasks
    assert found["whole"].report and sweeps(tmp_path / "runs") == []
    assert len(export(tmp_path / "runs", tmp_path / "site")) == 2


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    training(tmp_path / "runs" / "r", "2026-11-01T10:00:00Z")
    (tmp_path / "runs" / "r" / "report.html").rename(tmp_path / "runs" / "kept.html")
    (tmp_path / "runs" / "r" / "report.html").symlink_to(Path("..") / "kept.html")
    assert read_runs(tmp_path / "runs")[0].report == "r/report.html"


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation(tmp_path / "good", "2026-11-29", "a")
    (tmp_path / "closed").mkdir()
    (tmp_path / "gone").mkdir()
    refusals: dict[Path, OSError] = {
        tmp_path / "closed": PermissionError(13, "Permission denied", str(tmp_path / "closed")),
        tmp_path / "gone": FileNotFoundError(2, "No such file or directory", str(tmp_path / "gone")),
    }
    opened = os.scandir

    def scandir(path: str) -> Any:
        if Path(path) in refusals:
            raise refusals[Path(path)]
        return opened(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = {entry.path: entry.trouble for entry in read_runs(tmp_path)}
    assert found == {"good": "", "closed": "cannot read the folder: Permission denied"}
    assert "Permission denied" in render(read_runs(tmp_path), Links(lambda entry: None, "runs"))
    refusals[tmp_path] = PermissionError(13, "Permission denied", str(tmp_path))
    with pytest.raises(DataError, match="Permission denied"):
        read_runs(tmp_path)


def test_a_run_still_going_on(tmp_path: Path) -> None:
    failed(tmp_path / "r", "2026-11-01T10:00:00Z")
    (tmp_path / "r" / "outcome.json").unlink()
    assert read_runs(tmp_path)[0].status == "unfinished"
    write_json(tmp_path / "r" / "outcome.json", {"status": "finished", "steps": 3})
    assert read_runs(tmp_path)[0].status == "finished"


def test_the_verb_writes_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder(tmp_path / "runs")
    assert main(["view", str(tmp_path / "runs"), f"out={tmp_path / 'p.html'}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["page"] == str(tmp_path / "p.html")
    assert main(["view", str(tmp_path / "absent"), f"out={tmp_path / 'q.html'}"]) == 65
    assert main(["view", "a", "b"]) == 64
    assert main(["view", str(tmp_path), "port=70000"]) == 64
    assert "out=site" in _help(capsys)


def _help(capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["view", "--help"]) == 0
    return capsys.readouterr().out


def test_a_thousand_runs_are_a_small_page() -> None:
    page = render(many(1000), NOWHERE)
    assert len(page) < 2_500_000 and page.count("<tr ") >= 1000


@pytest.mark.parametrize(
    ("data", "suite", "labels"),
    [
        ({"path": "gsm8k"}, ["gsm8k", {"env": "tiny_notes", "limit": 3}], ("gsm8k", "gsm8k, tiny_notes")),
        ({"path": {"env": "reasoning_gym:gcd", "config": {"a": 1}}}, {"task": "mmlu"}, ("reasoning_gym:gcd", "mmlu")),
        ({"path": None, "sources": [{"path": "a"}, "b.jsonl"]}, None, ("a, b.jsonl", "")),
    ],
)
def test_settings_of_every_shape_have_a_short_name(tmp_path: Path, data: object, suite: object, labels: object) -> None:
    failed(tmp_path / "r", "2026-11-01T10:00:00Z")
    config = {"model": {"path": "m"}, "data": data, "suite": suite, "trainer": {"name": "grpo"}}
    write_json(tmp_path / "r" / "manifest.json", {"created": "2026-11-01", "kind": "train", "config": config})
    (entry,) = read_runs(tmp_path)
    assert (entry.data, entry.suite) == labels
