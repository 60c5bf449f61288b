"""Graders of other packages as `grade(completion, reference)`: nothing but the call that their documentation shows.

What has a function of that form itself (TRL's and verl's) needs no line here: bench_graders.py names it.
"""


def verifiers_math(completion: str, reference: str) -> float:
    """verifiers 0.4: `v1.utils.score.verify_boxed_math_answer`."""
    from verifiers.v1.utils.score import verify_boxed_math_answer

    return float(verify_boxed_math_answer(completion, reference))


def math_verify_readme(completion: str, reference: str) -> bool:
    """math-verify 0.9's README: `verify(parse(gold), parse(answer))`."""
    from math_verify import parse, verify

    return bool(verify(parse(reference), parse(completion)))


def hendrycks_math(completion: str, reference: str) -> bool:
    """lm-eval 0.4.13, hendrycks_math: the last box against the reference."""
    from lm_eval.tasks.hendrycks_math.utils import is_equiv, last_boxed_only_string, remove_boxed

    boxed = last_boxed_only_string(completion)
    return bool(boxed and is_equiv(remove_boxed(boxed), reference))


def _gym(name: str, completion: str, reference: str) -> float:
    import reasoning_gym
    from reasoning_gym.utils import extract_answer

    made = reasoning_gym.create_dataset(name, size=1, seed=1)
    entry = {**made[0], "answer": reference}
    return float(made.score_answer(answer=extract_answer(completion), entry=entry))


def gym_chain_sum(completion: str, reference: str) -> float:
    """reasoning-gym 0.1.25: chain_sum's own scorer."""
    return _gym("chain_sum", completion, reference)


def gym_gcd(completion: str, reference: str) -> float:
    """reasoning-gym 0.1.25: gcd, which has the package's general scorer."""
    return _gym("gcd", completion, reference)


def gym_power(completion: str, reference: str) -> float:
    """reasoning-gym 0.1.25: power_function's own scorer."""
    return _gym("power_function", completion, reference)


def gym_products(completion: str, reference: str) -> float:
    """reasoning-gym 0.1.25: products' own scorer."""
    return _gym("products", completion, reference)


async def _inspect(scorer: object, completion: str, reference: str) -> float:
    from inspect_ai.model import ChatMessageUser, ModelOutput
    from inspect_ai.scorer import Target
    from inspect_ai.solver import TaskState

    messages = [ChatMessageUser(content="?")]
    state = TaskState("model", 1, 1, "?", messages, output=ModelOutput.from_content("model", completion))
    score = await scorer(state, Target(reference))  # type: ignore[operator]
    return {"C": 1.0, "I": 0.0}.get(score.value, score.value)


async def inspect_match(completion: str, reference: str) -> float:
    """inspect_ai: `match(numeric=True)`, at the end, as its GSM8K has it."""
    from inspect_ai.scorer import match

    return await _inspect(match(numeric=True), completion, reference)


async def inspect_answer(completion: str, reference: str) -> float:
    """inspect_ai: `answer("line")`."""
    from inspect_ai.scorer import answer

    return await _inspect(answer("line"), completion, reference)


async def inspect_includes(completion: str, reference: str) -> float:
    """inspect_ai: `includes()`."""
    from inspect_ai.scorer import includes

    return await _inspect(includes(), completion, reference)
