"""INCONCLUSIVE says what to do: items, answers, tokens and minutes, the cheapest first, as commands that work."""

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.made_runs import flipped, made_rows, made_run

from holdfast.benchmarks.suites.compose import compose
from holdfast.cli import main
from holdfast.compare import Comparison, Decision, compare
from holdfast.runs.measurement import Measurement

TABLES = {"tiny_sort": (140, 100, 8, 6), "tiny_upper": (110, 60, 7, 5)}


def runs(tmp_path: Path, manifests: dict[str, Any], names: tuple[str, str] = ("before", "after")) -> list[Measurement]:
    """Two undecided runs; `manifests`: path below tmp_path → manifest."""
    scores = {task: flipped(*table) for task, table in TABLES.items()}
    found = []
    for side, name in enumerate(names):
        rows = {task: made_rows(task, one[side], tokens=100) for task, one in scores.items()}
        found.append(made_run(tmp_path / "run" / name, rows, name))
    for place, manifest in manifests.items():
        (tmp_path / "run" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "run" / place).write_text(json.dumps(manifest))
    return found


def advised(comparison: Comparison) -> list[list[str]]:
    """The words of the commands of the first advice."""
    assert comparison.decision is Decision.INCONCLUSIVE
    command = comparison.advice[0].partition("): ")[2]
    return [shlex.split(one) for one in command.split(" && ")]


def test_an_evaluation_against_another_is_one_command(tmp_path: Path) -> None:
    command = ["holdfast", "eval", "model=new", "against=old", "suite=tiny", "limit=100", "out=runs/x", "margin=2"]
    manifest = {"command": command, "seconds": {"measure": 50.0}, "config": {}}
    comparison = compare(*runs(tmp_path, {"manifest.json": manifest}), margin=0.02)
    (words,) = advised(comparison)
    assert words[:5] == ["holdfast", "eval", "model=new", "against=old", "suite=tiny"]
    assert words[-1] == "margin=2" and words[5].startswith("sizes=[tiny_sort:") and len(words) == 7
    config = compose(words[2:])
    sizes = dict(one.split(":") for one in config.sizes)
    assert all(int(sizes[task]) > TABLES[task][0] for task in TABLES)
    # 500 answers of 100 tokens in 50 seconds, both runs together
    tokens = 100 * sum(int(sizes[task]) - TABLES[task][0] for task in TABLES)
    assert f"{tokens / 1000 / 60:.0f} minute" in comparison.advice[0] and "at 1,000 tokens/s" in comparison.advice[0]


def test_two_evaluations_are_measured_and_compared_again(tmp_path: Path) -> None:
    manifests = {
        f"{name}/manifest.json": {
            "command": ["holdfast", "eval", f"model={name}", "suite=tiny", "repeats=1"],
            "seconds": {"measure": 5.0},
            "available": {"tiny_sort": 5_000, "tiny_upper": 600},
        }
        for name in ("old", "new")
    }
    comparison = compare(*runs(tmp_path, manifests, ("old", "new")), margin=0.02)
    first, second, third = advised(comparison)
    assert first[2:4] == ["model=old", "suite=tiny"] and second[2:4] == ["model=new", "suite=tiny"]
    assert third == ["holdfast", "compare", first[-1][4:], second[-1][4:], "margin=2"]
    sizes = dict(one.split(":") for one in compose(second[2:]).sizes)
    assert int(sizes["tiny_upper"]) <= 600 < int(sizes["tiny_sort"])


def test_a_training_measures_its_checkpoint_against_its_base(tmp_path: Path) -> None:
    config = {"model": {"path": "base", "revision": None}, "suite": list(TABLES), "target": ["tiny_upper"]}
    manifest = {"kind": "train", "config": config, "command": ["-c"], "seconds": {"measure after": 10.0}}
    comparison = compare(*runs(tmp_path, {"manifest.json": manifest}), margin=0.02, target=["tiny_upper"])
    (words,) = advised(comparison)
    config_ = compose(words[2:])
    assert config_.model == str(tmp_path / "run" / "checkpoint") and config_.against == "base"
    assert (config_.suite, config_.target) == (list(TABLES), ["tiny_upper"])
    assert "tiny_upper:110" in words[-2], "a target keeps its items"


def test_bare_files_get_a_plan_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    comparison = compare(*runs(tmp_path, {}), margin=0.02)
    (words,) = advised(comparison)
    assert words[:2] == ["holdfast", "plan"] and "minute" not in comparison.advice[0]
    assert main(words[1:]) == 0
    out = " ".join(capsys.readouterr().out.split())
    passes = float(out.split("At 2.00 points an unchanged model passes with ")[1].split("%")[0])
    assert passes >= 70


