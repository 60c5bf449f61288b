"""Tasks of lm-eval, over stand-in rows: every one asks the model what lm-eval itself asks, and every setting counts."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers import lm_eval_walk as walk

from holdfast.benchmarks.engine import measure
from holdfast.benchmarks.engine.backends.hf import HFEngine
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.generating.generation import canonical
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.lm_eval_fence import index
from holdfast.errors import UsageError
from holdfast.runs.row import Row

ANSWERS = ("The answer is (B). #### 42", "x")
FEW = (
    *("gsm8k", "mgsm_direct_de", "arc_challenge", "piqa", "truthfulqa_mc2", "bbh_cot_zeroshot_navigate"),
    *("wikitext", "lambada_openai"),
)
"""The sample that the fast tier walks."""


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


@pytest.fixture(scope="module")
def pair(tiny: LoadedModel) -> tuple[Any, Any]:
    """Our engine and lm-eval's own over the same model."""
    from lm_eval.models.huggingface import HFLM

    ours = HFEngine(tiny, Settings(max_length=walk.LONG, batch_size=2, progress=False))
    theirs = HFLM(pretrained=tiny.model, tokenizer=tiny.tokenizer, batch_size=2, max_length=walk.LONG)
    return ours, theirs


@pytest.mark.parametrize("name", FEW)
def test_a_sample_of_tasks_asks_alike(name: str, pair: tuple[Any, Any]) -> None:
    assert walk.differences(walk.task_of(name), *pair, ANSWERS) == []


def test_stand_ins_are_of_the_task_alone() -> None:
    """Whatever was walked before: the rows of a task in two orders."""
    one, other = "arc_challenge", "arc_challenge_chat"
    first = {name: list(walk.task_of(name).test_docs()) for name in (one, other)}
    assert first == {name: list(walk.task_of(name).test_docs()) for name in (other, one)}


def test_the_walk_of_all_tasks_is_whole() -> None:
    """Of this version of lm-eval; every shape was walked, none differs, and each that cannot be had says why."""
    listed = json.loads(walk.reason_file().read_text())
    lacking = [why for names in listed["cannot be had"].values() for why in names.values()]
    assert listed["lm_eval"] == index.version() and listed["complete"] and listed["differ"] == {}
    assert listed["walked"] == listed["shapes"] == listed["same"] + len(lacking) and all(lacking)
    assert listed["same"] / listed["shapes"] > 0.9


PIECES = 12


@pytest.mark.slow
@pytest.mark.parametrize("piece", range(PIECES))
def test_every_task_asks_alike(piece: int, pair: tuple[Any, Any]) -> None:
    """All of lm-eval's YAML tasks, one of each shape (tasks of one folder that differ in their rows alone), but those
    that cannot be had over stand-ins: the file beside this test lists them with the reason."""
    listed = json.loads(walk.reason_file().read_text())
    known = {name for names in listed["cannot be had"].values() for name in names}
    known |= set(listed["same with packages of its extras"])
    names = sorted(set(walk.shapes()) - known)
    assert len(names) == listed["same"] - len(set(listed["same with packages of its extras"]))
    size = -(-len(names) // PIECES)
    found: dict[str, str] = {}
    for name in names[piece * size : (piece + 1) * size]:
        try:
            differing = walk.differences(walk.task_of(name), *pair, ANSWERS)
        except LookupError as error:
            differing = [str(error)]
        found.update({name: ", ".join(differing)} if differing else {})
    assert found == {}


TASK = """
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "Say {{{{word}}}}"
doc_to_target: "{{{{word}}}}"
gen_prefix: "{prefix}"
repeats: {repeats}
generation_kwargs: {{until: ["."]{more}}}
filter_list:
  - {{name: first, filter: [{{function: take_first}}]}}
  - {{name: last-letter, filter: [{{function: regex, regex_pattern: "(.)$"}}, {{function: take_first}}]}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
metadata: {{version: 1.0}}
"""


def own_task(folder: Path, name: str = "mine", prefix: str = "", repeats: int = 1, more: str = "") -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps({"word": word}) + "\n" for word in ("one", "two", "three")))
    (folder / f"{name}.yaml").write_text(TASK.format(name=name, data=data, prefix=prefix, repeats=repeats, more=more))
    return {"task": name, "include_path": str(folder)}


def rows_of(tiny: LoadedModel, task: Any, out: Path, **settings: Any) -> tuple[Any, list[Row]]:
    found = measure(tiny, [task], out, settings=Settings(batch_size=4, progress=False, **settings))
    return next(iter(found.tasks.values())), [row for name in found.tasks for row in found.rows(name)]


def test_a_task_without_a_budget_runs(tiny: LoadedModel, tmp_path: Path) -> None:
    result, rows = rows_of(tiny, own_task(tmp_path / "tasks"), tmp_path / "out", max_length=600)
    assert result.generation["max_gen_toks"] == 256 and result.generation["until"] == ["."] and len(rows) == 3


