"""Our GSM8K, MMLU and IFEval against lm-eval's own tasks, on the same answers: its filters and metrics, its YAML, read
from the installed package, with the data replaced by the local copy. lm-eval's IFEval downloads nltk's sentence model
(Punkt) when it is imported. Where it is not installed, sentences are split by ours, so that there the instruction
`number_sentences` is not compared (tests/rewards/test_ifeval.py compares it with the official labels)."""

import functools
import gzip
import json
import random
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.ifeval_rows import ifeval_recorded
from helpers.paths import shared

from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.suites.source import load_docs
from holdfast.benchmarks.suites.task import find_task
from holdfast.reward import Reward
from holdfast.rewards.instructions.sentences import split
from holdfast.sample import Sample


def lm_eval_task(folder: str, name: str, rows: list[dict[str, Any]], **changes: Any) -> Any:
    """lm-eval's task of that name over `rows`, without few-shot."""
    import lm_eval.tasks
    from datasets import Dataset, DatasetDict
    from lm_eval.api.task import ConfigurableTask
    from lm_eval.tasks._yaml_loader import load_yaml

    path = Path(lm_eval.tasks.__path__[0]) / folder / f"{name}.yaml"
    config = dict(load_yaml(path, resolve_func=True))
    for key in ("dataset_path", "dataset_name", "tag", "group", "fewshot_config", "fewshot_split", "training_split"):
        config.pop(key, None)
    data = DatasetDict({str(config.get("test_split", "test")): Dataset.from_list(rows)})
    config |= {"custom_dataset": lambda **_: data, "num_fewshot": 0, "validation_split": None, **changes}
    return ConfigurableTask(config=config)


def filtered(task: Any, doc: dict[str, Any], text: str) -> dict[str, float]:
    """exact_match of one answer under each of the task's filters."""
    from lm_eval.api.instance import Instance

    request = Instance(request_type="generate_until", doc=doc, arguments=("",), idx=0, resps=[text])
    for ensemble in task._filters:
        ensemble.apply([request])
    return {name: task.process_results(doc, [answer])["exact_match"] for name, answer in request.filtered_resps.items()}


@pytest.mark.slow
def test_gsm8k_on_recorded_answers() -> None:
    """Where ours and lm-eval's flexible match (the last number of the text) differ, the data set's label is with us."""
    rows = [json.loads(line) for line in shared("gsm8k", "example_model_solutions.jsonl").read_text().splitlines()]
    docs = [{"question": row["question"], "answer": row["ground_truth"].replace("\nA: ", "\n#### ")} for row in rows]
    theirs = lm_eval_task("gsm8k", "gsm8k", docs)
    ours, task = Reward("numeric"), find_task("gsm8k")
    differ = []
    for index, (row, doc) in enumerate(zip(rows, docs, strict=True)):
        for model in ("6b_verification", "175b_verification"):
            text = row[model]["solution"]
            mine = ours.score(Sample(text, task.reference(doc))).value
            if mine != filtered(theirs, doc, text)["flexible-extract"]:
                differ.append((index, model, mine, row[model]["is_correct"]))
    # Where the two differ, the data set's own label is on our side.
    assert all(bool(mine) == label for _, _, mine, label in differ)
    assert len(differ) <= 20, differ


def test_gsm8k_on_chat_answers() -> None:
    """gpt-4o-mini's JSON answers: they differ only where lm-eval finds 12.00 and 12, or 2:00 pm and 2, unequal."""
    path = shared("gsm8k", "recorded", "zeroeval", "gsm.gpt-4o-mini-2024-07-18.json.gz")
    rows = json.loads(gzip.decompress(path.read_bytes()))
    docs = [{"question": row["question"], "answer": row["answer"].replace("# ", "#### ")} for row in rows]
    theirs, ours = lm_eval_task("gsm8k", "gsm8k", docs), Reward("numeric")
    flexible = [
        filtered(theirs, doc, row["output"][0])["flexible-extract"] for doc, row in zip(docs, rows, strict=True)
    ]
    mine = ours.score_batch([Sample(row["output"][0], row["answer"].lstrip("# ")) for row in rows])
    differ = [i for i, (a, b) in enumerate(zip(flexible, mine, strict=True)) if a != b.value]
    assert all(mine[i].value == 1.0 for i in differ)
    assert all(re.search(r"[.:]0", rows[i]["output"][0][-20:]) for i in differ) and len(differ) <= 50


def test_mmlu_on_the_same_likelihoods(tmp_path: Path) -> None:
    """The engine's log-likelihoods handed to lm-eval's own MMLU task give the same accuracy, row by row."""
    import torch

    torch.set_num_threads(1)
    how = Settings(batch_size=20, limit=120, progress=False)
    measured = measure(load("tiny"), ["mmlu"], tmp_path, data_root=shared(), settings=how)
    docs = load_docs(find_task("mmlu").source, shared())
    theirs = lm_eval_task("mmlu/default", "mmlu_abstract_algebra", [dict(doc) for doc in docs])
    for row in measured.rows("mmlu"):
        likelihoods = [(row.parts[f"logprob_{letter}"], False) for letter in "ABCD"]
        assert theirs.process_results(docs[int(row.doc_id)], likelihoods)["acc"] == row.score


@pytest.fixture(scope="module")
def their_ifeval() -> Any:
    """lm-eval's IFEval module, imported without a network."""
    import langdetect
    import nltk

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(langdetect.DetectorFactory, "seed", 0)  # theirs is not seeded: the same text can flip
        try:
            nltk.data.find("tokenizers/punkt_tab")
            from lm_eval.tasks.ifeval import instructions_util, utils
        except LookupError:
            with pytest.MonkeyPatch.context() as absent:
                absent.setattr(nltk.data, "find", lambda *_: "")
                from lm_eval.tasks.ifeval import instructions_util, utils
            patch.setattr(instructions_util, "_get_sentence_tokenizer", lambda: SimpleNamespace(tokenize=split))
            words = functools.partial(nltk.word_tokenize, preserve_line=True)  # moves full stops, not capitals
            patch.setattr(instructions_util.nltk, "word_tokenize", words)
        yield utils


@pytest.mark.parametrize("run", ["gpt4", "qwen"])
def test_ifeval_on_recorded_answers(run: str, their_ifeval: Any) -> None:
    """Prompt-level strict and loose of lm-eval's own process_results, on every recorded response."""
    recorded = ifeval_recorded(run, "strict")
    rewards = {"prompt_level_strict_acc": Reward("ifeval"), "prompt_level_loose_acc": Reward("ifeval", strict=False)}
    differ = set()
    for key, reference, text, _ in recorded:
        random.seed(int(key))
        theirs = their_ifeval.process_results({**reference, "key": int(key)}, [text])
        for metric, reward in rewards.items():
            mine = reward.score(Sample(text, reference, reference["prompt"])).value
            if mine != float(theirs[metric]):
                differ.add((key, metric))
    assert len(recorded) >= 540 and not differ
