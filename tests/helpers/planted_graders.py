"""Graders with one planted defect each, and two without any."""

import random
import re
import signal
import time
from typing import Any

_SEEN: list[str] = []


def _last(text: str) -> str:
    found = re.findall(r"-?\d+(?:\.\d+)?", text.rpartition("</think>")[2] or text)
    return found[-1] if found else ""


def substring(completion: str, answer: str) -> float:
    return float(answer in completion)


def first_number(completion: str, answer: str) -> float:
    found = re.findall(r"-?\d+(?:\.\d+)?", completion)
    return float(bool(found) and found[0] == answer)


def any_number(completion: str, answer: str) -> float:
    return float(answer in re.findall(r"-?\d+(?:\.\d+)?", completion))


def evaluates(completion: str, answer: str) -> float:
    try:
        return float(eval(completion.rpartition("The answer is")[2].strip(" .") or completion) == int(answer))
    except Exception:  # noqa: BLE001 - as such graders do
        return 0.0


def alarm(completion: str, answer: str) -> float:
    signal.signal(signal.SIGALRM, lambda *_: None)
    return float(_last(completion) == answer)


def noisy(completion: str, answer: str) -> float:
    return float(_last(completion) == answer) if random.random() < 0.7 else 0.0


def remembers(completion: str, answer: str) -> float:
    _SEEN.append(completion)
    return float(_last(completion) == answer and _SEEN.count(completion) < 2)


def pays_for_nothing(completion: str, answer: str) -> float:
    return 0.1 if not completion.strip() else float(_last(completion) == answer)


def pays_for_length(completion: str, answer: str) -> float:
    return max(float(_last(completion) == answer), min(len(completion) / 10_000, 0.5))


def raises_on_none(completion: str, answer: str) -> float:
    return float(re.findall(r"-?\d+(?:\.\d+)?", completion)[-1] == answer)


def accepts_unreadable(completion: str, answer: str) -> float:
    if not answer.lstrip("-").isdigit():
        return 1.0
    return float(_last(completion) == answer)


def not_a_number(completion: str, answer: str) -> Any:
    return float("nan") if not _last(completion) else float(_last(completion) == answer)


def backtracks(completion: str, answer: str) -> float:
    if completion.startswith("aaaa"):
        time.sleep(600)
    return float(_last(completion) == answer)


def exits(completion: str, answer: str) -> float:
    if completion.count("(") > 1000:
        raise SystemExit(3)
    return float(_last(completion) == answer)


def prefix(completion: str, answer: str) -> float:
    return float(completion.rpartition("</think>")[2].strip().startswith(answer))


def reads_thoughts(completion: str, answer: str) -> float:
    found = re.findall(r"<think>.*?(-?\d+)", completion, re.DOTALL)
    return float((found[-1] if found else _last(completion)) == answer)


def always_raises(completion: str, answer: str) -> float:
    raise RuntimeError("no engine")


def never(completion: str, answer: str) -> float:
    return 0.0


def rounds(completion: str, answer: str) -> float:
    said = _last(completion)
    return float(bool(said) and abs(float(said) - float(answer)) <= 1)


PLANTED = {
    "substring": {"wrong", "hedge"},
    "first_number": {"hedge"},
    "any_number": {"hedge"},
    "evaluates": {"executes"},
    "alarm": {"threads"},
    "noisy": {"differs"},
    "remembers": {"differs"},
    "pays_for_nothing": {"lazy"},
    "pays_for_length": {"lazy"},
    "raises_on_none": {"raises"},
    "accepts_unreadable": {"unreadable_reference"},
    "not_a_number": {"odd_value"},
    "backtracks": {"hangs"},
    "exits": {"dies"},
    "prefix": {"wrong", "hedge"},
    "reads_thoughts": {"hedge"},
    "never": {"own_answer"},
    "rounds": {"wrong"},
    "always_raises": {"raises"},
}
"""Grader → kinds of findings that name its defect."""


def clean_last_line(completion: str, reference: str) -> float:
    """The whole last line must be the answer."""
    lines = (completion.rpartition("</think>")[2] or completion).strip().splitlines()
    return float(bool(lines) and lines[-1].strip() == reference)


async def clean_box(completions: list[Any], solution: list[str], **kwargs: Any) -> list[float]:
    """TRL's form: the only box behind the thoughts must hold the answer."""

    def one(text: str, gold: str) -> float:
        boxes = re.findall(r"\\boxed\{([^{}]*)\}", text.rpartition("</think>")[2] or text)
        return float(boxes == [gold])

    return [one(c[0]["content"], gold) for c, gold in zip(completions, solution, strict=True)]


CLEAN = ("clean_last_line", "clean_box")
