"""One composer for the verbs that Hydra configures, and files of conf/ that repeat no default."""

from dataclasses import asdict, fields, is_dataclass
from importlib import resources
from typing import Any

import pytest
import yaml

from holdfast.benchmarks.suites.compose import COMPOSER as EVAL
from holdfast.config import Composer, choices
from holdfast.errors import ELSEWHERE, UsageError
from holdfast.trainers.settings.compose import COMPOSER as TRAIN
from holdfast.trainers.settings.config import DataConfig, ModelConfig, TrainerConfig

COMPOSERS = {"train": TRAIN, "eval": EVAL}
GROUPS = {"trainer": TrainerConfig, "model": ModelConfig, "data": DataConfig}


def _read(*path: str) -> dict[str, Any]:
    file = resources.files("holdfast.conf").joinpath(*path)
    return yaml.safe_load(file.read_text("utf-8")) or {}


def _repeated(schema: type[Any], given: dict[str, Any], prefix: str = "") -> list[str]:
    """The keys of `given` whose value the dataclass has anyway."""
    defaults = {field.name: getattr(schema(), field.name) for field in fields(schema)}
    repeated = []
    for key, value in given.items():
        default = defaults[key]
        if is_dataclass(default):
            repeated += _repeated(type(default), value, f"{prefix}{key}.")
        elif value == default:
            repeated.append(prefix + key)
    return repeated


@pytest.mark.parametrize("verb", COMPOSERS)
def test_a_verbs_file_holds_only_what_differs_from_its_dataclass(verb: str) -> None:
    given = {key: value for key, value in _read(f"{verb}.yaml").items() if key not in ("defaults", "hydra")}
    assert _repeated(COMPOSERS[verb].schema, given) == []


@pytest.mark.parametrize(("group", "name"), [(group, name) for group in GROUPS for name in choices(group)])
def test_a_groups_file_holds_only_what_differs_from_its_dataclass(group: str, name: str) -> None:
    assert _repeated(GROUPS[group], _read(group, f"{name}.yaml")) == []


@pytest.mark.parametrize("verb", COMPOSERS)
def test_every_key_can_be_set_to_its_default_and_changes_nothing(verb: str) -> None:
    composer: Composer[Any] = COMPOSERS[verb]
    plain = composer.compose(["model=tiny"])
    schema = asdict(composer.schema())
    for key in schema:
        if key not in composer.groups and schema[key] is None and key != "model":
            assert composer.compose(["model=tiny", f"{key}=null"]) == plain, key


@pytest.mark.parametrize("verb", COMPOSERS)
@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("sead=1", "did you mean 'seed'"),
        ("seed=abc", "seed: Value 'abc'"),
        ("seed=1,2", "lists several values; sweep with `holdfast {verb} -m"),
        ("no words", "expected key=value"),
        ("suit=quick", "did you mean 'suite'"),
        ("data_rot=x", "did you mean 'data_root'"),
    ],
)
def test_a_mistake_is_one_line_with_the_nearest_key(verb: str, word: str, says: str) -> None:
    with pytest.raises(UsageError) as refused:
        COMPOSERS[verb].compose(["model=tiny", word])
    assert says.format(verb=verb) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_open_keys_take_anything_and_others_do_not() -> None:
    config = EVAL.compose(
        ["model={model: tiny, backend: vllm}", "backend_args.base_url=http://x:1/v1?a=b", "sampling.top_p=0.9"]
    )
    assert config.backend_args == {"base_url": "http://x:1/v1?a=b"}
    assert config.sampling == {"top_p": 0.9}
    assert config.model == {"model": "tiny", "backend": "vllm"}
    assert TRAIN.compose(["trainer.args.anything=1"]).trainer.args["anything"] == 1
    with pytest.raises(UsageError, match="unknown key"):
        EVAL.compose(["model=tiny", "dtype.anything=1"])


def test_a_null_takes_effect_over_an_experiment(tmp_path: Any) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nreward: math\nsuite: quick\n")
    folders = [str(tmp_path)]
    assert TRAIN.compose(["experiment=mine"], folders).reward == "math"
    given = TRAIN.compose(["experiment=mine", "reward=null", "suite=tiny"], folders)
    assert (given.reward, given.suite) == (None, "tiny")


def test_a_multiruns_jobs_are_each_combination() -> None:
    assert list(EVAL.jobs(["model=a,b", "seed=0,1", "suite=[x,y]"])) == [
        ["model=a", "seed=0", "suite=[x,y]"],
        ["model=a", "seed=1", "suite=[x,y]"],
        ["model=b", "seed=0", "suite=[x,y]"],
        ["model=b", "seed=1", "suite=[x,y]"],
    ]
    with pytest.raises(UsageError, match="did you mean 'seed'"):
        list(EVAL.jobs(["sead=0,1"]))


@pytest.mark.parametrize("key", ELSEWHERE)
def test_a_key_of_another_tool_leads_to_ours(key: str) -> None:
    """Each word of the table is a key of one of the verbs, and that verb names it."""
    verbs = [verb for verb, composer in COMPOSERS.items() if composer.knows(ELSEWHERE[key])]
    assert verbs
    for verb in verbs:
        for wrong in (key, f"trainer.{key}", f"my.own.{key}"):
            assert f"did you mean {ELSEWHERE[key]!r}?" in str(COMPOSERS[verb].unknown_key(wrong))


def test_below_an_open_key_too() -> None:
    from holdfast.trainers.settings.trl_args import check

    with pytest.raises(UsageError, match="did you mean 'learning_rate'"):
        check("sft", {"lr": 1e-4})
    with pytest.raises(UsageError, match="did you mean 'num_train_epochs'"):
        check("sft", {"epochs": 3})
