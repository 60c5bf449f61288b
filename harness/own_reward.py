"""A user's own reward function, whatever it takes and returns, as the registry's rewards are: samples in, scores out.

It takes a Sample, or parts of it by name (`completion`, `prompt`, `reference`, and every column of the row), or TRL's
lists (`completions`, `prompts`, and columns). It returns a number, a bool, None (cannot be judged), a Score, or a list
of these for lists; and may be async. Keyword-only parameters with a default are options.
"""

import asyncio
import inspect
import math
import typing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from holdfast.errors import UsageError, suggestion
from holdfast.plugins.own_module import own_object
from holdfast.sample import Outcome, Sample, Score

OURS = ("sample", "completion", "prompt", "reference", "columns")
Judge = Callable[..., list[Score]]


def load_function(path: str, kind: str = "reward") -> Any:
    """The function that `package.module:function` or `file.py:function` names; of a class an instance. The working
    directory is looked in, too.

    Raises UsageError for what is not there (naming the nearest) or cannot be loaded.
    """
    function = own_object(path, kind)
    if not callable(function):
        raise UsageError(f"{kind} {path!r} is not a function but {type(function).__name__}")
    if not inspect.isclass(function):
        return function
    try:
        return function()
    except Exception as error:
        raise UsageError(f"{kind} {path!r} cannot be made: {type(error).__name__}: {error}") from error


def judge_of(path: str, function: Any) -> Judge:
    """`function` as a judge of many samples, whose keyword-only parameters are its options.

    Raises UsageError for a function that takes nothing of a sample.
    """
    parameters = list(inspect.signature(function).parameters.values())
    options = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty]
    read = [p for p in parameters if p not in options and p.kind is not p.VAR_KEYWORD]
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
    if not read and not takes_all:
        raise UsageError(f"reward {path!r} takes no sample: its parameters are {', '.join(p.name for p in parameters)}")
    lists = takes_all or any(p.name == "completions" for p in read)
    call = _by_lists if lists and any(p.name in ("completions", "prompts") for p in read) else _one_by_one

    def judge(samples: Sequence[Sample], **chosen: Any) -> list[Score]:
        return [_score(path, value) for value in call(path, function, read, takes_all, samples, chosen)]

    judge.__doc__ = inspect.getdoc(function) or ""
    judge.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # read by inspect.signature
        [inspect.Parameter("samples", inspect.Parameter.POSITIONAL_OR_KEYWORD), *options]
    )
    judge.__annotations__ = {p.name: p.annotation for p in options if p.annotation is not p.empty}
    judge.__module__, judge.__qualname__ = getattr(function, "__module__", ""), getattr(function, "__qualname__", path)
    return judge


def _by_lists(
    path: str, function: Any, read: Sequence[Any], takes_all: bool, samples: Sequence[Sample], chosen: Mapping[str, Any]
) -> list[Any]:
    """TRL's own call: one list per column."""
    columns: dict[str, list[Any]] = {
        "prompts": [sample.prompt for sample in samples],
        "completions": [sample.completion for sample in samples],
    }
    for name in {name for sample in samples for name in sample.info}:
        columns.setdefault(str(name), [sample.info.get(name) for sample in samples])
    columns.setdefault("reference", [sample.reference for sample in samples])
    found = _awaited(function(**_named_arguments(path, read, takes_all, columns), **chosen))
    if isinstance(found, str) or not isinstance(found, Sequence):
        raise UsageError(f"reward {path!r} takes completions and must return a list, not {type(found).__name__}")
    if len(found) != len(samples):
        raise UsageError(f"reward {path!r} returned {len(found)} values for {len(samples)} completions")
    return list(found)


def _one_by_one(
    path: str, function: Any, read: Sequence[Any], takes_all: bool, samples: Sequence[Sample], chosen: Mapping[str, Any]
) -> list[Any]:
    calls = [_arguments(path, read, takes_all, sample) for sample in samples]
    found = [function(*positional, **named, **chosen) for positional, named in calls]
    return list(_awaited(_gathered(found))) if any(inspect.isawaitable(one) for one in found) else found


def _arguments(path: str, read: Sequence[Any], takes_all: bool, sample: Sample) -> tuple[list[Any], dict[str, Any]]:
    """The Sample itself, where the one parameter is not the name of a part of it; else the parts by name."""
    first = read[0] if read else None
    if first is not None and (first.name == "sample" or _is_sample(first) or (len(read) == 1 and _free(first, sample))):
        return [sample], {}
    parts = {**sample.info, "completion": sample.text, "prompt": sample.prompt, "reference": sample.reference}
    return [], _named_arguments(path, read, takes_all, parts | {"columns": sample.info})


def _is_sample(parameter: Any) -> bool:
    return parameter.annotation is Sample or parameter.annotation in ("Sample", "holdfast.Sample")


def _free(parameter: Any, sample: Sample) -> bool:
    return parameter.name not in OURS and parameter.name not in sample.info


def _named_arguments(path: str, read: Sequence[Any], takes_all: bool, parts: Mapping[str, Any]) -> dict[str, Any]:
    for parameter in read:
        if parameter.name not in parts and parameter.default is parameter.empty:
            hint = suggestion(parameter.name, map(str, parts))
            raise UsageError(f"reward {path!r} reads {parameter.name!r}, which the rows lack{hint}")
    named = {parameter.name for parameter in read}
    return {name: value for name, value in parts.items() if takes_all or name in named}


async def _gathered(calls: Sequence[Any]) -> list[Any]:
    async def one(call: Any) -> Any:
        return await call if inspect.isawaitable(call) else call

    return list(await asyncio.gather(*map(one, calls)))


def _awaited(value: Any) -> Any:
    """The result of a coroutine, from whatever thread: a running event loop is left alone."""
    if not inspect.isawaitable(value):
        return value
    coroutine = typing.cast(Any, value)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def _score(path: str, value: Any) -> Score:
    """A returned value as a Score. Raises UsageError for what is none."""
    if isinstance(value, Score):
        return value
    if value is None:
        return Score.unjudgeable("the reward returned None")
    try:
        number = float(value) if not isinstance(value, str) else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise UsageError(
            f"reward {path!r} returned {value!r:.80}; expected a number, a bool, None or a Score for each completion"
        )
    if not math.isfinite(number):
        return Score.error(f"the reward returned {number}")
    return Score(number, Outcome.of(number))
