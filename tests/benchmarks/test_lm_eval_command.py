"""lm-eval's own command line and Holdfast on the same task file, the same rows and the same model: row by row.

The task is lm-eval's GSM8K, included by a file of one's own (`include_path`), over sums and real GSM8K questions.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import lm_eval_cli
from helpers.lm_eval_run import samples_file

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.models import load
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.lm_eval_fence import index
from holdfast.runs.row import Row


@pytest.mark.slow
@pytest.mark.parametrize("chosen", ["strict-match", "flexible-extract"])
def test_rows_are_those_of_the_command_line(tmp_path: Path, chosen: str) -> None:
    theirs = [json.loads(line) for line in samples_file(tmp_path, sums=20, questions=12).read_text().splitlines()]
    kept = {str(row["doc_id"]): row for row in theirs if row["filter"] == chosen}
    task = {"task": "sums", "include_path": str(tmp_path / "tasks"), "filter": chosen, "max_tokens": 24}
    how = Settings(batch_size=32, progress=False)
    found = measure(load("tiny", dtype="float32", device="cpu"), [task], tmp_path / "ours", settings=how)
    rows = list(found.rows("sums"))
    assert len(rows) == len(kept) == 52
    for row in rows:
        other = kept[row.doc_id]
        assert row.prompt == other["arguments"]["gen_args_0"]["arg_0"]
        assert (row.completion, row.score) == (other["resps"][0][0], other["exact_match"]), row.doc_id
    assert found.tasks["sums"].reward["options"]["filter"] == chosen


def rows_differ(ours: Row, theirs: dict[str, Any]) -> list[str]:
    """What differs between a row of ours and lm-eval's of one filter: prompt, answer, every metric that is a number."""
    asked = theirs["arguments"]["gen_args_0"]
    found = [] if (ours.rendered or ours.prompt) == asked["arg_0"] else ["prompt"]
    if "arg_1" in asked and isinstance(asked["arg_1"], dict) and ours.completion != theirs["resps"][0][0]:
        found.append("answer")
    for metric in theirs["metrics"]:
        value = theirs[metric]
        own = ours.parts.get(metric, ours.parts.get(f"{metric},{theirs['filter']}"))
        if isinstance(value, int | float) and own != pytest.approx(float(value), abs=1e-6):
            found.append(f"{metric},{theirs['filter']}: {own} {value}")
    return found


def differing(
    theirs: dict[str, list[dict[str, Any]]], tasks: Path, out: Path, chat: bool, **settings: Any
) -> tuple[dict[str, int], list[str]]:
    """(rows of each task, what differs)."""
    entries = [{"task": name, "include_path": str(tasks)} for name in theirs]
    budget = None if set(theirs) <= {"our_mmlu", "our_arc", "our_hellaswag"} else BUDGET  # nothing is written there
    how = Settings(batch_size=8, max_tokens=budget, chat=chat, progress=False, **settings)
    found = measure(load("tiny", dtype="float32", device="cpu"), entries, out, settings=how)
    counts, wrong = {}, []
    for name, kept in theirs.items():
        ours = {row.doc_id: row for row in found.rows(name)}
        assert {str(row["doc_id"]) for row in kept} == set(ours)
        counts[name] = len(ours)
        wrong += [
            f"{name}/{row['doc_id']}: {one}" for row in kept for one in rows_differ(ours[str(row["doc_id"])], row)
        ]
    return counts, wrong


BUDGET, ROWS = 16, 24


PARTS = (("our_gsm8k", "our_mgsm"), ("our_ifeval", "our_bbh"), ("our_mmlu", "our_arc", "our_hellaswag"))


def test_the_parts_are_all_seven_tasks() -> None:
    assert sorted(name for part in PARTS for name in part) == sorted(lm_eval_cli.YAML)


@pytest.mark.slow
@pytest.mark.parametrize("names", PARTS, ids="+".join)
@pytest.mark.parametrize("chat", [True, False])
def test_rows_of_seven_tasks_are_those_of_the_command_line(chat: bool, names: tuple[str, ...], tmp_path: Path) -> None:
    """GSM8K, MMLU and IFEval on real rows; ARC, HellaSwag, BBH and MGSM on what is at hand. No row differs."""
    tasks = lm_eval_cli.write_tasks(tmp_path, names, ROWS)
    theirs = lm_eval_cli.run(tmp_path, tasks, names, chat=chat, budget=BUDGET)
    counts, wrong = differing(theirs, tasks, tmp_path / "ours", chat)
    assert counts == dict.fromkeys(names, ROWS) and wrong == []


@pytest.mark.parametrize("chat", [True, False])
def test_a_few_rows_are_those_of_lm_eval(chat: bool, tmp_path: Path) -> None:
    """The same by lm-eval's `evaluate` in this process."""
    import torch
    from lm_eval import evaluate
    from lm_eval.models.huggingface import HFLM

    torch.set_num_threads(1)
    names = ["our_mmlu", "our_arc", "our_hellaswag", "our_bbh", "our_mgsm"]
    tasks = lm_eval_cli.write_tasks(tmp_path, names, 3)
    loaded = load("tiny", dtype="float32", device="cpu")
    lm = HFLM(pretrained=loaded.model, tokenizer=loaded.tokenizer, batch_size=8)
    made: dict[str, Any] = {}
    for name in names:
        made |= index.load(name, str(tasks))[0]
        made[name].set_config(
            "generation_kwargs", {**(made[name].config.generation_kwargs or {}), "max_gen_toks": BUDGET}
        )
    chatting = {"apply_chat_template": True, "fewshot_as_multiturn": True} if chat else {}
    evaluated = evaluate(lm=lm, task_dict={"tasks": made}, bootstrap_iters=0, log_samples=True, **chatting)
    assert evaluated is not None
    theirs = json.loads(json.dumps(evaluated["samples"], default=str))
    for one in (row for kept in theirs.values() for row in kept):
        one["arguments"] = {"gen_args_0": {f"arg_{n}": value for n, value in enumerate(one["arguments"][0])}}
    counts, wrong = differing(theirs, tasks, tmp_path / "ours", chat)
    assert counts == dict.fromkeys(names, 3) and wrong == []
