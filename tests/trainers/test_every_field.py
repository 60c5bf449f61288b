"""Every field of every TRL config can be set from the command line, and a misspelt one is answered with its name."""

import dataclasses
import types
import typing
from typing import Any, Union

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.settings import trl_args
from holdfast.trainers.settings.catalogue import builtin_trainers
from holdfast.trainers.settings.compose import compose

PLAIN = {bool: True, int: 3, float: 0.5, str: "text"}


def kinds(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (Union, types.UnionType) else (hint,)


def value_of(field: "dataclasses.Field[Any]", hint: Any) -> Any:
    """A value of the field's type: its default where it has a plain one, else one of the type."""
    if isinstance(field.default, bool | int | float) or (isinstance(field.default, str) and field.default):
        return field.default
    return next((PLAIN[kind] for kind in kinds(hint) if kind in PLAIN), {"key": 1})


def word(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"trainer.args.{name}={{key: 1}}"
    text = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else value
    return f"trainer.args.{name}={text}"


@pytest.mark.parametrize("trainer", builtin_trainers())
def test_every_field_travels_from_the_command_line_to_trl(trainer: str) -> None:
    schema = trl_args.config_class(trainer)
    hints = typing.get_type_hints(schema)
    given = {f.name: value_of(f, hints[f.name]) for f in dataclasses.fields(schema) if f.init}
    assert len(given) > 100
    given |= {"per_device_train_batch_size": 8, "num_generations": 2} if trainer in ("grpo", "rloo") else {}
    given |= {"generation_batch_size": 8, "steps_per_generation": 1} if trainer in ("grpo", "rloo") else {}
    config = compose([f"trainer={trainer}", "data=rows.jsonl", *(word(name, value) for name, value in given.items())])
    assert config.trainer.args.keys() >= given.keys()
    for name, value in given.items():
        assert config.trainer.args[name] == value, name
        assert type(config.trainer.args[name]) is type(value) or isinstance(value, float), name
    trl_args.check(trainer, config.trainer.args)


@pytest.mark.parametrize("trainer", builtin_trainers())
def test_every_field_misspelt_names_itself(trainer: str) -> None:
    """One letter doubled: the nearest field must be the one that was meant, or one that it is as near to."""
    names = [field.name for field in trl_args.fields(trainer) if field.init]
    for name in names:
        wrong = name[:3] + name[2:]
        assert wrong not in names
        with pytest.raises(UsageError, match=rf"unknown field trainer.args.{wrong} of trl.*did you mean '{name}'"):
            trl_args.check(trainer, {wrong: 1})


@pytest.mark.parametrize("trainer", builtin_trainers())
def test_a_value_of_the_wrong_type_is_refused_by_name(trainer: str) -> None:
    hints = typing.get_type_hints(trl_args.config_class(trainer))
    numbers = [f.name for f in trl_args.fields(trainer) if f.init and kinds(hints[f.name]) in ((int,), (float,))]
    assert len(numbers) > 10
    for name in numbers:
        with pytest.raises(UsageError, match=rf"trainer.args.{name} cannot be 'many'"):
            trl_args.check(trainer, {name: "many"})


@pytest.mark.parametrize("mode", ["colocate", "server"])
@pytest.mark.parametrize("trainer", ["grpo", "rloo"])
def test_vllm_generates_by_configuration(trainer: str, mode: str) -> None:
    words = ["trainer.args.use_vllm=true", f"trainer.args.vllm_mode={mode}"]
    config = compose([f"trainer={trainer}", *words, "trainer.args.vllm_gpu_memory_utilization=0.4"])
    trl_args.check(trainer, config.trainer.args)
    assert (config.trainer.args["use_vllm"], config.trainer.args["vllm_mode"]) == (True, mode)
