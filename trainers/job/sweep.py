"""Sweeps: Hydra's multirun and launchers choose and start the jobs, each in a process of its own.

A job that fails, regresses, or is killed (memory, signal) is written down with its outcome; the sweep goes on.
"""

import contextlib
import json as json_module
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from holdfast.config import swept
from holdfast.errors import UsageError
from holdfast.files import digest, read_json, write_json
from holdfast.logs import notice
from holdfast.masking import masked_text, without_secrets
from holdfast.process.progress import write_line
from holdfast.runs.manifest import manifest
from holdfast.trainers.job.hydra_multirun import multirun, searched
from holdfast.trainers.job.sweep_secrets import hide, known, set_aside
from holdfast.trainers.run.run_dir import directory_of
from holdfast.trainers.settings.compose import COMPOSER
from holdfast.trainers.settings.config import TrainConfig

FAILED = (-100.0, -100.0)
"""What a job without a result counts as."""


def sweep(overrides: Sequence[str], config_dirs: Sequence[str] = (), *, json: bool = False) -> int:
    """Run every combination and return 0: a job's verdict is in its outcome. Raises UsageError before any job starts
    when the words are wrong."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    out = _sweep_directory(overrides)
    words = [*COMPOSER.prepare([w for w in overrides if not w.startswith("out=")], config_dirs), f"++out={out}"]
    names = ",".join(swept(words))
    try:
        with (
            set_aside([*words, f"+swept=[{names}]"]) as given,
            contextlib.redirect_stdout(sys.stderr),
            _ended_by_slurm(Path(out)),
        ):
            multirun("train", run_job, given, hide)
    except (HydraException, OmegaConfBaseException) as error:
        raise COMPOSER.explain(error, config_dirs) from error
    return _summary(Path(out), json)


def run_job(composed: Any) -> tuple[float, float]:
    """One job of a sweep, in a child process; never raises for what the job did. Returns what a sweeper maximises: the
    targets' gain and the change of the worst held skill, in points."""
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    given = HydraConfig.get().overrides.task
    out = Path(str(composed.out)) / job_name(given, composed.get("swept") or [])
    known()
    try:
        plain = cast(dict[str, Any], OmegaConf.to_container(composed, resolve=True))
        plain.pop("swept", None)
        config = COMPOSER.typed(plain, searched())
    except OmegaConfBaseException as error:
        reason = masked_text(str(COMPOSER.explain(error)))
        write_json(out / "outcome.json", {"status": "failed", "error": reason})
        print(f"  {out.name}: {reason}", file=sys.stderr, flush=True)
        return FAILED
    finally:
        hide(composed)  # a launcher writes it down with the job's result
    config.out = str(out)
    run_in_child(config)
    return aims(out)


def aims(out: Path) -> tuple[float, float]:
    """Gain and worst change of a job in points; the worst there can be where it has no report."""
    from holdfast.compare import Comparison
    from holdfast.report.sweep.points import Point

    if not (out / "report.json").is_file():
        return FAILED
    point = Point(out.name, Comparison.from_json(read_json(out / "report.json")))
    return 100 * (point.gain or 0.0), 100 * point.cost


@contextlib.contextmanager
def _ended_by_slurm(out: Path) -> Iterator[None]:
    """A job that the scheduler ended (time, memory, scancel) leaves submitit without its result: the others are
    waited for all the same."""
    try:
        yield
    except RuntimeError as error:
        if type(error).__name__ not in ("UncompletedJobError", "FailedJobError"):
            raise
        ids = {folder.name.partition("_")[0] for folder in (out / ".submitit").iterdir() if folder.name[0].isdigit()}
        print(f"a job was ended by the scheduler; waiting for the others of {', '.join(sorted(ids))}", file=sys.stderr)
        while ids and _queued(ids):
            time.sleep(5)


def _queued(ids: Collection[str]) -> bool:
    """Whether Slurm still has any of these jobs."""
    command = ["squeue", "--noheader", f"--jobs={','.join(ids)}"]
    return bool(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())