def test_a_begun_answer_stays_open(tiny: LoadedModel, tmp_path: Path) -> None:
    """The assistant's turn holds the beginning and is not closed."""
    task = {**own_task(tmp_path / "tasks", prefix="Answer:"), "max_tokens": 4}
    _, rows = rows_of(tiny, task, tmp_path / "out")
    assert all(str(row.prompt).endswith("<|im_start|>assistant\nAnswer:") for row in rows)


def test_settings_of_the_suite_count(tiny: LoadedModel, tmp_path: Path) -> None:
    changes = {
        "max_tokens": 5,
        "stop": ["!"],
        "sampling": {"temperature": 0.9, "top_p": 0.5},
        "repeats": 2,
        "system": "Be brief.",
        "filter": "last-letter",
        "chance": 0.25,
        "limit": 2,
    }
    result, rows = rows_of(tiny, {**own_task(tmp_path / "tasks"), **changes}, tmp_path / "out")
    expected = {"max_gen_toks": 5, "until": ["!"], "temperature": 0.9, "top_p": 0.5, "do_sample": True, "repeats": 2}
    assert expected.items() <= result.generation.items() and result.generation["system"] == "Be brief."
    assert len(rows) == 4 and all("Be brief." in str(row.prompt) for row in rows)
    assert (result.chance, result.reward["options"]) == (0.25, {"metric": "exact_match", "filter": "last-letter"})


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"filter": "last-leter"}, "last-letter"),
        ({"metric": "exact_mach"}, "exact_match"),
        ({"length_normalized": True}, "length_normalized"),
        ({"chat_fewshot": 2}, "fewshot"),
        ({"repeats": 3}, "sampling.temperature"),
    ],
)
def test_settings_without_effect_are_refused(
    tiny: LoadedModel, tmp_path: Path, change: dict[str, Any], match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        rows_of(tiny, {**own_task(tmp_path / "tasks"), **change}, tmp_path / "out")


def test_repeats_of_the_task_are_judged_together(tiny: LoadedModel, tmp_path: Path) -> None:
    task = own_task(tmp_path / "tasks", repeats=3, more=", do_sample: true, temperature: 0.5, max_gen_toks: 4")
    result, rows = rows_of(tiny, task, tmp_path / "out")
    assert len(rows) == 9 and result.n == 3 and result.generation["repeats"] == 3


def test_an_aggregated_group_is_one_benchmark(tiny: LoadedModel, tmp_path: Path) -> None:
    for name in ("mine_a", "mine_b"):
        own_task(tmp_path / "tasks", name)
    (tmp_path / "tasks" / "_group.yaml").write_text(
        "group: mine_all\ntask: [mine_a, mine_b]\n"
        "aggregate_metric_list: [{metric: exact_match, weight_by_size: true}]\n"
    )
    task = {"task": "mine_all", "include_path": str(tmp_path / "tasks"), "max_tokens": 4}
    result, rows = rows_of(tiny, task, tmp_path / "out")
    assert (result.task, result.n) == ("mine_all", 6)
    assert {row.category for row in rows} == {"mine_a", "mine_b"} and rows[0].doc_id == "mine_a/0"


def test_thoughts_are_cut_before_the_filters(tiny: LoadedModel, tmp_path: Path) -> None:
    from holdfast.benchmarks.engine.items import Completion, Item
    from holdfast.benchmarks.engine.lm_eval.judge import LmEvalJudge

    folder = tmp_path / "tasks"
    own_task(folder)
    tasks, _ = index.load("mine", str(folder))
    judge = LmEvalJudge(tasks, chosen_filter="first")
    item = Item("mine", "0", 0, "generate", "Say one", doc={"doc": {"word": "one"}, "task": "mine"})
    texts = ("one", "<think>two</think>one", "<think>\n\n</think>\n\none", "<think>one", "<think>one</think>two")
    scores = [judge([(item, Completion(text))])[0].value for text in texts]
    assert scores == [1.0, 1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"until": [], "max_gen_toks": 256, "do_sample": False, "temperature": 0.0}),
        (
            {"until": "\n", "max_tokens": 9},
            {"until": ["\n"], "max_gen_toks": 9, "do_sample": False, "temperature": 0.0},
        ),
        (
            {"max_new_tokens": 7, "max_gen_toks": 8, "temperature": 0.4},
            {"until": [], "max_gen_toks": 8, "do_sample": True},
        ),
        ({"do_sample": False, "temperature": 0.4}, {"until": [], "do_sample": False, "temperature": 0.0}),
    ],
)
def test_generation_arguments_have_one_form(given: dict[str, Any], expected: dict[str, Any]) -> None:
    """As lm-eval's own normalization reads them."""
    from lm_eval.models.utils import normalize_gen_kwargs

    found = canonical(given)
    assert expected.items() <= found.items()
    theirs = dict(normalize_gen_kwargs(dict(given), 256))
    assert (theirs["max_gen_toks"], theirs["do_sample"]) == (found["max_gen_toks"], found["do_sample"])
