"""Rankings: the four recorded GSM8K models in their published order, and votes as the field's judges write them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.paths import shared

from holdfast.cli import main
from holdfast.compare import Columns
from holdfast.compare.rank import rank_runs, rank_votes
from holdfast.compare.reading.load import columns_of
from holdfast.compare.votes import Vote, read_votes
from holdfast.errors import DataError, UsageError

STRENGTH = {"best": 1.0, "good": 0.4, "fair": 0.3, "poor": -1.7}


def test_the_published_order_of_four_recorded_models() -> None:
    """21.68, 39.04, 34.72 and 56.25 of 100 as published; every difference is proven."""
    path = shared("gsm8k", "example_model_solutions.jsonl")
    names = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
    ranking = rank_runs({n: columns_of(path, Columns(score=f"{n}.is_correct", task="gsm8k")) for n in names})
    assert [one.name for one in ranking.standings] == [names[3], names[1], names[2], names[0]]
    assert [round(100 * one.score, 2) for one in ranking.standings] == [56.25, 39.04, 34.72, 21.68]
    assert [(one.best, one.worst) for one in ranking.standings] == [(1, 1), (2, 2), (3, 3), (4, 4)]


def drawn(seed: int = 0, games: int = 400, longer: float = 0.0) -> list[Vote]:
    """Votes of every pair; `longer`: how much a longer answer helps, the best model writing the shortest."""
    rng, votes, names = np.random.default_rng(seed), [], list(STRENGTH)
    for number in range(games):
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                size = [100.0 * (1 + names.index(name)) * rng.uniform(0.5, 1.5) for name in (first, second)]
                style = (size[0] - size[1]) / sum(size)
                chance = 1 / (1 + np.exp(STRENGTH[second] - STRENGTH[first] - longer * style))
                won = 0.5 if rng.random() < 0.1 else float(rng.random() < chance)
                votes.append(Vote(str(number), first, second, won, 1.0, (size[0], size[1])))
    return votes


def test_tied_models_share_places() -> None:
    ranking = rank_votes(drawn())
    assert [one.name for one in ranking.standings][::3] == ["best", "poor"]
    places = {one.name: (one.best, one.worst) for one in ranking.standings}
    assert places == {"best": (1, 1), "good": (2, 3), "fair": (2, 3), "poor": (4, 4)}
    assert next(one for one in ranking.standings if one.name == "good").tied == ("fair",)
    for one in ranking.standings:
        assert one.low is not None and one.high is not None and one.low < one.score < one.high


def test_style_control_takes_length_out() -> None:
    votes = drawn(longer=4.0)
    plain, controlled = rank_votes(votes), rank_votes(votes, style=["length"])
    assert plain.standings[0].name != "best" and controlled.standings[0].name == "best"
    assert controlled.style["length"] > 0.5
    with pytest.raises(UsageError, match="texts or lengths"):
        rank_votes([Vote("q", "a", "b", 1.0), Vote("q", "b", "a", 1.0)], style=["length"])


@pytest.mark.slow
def test_intervals_of_votes_cover() -> None:
    """1,000 tournaments with ties and questions that several votes share."""
    truth = np.array([400 / np.log(10) * s for s in STRENGTH.values()])
    covered = np.zeros(4)
    for seed in range(1_000):
        votes = [v for v in drawn(seed, 60) if v.won != 0.5]
        found = {one.name: one for one in rank_votes(votes).standings}
        for i, name in enumerate(STRENGTH):
            low, high = found[name].low, found[name].high
            covered[i] += bool(low is not None and high is not None and low <= 1000 + truth[i] <= high)
    assert np.all(np.abs(covered / 1_000 - 0.95) <= 0.025)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


KINDS: dict[str, list[dict[str, Any]]] = {
    "arena": [
        {"question_id": "1", "model_a": "x", "model_b": "y", "winner": "model_a"},
        {"question_id": "2", "model_a": "y", "model_b": "x", "winner": "model_b"},
        {"question_id": "3", "model_a": "x", "model_b": "y", "winner": "tie (bothbad)"},
        {"question_id": "4", "model_a": "x", "model_b": "y", "winner": "model_b"},
    ],
    "alpaca_eval": [
        {
            "instruction": f"q{i}",
            "generator_1": "y",
            "generator_2": "x",
            "preference": p,
            "output_1": "a",
            "output_2": "b",
        }
        for i, p in enumerate((2.0, 1.9, 1.5, 1.0, None))
    ],
    "arena_hard": [
        {"question_id": str(i), "model": "x", "baseline": "y", "games": [{"score": one}, {"score": two}]}
        for i, (one, two) in enumerate((("B>A", "A>>B"), ("[[A=B]]", "B>A")))
    ],
    "mt_bench": [
        {"question_id": i, "turn": 1, "model_1": "x", "model_2": "y", "g1_winner": one, "g2_winner": two}
        for i, (one, two) in enumerate(
            (("model_1", "model_1"), ("model_1", "model_2"), ("model_2", "model_2"), ("model_1", "model_1"))
        )
    ],
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_votes(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "votes.jsonl", KINDS[kind])
    assert main(["rank", str(path), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in record["standings"]] == ["x", "y"]
    assert record["standings"][0]["tied"] == ["y"]
    assert main(["rank", str(path)]) == 0
    assert "tied" in capsys.readouterr().out


def test_what_is_no_vote_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pairwise judgements"):
        read_votes(write(tmp_path / "a.jsonl", [{"id": 1, "score": 1}]))
    with pytest.raises(DataError, match="winner must be"):
        read_votes(write(tmp_path / "b.jsonl", [{"model_a": "x", "model_b": "y", "winner": "z"}]))
    with pytest.raises(DataError, match="between 1 and 2"):
        read_votes(write(tmp_path / "c.jsonl", [{"generator_1": "x", "generator_2": "y", "preference": 0}]))
    assert main(["rank", "votes.jsonl", "stile=length"]) == 64
