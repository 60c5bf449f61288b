"""GRPO on episodes: one episode has one score, wherever it is played; tokens and masks are what the template says."""

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.scripted_engine import ScriptedEngine, call

from holdfast.benchmarks.engine import measuring
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.tiny import model_path
from holdfast.environment import make_environment
from holdfast.errors import UsageError
from holdfast.reward import Reward
from holdfast.sample import Sample
from holdfast.trainers.data.formats.row_formats import episode_row
from holdfast.trainers.data.sources import named_rows
from holdfast.trainers.episodes.rollout import PLAYED, TRAJECTORY, Rollout
from holdfast.trainers.estimate.checks import check
from holdfast.trainers.settings.compose import compose
from holdfast.trainers.settings.data_sets import named_data

ITEMS = 40
ROWS = {row["name"]: row for row in make_environment("tiny_form", items=ITEMS).tasks("train")}


def said(name: str, turn: int) -> str:
    """What a player of mixed skill says in its `turn`-th message: by its name right, wrong, broken or endless."""
    wanted = " ".join(sorted(ROWS[name]["digits"].split()))
    right = [call("look", name=name), wanted, call("save", value=wanted), "Done"]
    kinds: list[list[str]] = [
        right,
        [call("look", name=name), "Saved", "Done"],
        [*right[:2], call("save", value=wanted[::-1]), "Done"],
        ["<tool_call>{", *right],
        [call("look", name="x") + call("look", name=name), *right[1:]],
        [call("rm", path="/"), *right],
        ["x"] * 9,
        [call("save", value=5), "", "no"],
    ]
    plan = kinds[sorted(ROWS).index(name) % len(kinds)]
    return plan[turn] if turn < len(plan) else plan[-1]


class ScriptedTrainer:
    """What the rollout asks of TRL's trainer, with a player in place of the model."""

    def __init__(self, limit: int = 4000) -> None:
        from transformers import AutoTokenizer

        self.processing_class = AutoTokenizer.from_pretrained(model_path())
        self.max_completion_length = limit
        self.use_vllm = False
        self.generation_config = SimpleNamespace(max_new_tokens=limit)
        self.accelerator = SimpleNamespace(num_processes=1)
        self.limits: list[int] = []

    def _generate_single_turn(self, contexts: Sequence[list[int]], *_: Any) -> tuple[list[list[int]], None]:
        self.limits.append(self.generation_config.max_new_tokens)
        return [self._answer(context) for context in contexts], None

    def _answer(self, context: list[int]) -> list[int]:
        text = self.processing_class.decode(context)
        name = text.rpartition("Sort the digits of ")[2].partition("<|im_end|>")[0]
        ids = self.processing_class(said(name, text.count("<|im_start|>assistant\n") - 1)).input_ids
        return [*ids, self.processing_class.eos_token_id][: self.generation_config.max_new_tokens]


def rows_of(environment: Any) -> list[dict[str, Any]]:
    data = named_data({"environment": environment})
    return [episode_row(row, data) for row in named_rows(data, 0, None)]


def rolled_out(environment: Any, trainer: ScriptedTrainer) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    rows = rows_of(environment)
    return rows, Rollout()([row["prompt"] for row in rows], trainer)


def judged(sample: Sample) -> tuple[Any, ...]:
    score = Reward("episode").score(sample)
    return score.value, str(score.outcome), dict(score.parts)


