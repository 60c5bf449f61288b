"""What others type stays: import paths, commands, keys, exit codes, files of a run, pickles (as of 0.1.0)."""

import dataclasses
import importlib
import importlib.util
import inspect
import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import holdfast
from holdfast import moved
from holdfast.cli import main

NAMES = {
    "holdfast": "Sample Score Outcome Reward register HoldfastError UsageError DataError __version__",
    "holdfast.sample": "Sample Score Outcome",
    "holdfast.reward": "Reward",
    "holdfast.errors": "HoldfastError UsageError DataError",
    "holdfast.compare": """
        compare load Columns Comparison Benchmark Category Check Decision Flip Forgetting Interval Omnibus
        Policy RunInfo Shift Side Verdict read_policy
    """,
    "holdfast.report": "write text terminal refresh FORMATS",
    "holdfast.report.sweep.page": "write_sweep",
    "holdfast.serve.client": "Client",
    "holdfast.rewards.sandbox": "execute validate Engine Execution Limits close_pools",
    "holdfast.rewards.sandbox.image": "main",
    "holdfast.rewards.adapters.nemo_gym": "verify sample_of answer_of",
    "holdfast.rewards.adapters.nemo_rl": "HoldfastEnvironment register",
    "holdfast.rewards.adapters.open_instruct": "HoldfastVerifier make_verifier",
    "holdfast.rewards.adapters.openrlhf": "reward_func http_answer math",
    "holdfast.rewards.adapters.ors": "make_environment",
    "holdfast.rewards.adapters.ray": "RewardActor score_batches score_dataset",
    "holdfast.rewards.adapters.rllm": "HoldfastEvaluator reward_fn math",
    "holdfast.rewards.adapters.skyrl": "make_environment register",
    "holdfast.rewards.adapters.slime": "custom_rm math",
    "holdfast.rewards.adapters.trl": "AsyncReward RewardEnvironment EnvironmentFactory together math",
    "holdfast.rewards.adapters.verifiers": "make_task rubric_functions",
    "holdfast.rewards.adapters.verl": "compute_score compute_score_batch compute_number math",
    "holdfast.benchmarks.engine": "measure",
    "holdfast.trainers.callback": "BeforeAfter",
    "holdfast.trainers.guard": "Guard",
    "holdfast.conf": "__path__",
}
"""Module → names that docs, other frameworks' configs and users' scripts hold."""

PROGRAMS = {
    "holdfast": ["--version"],
    "holdfast.trainers.launching": ["fsdp2"],
    "holdfast.benchmarks.tiny.pretrain": ["--help"],
    "holdfast.benchmarks.tiny.card": ["--help"],
}
"""`python -m MODULE` with words that end at once."""

KEYS = {
    "demo": "out replay steps limit seed",
    "train": """
        trainer model data reward suite target lora guard out data_root cache seed contamination card limit
        margin draft stop gate checkpoints measure_checkpoints dry_run overwrite experiment launcher sweeper from
    """,
    "train trainer.": "name args",
    "train model.": "path revision dtype trust_remote_code allow_pickle chat_template batch_size load_in_4bit threads",
    "train data.": """
        path file name split revision columns rename template system conversational limit filter shuffle
        replay reward
    """,
    "train lora.": "r alpha dropout targets",
    "train guard.": "every policy tasks limit pool alpha margin",
    "eval": """
        model against suite backend backend_args revision dtype device tokenizer trust_remote_code
        batch_size chat chat_template_args limit max_tokens max_length repeats sampling seed target margin
        noise export out data_root cache
    """,
    "score": """
        reward completion reference prompt id category cluster repeat finish_reason references join out task
        engine workers
    """,
    "compare": """
        target margin policy tasks noise allow html md json junit alpha confidence seed max_flips before
        after score id prompt completion reference category cluster task scale
    """,
    "plan": """
        suite flips noise repeats margin effect power alpha target tokens_per_second tokens_per_item items
        sizes cost drafts seed
    """,
    "mend": "weights groups budget density replay ratio replay_data margin base",
    "bisect": "scan base",
    "sample": """
        model reward to n keep chosen max_chars dedupe threshold prompt reference answer split revision
        data_root rename template system temperature max_tokens batch_size limit seed base_url concurrency
        timeout retries out
    """,
    "rewards": "show try validate audit diff docs",
    "data": """
        fetch verify contamination card filter data_root suite tasks split name revision limit out columns
        trainer reward model max_length sample min_chars max_chars max_tokens duplicates similarity
        languages min_reward broken
    """,
    "serve": "reward host port workers token auth max_queue deadline max_body log ors",
    "doctor": "",
    "completion": "",
}
"""Verb, with a group's prefix → its keys and actions."""

OLD_PICKLE = (
    b"\x80\x02choldfast.reward\n_rebuild\nq\x00X\x0b\x00\x00\x00exact_matchq\x01X\x04\x00\x00\x00goldq\x02}q\x03"
    b"X\x0b\x00\x00\x00ignore_caseq\x04\x88s\x87q\x05Rq\x06."
)
"""Of `Reward("exact_match", reference="gold", ignore_case=True)`, made by 0.1.0."""


