"""Rankings: the four recorded GSM8K models in their published order, and votes as the field's judges write them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.paths import shared
from scipy import special

from holdfast.cli import main
from holdfast.compare import Columns
from holdfast.compare.ranking.rank import rank_runs, rank_votes
from holdfast.compare.ranking.votes import Vote, read_votes
from holdfast.compare.reading.load import columns_of
from holdfast.errors import DataError, UsageError
from holdfast.stats.multiple import holm
from holdfast.stats.ranking import fit_votes

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


def tournament(rng: np.random.Generator, strength: np.ndarray, games: int, ties: float, shared: float) -> Any:
    """(first, second, won, question): every pair on every question; `shared`: a question's votes lean together."""
    pairs = np.array([(i, j) for i in range(len(strength)) for j in range(i + 1, len(strength))])
    first, second = np.tile(pairs[:, 0], games), np.tile(pairs[:, 1], games)
    question = np.repeat(np.arange(games), len(pairs))
    lean = shared * rng.standard_normal((games, len(strength)))
    gap = strength[first] - strength[second] + lean[question, first] - lean[question, second]
    won = (rng.random(gap.size) < 1 / (1 + np.exp(-gap))).astype(float)
    return first, second, np.where(rng.random(gap.size) < ties, 0.5, won), question


@pytest.mark.slow
@pytest.mark.parametrize(("games", "ties", "shared"), [(60, 0.0, 0.0), (200, 0.0, 0.0), (100, 0.0, 0.6)])
def test_intervals_of_votes_cover(games: int, ties: float, shared: float) -> None:
    """10,000 tournaments: 95 ± 1.5 % of the intervals hold the strength; questions whose votes lean together, too (the
    strengths are then those that the fit tends to)."""
    rng, strength = np.random.default_rng(30), np.array(list(STRENGTH.values()))
    truth = strength - strength.mean()
    if shared:
        first, second, won, _ = tournament(rng, strength, 200_000, ties, shared)
        truth = fit_votes(first, second, won)[0].strength
    covered = np.zeros(len(truth))
    for _ in range(10_000):
        first, second, won, question = tournament(rng, strength, games, ties, shared)
        low, high = fit_votes(first, second, won, clusters=question)[0].intervals()
        covered += (low <= truth) & (truth <= high)
    assert np.all(np.abs(covered / 10_000 - 0.95) <= 0.015)


@pytest.mark.slow
def test_equal_models_are_told_apart_in_one_ranking_of_twenty() -> None:
    """Four equal models: a proven difference among the six pairs of a ranking by votes in at most 5.5 %."""
    rng, alarms = np.random.default_rng(31), 0
    for _ in range(10_000):
        first, second, won, question = tournament(rng, np.zeros(4), 100, 0.1, 0.4)
        found = fit_votes(first, second, won, clusters=question)[0]
        gaps = found.strength[:, None] - found.strength[None, :]
        own = np.diagonal(found.covariance)
        spread = np.sqrt(own[:, None] + own[None, :] - 2 * found.covariance)
        pairs = np.triu_indices(4, 1)
        alarms += bool(holm(2 * special.ndtr(-np.abs(gaps[pairs]) / spread[pairs])).min() <= 0.05)
    assert alarms / 10_000 <= 0.055


PUBLISHED = {
    "FuseChat-Gemma-2-9B-Instruct": (70.497, 1.343, 70.181),
    "FuseChat-Qwen-2.5-7B-Instruct": (64.641, 1.430, 63.583),
    "FuseChat-Llama-3.1-8B-Instruct": (63.332, 1.423, 65.386),
    "FuseChat-Llama-3.2-3B-Instruct": (51.297, 1.483, 53.999),
    "FuseChat-Llama-3.2-1B-Instruct": (29.922, 1.393, 25.271),
}
"""AlpacaEval 2's leaderboard: win rate, its standard error, length-controlled win rate (with the difficulty term)."""


def test_alpaca_evals_published_order_of_five_recorded_models() -> None:
    """Win rates and errors as published, rates at equal length within a point (without difficulties), both orders."""
    votes = read_votes(Path(__file__).parent / "data" / "alpaca_eval_fusechat.jsonl.gz")
    ranking, controlled = rank_votes(votes), rank_votes(votes, style=["length"])
    for model, (rate, error, at_equal_length) in PUBLISHED.items():
        found = ranking.win_rates[model]
        assert 100 * found.rate == pytest.approx(rate, abs=0.01)
        assert 100 * (found.high - found.low) / (2 * 1.959964) == pytest.approx(error, abs=0.01)
        assert found.equal_length is not None
        assert 100 * found.equal_length == pytest.approx(at_equal_length, abs=1.0)
    ordered = [[one.name for one in found.standings if one.name in PUBLISHED] for found in (ranking, controlled)]
    assert ordered[0] == sorted(PUBLISHED, key=lambda model: -PUBLISHED[model][0])
    assert ordered[1] == sorted(PUBLISHED, key=lambda model: -PUBLISHED[model][2])