def test_one_score_from_engine_rollout_score_threads_and_processes(tmp_path: Path, monkeypatch: Any) -> None:
    entry = {"env": "tiny_form", "split": "train", "items": ITEMS, "max_tokens": 400, "tools": "prompt"}
    engine = ScriptedEngine(
        lambda m, item: said(m[0]["content"].rpartition(" ")[2], sum(x["role"] == "assistant" for x in m))
    )
    monkeypatch.setattr(measuring, "open_engine", lambda *_: engine)
    entry_of_suite = {**entry, "tools": "native"}
    measured = measure(
        {"backend": "scripted", "model": "s"}, [entry_of_suite], tmp_path, settings=Settings(progress=False)
    )
    by_engine = {row.doc_id: row for row in measured.rows("tiny_form")}

    rows, output = rolled_out([entry], ScriptedTrainer())
    assert len(rows) == len(by_engine) == ITEMS
    samples = []
    for row, trajectory, score in zip(rows, output[TRAJECTORY], output[PLAYED], strict=True):
        reference = json.loads(row["reference"])
        theirs = by_engine[reference["key"]]
        assert (score.value, str(score.outcome), dict(score.parts)) == (theirs.score, theirs.outcome, theirs.parts)
        assert trajectory == list(theirs.completion)
        samples.append(Sample(trajectory, row["reference"], theirs.prompt))
    wanted = [(s.value, str(s.outcome), dict(s.parts)) for s in output[PLAYED]]
    assert [judged(sample) for sample in samples] == wanted
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(judged, samples)) == wanted
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert list(processes.map(judged, samples)) == wanted
    assert {0.0, 1.0} == {value for value, _, _ in wanted}


def test_tokens_are_the_templates_and_the_mask_is_over_the_models_own() -> None:
    trainer = ScriptedTrainer()
    words = trainer.processing_class
    _, output = rolled_out({"env": "tiny_form", "items": 8, "tools": "prompt"}, trainer)
    for prompt, ids, mask, messages in zip(
        output["prompt_ids"], output["completion_ids"], output["env_mask"], output[TRAJECTORY], strict=True
    ):
        assert len(ids) == len(mask)
        own = words.decode([token for token, kept in zip(ids, mask, strict=True) if kept])
        assert own.count("<|im_end|>") == sum(message["role"] == "assistant" for message in messages)
        heard = words.decode([token for token, kept in zip(ids, mask, strict=True) if not kept])
        for message in messages:
            if message["role"] != "assistant":
                assert message["content"] in heard
                assert message["content"] not in own or len(message["content"]) < 20
        whole = words.decode([*prompt, *ids])
        assert whole.count("<|im_start|>assistant\n") == sum(message["role"] == "assistant" for message in messages)
        assert "<|im_end|><|im_start|>" not in whole


@pytest.mark.parametrize("limit", [1, 20, 70, 90, 150])
def test_a_trajectory_never_grows_beyond_max_completion_length(limit: int) -> None:
    trainer = ScriptedTrainer(limit)
    _, output = rolled_out({"env": "tiny_form", "items": 16}, trainer)
    for ids, score in zip(output["completion_ids"], output[PLAYED], strict=True):
        assert 1 <= len(ids) <= limit
        assert score.value is not None
    assert max(trainer.limits) <= limit
    assert trainer.generation_config.max_new_tokens == limit


def test_a_row_without_an_episode_is_answered_once() -> None:
    trainer = ScriptedTrainer()
    trainer._answer = lambda context: [ord("o"), ord("k"), trainer.processing_class.eos_token_id]  # type: ignore[method-assign]
    output = Rollout()([[{"role": "user", "content": "Say ok", "episode": None}]], trainer)
    assert output["env_mask"] == [[1, 1, 1]] and output[TRAJECTORY] == [None] and output[PLAYED] == [None]


