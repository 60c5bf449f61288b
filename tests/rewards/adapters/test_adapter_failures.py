"""What each framework gets for a right, a wrong and an unjudgeable answer and for a fault of ours: docs/adapters.md."""

import asyncio
import json
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from holdfast import Reward, Sample, Score, register
from holdfast.rewards.adapters import nemo_gym, nemo_rl, open_instruct, openrlhf, rllm, slime, trl, verl
from holdfast.rewards.adapters import verifiers as verifiers_adapter

GONE = Reward("code", backend="docker", hosts="unix:///tmp/holdfast-no-such-engine.sock")
"""Code whose sandbox engine is gone."""


@register("test_four_outcomes")
def four_outcomes(sample: Sample) -> Score:
    """Whatever the completion says."""
    if sample.text == "error":
        raise OSError("the engine is down")
    if sample.text == "no sandbox":
        return GONE.score(Sample("def f(x): return x", {"tests": ["assert f(1) == 1"]}))
    return Score.unjudgeable("a bad reference") if sample.text == "unjudgeable" else Score.of(sample.text == "ok")


NAME = "test_four_outcomes"
CASES = ("ok", "wrong", "unjudgeable", "error", "no sandbox")
"""What the reward makes of them; the last two are faults of ours and must look the same."""


def _verl(text: str) -> Any:
    told = verl.compute_score("s", text, "x", None, reward=NAME)
    return told["score"], told["judged"]


def _openrlhf(text: str) -> Any:
    told = openrlhf.reward_func(["p" + text], ["p"], ["x"], reward=NAME)
    return float(told["rewards"][0]), float(told["scores"][0]), float(told["extra_logs"]["judged"][0])


def _openrlhf_http(text: str) -> Any:
    score = Reward(NAME).score(Sample(text, "x"))
    told = json.loads(json.dumps(openrlhf.http_answer([score]), allow_nan=False))
    return told["rewards"][0], told["scores"][0], told["extra_logs"]["judged"][0]


def _slime(text: str) -> Any:
    sample = SimpleNamespace(prompt="p", response=text, label="x", metadata=None, remove_sample=False)
    told = asyncio.run(slime.custom_rm(SimpleNamespace(reward_key="score"), sample, reward=NAME))
    return told["score"], told["judged"], sample.remove_sample


def _rllm(text: str) -> Any:
    told = rllm.reward_fn({"answer": "x"}, text, reward=NAME)
    return told.reward, told.is_correct


def _rllm_evaluator(text: str) -> Any:
    episode = SimpleNamespace(artifacts={"answer": text}, trajectories=[])
    told = rllm.HoldfastEvaluator(NAME).evaluate({"answer": "x"}, episode)
    return told.reward, told.is_correct, told.signals[0].value


def _open_instruct(text: str) -> Any:
    told = open_instruct.HoldfastVerifier(NAME)([], text, "x")
    return told.score, told.reasoning.partition(":")[0]


def _nemo_gym(text: str) -> Any:
    output = [{"type": "message", "content": [{"type": "output_text", "text": text}]}]
    told = nemo_gym.verify({"answer": "x", "response": {"output": output}, "instance_config": {"a": 1}}, reward=NAME)
    assert told["instance_config"]["a"] == 1
    return told["reward"], told["judged"], told["instance_config"].get("mask_sample", False)


def _nemo_rl(text: str) -> Any:
    environment = nemo_rl.HoldfastEnvironment({"reward": NAME})
    found = environment.step([[{"role": "assistant", "content": text}]], [{"ground_truth": "x"}])
    metrics = environment.global_post_process_and_metrics({"total_reward": found[3], "extra_env_info": found[1]})[1]
    return float(found[3][0]), found[1][0]["judged"], metrics["judged"]


def _skyrl(text: str) -> Any:
    from holdfast.rewards.adapters.skyrl import make_environment

    environment = make_environment()({}, {"reward_spec": {"ground_truth": "x", "reward": NAME}})
    return environment.step(text)["reward"], environment.get_metrics()["judged"]


