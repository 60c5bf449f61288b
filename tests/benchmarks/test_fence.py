"""What the fence around lm-eval relies on, at the pinned version: this fails when upstream moves."""

import inspect
import re
from importlib import metadata
from unittest import mock

import pytest

from holdfast.benchmarks.lm_eval_fence import index, patches
from holdfast.benchmarks.suites.suite import load_suite, suite_names


def test_the_version_is_one_that_was_read() -> None:
    assert metadata.version("lm_eval") in patches.READ_VERSIONS


def test_everything_relied_on_is_there_and_takes_what_it_is_given() -> None:
    for owner, name, parameters in patches.relied_on():
        found = inspect.signature(getattr(owner, name)).parameters
        assert list(parameters) == [one for one in found if one in parameters], (owner.__name__, name, list(found))


def test_a_group_is_found_without_reading_all_task_files() -> None:
    found = index.manager_of("bbh_zeroshot").task_index
    assert len(found) < 200 and len(index.configs_of("bbh_zeroshot")) == 27
    assert index._tags(found, "bbh_zeroshot") == set() and index._tags(found, "no_such") is None


USED = sorted({entry.lm_eval for name in suite_names() for entry in load_suite(name).entries if entry.lm_eval})


@pytest.mark.slow
@pytest.mark.parametrize("name", [*USED, "mmlu", "mmlu_stem", "leaderboard", "arc_challenge", "hendrycks_ethics"])
def test_a_part_of_the_index_holds_what_the_whole_does(name: str) -> None:
    part, whole = index.manager_of(name).task_index, index.task_manager().task_index
    waiting, seen = [name], set()
    while waiting:
        one = waiting.pop()
        seen.add(one)
        assert part[one].cfg == whole[one].cfg and part[one].kind == whole[one].kind, one
        members = (whole[one].cfg or {}).get("task")
        for other in members if isinstance(members, list) else []:
            waiting += [other] if isinstance(other, str) else other["task"]
        if whole[one].kind.name == "TAG":
            below = [other for other, entry in whole.items() if one in entry.tags]
            assert below == [other for other, entry in part.items() if one in entry.tags]
            waiting += below
    assert name in seen


@pytest.mark.slow
def test_every_name_stands_in_a_file() -> None:
    """A name that stands nowhere needs no reading of all files to be unknown."""
    words = {
        word
        for path in index._task_files(templates=True)
        for word in re.findall(rb"[^\s\"'#,:\[\]{}]+", path.read_bytes())
    }
    lacking = [name for name in index.task_manager().task_index if name.encode() not in words]
    assert not [name for name in lacking if not index.has(name)]


def test_an_unknown_name_is_known_to_be_so_at_once() -> None:
    with mock.patch.object(index, "task_manager", side_effect=AssertionError):
        assert not index.has("no_such_task_of_theirs") and "hellaswag" in index.names()


def test_what_lm_eval_renders_and_encodes_twice_is_done_once() -> None:
    """A template is compiled for its first row only, and renders what it did; an option's context is encoded for the
    first option only, and the tokens are a list of the caller's own."""
    from lm_eval import utils

    from holdfast.benchmarks.engine.backends.hf import HFEngine
    from holdfast.benchmarks.engine.backends.models import load
    from holdfast.benchmarks.engine.settings import Settings

    index.compile_once()
    index.compile_once()
    texts = ["{{a}} and {{b | regex_replace('x', 'y')}}\n", "{{a}}"]
    for text in texts:
        for row in ({"a": 1, "b": "xx"}, {"a": None, "b": "x\n"}):
            fresh = utils.Environment(
                loader=utils.BaseLoader, undefined=utils.StrictUndefined, keep_trailing_newline=True
            )
            fresh.filters["regex_replace"] = utils.regex_replace
            assert utils.apply_template(text, row) == fresh.from_string(text).render(**row)
    assert utils.env.from_string(texts[0]) is utils.env.from_string(texts[0])

    lm = HFEngine(load("tiny"), Settings())._lm
    with mock.patch.object(lm, "_encoded", side_effect=lm._encoded) as encoded:
        pairs = [lm._encode_pair("Which letter?", f" {letter}") for letter in "ABCD"]
        assert len(encoded.call_args_list) == 5
    pairs[0][0].clear()
    assert lm.tok_encode("Which letter?") == pairs[1][0] != []
    many = [f"text {number}" for number in range(200)]
    assert [lm.tok_encode(text) for text in many] == [lm._encoded(text) for text in many]
    assert lm.tok_encode("a", add_special_tokens=True) == lm._encoded("a", add_special_tokens=True)
