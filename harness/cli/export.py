"""Write a trained model as others load it: the adapter laid into its base, or the adapter with its card.

  holdfast export runs/a out=models/a                 a run's model; an adapter is merged into its base
  holdfast export runs/a merge=false out=models/a     the adapter alone
  holdfast export my/adapter out=models/a             a directory of any adapter

keys
  out=DIRECTORY   where to; it must not exist
  merge=false     an adapter stays one
  dtype=bfloat16  of the merged weights (default: what the base has)

A run's card (README.md) goes along: what it was trained on, and what it gained and lost.
"""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from holdfast.cli.grammar import Flags
from holdfast.errors import DataError, UsageError
from holdfast.files import is_model


@dataclass(frozen=True)
class Options:
    """Keys of `holdfast export`."""

    out: str | None = None
    merge: bool = True
    dtype: str = "auto"


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Export one model."""
    from holdfast.trainers.models.merge import merge_adapter
    from holdfast.trainers.models.model import is_adapter
    from holdfast.trainers.models.model_card import write_card
    from holdfast.trainers.settings.config import ModelConfig

    if len(paths) != 1:
        raise UsageError(f"`holdfast export` takes one run or model directory, not {len(paths)}")
    if options.out is None:
        raise UsageError("`holdfast export` needs out=DIRECTORY")
    given, out = Path(paths[0]), Path(options.out)
    if out.exists():
        raise UsageError(f"{out} exists already; choose another out=")
    is_run = (given / "manifest.json").is_file()
    model = given / "checkpoint" if is_run else given
    if not is_model(model):
        if not given.is_dir():
            raise DataError(f"there is no directory {given}")
        raise DataError(f"{given} is neither a finished run nor a model: it has no {model.name}/config.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    if options.merge and is_adapter(str(model)):
        merge_adapter(ModelConfig(path=str(model), dtype=options.dtype), out)
    else:
        shutil.copytree(model, out)
    if is_run:
        write_card(given, out)
    kind = "adapter" if is_adapter(str(out)) else "model"
    if flags.json:
        print(json.dumps({"out": str(out), "kind": kind}))
    else:
        print(f"{kind} in {out}", file=sys.stderr)
    return 0
