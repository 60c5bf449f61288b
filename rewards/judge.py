"""A language model as judge, on any OpenAI-compatible endpoint: pointwise and pairwise."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from statistics import mean, median
from string import Template
from typing import Any

from holdfast.errors import UsageError
from holdfast.registry import register
from holdfast.rewards.answers.text import answer_text
from holdfast.rewards.learned.endpoint import Endpoint, EndpointError
from holdfast.rewards.learned.verdicts import (
    PAIRWISE,
    POINTWISE,
    RUBRIC,
    Form,
    PairForm,
    read_rating,
    read_winner,
    shown,
    template,
)
from holdfast.sample import Sample, Score


def _check(base_url: str, scale: int = 10, votes: int = 1, template_file: str | None = None, **options: Any) -> None:
    if not base_url.startswith(("http://", "https://")):
        raise UsageError(f"base_url must be an http(s) address up to /v1, not {base_url!r}")
    if scale < 2 or votes < 1 or options.get("retries", 0) < 0 or options.get("concurrency", 1) < 1:
        raise UsageError("a judge needs scale >= 2, votes >= 1, retries >= 0 and concurrency >= 1")
    template(template_file, POINTWISE)


@register("judge", version="2", scope="batch", needs_reference=False, check=_check)
def judge(
    samples: Sequence[Sample],
    *,
    base_url: str,
    model: str,
    rubric: str = RUBRIC,
    form: Form = "json",
    scale: int = 10,
    votes: int = 1,
    template_file: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    timeout: float = 60.0,
    retries: int = 4,
    concurrency: int = 8,
    max_tokens: int = 1024,
    temperature: float = 0.0,
    cache: str | None = None,
) -> list[Score]:
    """A judge's rating of the completion, from 0 to 1.

    The judge rates from 1 to `scale` by the `rubric`; the value is (rating - 1) / (scale - 1), the rating itself is the
    part `rating`. A reference, where there is one, is shown to the judge. With several `votes` the median counts, and
    the part `agreement` is the share of votes equal to the commonest. The judge must answer in the stated form; an
    endpoint that fails, or answers anything else `retries` + 1 times, leaves the sample without a value.
    `form="rating"` and a `template_file` read MT-Bench's prompts (arXiv 2306.05685).
    """
    endpoint = Endpoint(base_url, model, api_key_env, timeout, retries, concurrency, max_tokens, temperature, cache)
    prompt_template = template(template_file, POINTWISE)
    rate = partial(
        _rate, endpoint=endpoint, prompt_template=prompt_template, rubric=rubric, form=form, scale=scale, votes=votes
    )
    return endpoint.map(rate, samples)


def _rate(
    sample: Sample, *, endpoint: Endpoint, prompt_template: Template, rubric: str, form: Form, scale: int, votes: int
) -> Score:
    fields = {"rubric": rubric, "scale": str(scale), "completion": shown(answer_text(sample.text)), **_question(sample)}
    messages = [{"role": "user", "content": prompt_template.safe_substitute(fields)}]
    read = partial(read_rating, form=form, scale=scale, judged=sample.text)
    try:
        ratings = [endpoint.ask(messages, read, vote) for vote in range(votes)]
    except EndpointError as error:
        return Score.error(str(error))
    rating = median(ratings)
    value = (rating - 1) / (scale - 1)
    parts = {"rating": rating, "agreement": Counter(ratings).most_common(1)[0][1] / votes}
    return Score.share(value, f"rated {rating:g} of {scale}", f"{rating:g}", **parts)


@register("pairwise_judge", version="2", scope="batch", check=_check)
def pairwise_judge(
    samples: Sequence[Sample],
    *,
    base_url: str,
    model: str,
    rubric: str = RUBRIC,
    form: PairForm = "json",
    both_orders: bool = True,
    votes: int = 1,
    template_file: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    timeout: float = 60.0,
    retries: int = 4,
    concurrency: int = 8,
    max_tokens: int = 1024,
    temperature: float = 0.0,
    cache: str | None = None,
) -> list[Score]:
    """Does a judge prefer the completion to a baseline's answer? 1 win, 0.5 tie, 0 loss.

    The reference is the baseline's answer, or `{"baseline": …, "reference": …}` with a correct answer to show as well.
    Each pair is judged in both orders; orders that disagree are a tie, and the part `agreement` says so. Failures leave
    the sample without a value, as in `judge`. `form="arena_hard"` reads `[[A>B]]` (Arena-Hard), `mt_bench` `[[A]]`.
    """
    endpoint = Endpoint(base_url, model, api_key_env, timeout, retries, concurrency, max_tokens, temperature, cache)
    prompt_template = template(template_file, PAIRWISE)
    rate = partial(
        _prefer,
        endpoint=endpoint,
        prompt_template=prompt_template,
        rubric=rubric,
        form=form,
        both=both_orders,
        votes=votes,
    )
    return endpoint.map(rate, samples)


def _prefer(
    sample: Sample,
    *,
    endpoint: Endpoint,
    prompt_template: Template,
    rubric: str,
    form: PairForm,
    both: bool,
    votes: int,
) -> Score:
    baseline = _baseline(sample.reference)
    if baseline is None:
        return Score.unjudgeable(f"a reference must be the baseline's answer, not {sample.reference!r:.80}")
    ours, theirs = shown(answer_text(sample.text)), shown(answer_text(baseline))
    fields = {"rubric": rubric, **_question(sample)}
    read = partial(read_winner, form=form, judged=f"{ours}\n{theirs}")
    orders = [(ours, theirs), (theirs, ours)] if both else [(ours, theirs)]
    try:
        found = [_order(endpoint, prompt_template, {**fields, "a": a, "b": b}, read, votes) for a, b in orders]
    except EndpointError as error:
        return Score.error(str(error))
    return _preference([found[0], *(1 - value for value in found[1:])])


def _order(endpoint: Endpoint, prompt_template: Template, fields: Mapping[str, str], read: Any, votes: int) -> float:
    messages = [{"role": "user", "content": prompt_template.safe_substitute(fields)}]
    return float(median(endpoint.ask(messages, read, vote) for vote in range(votes)))


def _preference(orders: Sequence[float]) -> Score:
    """The mean of the orders: a win in one and a loss in the other is a tie."""
    names = ("first_order", "second_order")
    parts: dict[str, float | None] = dict(zip(names, orders, strict=False))
    agree = len(set(orders)) == 1
    value = mean(orders) if agree else 0.5
    words = {1.0: "better", 0.5: "a tie", 0.0: "worse"}
    reason = words.get(value, "nearly a tie") + ("" if agree else ": the orders disagree")
    return Score.share(value, reason, None, **parts, agreement=float(agree))


def _question(sample: Sample) -> dict[str, str]:
    reference = sample.reference.get("reference") if isinstance(sample.reference, Mapping) else None
    known = reference if reference is not None else (sample.reference if isinstance(sample.reference, str) else None)
    reference_section = f"[Reference answer]\n{shown(str(known))}\n[End of reference answer]\n" if known else ""
    return {"prompt": shown(sample.prompt_text), "reference": reference_section}


def _baseline(reference: Any) -> str | None:
    found = reference.get("baseline") if isinstance(reference, Mapping) else reference
    return found if isinstance(found, str) else None
