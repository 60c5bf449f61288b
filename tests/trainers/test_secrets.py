"""A secret among a training's settings reaches it, and stands in no file, at no moment, whatever launcher starts it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import needs

from holdfast.cli import main
from holdfast.errors import UsageError
from holdfast.trainers.settings.compose import compose, from_manifest

SECRET = "hf_unseen"
ADDRESS = f"s3://me:{SECRET}@host/rows.jsonl"
WORDS: dict[str, tuple[list[str], list[str]]] = {
    "TRL's argument": (["trainer.args.hub_token=hf_unseen"], ["trainer", "args", "hub_token"]),
    "with a plus": (["+trainer.args.hub_token=hf_unseen"], ["trainer", "args", "hub_token"]),
    "in an argument's mapping": (
        ["trainer.args.model_init_kwargs={token: hf_unseen}"],
        ["trainer", "args", "model_init_kwargs", "token"],
    ),
    "an address": ([f"data={ADDRESS}"], ["data", "path"]),
    "an address in a list": ([f"data=[{{path: '{ADDRESS}'}}]"], ["data", "sources", "0", "path"]),
    "a judge's key": (["reward={reward: judge, api_key: hf_unseen}"], ["reward", "api_key"]),
}


def holding(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]


def at(tree: Any, keys: list[str]) -> Any:
    for key in keys:
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
    return tree


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The settings of the jobs that a sweep in tmp_path/sw starts; at each start, no file holds the secret."""
    seen: list[Any] = []

    def child(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        if "train" not in command:
            return real(command, **_)  # type: ignore[call-overload, no-any-return]
        seen.append(json.loads(Path(command[-1].removeprefix("from=")).read_text())["config"])
        assert not holding(tmp_path / "sw")
        assert SECRET not in " ".join(command)
        return subprocess.CompletedProcess(command, 1)

    real = subprocess.run
    monkeypatch.setattr("holdfast.trainers.job.sweep.subprocess.run", child)
    return seen


def swept(tmp_path: Path, *words: str) -> int:
    return main(["train", "-m", "seed=0,1", *words, f"out={tmp_path / 'sw'}"])


@pytest.mark.parametrize("kind", WORDS)
def test_a_sweeps_jobs_get_it(kind: str, jobs: list[Any], tmp_path: Path) -> None:
    words, where = WORDS[kind]
    assert swept(tmp_path, *words) == 0
    found = [at(job, where) for job in jobs]
    assert len(found) == 2 and all(SECRET in one for one in found)
    assert {path.name for path in (tmp_path / "sw").rglob("*.*")} >= {"job.json", "multirun.yaml"}
    assert not holding(tmp_path / "sw")


def test_one_that_a_config_file_holds(jobs: list[Any], tmp_path: Path) -> None:
    (tmp_path / "conf" / "trainer").mkdir(parents=True)
    (tmp_path / "conf" / "trainer" / "mine.yaml").write_text(f"name: sft\nargs: {{hub_token: {SECRET}}}\n")
    assert swept(tmp_path, "trainer=mine", "data=tiny_sft", "--config-dir", str(tmp_path / "conf")) == 0
    assert [job["trainer"]["args"]["hub_token"] for job in jobs] == [SECRET, SECRET]
    assert not holding(tmp_path / "sw")


def test_one_that_the_environment_holds(jobs: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", SECRET)
    assert swept(tmp_path, "trainer.args.hub_token=${oc.env:MY_TOKEN}") == 0
    assert [job["trainer"]["args"]["hub_token"] for job in jobs] == [SECRET, SECRET]
    assert not holding(tmp_path / "sw")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("trainer.args.hub_token=hf_unseen,hf_other", "cannot be swept"),
        ("hydra.launcher.setup=['export HF_TOKEN=hf_unseen']", "which Hydra would write down"),
        ("+hydra.job.env_set.HF_TOKEN=hf_unseen", "which Hydra would write down"),
        ("hydra.sweeper.storage=postgresql://me:hf_unseen@host/db", "which Hydra would write down"),
    ],
)
def test_what_would_be_written_down_is_refused(
    word: str, message: str, jobs: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {"setup": ["launcher=slurm"], "storage": ["sweeper=optuna"]}
    assert swept(tmp_path, *parts.get(word.partition("=")[0].rpartition(".")[2], []), word) == 64
    said = capsys.readouterr().err
    assert message in said and SECRET not in said
    assert not jobs and not holding(tmp_path)


@pytest.mark.parametrize(
    "held",
    [
        "job: {env_set: {HF_TOKEN: hf_unseen}}",
        "callbacks: {mine: {_target_: builtins.dict, api_key: hf_unseen}}",
        "sweeper: {params: {trainer.args.hub_token: 'hf_unseen,hf_other'}}",
        "run: {dir: 's3://me:hf_unseen@host/runs'}",
        "env: {TOKEN: '${oc.env:MISSING,hf_unseen}'}",
        "job: {env_set: {NOTE: 'Authorization: Bearer hf_unseen'}}",
    ],
)
def test_one_in_a_config_files_settings_of_hydra_is_refused(
    held: str, jobs: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    (tmp_path / "conf" / "experiment" / "mine.yaml").write_text(f"# @package _global_\nhydra:\n  {held}\n")
    assert swept(tmp_path, "experiment=mine", "--config-dir", str(tmp_path / "conf")) == 64
    said = capsys.readouterr().err
    assert "which Hydra would write down" in said and SECRET not in said
    assert not jobs and not holding(tmp_path / "sw")


@pytest.mark.parametrize("value", ["${oc.env:MISSING,hf_unseen}", "${oc.env:MISSING,${oc.env:MISSING_TOO,hf_unseen}}"])
def test_the_default_of_a_reference_is_one(value: str, jobs: list[Any], tmp_path: Path) -> None:
    assert swept(tmp_path, f"trainer.args.hub_token={value}") == 0
    assert [job["trainer"]["args"]["hub_token"] for job in jobs] == [SECRET, SECRET]
    assert not holding(tmp_path / "sw")


LOCAL = "# @package _global_\ndefaults:\n  - override /hydra/launcher: submitit_local\n"


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["joblib", "local", pytest.param("slurm", marks=pytest.mark.slurm)])
def test_real_launchers_write_it_nowhere(launcher: str, untrained: Path, tmp_path: Path) -> None:
    """`local` is submitit without a cluster: the same pickles of jobs and of their results."""
    if launcher == "slurm":
        needs.slurm("sbatch")
    (tmp_path / "conf" / "launcher").mkdir(parents=True)
    (tmp_path / "conf" / "launcher" / "local.yaml").write_text(LOCAL)
    words = [f"launcher={launcher}", f"model={untrained}", "suite=[tiny_sort]", "limit=4", "data.limit=8", "seed=0,1"]
    words += ["trainer.args.max_steps=1", f"trainer.args.hub_token={SECRET}", f"out={tmp_path / 'sw'}"]
    words += ["hydra.launcher.cpus_per_task=1", "hydra.launcher.timeout_min=10"] if launcher == "slurm" else []
    command = [sys.executable, "-m", "holdfast", "train", "-m", *words, "--config-dir", str(tmp_path / "conf")]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert [job["status"] for job in json.loads(done.stdout)["jobs"].values()] == ["finished", "finished"], done.stderr
    written = {file.suffix for file in (tmp_path / "sw").rglob("*") if file.is_file()}
    assert {".bin", ".json"} <= written and (launcher == "joblib" or ".pkl" in written)
    assert not holding(tmp_path / "sw")


def test_a_checkpoint_holds_none(untrained: Path, tmp_path: Path) -> None:
    """transformers pickles all arguments into every checkpoint."""
    import torch

    from holdfast.trainers.job.training import train
    from holdfast.trainers.run.run_dir import open_run

    args = ["max_steps=1", "per_device_train_batch_size=2", f"hub_token={SECRET}", "dataset_kwargs={token: hf_unseen}"]
    words = [f"model={untrained}", "data.limit=4", "suite=[tiny_sort]", "card=false", "contamination=false"]
    config = compose([*words, *(f"trainer.args.{arg}" for arg in args), f"out={tmp_path / 'run'}"])
    train(config, open_run(config))
    files = list((tmp_path / "run").rglob("training_args.bin"))
    assert len(files) >= 2
    assert not holding(tmp_path)
    kept = torch.load(files[0], weights_only=False)
    assert (kept.hub_token, kept.max_steps) == ("***", 1)


def test_from_a_masked_manifest_asks_for_what_is_masked(tmp_path: Path) -> None:
    from holdfast.trainers.run.run_dir import open_run

    reward = f"reward={{reward: judge, api_key: {SECRET}}}"
    out = open_run(compose(["trainer=grpo", reward, f"trainer.args.hub_token={SECRET}", f"out={tmp_path / 'run'}"]))
    file = out / "manifest.json"
    assert not holding(tmp_path)
    missing = r"manifest\.json holds \*\*\* for them: add trainer\.args\.hub_token=… reward\.api_key=…"
    with pytest.raises(UsageError, match=missing):
        from_manifest(file)
    with pytest.raises(UsageError, match=r"add reward\.api_key=…$"):
        from_manifest(file, ["trainer.args.hub_token=hf_other"])
    with pytest.raises(UsageError, match=r"takes no seed=; only what is masked in it can be given: .*hub_token"):
        from_manifest(file, ["seed=1"])
    given = from_manifest(file, ["trainer.args.hub_token=hf_other", "reward.api_key=sk-other"])
    assert given.trainer.args["hub_token"] == "hf_other" and given.reward["api_key"] == "sk-other"
    unread = from_manifest(file, unread=("trainer.args", "reward"))
    assert unread.reward == {"reward": "judge"} and "hub_token" not in unread.trainer.args


REREAD = {
    ("trainer", "args", "hub_token"): (),
    ("trainer", "args", "model_init_kwargs", "token"): (),
    ("reward", "api_key"): (),
    ("data", "reward", "api_key"): (),
    ("data", "path"): ("replay",),
    ("data", "replay", "prompts", "token"): ("replay",),
    ("suite", "api_key"): ("mend", "bisect", "replay"),
    ("model", "path"): ("mend", "bisect", "replay"),
}
"""Where a run may have a secret: which repairs read it again."""


@pytest.mark.parametrize("repair", ["mend", "bisect", "replay"])
@pytest.mark.parametrize("where", REREAD, ids=".".join)
def test_a_repair_needs_the_secrets_that_it_reads_again(
    where: tuple[str, ...], repair: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And takes them; the run stops at its measurements, which are none, when its settings are complete."""
    run = tmp_path / "run"
    (run / "checkpoint").mkdir(parents=True)
    (run / "after").mkdir()
    (run / "after" / "results.json").write_text("{}")
    masked: Any = ADDRESS.replace(SECRET, "***") if where[-1] == "path" else "***"
    for name in reversed(where):
        masked = {name: masked}
    config = {"model": {"path": "tiny"}, "trainer": {"name": "sft"}}
    merged = {**config, **{key: {**config.get(key, {}), **value} for key, value in masked.items()}}
    (run / "manifest.json").write_text(json.dumps({"config": merged}))
    words = ["bisect" if repair == "bisect" else "mend", str(run), *(["replay=5"] if repair == "replay" else [])]
    key = ".".join(where)
    status = main(words)
    said = capsys.readouterr().err
    if repair in REREAD[where]:
        assert status == 64 and said.rstrip().endswith(f"manifest.json holds *** for them: add {key}=…")
    else:
        assert "***" not in said and "results.json" in said
    assert main([*words, f"{key}={ADDRESS if where[-1] == 'path' else SECRET}"]) != 64
    assert SECRET not in capsys.readouterr().err
    assert main([*words, "trainer.args.nothing=1"]) == 64
    assert f"unknown key of `holdfast {words[0]}` 'trainer.args.nothing'" in capsys.readouterr().err


QUOTED = (
    f"401 for {SECRET}. Incorrect API key provided: {SECRET}; cannot reach https://me:{SECRET}@host with"
    f" {{'Authorization': 'Bearer {SECRET}'}}"
)


@pytest.mark.parametrize("phase", ["measure before", "train", "measure after"])
def test_no_file_of_a_failed_run_quotes_it(
    phase: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error comes with a cause, as of a library's; run.log keeps both with their places."""

    def failing(*_: object, **__: object) -> None:
        try:
            raise KeyError(QUOTED)
        except KeyError as cause:
            raise RuntimeError(QUOTED) from cause

    module = "holdfast.trainers.job.before_after."
    monkeypatch.setattr(module + "measure_before", failing if phase == "measure before" else lambda *_: None)
    monkeypatch.setattr(module + "train", failing if phase == "train" else lambda *_: {"steps": 1, "log": []})
    monkeypatch.setattr(module + "measure_after", failing)
    monkeypatch.setattr(module + "check_scores", lambda _: None)
    monkeypatch.setattr(module + "environments_of", lambda _: {})
    words = ["trainer=sft", "model=tiny", f"trainer.args.hub_token={SECRET}", f"out={tmp_path / 'runs' / 'a'}"]
    assert main(["train", *words]) == 70
    outcome = json.loads((tmp_path / "runs" / "a" / "outcome.json").read_text())
    assert outcome["phase"] == phase and outcome["error"].startswith("RuntimeError: ") and "***" in outcome["error"]
    assert main(["view", str(tmp_path / "runs"), f"out={tmp_path / 'page'}"]) == 0
    names = {file.name for file in tmp_path.rglob("*")}
    assert names >= {"outcome.json", "report.md", "run.log", "manifest.json"}
    assert not holding(tmp_path)
    said = capsys.readouterr()
    assert SECRET not in said.err + said.out and "***" in said.err


def test_no_file_of_a_failed_job_quotes_it(tmp_path: Path) -> None:
    """A job that ends before its run begins: its last words are its outcome."""
    (tmp_path / "broken.py").write_text(f"raise RuntimeError({QUOTED!r})")
    words = ["reward=broken:reward", "trainer=grpo", "model=tiny", f"out={tmp_path / 'sw'}"]
    command = [sys.executable, "-m", "holdfast", "train", "-m", *words, "trainer.args.hub_token=" + SECRET]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False)
    outcomes = [json.loads(file.read_text()) for file in (tmp_path / "sw").glob("*/outcome.json")]
    assert [one["status"] for one in outcomes] == ["failed"], done.stderr
    assert outcomes[0]["error"].count("***") == 4, outcomes
    assert SECRET not in done.stderr + done.stdout and not holding(tmp_path / "sw")


def test_a_failed_measurement_of_a_callback_quotes_it_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from types import SimpleNamespace

    from holdfast.trainers.run.remeasure import log_failure

    suite = SimpleNamespace(names=["gsm8k"])
    callback = SimpleNamespace(out=tmp_path, given_suite=None, suite=suite, batch_size=8, limit=None, data_root=None)
    callback.target, callback.margin = (), None
    log_failure(callback, tmp_path / "saved", RuntimeError(f"Incorrect API key provided: {SECRET}"))
    assert "***" in (tmp_path / "outcome.json").read_text() and "***" in caplog.text
    assert not holding(tmp_path) and SECRET not in caplog.text


def test_a_judges_error_in_the_rows() -> None:
    from holdfast.sample import Score

    assert SECRET not in Score.error(f"401: Incorrect API key provided: {SECRET}").reason


def test_the_settings_are_shown_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "trainer.args.hub_token=hf_unseen", "--cfg"]) == 0
    shown = capsys.readouterr().out
    assert "hub_token: '***'" in shown and SECRET not in shown
