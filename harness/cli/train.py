"""Train (SFT, DPO, GRPO, RLOO, KTO, reward model), measured before and after.

  holdfast train trainer=grpo model=Qwen/Qwen3-0.6B data=gsm8k reward=math suite=quick target=[gsm8k] out=runs/a
  holdfast train trainer=sft data=my.jsonl data.columns.completion=answer data.replay.ratio=0.3 data.replay.data=o.jsonl
  holdfast train -m trainer=sft,dpo,grpo seed=0,1 launcher=joblib       a sweep; each job has a process of its own
  holdfast train experiment=tiny_sft                                    seconds on a CPU
  holdfast train from=runs/a/manifest.json                              a run's settings once more (resumes it); add
                                                                        the secrets, which are masked in it: KEY=…

keys
  trainer=sft|dpo|grpo|rloo|kto|reward    trainer.args.<any field of TRL's config>=…
  model=tiny|DIRECTORY|HUB_ID             model.revision= model.dtype= model.chat_template= model.trust_remote_code=
  data=NAME|FILE|FOLDER|HUB_ID            data.columns.prompt= data.limit= data.template= data.replay.ratio= …
                                          data.filter.duplicates=near data.filter.max_chars= … (see docs/data.md)
  reward=NAME|[NAME, …]|{reward: NAME, …} suite=NAME|FILE|[TASK, …]  target=[TASK, …]  limit=ITEMS_PER_TASK
  lora=true|RANK                          lora.alpha= lora.dropout= lora.targets=
  guard.every=STEPS guard.policy=warn|stop|rollback
  draft=auto|before|off  stop=never|decided (with margin=)       what the second measurement may leave out
  gate=true (the verdict is the exit code)  margin=POINTS  seed=  out=  data_root=  cache=  dry_run=true  overwrite=true
  --config-dir DIR (configs of your own, in folders as in conf/)   --cfg (print the composed settings)

The same command resumes a run that was killed: what is finished is not done again.
"""

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.grammar import Flags, unknown_flag
from holdfast.errors import UsageError
from holdfast.masking import without_secrets

if TYPE_CHECKING:
    from holdfast.trainers.job.before_after import Result
    from holdfast.trainers.settings.config import TrainConfig

HYDRA = True


def run_hydra(overrides: Sequence[str], flags: Flags) -> int:
    """One job, or with `-m` a sweep. Raises UsageError for every mistake in the words."""
    from holdfast.trainers.settings.compose import compose

    assignments, config_dirs, switches = _split(overrides)
    if switches & {"-m", "--multirun"}:
        from holdfast.trainers.job.sweep import sweep

        return sweep(assignments, config_dirs, json=flags.json)
    config = _saved(assignments) or compose(assignments, config_dirs)
    if "--cfg" in switches:
        return _show(config)
    return _run_job(config, flags)


def _run_job(config: "TrainConfig", flags: Flags) -> int:
    from holdfast.process.distributed import is_main
    from holdfast.trainers.job.before_after import before_after

    if config.dry_run:
        from holdfast.trainers.estimate.estimate import estimate

        print(estimate(config).text(json=flags.json))
        return 0
    with contextlib.redirect_stdout(sys.stderr):  # TRL prints its log there
        result = before_after(config)
    if is_main():
        _print_result(result, flags)
    return result.exit_code


def _print_result(result: "Result", flags: Flags) -> None:
    import json

    if flags.json:
        comparison = result.comparison.to_json() if result.comparison else None
        record = {"out": str(result.out), "exit_code": result.exit_code, "comparison": comparison}
        print(json.dumps(record, ensure_ascii=False))
    elif result.comparison:
        from rich.console import Console

        from holdfast.report import terminal
        from holdfast.runs.saved import saved

        Console().print(terminal(result.comparison))
        if spared := saved(result.out / "after"):
            Console(highlight=False).print(f"saved: {spared['sentence']}", markup=False)
        print(f"report: {result.out / 'report.html'}")


def _split(overrides: Sequence[str]) -> tuple[list[str], list[str], set[str]]:
    """Overrides, --config-dir folders and switches. Raises UsageError for an unknown flag."""
    from holdfast.trainers.settings.compose import COMPOSER

    assignments: list[str] = []
    folders: list[str] = []
    switches: set[str] = set()
    left = list(overrides)
    while left:
        word = left.pop(0)
        name, _, value = word.partition("=")
        if name in ("--config-dir", "-cd"):
            folders.append(value or (left.pop(0) if left else ""))
        elif word in ("-m", "--multirun", "--cfg"):
            switches.add(word)
        elif word.startswith("-"):
            raise unknown_flag(word, COMPOSER.knows, "-m", "--multirun", "--config-dir", "--cfg")
        else:
            assignments.append(f"data.{word}" if word.startswith("columns.") else word)  # one spelling in all verbs
    for folder in folders:
        if not Path(folder).is_dir():
            raise UsageError(f"--config-dir {folder!r} is not a folder")
    return assignments, folders, switches


def _saved(overrides: Sequence[str]) -> "TrainConfig | None":
    """The settings of `from=<run>/manifest.json`."""
    from holdfast.trainers.settings.compose import from_manifest

    named = [word.removeprefix("from=") for word in overrides if word.startswith("from=")]
    if not named:
        return None
    if len(named) > 1:
        raise UsageError("from= takes one run")
    return from_manifest(Path(named[0]), [word for word in overrides if not word.startswith("from=")])


def _show(config: "TrainConfig") -> int:
    import yaml

    print(yaml.safe_dump(without_secrets(asdict(config)), sort_keys=False, allow_unicode=True), end="")
    return 0
