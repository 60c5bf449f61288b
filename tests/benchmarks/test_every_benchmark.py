"""Every benchmark, from the real data: rows, prompts, and gold answers that score 1.0.

gold_exceptions.json lists the rows whose gold does not, with what the reward says of it: answers that name no such
function, lack a required argument, hold code where a value must stand (BFCL), are prose (OlympiadBench), or whose
pre-release inputs lost their types in JSON or take the reference solution minutes (MBPP+, HumanEval+).
"""

import itertools
import json
from pathlib import Path

import pytest
from helpers.benchmark_gold import GOLD
from helpers.benchmark_rows import MADE, made_root
from helpers.paths import shared
from helpers.sandboxes import need_any

from holdfast.benchmarks.engine.items import Examples, build_items
from holdfast.benchmarks.suites.source import Doc, load_docs
from holdfast.benchmarks.suites.suite import load_suite, suite_names
from holdfast.benchmarks.suites.task import Task, builtin_tasks
from holdfast.reward import Reward
from holdfast.sample import Message, Sample, Score

EXCEPTIONS = json.loads((Path(__file__).parent / "gold_exceptions.json").read_text())
CODE = ("humaneval", "humaneval_plus", "mbpp", "mbpp_plus")
LOCAL = sorted(name for name in builtin_tasks() if not name.startswith("tiny_") and name not in MADE)


def docs_of(task: Task) -> list[Doc]:
    return load_docs(task.source, shared(), task.name)


def gold_scores(task: Task, docs: list[Doc]) -> dict[str, Score]:
    """The score of every row's gold answer, by the row's id."""
    samples = [
        Sample(GOLD[task.name](task, doc), task.reference(doc), task.text(doc), task.sample_info(doc)) for doc in docs
    ]
    if task.judged_prompt:
        samples = [
            Sample(s.completion, s.reference, task.judged_prompt(d), s.info) for s, d in zip(samples, docs, strict=True)
        ]
    ids = [str(task.doc_id(doc) if task.doc_id else index) for index, doc in enumerate(docs)]
    return dict(zip(ids, Reward.from_config(task.reward).score_batch(samples), strict=True))


@pytest.mark.parametrize("name", LOCAL)
def test_rows_become_items(name: str) -> None:
    task = builtin_tasks()[name]
    docs = docs_of(task)
    ids = [str(task.doc_id(doc) if task.doc_id else index) for index, doc in enumerate(docs)]
    assert len(set(ids)) == len(docs) > 20
    few = [(str(index), doc) for index, doc in enumerate(docs[:50])]
    chat = build_items(task, few, Examples(task, [], 0), render=lambda messages: json.dumps(list(messages)))
    base = build_items(task, few, Examples(task, [], 0))
    assert len(chat) == len(base) == len(few)
    assert all(item.prompt.strip() for item in [*chat, *base])
    assert len({item.doc_hash for item in chat}) == len({item.doc_hash for item in base}) == len(few)
    assert [one.doc_hash for one in chat] == [one.doc_hash for one in base]


@pytest.mark.parametrize("name", [name for name in GOLD if name not in CODE and name not in MADE])
def test_gold_scores_one(name: str) -> None:
    task = builtin_tasks()[name]
    scores = gold_scores(task, docs_of(task))
    wrong = {doc_id: score.reason for doc_id, score in scores.items() if score.value != 1.0}
    assert sorted(wrong) == sorted(EXCEPTIONS.get(name, {})), wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", CODE)
def test_reference_programs_pass(name: str) -> None:
    need_any()
    task = builtin_tasks()[name]
    scores = gold_scores(task, docs_of(task))
    wrong = {doc_id: score.reason for doc_id, score in scores.items() if score.value != 1.0}
    assert set(wrong) <= set(EXCEPTIONS.get(name, {})), wrong  # some of those only on a slow machine


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_root(tmp_path_factory.mktemp("made"))


BUILT = ("humaneval_cpp", "humaneval_js")
"""Their rows are programs that are built: seconds each."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in BUILT else n for n in MADE if n in GOLD]
)
def test_gold_of_stand_ins_scores_one(name: str, standins: Path) -> None:
    """Rows in the documented shape where no real row is at hand: the task reads them, and their gold scores 1."""
    task = builtin_tasks()[name]
    docs = load_docs(task.source, standins, name)
    assert len(docs) >= 26
    docs = docs[:8] if name in BUILT else docs
    scores = gold_scores(task, docs)
    assert all(score.value == 1.0 for score in scores.values()), scores
    other = [
        Sample(
            GOLD[name](task, after),
            task.reference(doc),
            task.judged_prompt(doc) if task.judged_prompt else task.text(doc),
            task.sample_info(doc),
        )
        for doc, after in itertools.pairwise(docs)
        if task.reference(doc) != task.reference(after)
    ]
    assert all(score.value == 0.0 for score in Reward.from_config(task.reward).score_batch(other))


def test_a_conversation_of_multi_if_ends_where_its_turns_do(standins: Path) -> None:
    task = builtin_tasks()["multi_if"]
    docs = load_docs(task.source, standins, "multi_if")
    assert [len(task.reference(doc)) for doc in docs[:4]] == [2, 3, 3, 3] and task.continue_ is not None
    said: list[Message] = [{"role": "user", "content": task.prompt(docs[1])}, {"role": "assistant", "content": "one"}]
    assert task.continue_(docs[1], said) == [{"role": "user", "content": "Say 1 in turn 2."}]
    said += [{"role": "user", "content": "two?"}, {"role": "assistant", "content": "two"}]
    assert task.continue_(docs[0], said) is None


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_composes(name: str) -> None:
    suite = load_suite(name)
    assert suite.summary and len(suite.names) == len(set(suite.names))
    for entry in suite.entries:
        if entry.task is not None and entry.task.reward not in ("judge", "pairwise_judge"):
            Reward.from_config(entry.task.reward)


def test_wrong_answers_score_zero() -> None:
    """The gold of the next row is not the answer to this one (unless they happen to be equal)."""
    for name in ("gsm8k", "math500", "mmlu_pro", "bfcl"):
        task = builtin_tasks()[name]
        docs = docs_of(task)[:200]
        reward = Reward.from_config(task.reward)
        pairs = [
            (doc, other) for doc, other in itertools.pairwise(docs) if task.reference(doc) != task.reference(other)
        ]
        scores = reward.score_batch(
            [Sample(GOLD[name](task, b), task.reference(a), "", task.sample_info(a)) for a, b in pairs]
        )
        assert sum(score.value or 0 for score in scores) <= 0.02 * len(pairs), name
