"""What another installed package adds by its entry points: found by name everywhere, never in place of ours."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers.paths import ROOT

from holdfast.plugins.entry_points import GROUPS

EXAMPLE = ROOT / "examples" / "plugin"


def installed(site: Path, package: str, groups: dict[str, dict[str, str]]) -> Path:
    """`site` with the metadata of a package, as pip leaves it."""
    info = site / f"{package.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1.0\n")
    lines = [f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()) for group, entries in groups.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package, installed."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(EXAMPLE / "kelp_pack", folder / "kelp_pack")
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    return installed(folder, project["name"], project["entry-points"])


def ran(site: Path, *words: str, switch: str = "on") -> "subprocess.CompletedProcess[str]":
    paths = os.pathsep.join([str(site), str(ROOT / "src")])
    environment = {**os.environ, "PYTHONPATH": paths, "HOLDFAST_PLUGINS": switch, "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, env=environment, timeout=500, check=False
    )


def test_the_example_has_one_of_each_kind() -> None:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    assert set(project["entry-points"]) == set(GROUPS)


def test_each_kind_is_found_by_its_name(site: Path) -> None:
    code = """
import json
from holdfast import Reward, Sample
from holdfast.benchmarks.suites.source import load_docs
from holdfast.benchmarks.suites.suite import load_suite
from holdfast.environment import make_environment
from holdfast.plugins.entry_points import plugged_packages
from holdfast.trainers.settings.catalogue import find_trainer
task = load_suite("kelp_riddles").entries[0].task
rows = load_docs(task.source, None, task.name)
reward = Reward.from_config(task.reward)
print(json.dumps({
    "scores": [reward.score(Sample("It is moss", task.reference(row), task.prompt(row))).value for row in rows],
    "played": load_suite("kelp_riddle").entries[0].task.kind,
    "tasks": len(list(make_environment("kelp_riddle").tasks("test"))),
    "trainer": find_trainer("kelp_sft").trainer,
    "packages": plugged_packages(),
}))
"""
    done = ran(site, "-c", code)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "scores": [0.0, 1.0, 0.0],
        "played": "episode",
        "tasks": 3,
        "trainer": "SFTTrainer",
        "packages": {"kelp-pack": "0.1.0"},
    }


def test_the_command_line_knows_them(site: Path) -> None:
    assert "kelp_word" in ran(site, "-m", "holdfast", "rewards", "list").stdout
    said = ran(site, "-m", "holdfast", "env", "try", "kelp_riddle", "task=moss", "say=it is moss", "--json")
    assert json.loads(said.stdout)["value"] == 1.0, said.stderr
    assert "plug-in kelp-pack" in ran(site, "-m", "holdfast", "doctor").stdout


def test_a_trainer_is_chosen_by_its_name(site: Path) -> None:
    code = (
        "from holdfast.trainers.settings.compose import compose\n"
        "made = compose(['trainer=kelp_sft', 'data=x.jsonl', 'trainer.args.max_steps=2'])\n"
        "print(made.trainer.name, dict(made.trainer.args))"
    )
    done = ran(site, "-c", code)
    assert done.stdout.split(maxsplit=1)[0] == "kelp_sft", done.stderr
    assert "'max_steps': 2" in done.stdout
    assert "unknown trainer 'kelp_sft'" in ran(site, "-c", code, switch="off").stderr


BAD = {
    "raises": ("holdfast.rewards", "raise RuntimeError('no engine')", "cannot be loaded: RuntimeError: no engine"),
    "is not there": ("holdfast.rewards", None, "cannot be loaded: ModuleNotFoundError"),
    "takes a name of ours": (
        "holdfast.rewards",
        "from holdfast.registry import register\n@register('exact_match')\ndef f(sample): ...\n",
        "registered twice",
    ),
    "takes an environment of ours": (
        "holdfast.environments",
        "from holdfast.environment import environment\n@environment('tiny_form')\nclass A: ...\n",
        "registered twice",
    ),
    "takes a benchmark of ours": (
        "holdfast.benchmarks",
        "from holdfast.benchmarks.gsm8k import TASKS\n",
        "two benchmarks are called",
    ),
    "is no benchmark": ("holdfast.benchmarks", "TASKS = ['gsm8k']", "a benchmark is a Task"),
    "is no trainer": ("holdfast.trainers", "TRAINER = 'SFTTrainer'", "a trainer is a Trainer"),
}
USES = {
    "holdfast.rewards": "from holdfast.registry import names; names()",
    "holdfast.environments": "from holdfast.environment import environment_names; environment_names()",
    "holdfast.benchmarks": "from holdfast.benchmarks.suites.task import builtin_tasks; builtin_tasks()",
    "holdfast.trainers": "from holdfast.trainers.settings.catalogue import builtin_trainers; builtin_trainers()",
}


@pytest.mark.parametrize("name", BAD)
def test_a_plug_in_that_does_not_fit_is_named_and_can_be_left_out(name: str, tmp_path: Path) -> None:
    group, source, wanted = BAD[name]
    if source is not None:
        (tmp_path / "odd_pack.py").write_text(source)
    installed(tmp_path, "odd-pack", {group: {"odd": "odd_pack"}})
    done = ran(tmp_path, "-c", USES[group])
    assert "UsageError" in done.stderr.splitlines()[-1]
    assert wanted in done.stderr and "odd_pack" in done.stderr, done.stderr
    if name == "raises":
        assert ran(tmp_path, "-c", USES[group], switch="off").returncode == 0


def test_the_switch_is_on_or_off(tmp_path: Path) -> None:
    assert "must be on or off, not 'no'" in ran(tmp_path, "-c", USES["holdfast.rewards"], switch="no").stderr
