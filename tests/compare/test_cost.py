"""`holdfast plan cost=…`: every way to measure with what it costs and what it can decide, and the cheapest."""

import json
from pathlib import Path

import pytest

from holdfast.cli import main
from holdfast.compare.planning.cost import cheapest, designs
from holdfast.compare.planning.power import Bench, Requirements
from holdfast.files import write_json
from holdfast.stats.power import mcnemar_power

PAIR = [Bench("a", 1319), Bench("b", 1000, tokens=512)]


def test_every_way_is_judged_and_the_cheapest_that_is_enough_is_named() -> None:
    ways = {way.name: way for way in designs(PAIR, Requirements(margin=0.05, effect=0.1), drafts=0.25)}
    assert list(ways) == ["all items", "fewer items", "stop=decided"]
    plain, fewer, stopped = ways.values()
    assert plain.tokens == 1319 * 256 + 1000 * 512 and plain.decoded == plain.tokens / 4
    assert plain.items == 2319 and plain.passes is not None and plain.passes > 0.9
    assert plain.finds == pytest.approx(min(mcnemar_power(n, 0.1, 0.1, 0.05 / 3) for n in (1319, 1000)), abs=1e-6)
    assert fewer.items < stopped.items < 0.5 * plain.items
    assert stopped.before == plain.before > fewer.before
    assert all(way.enough for way in ways.values()) and cheapest(list(ways.values()), "items") is fewer


def test_nothing_is_called_enough_that_is_not() -> None:
    ways = designs([Bench("a", 60)], Requirements(margin=0.005, effect=0.01))
    assert not any(way.enough for way in ways) and cheapest(ways, "tokens") is None


def test_answers_before_are_a_way_where_answers_are_drawn() -> None:
    drawn = [Bench("aime", 400, flips=0.3, noise=0.3, repeats=4)]
    ways = {way.name: way for way in designs(drawn, Requirements(margin=0.06))}
    assert "stop=decided" not in ways, "means of repeats are not simulated"
    fewer, repeated = ways["fewer items"], ways["fewer items, 8 answers before"]
    assert repeated.tokens < fewer.tokens


@pytest.mark.slow
def test_targets_are_whole_in_every_way() -> None:
    ways = designs([*PAIR, Bench("goal", 300, target=True)], Requirements(margin=0.05))
    assert {way.sizes["goal"] for way in ways} == {300}


def test_the_command_takes_the_drafts_share_from_a_pilot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from holdfast.cli.plan import Options, _drafts

    write_json(tmp_path / "drafts.json", {"answers": 3, "tokens": 200, "decoded": 30, "passes": 5})
    assert _drafts(Options(), ["x", str(tmp_path)]) == 0.15
    assert _drafts(Options(drafts=0.5), ["x", str(tmp_path)]) == 0.5
    words = ["plan", "sizes=[a:600]", "margin=5", "cost=tokens", "drafts=0.2"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["designs"]
    assert found[-1]["name"] == "stop=decided" and found[-1]["decoded"] == pytest.approx(found[-1]["tokens"] / 5)
    assert main(words) == 0
    assert "Cheapest in tokens that reaches 80%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cost=tokens"], "give margin"),
        (["cost=money", "margin=5"], "tokens or items"),
        (["drafts=0.2", "margin=5"], "cost=tokens"),
        (["drafts=2", "margin=5", "cost=items"], "between"),
    ],
)
def test_what_it_refuses(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "sizes=[a:100]", *words]) == 64
    assert message in capsys.readouterr().err
