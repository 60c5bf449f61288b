"""Attacks on the verdict and abuse of the machine, on both backends."""

import contextlib
import os
import time
from pathlib import Path

import pytest
from helpers import code_abuse, code_attacks, code_attacks_late
from helpers.sandboxes import BACKENDS, DOCKER_SLOW, containers, descendants, groups, need

from holdfast.reward import Reward
from holdfast.rewards.sandbox import close_pools
from holdfast.sample import Outcome, Sample


def test_the_corpus_is_large_enough() -> None:
    assert len(code_attacks.CALLED) + len(code_attacks.PRINTED) >= 60
    assert len(code_abuse.ABUSE) >= 25


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_attack_is_accepted(backend: str) -> None:
    reward = Reward("code", backend=need(backend), timeout=8.0)
    right = reward.score_batch([Sample(code_attacks.RIGHT, r) for r in code_attacks.references().values()])
    assert [score.value for score in right] == [1.0] * len(right)
    # Every attack under one calling style here; under all styles in the slow tier.
    chosen = [a for a in code_attacks.attacks() if a[0].endswith(("[near]", "[stdin]"))]
    _assert_refused(reward, chosen)


PARTS = 12
"""Of the long corpora, each within minutes."""


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("part", range(3))
def test_no_attack_is_accepted_under_any_style(part: int, backend: str) -> None:
    _assert_refused(Reward("code", backend=need(backend), timeout=8.0), list(code_attacks.attacks())[part::3])


# Programs whose values claim to be whatever they are compared with.
SPIES = ("every", "every int", "every float", "every str", "spy", "spy int", "spy float", "reduce of an int")


@pytest.mark.parametrize("backend", DOCKER_SLOW)
def test_a_few_later_attacks_are_refused(backend: str) -> None:
    reward = Reward("code", backend=need(backend), timeout=8.0)
    _assert_refused(reward, [*list(code_attacks_late.attacks())[::20], *list(code_attacks_late.loose(SPIES))[::12]])


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_no_later_attack_is_accepted(backend: str) -> None:
    reward = Reward("code", backend=need(backend), timeout=8.0)
    right = [Sample(code_attacks.RIGHT, reference) for reference in code_attacks_late.right()]
    assert [score.value for score in reward.score_batch(right)] == [1.0] * len(code_attacks_late.LOOSE)
    chosen = [a for a in code_attacks_late.attacks() if a[0].endswith(("[asserts]", "lines]"))]
    _assert_refused(reward, [*chosen, *list(code_attacks_late.loose(SPIES))[::3]])


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_later_attack_is_accepted_under_any_test(part: int, backend: str) -> None:
    _assert_refused(Reward("code", backend=need(backend), timeout=8.0), list(code_attacks_late.attacks())[part::PARTS])


def _assert_refused(reward: Reward, attacks: list[tuple[str, str, dict[str, object]]]) -> None:
    scores = reward.score_batch([Sample(program, reference) for _, program, reference in attacks])
    assert [name for (name, _, _), score in zip(attacks, scores, strict=True) if score.value != 0.0] == []


_PRINTS = {"style": "stdin", "tests": [{"input": "", "output": "done\n"}]}
_FRESH = {"tests": ["assert fresh() == ([], [], True)"]}
_CONTROL = """
import os
def fresh():
    pids = [p for p in os.listdir("/proc") if p.isdigit()]
    return os.listdir("/tmp"), [p for p in pids if strange(p)], len(pids) <= 7
def strange(pid):
    # Supervisor, forkserver, judge, this, and the next test's candidate and judge; candidates come from the forkserver.
    try:
        parent = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
        return os.stat(f"/proc/{pid}").st_uid >= 20000 and parent != os.getppid()
    except FileNotFoundError:
        return False
"""


def _abuse(backend: str, names: list[str]) -> None:
    reward = Reward("code", backend=backend, timeout=2.0, memory=256, workers=1)
    for name in names:
        score = reward.score(Sample(code_abuse.ABUSE[name], _PRINTS))
        assert score.value == 0.0, (name, score)
        after = reward.score(Sample(_CONTROL, _FRESH))
        assert after.value == 1.0, (name, after)
    close_pools()
    _nothing_left()


def _nothing_left() -> None:
    for _ in range(50):
        left = _sandboxed() + (containers(os.getpid()) if need_docker() else []) + groups(os.getpid())
        if not left:
            return
        time.sleep(0.1)
    assert left == []


def _sandboxed() -> list[int]:
    """Processes under this one that run as another user: candidates and judges."""
    found = []
    for pid in descendants(os.getpid()):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}").stat().st_uid != os.getuid():
                found.append(pid)
    return found


def need_docker() -> bool:
    from holdfast.rewards.sandbox.backends import docker_engine

    return docker_engine.problem("", "") is None


QUICK = ["daemon", "deaf daemon", "daemon that writes", "locked folders", "deep folders", "links", "kills everything"]
QUICK += ["kills its parent", "stdout flood", "memory", "writes the system", "hypervisor", "fork bomb"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_abuse_is_contained(backend: str) -> None:
    _abuse(need(backend), QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_all_abuse_is_contained(backend: str) -> None:
    _abuse(need(backend), list(code_abuse.ABUSE))


def test_comparing_the_programs_own_objects_needs_partial_isolation() -> None:
    program = "class P:\n    def __init__(self, x): self.x = x\n    def __eq__(self, o): return self.x == o.x\n"
    reference = {"tests": ["assert P(1) == P(1)", "assert not (P(1) == P(2))", "assert P(3).x == 3"]}
    full = Reward("code", backend=need("bubblewrap"), score="share").score(Sample(program, reference))
    assert full.outcome is Outcome.UNJUDGEABLE and "isolation='partial'" in full.reason
    says_so = Reward("code", backend="bubblewrap").score(Sample(program, {**reference, "isolation": "partial"}))
    assert says_so.outcome is Outcome.CORRECT
    partial = Reward("code", backend="bubblewrap", isolation="partial").score(Sample(program, reference))
    assert partial.outcome is Outcome.CORRECT and "partial isolation" in partial.reason
