"""The worker process: integrals, limits, endless sums and long computations, within limits of its own.

Started as `python -m holdfast.rewards.math_answer.worker`; one JSON object a line in, one out; ends with its input.
Its time limit counts its own CPU time, so that a loaded machine does not turn into a model's 0.
"""

import json
import signal
import sys
from typing import Any

from holdfast.rewards.math_answer.equal import evaluate
from holdfast.rewards.math_answer.equal.compare import compare
from holdfast.rewards.math_answer.equal.symbolic import settle
from holdfast.rewards.math_answer.parse.reading import read
from holdfast.rewards.math_answer.settings import Equality, Settings

_MEMORY = 1 << 30


def main() -> None:
    """Serve until the input ends."""
    _limit_memory()
    decide("1", r"\int_0^1 2x dx", Settings())  # loads sympy before the first item's clock starts
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    evaluate.LIMITS.seconds, evaluate.LIMITS.digits = request["seconds"], 4000
    signal.setitimer(signal.ITIMER_PROF, request["seconds"])  # ends this process, whatever it is in the middle of
    verdict = decide(request["gold"], request["pred"], Settings(**request["settings"]))
    signal.setitimer(signal.ITIMER_PROF, 0)
    return {"equal": verdict.equal, "test": verdict.test, "limited": verdict.limited}


def decide(gold_text: str, pred_text: str, settings: Settings) -> Equality:
    """The caller's comparison with a larger budget; what it cannot evaluate is replaced by its value."""
    gold, pred = (read(text).node for text in (gold_text, pred_text))
    if gold is None or pred is None:
        return Equality(False, "no mathematics")
    seed = b"worker"
    try:
        return compare(gold, pred, settings, seed)
    except evaluate.RefusedError as limit:
        return Equality(False, f"not compared: {limit}")
    except evaluate.HardError:
        try:
            return settle(gold, pred, settings)
        except (evaluate.HardError, ArithmeticError, ValueError, TypeError, NotImplementedError) as problem:
            return Equality(False, f"not settled: {type(problem).__name__}")


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on every platform
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    main()
