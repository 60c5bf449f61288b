"""Rewards in lm-eval, inspect, Atropos, ART and tinker-cookbook: the direct verdicts, and no 0 for what has none.

lm-eval is installed, inspect in an interpreter of its own; the others' base classes are stand-ins of what their sources
say (the commits stand in the adapters).
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from helpers.adapter_rows import Row, direct, recorded
from helpers.foreign import foreign_python
from helpers.needs import lacking
from helpers.paths import ROOT

from holdfast.errors import DataError
from holdfast.rewards.adapters import art, atropos, inspect, judged, lm_eval, slime, tinker

BAD = ("the answer is 4", "no number")
"""A completion and a reference that `numeric` cannot judge by."""


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return recorded(200)


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **names: Any) -> None:
    """A module of a package that is not installed."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        module = ModuleType(".".join(parts[:end]))
        monkeypatch.setitem(sys.modules, module.__name__, module)
    vars(module).update(names)


def test_lm_evals_process_results(rows: list[Row]) -> None:
    process = lm_eval.process_results("numeric", reference="answer", prompt="question")
    told = [process({"question": p, "answer": r}, [c]) for p, c, r in rows]
    assert [one["holdfast"] for one in told] == direct(rows, "numeric")
    assert {one["holdfast_judged"] for one in told} == {1.0}
    assert process({"question": "", "answer": BAD[1]}, [BAD[0]]) == {"holdfast_judged": 0.0}
    with pytest.raises(DataError, match="did you mean 'answer'"):
        lm_eval.process_results("numeric", reference="anwser")({"answer": "1"}, ["1"])


TASK = """
task: kelp
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n\\n\\n"]}}
process_results: !function utils.judge
filter_list:
  - {{name: read, filter: [{{function: custom, filter_fn: !function utils.read}}, {{function: take_first}}]}}
metric_list:
  - {{metric: holdfast, aggregation: mean, higher_is_better: true}}
  - {{metric: holdfast_judged, aggregation: mean, higher_is_better: true}}
"""
UTILS = """
from holdfast.rewards.adapters.lm_eval import answer_filter, process_results

judge = process_results("numeric", reference="answer")
read = answer_filter("numeric", reference="answer")
"""


@pytest.mark.slow
def test_lm_eval_itself_runs_a_task_with_the_reward_and_its_filter(rows: list[Row], tmp_path: Path) -> None:
    import lm_eval as package
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    said = {prompt: completion for prompt, completion, _ in rows[::2]}

    class Recorded(LM):  # type: ignore[misc]
        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            return [said[request.args[0]] for request in requests]

        def loglikelihood(self, requests: list[Any]) -> list[Any]:
            raise NotImplementedError

        loglikelihood_rolling = loglikelihood

    asked = [{"question": p, "answer": r} for p, _, r in rows[::2]] + [{"question": "odd", "answer": "no number"}]
    said["odd"] = BAD[0]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in asked))
    (tmp_path / "kelp.yaml").write_text(TASK.format(data=tmp_path / "rows.jsonl"))
    (tmp_path / "utils.py").write_text(UTILS)
    found = package.simple_evaluate(
        Recorded(), tasks=["kelp"], task_manager=TaskManager(include_path=str(tmp_path)), bootstrap_iters=0
    )["results"]["kelp"]
    values = direct(rows[::2], "numeric")
    assert found["holdfast,read"] == pytest.approx(sum(value or 0.0 for value in values) / len(values))
    assert found["holdfast_judged,read"] == pytest.approx(100 / 101)


class RewardFunction:
    """What atroposlib's base class does."""

    def __init__(self, weight: float = 1.0, name: str | None = None, **config: Any) -> None:
        self.weight = weight

    def __call__(self, completions: list[Any], **context: Any) -> list[float]:
        return [value * self.weight for value in self.compute(completions, **context)]  # type: ignore[attr-defined]

    @staticmethod
    def get_content(completion: Any) -> str:
        return completion if isinstance(completion, str) else str(completion[-1]["content"])


def test_atropos(rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "atroposlib.envs.reward_fns.reward_function", RewardFunction=RewardFunction)
    function = atropos.make_reward_function("numeric")(weight=0.5)
    chats = [[{"role": "assistant", "content": c}] if i % 2 else c for i, (_, c, _) in enumerate(rows)]
    found = function(chats, solution=[r for _, _, r in rows])
    assert found == [0.5 * (value or 0.0) for value in direct(rows, "numeric")]
    assert function([BAD[0], "4"], solution=[BAD[1], "4"]) == [0.0, 0.5] and function.judged == [False, True]
    assert function(["4", "5"], solution="4") == [0.5, 0.0]


def trajectory(prompt: str, completion: str) -> Any:
    messages = [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]
    return SimpleNamespace(messages=lambda: messages, reward=0.0, metrics={})


def test_art(rows: list[Row]) -> None:
    found = [art.rewarded(trajectory(p, c), r, reward="numeric").reward for p, c, r in rows]
    assert found == direct(rows, "numeric")
    with pytest.raises(art.UnjudgedError, match="unjudgeable"):
        art.rewarded(trajectory("", BAD[0]), BAD[1], reward="numeric")
    silent = SimpleNamespace(messages=lambda: [{"role": "user", "content": "4"}], reward=1.0, metrics={})
    assert art.rewarded(silent, "4", reward="numeric").reward == 0.0


