"""The configs of `accelerate launch`, as accelerate itself reads them."""

import argparse
from typing import Any

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.run.accelerate_config import config_file, main


def validated(name: str) -> tuple[argparse.Namespace, Any]:
    """What `accelerate launch --config_file …` makes of a config, before it starts anything."""
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser

    file = str(config_file(name))
    args = launch_command_parser().parse_args(["--config_file", file, "-m", "holdfast", "train"])
    return _validate_launch_command(args)[0], load_config_from_file(file)


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("cpu", {"multi_gpu": True, "use_cpu": True, "num_processes": 2, "mixed_precision": "no"}),
        ("ddp", {"multi_gpu": True, "use_cpu": False, "num_processes": 8, "mixed_precision": "bf16"}),
        ("fsdp2", {"use_fsdp": True, "multi_gpu": False, "fsdp_version": 2, "mixed_precision": "bf16"}),
        ("zero3", {"use_deepspeed": True, "zero_stage": 3, "zero3_save_16bit_model": True}),
    ],
)
def test_accelerate_reads_it_as_it_is_meant(name: str, flags: dict[str, Any]) -> None:
    args, _ = validated(name)
    assert {flag: getattr(args, flag) for flag in flags} == flags


def test_fsdp2_becomes_the_plugin_that_writes_whole_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    from accelerate.utils import FullyShardedDataParallelPlugin
    from accelerate.utils.launch import prepare_multi_gpu_env

    args, _ = validated("fsdp2")
    for key, value in prepare_multi_gpu_env(args).items():
        monkeypatch.setenv(key, value)
    plugin = FullyShardedDataParallelPlugin()
    assert plugin.fsdp_version == 2
    assert plugin.reshard_after_forward is True
    assert "FULL_STATE_DICT" in str(plugin.state_dict_type)


def test_an_unknown_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="did you mean 'fsdp2'"):
        config_file("fsdp")
    assert main(["fsdp"]) == 64
    assert main(["zero3"]) == 0
    assert capsys.readouterr().out.strip().endswith("conf/accelerate/zero3.yaml")
