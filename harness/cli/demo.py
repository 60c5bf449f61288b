"""Teach the embedded model a new skill, with and without replay, and see what it forgets.

usage: holdfast demo [key=value …] [--json]

Trains the embedded tiny model on subtraction twice, first on subtraction alone and then with a share of its old
lessons mixed in, measures all of its skills before and after, and shows both comparisons side by side. Takes one
to three minutes on two CPU cores. A finished demo is run anew, an interrupted one goes on where it stopped. Keys:
  out=DIR       where the two runs and the summary are written (default runs/demo)
  replay=SHARE  share of old lessons in the second training (default 0.3)
  steps=N       training steps of each (default 200)
  limit=N       at most N items per skill (default: all)
  seed=N        seed of the training rows and their order (default 0)
"""

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.cli.grammar import Flags
from holdfast.errors import UsageError
from holdfast.logs import configure, notice

if TYPE_CHECKING:
    from holdfast.compare import Comparison

ALONE = "SFT alone"


@dataclass(slots=True)
class Options:
    """Keys of `holdfast demo`."""

    out: str = "runs/demo"
    replay: float = 0.3
    steps: int = 200
    limit: int | None = None
    seed: int = 0


def run(paths: list[str], options: Options, flags: Flags) -> int:
    """Both trainings, their reports and the summary; 0 when they finished, whatever they found."""
    if paths:
        raise UsageError(f"`holdfast demo` takes no path: {paths[0]!r}")
    if not 0 < options.replay < 1:
        raise UsageError(f"replay must be between 0 and 1, not {options.replay}")
    if options.steps < 1:
        raise UsageError(f"steps must be at least 1, not {options.steps}")
    configure("quiet" if flags.quiet else "verbose" if flags.verbose else "normal", indent="   ")
    started = time.perf_counter()
    out = Path(options.out)
    trainings = {ALONE: 0.0, f"SFT + {100 * options.replay:g} % replay": options.replay}
    overwrite = _begin(out)
    named = {
        name: _train(name, ratio, position, options, overwrite)
        for position, (name, ratio) in enumerate(trainings.items(), 1)
    }
    folders = dict(zip(trainings, (str(_folder(out, ratio)) for ratio in trainings.values()), strict=True))
    _write_summary(out, named, folders)
    seconds = time.perf_counter() - started
    _show(out, named, folders, seconds, flags)
    return 0


def _train(name: str, ratio: float, position: int, options: Options, overwrite: bool) -> "Comparison":
    with _announced(f"{position}/2  {name}: {options.steps} steps on subtraction"):
        from holdfast.trainers.job.before_after import before_after
        from holdfast.trainers.settings.compose import compose

        with contextlib.redirect_stdout(sys.stderr):  # TRL prints its log; ours alone belongs on stdout
            result = before_after(compose(_overrides(ratio, options, overwrite)))
    assert result.comparison is not None  # SFT writes text, so it is always measured
    return result.comparison


def _overrides(ratio: float, options: Options, overwrite: bool) -> list[str]:
    overrides = [
        "experiment=tiny_sft",
        "suite=tiny",
        f"out={_folder(Path(options.out), ratio)}",
        f"seed={options.seed}",
        f"trainer.args.max_steps={options.steps}",
        f"data.replay.ratio={ratio}",
        f"overwrite={str(overwrite).lower()}",
    ]
    return overrides if options.limit is None else [*overrides, f"limit={options.limit}"]


def _folder(out: Path, ratio: float) -> Path:
    return out / ("with-replay" if ratio else "alone")


def _begin(out: Path) -> bool:
    """Whether to start anew: a whole demo lies there (its summary is written last), which is then taken away."""
    whole = (out / "summary.json").is_file()
    for name in ("summary.json", "summary.md"):
        (out / name).unlink(missing_ok=True)
    return whole


@contextlib.contextmanager
def _announced(message: str) -> Iterator[None]:
    """Say on stderr what begins, and how long it took."""
    started = time.perf_counter()
    notice(f"── {message}")
    yield
    notice(f"── done in {time.perf_counter() - started:.0f} s\n")


def _write_summary(out: Path, named: "dict[str, Comparison]", folders: dict[str, str]) -> None:
    from holdfast.files import write_json
    from holdfast.report.sweep import side_by_side

    links = {name: f"{Path(folder).name}/report.html" for name, folder in folders.items()}
    text = side_by_side.markdown(named, links, "Subtraction, learned with and without replay")
    (out / "summary.md").write_text(text, encoding="utf-8")
    write_json(out / "summary.json", {"runs": folders, "lines": side_by_side.lines(named), **_record(named)})


def _record(named: "dict[str, Comparison]") -> dict[str, object]:
    from holdfast.report.sweep import side_by_side

    return {"comparisons": side_by_side.record(named)}


def _show(out: Path, named: "dict[str, Comparison]", folders: dict[str, str], seconds: float, flags: Flags) -> None:
    from holdfast.report.fitted import Fitted
    from holdfast.report.sweep import side_by_side

    if flags.json:
        print(json.dumps({"runs": folders, "summary": str(out / "summary.md"), **_record(named)}))
        return
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    title = "The embedded model's skills (points), before and after learning subtraction"
    console.print(Fitted(side_by_side.table(named, title)))
    for line in side_by_side.lines(named):
        console.print(line)
    console.print()
    for name, folder in folders.items():
        console.print(f"{name}: {folder}/report.html", soft_wrap=True)
    console.print(f"Both side by side: {out / 'summary.md'}   ({seconds:.0f} s)", soft_wrap=True)
