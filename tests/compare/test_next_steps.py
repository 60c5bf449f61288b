"""A regression says what to do next: in the terminal, in the page, in Markdown."""

import html
import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from helpers.made_runs import flipped, made_comparison, made_rows, made_run
from rich.console import Console

from holdfast.compare import Decision, Policy, compare, load
from holdfast.compare.judging.policy import parse_policy
from holdfast.report import phrases, terminal, text

WORSE = {"facts": (500, 400, 60, 5), "same": (2_000, 1_000, 10, 10)}


@pytest.mark.parametrize("form", ["terminal", "html", "md"])
def test_lost_items_and_the_price_are_named_everywhere(tmp_path: Path, form: str) -> None:
    comparison = made_comparison(tmp_path, WORSE, margin=0.02)
    assert comparison.decision is Decision.REGRESSED
    if form == "terminal":
        console = Console(width=80, record=True, file=(tmp_path / "out").open("w"))
        console.print(terminal(comparison))
        shown = console.export_text()
        assert max(map(len, shown.splitlines())) <= 80
    else:
        shown = text(comparison, form, {})
    shown = " ".join(shown.replace("&nbsp;", " ").split())
    assert (
        "facts 60" in shown and "allowed" in shown and ("see below" if form == "html" else "html=report.html") in shown
    )


@pytest.mark.parametrize("width", [40, 80, 120])
def test_commands_of_advice_can_be_pasted_from_a_terminal(tmp_path: Path, width: int) -> None:
    """Broken between words, with a backslash: a shell reads the same words, whatever the width."""
    command = (
        "holdfast eval model=runs/a/checkpoint 'against=my model' suite=quick 'sizes=[gsm8k:1319,mmlu:2000]' margin=1"
        " && holdfast compare runs/more-before runs/more-after margin=1"
    )
    lines = phrases.command_lines(command, width)
    assert shlex.split(" ".join(line.removesuffix("\\") for line in lines)) == shlex.split(command)
    assert all(line.endswith(" \\") for line in lines[:-1]) and (width < 80 or max(map(len, lines)) <= width)
    said, found = phrases.advised(f"more items (a 5; about 1 thousand more tokens): {command}")
    assert found == command and said.endswith("tokens):")
    comparison = replace(made_comparison(tmp_path, WORSE, margin=0.02), advice=(f"more items: {command}",))
    console = Console(width=width, record=True, file=(tmp_path / "out").open("w"))
    console.print(terminal(comparison))
    shown = console.export_text()
    assert all(line in shown for line in phrases.command_lines(command, width - 2))
    assert f"<code>{html.escape(command, quote=False)}</code>" in text(comparison, "html", {}).replace("&#x27;", "'")
    assert f"`{command}`" in text(comparison, "md", {})


def test_the_price_that_is_named_would_be_accepted(tmp_path: Path) -> None:
    comparison = made_comparison(tmp_path / "1", WORSE, margin=0.02)
    assert "benchmarks: {facts: {allowed_drop: 11}}" in comparison.advice[-1]
    policy: Policy = parse_policy({"benchmarks": {"facts": {"allowed_drop": 11}}})
    assert made_comparison(tmp_path / "2", WORSE, margin=0.02, policy=policy).decision is not Decision.REGRESSED
    assert made_comparison(tmp_path / "3", {"same": WORSE["same"]}).advice == ()


@pytest.mark.parametrize("number", [1, 4, 5, 9])
def test_every_regression_is_named_in_the_price_and_none_is_left_out_unsaid(number: int, tmp_path: Path) -> None:
    worse = {f"facts{n}": (500, 400, 60 + 3 * n, 5) for n in range(number)} | {"same": WORSE["same"]}
    comparison = made_comparison(tmp_path / "1", worse, margin=0.02)
    assert comparison.decision is Decision.REGRESSED
    reading, price = comparison.advice[0], comparison.advice[-1]
    lost = {task: table[2] for task, table in worse.items() if task != "same"}
    named = sorted(lost, key=lambda task: -lost[task])[:4]
    assert f"({', '.join(f'{task} {lost[task]}' for task in named)}" in reading, "those that lost most"
    assert ("more)" in reading) == (number > 4) and (number <= 4 or f" and {number - 4} more)" in reading)
    said = yaml.safe_load(price.partition("(policy=gate.yaml): ")[2])
    accepted = made_comparison(tmp_path / "2", worse, margin=0.02, policy=parse_policy(said))
    assert accepted.decision is not Decision.REGRESSED


def test_a_training_names_mend_and_bisect(tmp_path: Path) -> None:
    for side, name in enumerate(("before", "after")):
        rows = {task: made_rows(task, flipped(*table)[side]) for task, table in WORSE.items()}
        made_run(tmp_path / "my run" / name, rows, name)
    manifest = {"kind": "train", "config": {"checkpoints": 5}, "command": ["holdfast", "train"]}
    (tmp_path / "my run" / "manifest.json").write_text(json.dumps(manifest))
    advice = compare(*(load(tmp_path / "my run" / name) for name in ("before", "after")), margin=0.02).advice
    assert f"holdfast mend '{tmp_path}/my run'" in advice[1] and "holdfast bisect" in advice[2]