class ProblemEnv:
    """What tinker-cookbook's base class does with a message that ended."""

    def __init__(self, renderer: Any, format_coef: float = 0.1) -> None:
        self.renderer, self.format_coef = renderer, format_coef

    async def step(self, action: Any, *, extra: Any = None) -> Any:
        made: Any = self
        reward = self.format_coef * (float(made.check_format(action)) - 1) + float(made.check_answer(action))
        return SimpleNamespace(reward=reward, metrics={"correct": reward})


def test_tinker(rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "tinker_cookbook.rl.problem_env", ProblemEnv=ProblemEnv)
    made = tinker.make_environment("numeric")
    told = [asyncio.run(made(None, p, r).step(c)) for p, c, r in rows]
    assert [one.reward for one in told] == direct(rows, "numeric")
    assert {one.metrics["judged"] for one in told} == {1.0}
    bad = asyncio.run(made(None, "", BAD[1]).step(BAD[0]))
    assert (bad.reward, bad.metrics["judged"]) == (0.0, 0.0)
    assert made(None, "q", 7).get_reference_answer() == "7" and made(None, "q", 7).get_question() == "q"


async def _scored_by_inspect(monkeypatch: pytest.MonkeyPatch) -> Any:
    kept = SimpleNamespace(mean=list, stderr=list, scorer=lambda **_: lambda made: made, Score=SimpleNamespace)
    stand_in(monkeypatch, "inspect_ai.scorer", **vars(kept))
    state = SimpleNamespace(metadata={}, output=SimpleNamespace(completion="4"), input_text="")
    return (await inspect.holdfast_scorer("numeric")(state, SimpleNamespace(text="4"))).value


async def _scored_by_tinker(monkeypatch: pytest.MonkeyPatch) -> Any:
    stand_in(monkeypatch, "tinker_cookbook.rl.problem_env", ProblemEnv=ProblemEnv)
    return (await tinker.make_environment("numeric")(None, "q", "4").step("4")).reward


async def _scored_by_slime(monkeypatch: pytest.MonkeyPatch) -> Any:
    sample = SimpleNamespace(response="4", label="4", prompt="", metadata={})
    return (await slime.custom_rm(SimpleNamespace(reward_key="score"), sample, reward="numeric"))["score"]


@pytest.mark.parametrize(
    ("module", "scored"), [(inspect, _scored_by_inspect), (tinker, _scored_by_tinker), (slime, _scored_by_slime)]
)
def test_an_event_loop_goes_on_while_an_answer_is_judged(
    module: ModuleType, scored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reward waits for something that only the loop can do meanwhile."""
    reached = threading.Event()

    def slow(*columns: Any, **named: Any) -> Any:
        assert reached.wait(30), "the loop stood still"
        return judged(*columns, **named)

    async def both() -> Any:
        asyncio.get_running_loop().call_later(0.01, reached.set)
        return await scored(monkeypatch)

    monkeypatch.setattr(module, "judged", slow)
    assert asyncio.run(both()) == 1.0


INSPECT = """
import json, sys
import types
import tiktoken
words = types.SimpleNamespace(encode=lambda text, **how: text.split())
tiktoken.get_encoding = tiktoken.encoding_for_model = lambda *name, **how: words  # else fetched from the network
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, get_model
from holdfast.rewards.adapters.inspect import holdfast_scorer
rows = json.load(open(sys.argv[1]))
samples = [Sample(input=p or "x", target=str(r), metadata={"reference": r}) for p, _, r in rows]
outputs = [ModelOutput.from_content("mockllm/model", c) for _, c, _ in rows]
task = Task(dataset=MemoryDataset(samples), scorer=holdfast_scorer("numeric"))
log = eval(task, model=get_model("mockllm/model", custom_outputs=outputs), display="none", log_dir=sys.argv[2],
           max_connections=1, max_samples=1)[0]
assert log.status == "success", log.error
values = [sample.scores["holdfast"].value for sample in log.samples]
print(json.dumps({"values": values, "mean": log.results.scores[0].metrics["mean"].value}))
"""


@pytest.mark.slow
def test_inspect_itself_scores_by_the_reward(rows: list[Row], tmp_path: Path) -> None:
    python = foreign_python("inspect", "inspect_ai")
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    probe = [python, "-c", "import holdfast.reward, holdfast.rewards.numeric"]
    if subprocess.run(probe, env=environ, capture_output=True, check=False).returncode:
        lacking("foreign", f"{python} lacks what holdfast-llm needs: pip install holdfast-llm there")
    (tmp_path / "rows.json").write_text(json.dumps([*rows[:60], ["", *BAD]]))
    words = [python, "-c", INSPECT, str(tmp_path / "rows.json"), str(tmp_path / "logs")]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    expected = direct(rows[:60], "numeric")
    assert told["values"][:60] == expected and told["values"][60] != told["values"][60], "NaN: unscored"
    assert told["mean"] == pytest.approx(sum(value or 0.0 for value in expected) / 60)