@pytest.mark.parametrize("path", NAMES)
def test_a_module_has_its_names(path: str) -> None:
    module = importlib.import_module(path)
    missing = [name for name in NAMES[path].split() if not hasattr(module, name)]
    assert not missing


def test_the_core_is_no_larger_than_it_says() -> None:
    assert set(holdfast.__all__) <= set(NAMES["holdfast"].split())


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_module_runs(program: str) -> None:
    words = [sys.executable, "-W", "error::RuntimeWarning", "-m", program, *PROGRAMS[program]]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_worker_of_math_is_where_other_processes_start_it() -> None:
    assert importlib.util.find_spec("holdfast.rewards.math_answer.worker.__main__")


@pytest.mark.parametrize("old", moved.MOVED)
def test_a_moved_module_warns_and_is_the_new_one(old: str) -> None:
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=moved.MOVED[old]):
        module = importlib.import_module(old)
    assert module is importlib.import_module(moved.MOVED[old])
    assert module.__spec__ is not None
    assert module.__spec__.name == moved.MOVED[old]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert importlib.import_module(old) is module


def test_other_names_are_not_found() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("holdfast.trainers.launcher")


def test_hydra_finds_the_configs() -> None:
    from hydra import compose, initialize_config_module

    with initialize_config_module("holdfast.conf", version_base=None):
        assert compose("train", overrides=["trainer=sft"])


@pytest.mark.parametrize("verb", KEYS)
def test_a_verb_has_its_keys(verb: str) -> None:
    from holdfast.cli.completion import candidates

    word, _, group = verb.partition(" ")
    found = {key.removeprefix(group).rstrip("=") for key in candidates(f"holdfast {word} {group}")}
    assert set(KEYS[verb].split()) <= found


def test_a_former_action_still_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text('{"completion": "4", "reference": "4"}\n')
    printed = []
    for action in ("replay", "diff"):
        assert main(["rewards", action, str(tmp_path / "rows.jsonl"), "with=numeric", "reward=numeric", "--json"]) == 0
        printed.append(json.loads(capsys.readouterr().out))
    assert printed[0] == printed[1] and printed[0]["both_pass"] == 1


def test_every_verb_is_pinned() -> None:
    from holdfast.cli import VERBS

    assert {verb.partition(" ")[0] for verb in KEYS} <= set(VERBS)


def test_exit_codes() -> None:
    from holdfast import errors

    assert (errors.EXIT_PASS, errors.EXIT_REGRESSED, errors.EXIT_INCONCLUSIVE) == (0, 1, 2)
    assert (errors.EXIT_USAGE, errors.EXIT_DATA, errors.EXIT_INTERNAL) == (64, 65, 70)
    assert [error.exit_code for error in (holdfast.UsageError, holdfast.DataError, holdfast.HoldfastError)] == [
        64,
        65,
        70,
    ]


def test_a_pickle_of_the_previous_release_opens() -> None:
    reward = pickle.loads(OLD_PICKLE)
    assert reward.score(holdfast.Sample("GOLD", "gold")).value == 1.0
    assert reward.reference == "gold"


def test_a_reward_takes_what_it_took() -> None:
    assert list(inspect.signature(holdfast.Reward).parameters)[:2] == ["name", "reference"]
    assert {"score", "score_batch", "ascore", "from_config"} <= set(dir(holdfast.Reward))


def test_outcomes_and_fields_of_the_core() -> None:
    assert {str(outcome) for outcome in holdfast.Outcome} == {
        "correct", "wrong", "partial", "unjudgeable", "timeout", "error",
    }  # fmt: skip
    assert [f.name for f in dataclasses.fields(holdfast.Sample)][:4] == ["completion", "reference", "prompt", "info"]
    assert [f.name for f in dataclasses.fields(holdfast.Score)][:5] == [
        "value",
        "outcome",
        "reason",
        "extracted",
        "parts",
    ]


def test_the_columns_of_a_sample_row() -> None:
    from holdfast.runs.row import Row

    expected = (
        "task doc_id doc_hash prompt_hash prompt completion reference score outcome reason extracted repeat cluster "
        "category finish_reason tokens parts"
    )
    assert set(expected.split()) <= {field.name for field in dataclasses.fields(Row)}


def test_the_fields_of_a_comparison() -> None:
    from holdfast.compare import Comparison

    expected = (
        "before after decision sentence benchmarks macro micro target margin margin_origin alpha confidence warnings "
        "checks seed version created command schema"
    )
    assert set(expected.split()) <= {field.name for field in dataclasses.fields(Comparison)}


def test_the_files_of_a_run(tmp_path: Path) -> None:
    from holdfast.runs.measurement import sample_path

    assert sample_path(tmp_path, "a/b:c") == tmp_path / "samples" / "a__b__c.jsonl"