def test_the_advised_sizes_decide_with_the_probability_they_promise(tmp_path: Path) -> None:
    """Of tables drawn at the advised sizes with the flips that were seen, nothing changed: 80 ± 6 of 100 pass."""
    from scipy import special

    from holdfast.stats.omnibus import lower_bound
    from holdfast.stats.suite import Design, draw, p_values

    same = {"tiny_sort": (140, 100, 7, 7), "tiny_upper": (110, 60, 6, 6)}
    tasks = {task: flipped(*table) for task, table in same.items()}
    pair = [
        made_run(tmp_path / n, {t: made_rows(t, s[side]) for t, s in tasks.items()}, n) for side, n in enumerate("ab")
    ]
    (words,) = advised(compare(*pair, margin=0.02))
    sizes = [int(one.rpartition(":")[2]) for one in words[2][7:-1].split(",")]
    strata = draw(sizes, [0.1, 12 / 110], simulations=10_000, seed=1)
    alarms = (Design.of([True] * 2).adjusted(strata, p_values(strata)) <= 0.05).any(axis=-1)
    passed = ~alarms & (lower_bound(strata, "macro", float(special.ndtri(0.95)), precision=1e-6) > -0.02)
    assert 0.74 <= np.mean(passed) <= 0.86


def test_more_answers_where_they_vary_and_the_cheapest_way_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng, n, k = np.random.default_rng(10), 150, 4
    ability = rng.beta(3, 1, n)
    rows = []
    for _ in range(2):
        scores = [float(rng.random() < p) for p in ability for _ in range(k)]
        made = made_rows("t", scores, tokens=50)
        rows.append(
            [
                replace(row, doc_id=str(i // k), doc_hash=str(i // k), prompt_hash=str(i // k), repeat=i % k)
                for i, row in enumerate(made)
            ]
        )
    comparison = compare(
        *(made_run(tmp_path / n, {"t": one}, n) for n, one in zip("ab", rows, strict=True)), margin=0.03
    )
    assert comparison.decision is Decision.INCONCLUSIVE
    kinds = ["answers per item" in text for text in comparison.advice]
    assert sorted(kinds) == [False, True]
    costs = [_tokens(text) for text in comparison.advice]
    assert costs == sorted(costs)
    for text in comparison.advice:  # the plan knows the noise, and finds about what was promised
        assert main(shlex.split(text.partition("): ")[2])[1:]) == 0
        out = " ".join(capsys.readouterr().out.split())
        passes = float(out.split("At 3.00 points an unchanged model passes with ")[1].split("%")[0])
        assert 65 <= passes <= 90


def _tokens(text: str) -> float:
    number, unit = text.partition("about ")[2].split()[:2]
    return float(number.replace(",", "")) * {"thousand": 1e3, "million": 1e6}[unit]


def test_a_benchmark_without_more_items_is_not_sent_for_them(tmp_path: Path) -> None:
    manifest = {
        "command": ["holdfast", "eval", "model=new", "against=old", "suite=tiny"],
        "available": {"tiny_sort": 140, "tiny_upper": 110},
    }
    comparison = compare(*runs(tmp_path, {"manifest.json": manifest}), margin=0.02)
    assert comparison.decision is Decision.INCONCLUSIVE
    (text,) = comparison.advice
    assert "not even all items" in text
    words = shlex.split(text.rpartition(": ")[2])
    config = compose(words[2:])
    assert config.sizes == ["tiny_sort:140", "tiny_upper:110"] and 2 < (config.margin or 0) < 8


def test_sizes_take_effect_or_are_refused() -> None:
    from holdfast.benchmarks.engine.evaluate import evaluate
    from holdfast.benchmarks.suites.sizes import resized, suite_sizes
    from holdfast.benchmarks.suites.suite import load_suite
    from holdfast.errors import UsageError

    suite = resized(load_suite("quick"), ["gsm8k:1000", "humaneval:20"])
    sizes = {name: items for name, items, _ in suite_sizes(suite)}
    assert (sizes["gsm8k"], sizes["humaneval"], sizes["ifeval"]) == (1000, 20, 200)
    for words, said in (
        (["sizes=[gsm8k:5000]"], "gsm8k has 1,319 items, not 5,000"),
        (["sizes=[gsmk:5]"], "did you mean 'gsm8k'"),
        (["sizes=[gsm8k]"], "task:items"),
        (["sizes=[gsm8k:5]", "limit=3"], "give one of them"),
    ):
        with pytest.raises(UsageError, match=said):
            evaluate(compose(["model=tiny", "suite=quick", *words]))
