"""Does the completion's program pass its tests? The verdict is computed where the program cannot reach it.

Reference: `{"style": …, "tests": …, "entry_point": …, "setup": …}`, a row of a published data set (`formats`), a column
of one, or the text of any of these; the style may be left out, the tests' shape tells.

    check     tests = source that defines check(candidate)                  (HumanEval)
    asserts   tests = assert lines, a list or one source                    (MBPP)
    stdin     tests = list of {"input", "output" or "outputs"}, compare, tolerance, checker, language
    function  tests = list of {"args", "kwargs", "expected" or "any_of"}, tolerance
    pytest    tests = source, or file names to text, that import `solution` (or what `module` names)

Further keys: prelude, solution, isolation, time_limit, cpu_limit, memory_limit, output_limit. Any other is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.sample import Sample, Score


def _check(**options: object) -> None:
    for name in ("timeout", "total_timeout", "memory"):
        value = options[name]
        if not isinstance(value, int | float) or value <= 0:
            raise UsageError(f"option {name!r} of reward 'code' must be above 0, not {value!r}")
    memory = options["memory"]
    if isinstance(memory, int | float) and memory < 64:
        raise UsageError(f"option 'memory' of reward 'code' is in MiB: a program needs at least 64, not {memory!r}")


def _surroundings(options: Mapping[str, Any]) -> Mapping[str, Any]:
    from holdfast.rewards.sandbox.backends.choice import Engine, surroundings

    names = ("backend", "hosts", "image", "workers", "packages")
    return surroundings(Engine(**{name: options[name] for name in names if name in options}))


@register(
    "code",
    version="8",
    scope="batch",
    check=_check,
    surroundings=_surroundings,
    safe_options=("score", "timeout", "total_timeout", "memory"),
)
def code(
    samples: Sequence[Sample],
    *,
    backend: Literal["auto", "docker", "bubblewrap", "unsafe-local"] = "auto",
    score: Literal["all", "share"] = "all",
    timeout: float = 10.0,
    total_timeout: float = 60.0,
    memory: int = 512,
    workers: int = 0,
    hosts: str = "",
    image: str = "",
    isolation: Literal["full", "partial"] = "full",
    packages: str = "",
) -> list[Score]:
    """Does the program in the completion pass its tests, judged from outside its process?

    `score`: all tests or nothing (the first failure ends them), or the share that passed. `timeout` is seconds a test,
    `total_timeout` per program, both from when its work starts; `memory` is MiB; a row's own limits replace them. No
    code is 0.0; a broken limit is 0.0 with outcome `timeout`; tests that check nothing, fail on their own, or fail on
    the reference's `solution`, are unjudgeable; a sandbox that fails is an error without a value. With
    `isolation="partial"` two objects of classes that the program defines may be compared by the program, which the
    reason then says. `packages` (`numpy,pandas`) are this machine's, for bubblewrap; a Docker image holds its own.
    Raises UsageError when no sandbox can be had. The tests of HumanEval (arXiv 2107.03374, openai/human-eval at
    6d43fb9) and MBPP (arXiv 2108.07732) run in full isolation.
    """
    from holdfast.rewards.sandbox.backends.choice import Engine
    from holdfast.rewards.sandbox.limits import Limits
    from holdfast.rewards.sandbox.scoring import Settings, score_samples

    limits = Limits(timeout=timeout, total=total_timeout, memory=memory)
    settings = Settings(Engine(backend, hosts, image, workers, packages), limits, score, isolation == "partial")
    return score_samples(samples, settings)


_ADD = {"tests": ["assert add(1, 2) == 3", "assert add(-1, 1) == 0"]}
EXAMPLES = {
    "code": [
        (Sample("```python\ndef add(a, b):\n    return a + b\n```", _ADD), 1.0),
        (Sample("```python\ndef add(a, b):\n    return abs(a) + b\n```", _ADD), 0.0),
        (Sample("```python\ndef add(a, b):\n    return abs(a) + b\n```", _ADD), 0.5, {"score": "share"}),
        (Sample("print(sum(map(int, input().split())))", {"tests": [{"input": "1 2", "output": "3"}]}), 1.0),
        (Sample("I would rather not.", _ADD), 0.0),
    ]
}
