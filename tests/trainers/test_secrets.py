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
    with pytest.raises(UsageError, match=r"add reward\.api_key=…$"):
        from_manifest(file, for_training=False)


def test_the_settings_are_shown_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "trainer.args.hub_token=hf_unseen", "--cfg"]) == 0
    shown = capsys.readouterr().out
    assert "hub_token: '***'" in shown and SECRET not in shown
