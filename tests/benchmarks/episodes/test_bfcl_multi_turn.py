"""BFCL multi-turn: paths with a call dropped, changed or added are judged as by bfcl-eval's own checker.

$HOLDFAST_BFCL_PYTHON has bfcl-eval. The paths are the reference's own: its checker's eval() sees no model's text.
"""

import copy
import json
import random
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.bfcl_paths import reference_calls, reference_paths
from helpers.foreign import foreign_python

from holdfast.environment import make_environment

SCRIPT = Path(__file__).parent / "scripts" / "bfcl_checker.py"
CATEGORIES = ("base", "miss_func", "miss_param", "long_context")
EACH = 3
"""Paths of each kind from one row: with 4 categories of 200 rows about 7,000 paths, beside 800 references."""
STEPS = 20
Call = tuple[str, dict[str, Any]]
Path_ = list[list[Call]]


@pytest.fixture(scope="module")
def python() -> str:
    return foreign_python("bfcl", "bfcl")


@pytest.fixture
def checker(python: str) -> Iterator[Callable[[str, list[list[str]]], bool]]:
    """The package's checker, in a process of its own."""
    process = subprocess.Popen([python, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    asked, answers = process.stdin, process.stdout

    def check(task: str, path: list[list[str]]) -> bool:
        print(json.dumps({"task": task, "path": path}), file=asked, flush=True)
        answer = json.loads(answers.readline())
        assert "result" in answer, (task, answer)
        return bool(answer["result"])

    yield check
    asked.close()
    process.wait()


def mutants(path: Path_, rng: random.Random, each: int = EACH) -> Iterator[tuple[str, Path_]]:
    """The path itself; then paths with one call dropped, one argument changed, one call made twice or elsewhere."""
    yield "reference", path
    places = [(t, c) for t, turn in enumerate(path) for c in range(len(turn))]
    for turn, number in rng.sample(places, min(each, len(places))):
        dropped = copy.deepcopy(path)
        del dropped[turn][number]
        yield "dropped", dropped
    changeable = [(t, c) for t, c in places if path[t][c][1]]
    for turn, number in rng.sample(changeable, min(each, len(changeable))):
        changed = copy.deepcopy(path)
        arguments = changed[turn][number][1]
        name = rng.choice(sorted(arguments))
        value = arguments[name]
        arguments[name] = value + "x" if isinstance(value, str) else not value if isinstance(value, bool) else 7
        yield "changed", changed
    for _ in range(each):
        added = copy.deepcopy(path)
        turn, number = rng.choice(places)
        target = rng.randrange(len(added))
        added[target].insert(rng.randint(0, len(added[target])), copy.deepcopy(path[turn][number]))
        yield "added", added


def written(path: Path_) -> list[list[str]]:
    return [
        [f"{name}({', '.join(f'{key}={value!r}' for key, value in given.items())})" for name, given in turn]
        for turn in path
    ]


def ours(made: Any, row: Any, path: Path_) -> Any:
    """Our score of a path: one call a message, or all of a turn where they are more than a turn may have messages."""
    episode = made.open(row, 0)
    for turn in path:
        calls = [
            {"id": "1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            for name, arguments in turn
        ]
        for message in [calls] if len(calls) > STEPS else [[call] for call in calls]:
            if episode.step({"role": "assistant", "content": "", "tool_calls": message}).done:
                break
        if episode.step({"role": "assistant", "content": "Done."}).done:
            break
    score = episode.score()
    episode.close()
    return score


def paths_of(made: Any, category: str, python: str) -> Iterator[tuple[Any, Path_]]:
    paths = reference_paths(category, python)
    for row in made.tasks(category):
        episode = made.open(row, 0)
        calls = [reference_calls(episode, turn) for turn in paths[str(row["key"])]]
        episode.close()
        yield row, [[(c["function"]["name"], json.loads(c["function"]["arguments"])) for c in turn] for turn in calls]


@pytest.mark.slow
@pytest.mark.parametrize("category", CATEGORIES)
def test_paths_are_judged_as_by_the_packages_checker(category: str, python: str, checker: Any) -> None:
    made = make_environment("bfcl_multi_turn", python=python)
    rng = random.Random(11)
    judged: Counter[tuple[str, bool]] = Counter()
    stricter, differences = 0, []
    for row, path in paths_of(made, category, python):
        for kind, mutant in mutants(path, rng):
            score, theirs = ours(made, row, mutant), checker(str(row["key"]), written(mutant))
            judged[kind, theirs] += 1
            stricter += score.value == 1.0 and score.parts["strict"] == 0.0
            if (score.value == 1.0) != theirs:
                differences.append((row["key"], kind, score.value, score.reason, theirs))
    print(category, sum(judged.values()), dict(judged), "stricter:", stricter)
    assert judged["reference", True] == 200
    assert differences == []
