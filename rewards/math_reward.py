"""The `math` reward: does a completion's final answer equal the reference?"""

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.rewards.answers.places import Require, Which
from holdfast.rewards.answers.text import Language, Stop, writes_commas
from holdfast.rewards.math_answer import quick
from holdfast.rewards.math_answer.equal.render import show
from holdfast.rewards.math_answer.judge import Judgement, judge
from holdfast.rewards.math_answer.parse.reading import read
from holdfast.rewards.math_answer.references import BadReferenceError
from holdfast.rewards.math_answer.settings import Boxes, Brackets, Equality, Order, Percent, Settings, Units
from holdfast.rewards.math_answer.worker.pool import POOL, ComparisonJob, Failure
from holdfast.sample import Sample, Score

log = logging.getLogger("holdfast")

Memo = dict[tuple[str, str], Judgement]


def _check(*, tolerance: float, seconds: float, **_: Any) -> None:
    """Refuse bad values; a worker starts meanwhile, so that the first integral need not wait for sympy."""
    if not 0 <= tolerance < 1:
        raise UsageError(f"tolerance must be in [0, 1) (a share of the reference), not {tolerance!r}")
    if not 0 < seconds <= 60:
        raise UsageError(f"seconds must be in (0, 60], not {seconds!r}")
    POOL.warm()


@register(
    "math",
    version="9",
    scope="batch",
    check=_check,
    safe_options=(
        "require",
        "which",
        "stop",
        "boxes",
        "tolerance",
        "percent",
        "units",
        "order",
        "brackets",
        "decimal_comma",
        "language",
    ),
)
def math(
    samples: Sequence[Sample],
    *,
    require: Require = "any",
    which: Which = "last",
    stop: Stop = "question",
    boxes: Boxes = "hedge",
    tolerance: float = 1e-6,
    percent: Percent = "reference",
    units: Units = "ignore",
    order: Order = "convention",
    brackets: Brackets = "convention",
    decimal_comma: bool = False,
    language: Language | None = None,
    seconds: float = 0.4,
) -> list[Score]:
    """Does the final answer equal the reference, mathematically?

    The reference is an answer (LaTeX or plain), a whole worked solution, a number, or a list of accepted
    ones; one that cannot be read is unjudgeable. `require`: "any", "marked" (a box, ####, "the answer is" in any
    language) or "boxed"; `which` of several statements counts: the "last", the "first", or all, "agreeing"; `stop`:
    a run-on into a next "question" ends the answer ("none", or texts of your own). `boxes`: several boxes that
    disagree are a "hedge" (wrong), or the "last" counts. `tolerance` is relative and for decimals only.
    `percent`: 28% is 0.28 when the "reference" carries the sign (50% is always 1/2, written as one), "always"
    or "never". `units`: "ignore" those the other side omits, or "strict". `order`: by "convention" (in
    tuples, not in sets and bare lists), "any" or "strict". `brackets`: "ignore" them: a matrix, a point, a set
    and a list of the same parts are one answer. `language` ("de", "fr", …) reads 1.234,5 as that language
    does, in answers and references, and so does `decimal_comma`. `seconds` (CPU time) bounds the few comparisons
    that need a worker process (integrals, limits, endless sums). Model text is never executed. For example
    "\\boxed{\\frac{2}{4}}" against "1/2" is 1.0 and "\\boxed{0.33}" against "1/3" is 0.0.
    """
    commas = decimal_comma or writes_commas(language)
    settings = Settings(tolerance, percent, units, order, commas, boxes, require, which, stop, brackets)
    memo: Memo = {}
    scores: list[Score | None] = []
    pending: list[tuple[int, Judgement]] = []
    for sample in samples:
        score = quick.score(sample, settings)
        if score is None:
            found = _judged(sample, settings, memo)
            score = found if isinstance(found, Score) else None
            if isinstance(found, Judgement):
                pending.append((len(scores), found))
        scores.append(score)
    return _complete(scores, pending, settings, seconds)