def _ors(text: str) -> Any:
    from holdfast.rewards.adapters.ors import make_environment

    environment = make_environment(NAME, {"test": [{"prompt": "p", "reference": "x"}]})
    task = environment({"split": "test", "index": 0})
    return asyncio.run(task._call_tool("submit", {"answer": text})).root.output.reward


def _verifiers_v0(text: str) -> Any:
    functions, _ = verifiers_adapter.rubric_functions(NAME)
    state: dict[str, Any] = {}
    words = {"prompt": "p", "completion": text, "answer": "x", "info": {}, "state": state}
    return tuple(asyncio.run(function(**words)) for function in functions)


def _trl(text: str) -> Any:
    return Reward(NAME)(["p"], [text], reference=["x"])[0]


def _trl_async(text: str) -> Any:
    return asyncio.run(trl.AsyncReward(NAME)(["p"], [text], reference=["x"]))[0]


NAN = math.nan
EXPECTED: dict[Callable[[str], Any], tuple[Any, Any, Any, Any]] = {
    _trl: (1.0, 0.0, None, None),
    _trl_async: (1.0, 0.0, None, None),
    _ors: (1.0, 0.0, None, None),
    _verl: ((1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (0.0, 0.0)),
    _skyrl: ((1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (0.0, 0.0)),
    _verifiers_v0: ((1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (0.0, 0.0)),
    _openrlhf: ((1.0, 1.0, 1.0), (0.0, 0.0, 1.0), (0.0, NAN, 0.0), (0.0, NAN, 0.0)),
    _openrlhf_http: ((1.0, 1.0, 1.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    _slime: ((1.0, 1.0, False), (0.0, 1.0, False), (0.0, 0.0, True), (0.0, 0.0, True)),
    _nemo_gym: ((1.0, True, False), (0.0, True, False), (0.0, False, True), (0.0, False, True)),
    _nemo_rl: ((1.0, True, 1.0), (0.0, True, 1.0), (0.0, False, 0.0), (0.0, False, 0.0)),
    _rllm: ((1.0, True), (0.0, False), (0.0, None), (0.0, None)),
    _rllm_evaluator: ((1.0, True, 1.0), (0.0, False, 1.0), (0.0, False, 0.0), (0.0, False, 0.0)),
    _open_instruct: ((1.0, "correct"), (0.0, "wrong"), (0.0, "unjudgeable"), (0.0, "error")),
}


@pytest.mark.parametrize("call", EXPECTED, ids=lambda call: call.__name__.strip("_"))
def test_the_four_outcomes(call: Callable[[str], Any]) -> None:
    found = [call(case) for case in CASES]
    expected = [*EXPECTED[call], EXPECTED[call][-1]]
    assert found == [pytest.approx(value, nan_ok=True) for value in expected]


def test_metadata_that_is_none_is_unjudged_and_no_crash() -> None:
    found = nemo_rl.HoldfastEnvironment({"reward": "math"}).step([[{"role": "assistant", "content": "1"}]], [None])
    assert (found[1][0]["judged"], found[5]) == (False, [None])


PROMPT = "<|im_start|>user\nWhat is 2 + 2? Say like: The answer is 4.<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (PROMPT + "Five.<|im_end|>", "Five."),
        (PROMPT + "Five.<|im_end|>\n<|endoftext|>", "Five."),
        (PROMPT + "Five.</s><pad><pad>", "Five."),
        (PROMPT + " a <b> c  ", " a <b> c  "),
        (PROMPT[30:] + "Five.", "Five."),
        (PROMPT, ""),
        ("?? " + PROMPT + "Five.", None),
        ("The answer is 4.", None),
    ],
)
def test_openrlhf_judges_the_completion_and_never_the_prompt(query: str, expected: str | None) -> None:
    assert openrlhf.completion_of(query, PROMPT) == expected
    told = openrlhf.score_lists([query], [PROMPT], ["4"], reward="numeric")
    assert told["rewards"] == [0.0]
    assert told["judged"] == [float(expected is not None)]


def test_openrlhf_batches_keep_their_order_around_what_cannot_be_told() -> None:
    told = openrlhf.score_lists(["p1", "xx", "p2"], ["p", "p", "p"], ["1", "1", "1"], reward="numeric")
    assert told["scores"] == [1.0, None, 0.0]
