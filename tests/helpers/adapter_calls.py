"""Every adapter called as its framework calls it, over rows; what comes back is one number (or None) per row."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from helpers.adapter_rows import Row
from holdfast import Reward, Sample
from holdfast.rewards.adapters import nemo_gym, nemo_rl, open_instruct, openrlhf, rllm, slime, trl, verl
from holdfast.rewards.adapters import verifiers as verifiers_adapter
from holdfast.rewards.adapters.ray import RewardActor


def _verl(rows: list[Row], reward: str) -> list[float]:
    return [verl.compute_score("gsm8k", c, r, {"index": 1}, reward=reward)["score"] for _, c, r in rows]


def _verl_batch(rows: list[Row], reward: str) -> list[float]:
    _, completions, references = (list(column) for column in zip(*rows, strict=True))
    infos: list[Any] = [{} for _ in rows]
    found = verl.compute_score_batch(["gsm8k"] * len(rows), completions, references, infos, reward=reward)
    return [row["score"] for row in found]


def _openrlhf(rows: list[Row], reward: str) -> list[float]:
    queries, prompts = [p + c for p, c, _ in rows], [p for p, _, _ in rows]
    found = openrlhf.reward_func(queries, prompts, [r for _, _, r in rows], reward=reward)
    return [float(value) for value in found["rewards"]]


def _slime(rows: list[Row], reward: str) -> list[float]:
    samples = [SimpleNamespace(prompt=p, response=c, label=r, metadata={}) for p, c, r in rows]
    one = asyncio.run(slime.custom_rm(SimpleNamespace(reward_key="score"), samples[0], reward=reward))
    many = asyncio.run(slime.custom_rm(SimpleNamespace(), samples, reward=reward))
    assert one["score"] == many[0]
    return list(many)


def _rllm(rows: list[Row], reward: str) -> list[float]:
    infos = [{"question": p, "ground_truth": r} for p, _, r in rows]
    return [rllm.reward_fn(info, row[1], reward=reward).reward for info, row in zip(infos, rows, strict=True)]


def _open_instruct(rows: list[Row], reward: str) -> list[float]:
    verifier = open_instruct.HoldfastVerifier(reward)
    assert (
        asyncio.run(verifier.async_call([], rows[0][1], rows[0][2])).score == verifier([], rows[0][1], rows[0][2]).score
    )
    return [verifier([1, 2], c, r, p).score for p, c, r in rows]


def _nemo_rl(rows: list[Row], reward: str) -> list[float]:
    logs = [[{"role": "user", "content": p}, {"role": "assistant", "content": c}] for p, c, _ in rows]
    environment = nemo_rl.HoldfastEnvironment({"reward": reward})
    observations, metadata, stops, rewards, terminateds, answers = environment.step(
        logs, [{"ground_truth": r} for _, _, r in rows]
    )
    assert len(observations) == len(metadata) == len(stops) == len(answers) == len(terminateds) == len(rows)
    return [float(value) for value in rewards]


def _nemo_gym(rows: list[Row], reward: str) -> list[float]:
    requests = [
        {
            "responses_create_params": {"input": [{"role": "user", "content": p}]},
            "response": {"output": [{"type": "reasoning", "content": "…"}, _message(c)]},
            "expected_answer": r,
        }
        for p, c, r in rows
    ]
    return [nemo_gym.verify(request, reward=reward)["reward"] for request in requests]


def _message(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}


def _verifiers_v0(rows: list[Row], reward: str) -> list[float]:
    functions, weights = verifiers_adapter.rubric_functions(reward)
    assert weights == [1.0, 0.0]

    async def judge(prompt: str, completion: str, answer: str) -> float:
        chat, said = [{"role": "user", "content": prompt}], [{"role": "assistant", "content": completion}]
        return float(await functions[0](prompt=chat, completion=said, answer=answer, info={}, state={}))

    async def everything() -> list[float]:
        return list(await asyncio.gather(*(judge(*row) for row in rows)))

    return asyncio.run(everything())


def _rllm_evaluator(rows: list[Row], reward: str) -> list[float]:
    evaluator = rllm.HoldfastEvaluator(reward)
    said = [SimpleNamespace(model_response="a draft"), SimpleNamespace(model_response="", output=None)]

    def episode(completion: str, how: int) -> Any:
        steps = [*said[:how], SimpleNamespace(model_response=completion, output=None)]
        return SimpleNamespace(artifacts={}, trajectories=[SimpleNamespace(output=None, steps=steps)])

    tasks = [SimpleNamespace(metadata={"question": p, "ground_truth": r}) for p, _, r in rows]
    found = [
        evaluator.evaluate(task, episode(row[1], i % 3)) for i, (task, row) in enumerate(zip(tasks, rows, strict=True))
    ]
    return [output.reward for output in found]


def _open_instruct_subclass(rows: list[Row], reward: str) -> list[float]:
    verifier = open_instruct.make_verifier(reward, name="ours")(None)
    assert (verifier.name, verifier.weight) == ("ours", 1.0)

    async def everything() -> list[Any]:
        calls = [
            verifier.async_call(tokenized_prediction=[1], prediction=c, label=r, query=p, rollout_state=None)
            for p, c, r in rows
        ]
        return list(await asyncio.gather(*calls))

    return [result.score for result in asyncio.run(everything())]


def _skyrl(rows: list[Row], reward: str) -> list[float]:
    import skyrl_gym

    from holdfast.rewards.adapters import skyrl

    if "holdfast" not in skyrl_gym.envs.registration.registry:
        skyrl.register()

    def step(prompt: str, completion: str, reference: str) -> float:
        extras = {"reward_spec": {"ground_truth": reference, "reward": reward}}
        environment = skyrl_gym.make("holdfast", env_config=None, extras=extras)
        environment.init([{"role": "user", "content": prompt}])
        told = environment.step(completion)
        assert told["done"] and set(environment.get_metrics()) == {"judged"}
        return float(told["reward"])

    return [step(*row) for row in rows]


def _ors(rows: list[Row], reward: str) -> list[float | None]:
    from holdfast.rewards.adapters.ors import make_environment

    tasks = [{"prompt": prompt, "reference": reference} for prompt, _, reference in rows]
    environment = make_environment(reward, {"test": tasks})

    async def submit(index: int) -> Any:
        task = environment(environment.list_tasks("test")[index])
        return (await task._call_tool("submit", {"answer": rows[index][1]})).root.output.reward

    async def everything() -> list[float | None]:
        return list(await asyncio.gather(*(submit(index) for index in range(len(rows)))))

    return asyncio.run(everything())


def _ray_actor_class(rows: list[Row], reward: str) -> list[float | None]:
    samples = [Sample(completion, reference, prompt) for prompt, completion, reference in rows]
    return [score.value for score in RewardActor(reward).score_batch(samples)]


def _trl_sync(rows: list[Row], reward: str) -> list[float | None]:
    prompts, completions, references = (list(column) for column in zip(*rows, strict=True))
    return Reward.from_config(reward)(prompts=prompts, completions=completions, reference=references)


def _trl(rows: list[Row], reward: str) -> list[float | None]:
    prompts, completions, references = (list(column) for column in zip(*rows, strict=True))
    call = trl.AsyncReward(Reward.from_config(reward))
    return asyncio.run(call(prompts=prompts, completions=completions, reference=references, trainer_state=None))


ADAPTERS: dict[str, Callable[[list[Row], str], Any]] = {
    "verl": _verl,
    "verl batch": _verl_batch,
    "openrlhf": _openrlhf,
    "slime": _slime,
    "rllm": _rllm,
    "open-instruct": _open_instruct,
    "nemo-rl": _nemo_rl,
    "nemo-gym": _nemo_gym,
    "verifiers v0": _verifiers_v0,
    "rllm evaluator": _rllm_evaluator,
    "open-instruct subclass": _open_instruct_subclass,
    "skyrl-gym": _skyrl,
    "ors": _ors,
    "ray actor's class": _ray_actor_class,
    "trl": _trl_sync,
    "trl async": _trl,
}