def _judged(sample: Sample, settings: Settings, memo: Memo) -> Score | Judgement:
    """A Score, or the Judgement that only a worker can complete. Any of several references is accepted."""
    references = sample.reference if isinstance(sample.reference, list | tuple) else (sample.reference,)
    text, best, problem = sample.text, None, "no reference"
    for reference in references:
        if not isinstance(reference, str | int | float):
            problem = f"a reference must be text or a number, not {type(reference).__name__}"
            continue
        key = (text, str(reference))
        try:
            found = memo.get(key) or memo.setdefault(key, judge(text, key[1], settings))
        except BadReferenceError as bad:
            problem = str(bad)
            continue
        if found.verdict.equal:
            return _score(found, key[1])
        if best is None or (found.pending and not best[0].pending):
            best = (found, key[1])
    if best is None:
        _say_once(problem)
        return Score.unjudgeable(problem)
    return best[0] if best[0].pending else _score(*best)


@lru_cache(maxsize=1000)
def _say_once(problem: str) -> None:
    log.warning("math: %s; its samples are not judged", problem)


def _score(judgement: Judgement, reference: str) -> Score:
    parts = judgement.extraction.parts
    if not parts:
        return Score.of(False, judgement.extraction.origin)
    extracted = parts[-1] if len(parts) == 1 else " ; ".join(parts)
    return Score.of(judgement.verdict.equal, _reason(judgement, extracted, reference), extracted[:400])


def _reason(judgement: Judgement, extracted: str, reference: str) -> str:
    read_as = show(read(extracted).node) if len(extracted) < 400 else "a long answer"
    return (
        f"extracted {extracted!r:.120} ({judgement.extraction.origin}), read as {read_as}; "
        f"{'equals' if judgement.verdict.equal else 'expected'} {reference.strip()!r:.80}: {judgement.verdict.test}"
    )


def _complete(
    scores: list[Score | None], pending: list[tuple[int, Judgement]], settings: Settings, seconds: float
) -> list[Score]:
    """The scores with what the workers say; equal questions are asked once."""
    tasks: dict[ComparisonJob, list[tuple[int, Judgement]]] = {}
    for index, judgement in pending:
        assert judgement.pending is not None
        gold, pred = judgement.pending
        tasks.setdefault(ComparisonJob(gold.text, pred.text, settings, seconds), []).append((index, judgement))
    for (task, places), found in zip(tasks.items(), POOL.decide(list(tasks)) if tasks else [], strict=False):
        for index, judgement in places:
            scores[index] = _from_worker(found, judgement, task.gold)
    return [score for score in scores if score is not None]


def _from_worker(found: Equality | Failure, judgement: Judgement, reference: str) -> Score:
    if isinstance(found, Equality):
        return _score(judgement._replace(verdict=found), reference)
    if found is Failure.BROKEN:
        log.error("math: %s: no verdict", found)
        return Score.error(found.value)
    return Score.timeout(f"compared with {reference!r:.80}, {found}", judgement.extraction.parts[-1][:400])


EXAMPLES: dict[str, list[tuple[Sample, float | None]]] = {
    "math": [
        (Sample(r"So it is $\boxed{\frac{2}{4}}$.", "1/2"), 1.0),
        (
            Sample(r"Hence $x < -1$ or $x > 3$, that is $\boxed{(-\infty,-1)\cup(3,\infty)}$", r"x<-1 \text{ or } x>3"),
            1.0,
        ),
        (Sample(r"The roots are $\boxed{2}$ and $\boxed{1}$.", "1, 2"), 1.0),
        (Sample(r"So $x = 2$ or $x = -3$.", r"\{-3, 2\}"), 1.0),
        (Sample(r"The answer is 3 or 4.", "4"), 0.0),
        (Sample(r"\boxed{0.33}", "1/3"), 0.0),
        (Sample(r"\boxed{1}", r"\frac{1}{"), None),
    ]
}