@pytest.mark.parametrize("trainer", ["rloo", "sft", "dpo", "kto", "distill"])
def test_trainers_without_a_rollout_function_refuse_with_the_reason(trainer: str) -> None:
    with pytest.raises(UsageError, match=r"cannot play episodes.*take grpo"):
        check(compose([f"trainer={trainer}", "environment=tiny_form"]))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["environment=tiny_from"], "tiny_form"),
        (["environment={env:tiny_form,itmes:3}"], "items"),
        (["environment={env:tiny_form,split:tset}"], "test"),
        (["environment={itmes:3}"], "env"),
        (["environment={env:tiny_form,demonstrations:true}"], "learns from rewards"),
        (["environment=tiny_form", "data.template='{prompt}'"], "data.template"),
        (["environment=bfcl_multi_turn"], "split"),
        (["environment={env:tiny_form,repeats:4}"], "no effect in training"),
    ],
)
def test_a_mistake_is_refused_before_anything_is_measured(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(compose(["trainer=grpo", *words]))


def test_several_environments_are_one_mixture() -> None:
    rows = rows_of([{"env": "tiny_form", "items": 3}, {"env": "tiny_form_solo", "items": 2}])
    assert [json.loads(row["reference"])["environment"] for row in rows] == ["tiny_form"] * 3 + ["tiny_form_solo"] * 2
    assert compose(["trainer=grpo", "environment=tiny_form"]).data.reward == "episode"
    assert compose(["trainer=grpo", "environment=[tiny_form,tiny_form_solo]"]).data.environment == [
        "tiny_form",
        "tiny_form_solo",
    ]


@pytest.mark.slow
def test_trls_own_loop_trains_on_the_scores_of_the_episodes(tmp_path: Path, monkeypatch: Any) -> None:
    """A real training: each trajectory's score is that of the reward on its messages, and TRL logs their mean."""
    from holdfast.trainers.job.before_after import before_after

    seen: list[tuple[Any, dict[str, Any]]] = []

    class Recorded(Rollout):
        def __call__(self, prompts: Sequence[Any], trainer: Any) -> dict[str, Any]:
            seen.append((prompts, output := super().__call__(prompts, trainer)))
            return dict(output)

    monkeypatch.setattr("holdfast.trainers.episodes.rewards.Rollout", Recorded)
    words = ["per_device_train_batch_size=4", "num_generations=2", "max_completion_length=300", "max_steps=2"]
    config = compose(
        [
            "trainer=grpo",
            "environment={env:tiny_form_solo,items:8}",
            "model.threads=1",
            "suite=[tiny_repeat]",
            "limit=4",
            f"out={tmp_path}/run",
        ]
        + [f"trainer.args.{word}" for word in [*words, "logging_steps=1"]]
    )
    facts = before_after(config).training
    assert facts["steps"] == 2 and len(seen) == 2
    logged = [entry["rewards/episode/mean"] for entry in facts["log"] if "rewards/episode/mean" in entry]
    for (prompts, output), mean in zip(seen, logged, strict=True):
        values = []
        for prompt, trajectory, score in zip(prompts, output[TRAJECTORY], output[PLAYED], strict=True):
            again = judged(Sample(trajectory, prompt[-1]["episode"]))
            assert again == (score.value, str(score.outcome), dict(score.parts))
            values.append(score.value)
        assert mean == pytest.approx(sum(values) / len(values))


@pytest.mark.parametrize("tools", ["prompt", "native"])
def test_demonstrations_are_rows_for_trainers_that_learn_from_completions(tools: str) -> None:
    from holdfast.trainers.data.formats.row_formats import completion_row

    environment = {"env": "tiny_form", "items": 2, "demonstrations": True, "tools": tools}
    data = named_data({"environment": environment})
    rows = [completion_row(row, data) for row in named_rows(data, 0, None)]
    assert len(rows) == 2 * 4
    assert all(row["completion"][-1]["role"] == "assistant" for row in rows)
    assert ("tools" in rows[0]) == (tools == "native")
    if tools == "prompt":
        assert rows[0]["prompt"][0]["role"] == "system" and "<tool_call>" in rows[0]["completion"][0]["content"]
        assert all(set(message) == {"role", "content"} for row in rows for message in row["prompt"])


def test_an_environment_with_few_places_is_waited_for(monkeypatch: Any) -> None:
    from holdfast.benchmarks.environments.tiny_form import TinyForm
    from holdfast.environment import BusyError

    free = [2]
    plain = TinyForm.open

    def crowded(self: TinyForm, row: Any, seed: int) -> Any:
        if not free[0]:
            raise BusyError("no place")
        free[0] -= 1
        episode = plain(self, row, seed)
        monkeypatch.setattr(episode, "close", lambda: free.__setitem__(0, free[0] + 1), raising=False)
        return episode

    monkeypatch.setattr("holdfast.trainers.episodes.rollout.PAUSE", 0.0)
    monkeypatch.setattr(TinyForm, "open", crowded)
    _, output = rolled_out({"env": "tiny_form", "items": 8}, ScriptedTrainer())
    assert all(score.value is not None for score in output[PLAYED])
    assert free == [2]