def test_difficulties_of_a_file_are_the_third_term(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Simulated judgments: with the instructions' difficulties the rate at equal length is nearer to the truth."""
    rng, n = np.random.default_rng(6), 805
    hard, other = rng.normal(0, 1, n), rng.integers(200, 3_000, n)
    own = np.maximum(1, other + rng.normal(500, 800, n)).astype(int)
    level = 0.4 + 1.5 * hard
    chance = 1 / (1 + np.exp(-(level + 1.2 * np.tanh((own - other) / (own - other).std()))))
    truth = 100 * float((1 / (1 + np.exp(-level))).mean())
    rows = [
        {"instruction": f"q{i}", "generator_1": "base", "generator_2": "m", "preference": 1.0 + float(rng.random() < p),
         "len_1": int(other[i]), "len_2": int(own[i])}
        for i, p in enumerate(chance)
    ]  # fmt: skip
    votes = str(write(tmp_path / "annotations.jsonl", rows))
    (tmp_path / "d.csv").write_text(
        "index,instruction_difficulty\n" + "".join(f"{i},{h}\n" for i, h in enumerate(hard))
    )
    found = []
    (tmp_path / "unnamed.csv").write_text((tmp_path / "d.csv").read_text().removeprefix("index"))
    for words in ([], [f"difficulty={tmp_path / 'd.csv'}"], [f"difficulty={tmp_path / 'unnamed.csv'}"]):
        assert main(["rank", votes, *words, "--json"]) == 0
        found.append(100 * json.loads(capsys.readouterr().out)["win_rates"]["m"]["equal_length"])
    assert abs(found[1] - truth) < 3 and found[0] != found[1] == found[2]
    (tmp_path / "d.csv").write_text("index,instruction_difficulty\n0,1.0\n")
    assert main(["rank", votes, f"difficulty={tmp_path / 'd.csv'}"]) == 65
    assert "no difficulty of row 1" in capsys.readouterr().err
    assert main(["rank", votes, "allow_missing=1"]) == 64


def test_arena_hard_v2s_questions_have_two_categories_and_two_baselines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its 750 questions, each category against its own baseline; scores as its show_result.py counts them."""
    questions = [json.loads(line) for line in shared("arena_hard", "arena-hard-v2.0.question.jsonl").open()]
    baselines = {"hard_prompt": "o3-mini-2025-01-31", "creative_writing": "gemini-2.0-flash-001"}
    rng, verdicts = np.random.default_rng(8), ["A>>B", "A>B", "A=B", "B>A", "B>>A", "A<B", "B<<A"]
    rows, official = [], []
    for number, question in enumerate(questions):
        two = [str(one) for one in rng.choice(verdicts, 2)]
        games: list[Any] = [{"score": one} for one in two]
        if number == 3:
            games[1] = {"score": None}
        elif question["category"] == "hard_prompt":
            official += _shares(two[1]) + [1 - share for share in _shares(two[0])]
        base = {"category": question["category"], "baseline": baselines[question["category"]]}
        rows.append({"uid": question["uid"], "judge": "gpt-4.1", "model": "mine", "games": games, **base})
    path = str(write(tmp_path / "mine.jsonl", rows))
    assert main(["rank", path, "category=hard_prompt", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in record["standings"]} == {"mine", "o3-mini-2025-01-31"}
    assert record["win_rates"]["mine"]["rate"] == pytest.approx(float(np.mean(official)))
    assert main(["rank", path, "category=hard_prompts"]) == 64
    assert "did you mean 'hard_prompt'" in capsys.readouterr().err
    assert main(["rank", path, "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert len(whole["standings"]) == 3 and whole["win_rates"] == {}


def _shares(verdict: str) -> list[float]:
    """arena-hard-auto, show_result.py: label_to_score with weight 3, for the model as A."""
    table = {
        "A>B": [1.0],
        "A>>B": [1.0] * 3,
        "A=B": [0.5],
        "A<B": [0.0],
        "B>A": [0.0],
        "B>>A": [0.0] * 3,
        "B<<A": [1.0] * 3,
    }
    return table[verdict]


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