def job_name(overrides: Sequence[str], keys: Sequence[str]) -> str:
    """A folder's name from what this job varies: `trainer=sft,seed=0`."""
    pairs = (word.lstrip("+").partition("=") for word in overrides)
    chosen = [f"{key.removeprefix('chosen.')}={value}" for key, _, value in pairs if key in keys]
    return ",".join(chosen).replace("/", "_").replace(" ", "") or "job"


def run_in_child(config: TrainConfig) -> int:
    """Run one configuration as `holdfast train from=…`; its words go to log.txt in its directory."""
    out = directory_of(config)
    out.mkdir(parents=True, exist_ok=True)
    plan = out / "job.json"
    settings = asdict(config)
    write_json(plan, manifest(without_secrets(settings), kind="train"))
    notice(f"→ {out}")
    with (out / "log.txt").open("ab") as log, _job_file(settings, plan) as (given, inherited):
        command = [sys.executable, "-m", "holdfast", "train", f"from={given}"]
        code = subprocess.run(command, stdout=log, stderr=log, check=False, pass_fds=inherited).returncode
    if code < 0:
        killed = {"status": "killed", "signal": -code, "rerun": f"holdfast train from={plan}"}
        write_json(out / "outcome.json", killed)
    elif code and not (out / "outcome.json").is_file():
        write_json(out / "outcome.json", {"status": "failed", "error": _last_line(out / "log.txt")})
    (write_line if code else notice)(f"  {out.name}: {_outcome_line(out, code)}")
    return code


@contextlib.contextmanager
def _job_file(settings: Mapping[str, Any], plan: Path) -> Iterator[tuple[Path, tuple[int, ...]]]:
    """What a job reads its settings from, and the descriptors it inherits: `plan`, or where settings hold secrets a
    file without a name, of which nothing is left whatever ends the job."""
    if without_secrets(settings) == settings:
        yield plan, ()
        return
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        json_module.dump(manifest(settings, kind="train"), file)
        file.flush()
        file.seek(0)
        yield Path(f"/dev/fd/{file.fileno()}"), (file.fileno(),)


def _outcome_line(out: Path, code: int) -> str:
    """One line of a job's outcome."""
    file = out / "outcome.json"
    outcome = read_json(file) if file.is_file() else {}
    if outcome.get("status") == "finished":
        return str(outcome.get("decision", "finished"))
    if outcome.get("status") == "killed":
        return f"killed by signal {outcome['signal']}; rerun it with `{outcome['rerun']}`"
    reason = outcome.get("error") or _last_line(out / "log.txt")
    return f"failed (exit {code}): {reason}"


def _last_line(log: Path) -> str:
    """The error of a job that ended before it could write an outcome."""
    lines = log.read_text("utf-8", "replace").replace("\r", "\n").strip().splitlines()
    errors = [line for line in lines if line.startswith("holdfast: ")]
    return masked_text([*lines, *errors][-1]) if lines else "nothing was said"


def _sweep_directory(overrides: Sequence[str]) -> str:
    given = [word.removeprefix("out=") for word in overrides if word.startswith("out=")]
    if given and ("," in given[-1] or "$" in given[-1]):
        raise UsageError("out= of a sweep is one folder; each job gets one of its own below it")
    return given[-1] if given else f"runs/sweep-{digest(sorted(overrides))[:8]}"


def _summary(out: Path, json: bool) -> int:
    """Say what became of every job."""
    outcomes = {f.parent.name: read_json(f) for f in sorted(out.glob("*/outcome.json"))}
    bad = [name for name, outcome in outcomes.items() if outcome.get("status") != "finished"]
    if json:
        print(json_module.dumps({"out": str(out), "jobs": outcomes}, ensure_ascii=False))
    else:
        print(f"{len(outcomes)} jobs in {out}, {len(bad)} did not finish{': ' if bad else ''}{', '.join(bad)}")
    if any(out.glob("*/report.json")):
        from holdfast.report.sweep.page import write_sweep
        from holdfast.trainers.job.sweep_table import show

        if not json:
            show(out)
        print(f"frontier: {write_sweep(out)[0]}", file=sys.stderr)
    return 0
