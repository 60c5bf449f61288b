"""Words as people type them: sentences with commas and quotes, paths, one value for a list, folders of one's own."""

from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import UsageError
from holdfast.trainers.settings.compose import compose


def at(config: Any, key: str) -> Any:
    value = config
    for part in key.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return value


@pytest.mark.parametrize(
    ("word", "key", "value"),
    [
        ("data.template=Q: {prompt}", "data.template", "Q: {prompt}"),
        ("data.template='Q: {prompt}'", "data.template", "Q: {prompt}"),
        ("data.template={prompt} = ?", "data.template", "{prompt} = ?"),
        (
            "data.template=Think, then answer {prompt} in \\boxed{}.",
            "data.template",
            "Think, then answer {prompt} in \\boxed{}.",
        ),
        ("data.system=You're kind, and (very) brief: yes.", "data.system", "You're kind, and (very) brief: yes."),
        ("data.system=[INST] a, b", "data.system", "[INST] a, b"),
        ("data.rename.NAME=Ada, Countess of Lovelace", "data.rename.NAME", "Ada, Countess of Lovelace"),
        ("data.rename={NAME: Ada}", "data.rename.NAME", "Ada"),
        ("data=my rows (2).jsonl", "data.path", "my rows (2).jsonl"),
        ("model=runs/s/seed=0/checkpoint", "model.path", "runs/s/seed=0/checkpoint"),
        ("target=tiny_sort", "target", ["tiny_sort"]),
        ("target=[tiny_sort, tiny_upper]", "target", ["tiny_sort", "tiny_upper"]),
        ("guard.tasks=tiny_sort", "guard.tasks", ["tiny_sort"]),
        ("lora.modules_to_save=lm_head", "lora.modules_to_save", ["lm_head"]),
        ("lora.targets=[q_proj,v_proj]", "lora.targets", ["q_proj", "v_proj"]),
        ("data.validation=5%", "data.validation", "5%"),
    ],
)
def test_it_is_taken_as_it_stands(word: str, key: str, value: Any) -> None:
    assert at(compose([word]), key) == value


def test_a_sweeps_own_folder_is_one_path(tmp_path: Path) -> None:
    folder = tmp_path / "trainer=sft,seed=0" / "checkpoint"
    folder.mkdir(parents=True)
    assert compose([f"model={folder}"]).model.path == str(folder)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("trainer=SFT", "did you mean 'sft'"),
        ("seed=one", "seed: "),
        ("seed=0,1", "sweep with `holdfast train -m"),
        ("data.colums.prompt=q", "did you mean 'data.columns'"),
        ("trainer", "expected key=value"),
        ("suite=[a, b", "expected key=value"),
    ],
)
def test_a_mistake_stays_one_line(word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        compose([word])
    assert "\n" not in str(raised.value)


OWN = {
    "model/mine.yaml": "path: tiny\nthreads: 1\n",
    "data/mine.yaml": "path: tiny:sort\nlimit: 7\n",
    "trainer/mine.yaml": "name: sft\nargs: {max_steps: 3}\n",
    "suite/mine.yaml": "tasks: [tiny_sort]\n",
    "reward/mine.yaml": "reward: length\nmaximum: 5\n",
    "experiment/mine.yaml": "# @package _global_\ndefaults: [{override /trainer: mine}]\nsuite: mine\nreward: mine\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> str:
    for name, text in OWN.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return str(tmp_path)


def test_every_group_is_found_in_a_folder_of_ones_own(folder: str) -> None:
    from holdfast.benchmarks.suites.suite import load_suite
    from holdfast.trainers.run.rewards import rewards_of

    chosen = compose(["model=mine", "data=mine", "trainer=mine", "suite=mine", "reward=mine"], [folder])
    assert (chosen.model.threads, chosen.data.limit, chosen.trainer.args["max_steps"]) == (1, 7, 3)
    assert list(load_suite(chosen.suite).names) == ["tiny_sort"]
    assert rewards_of(chosen.reward)[0].options["maximum"] == 5
    with pytest.raises(UsageError, match="no example rows: give data="):
        compose(["experiment=mine"], [folder])
    whole = compose(["experiment=mine", "data=mine"], [folder])
    assert whole.trainer.args["max_steps"] == 3
    assert list(load_suite(whole.suite).names) == ["tiny_sort"]
    assert rewards_of(whole.reward)[0].name == "length"
    with pytest.raises(UsageError, match="unknown data 'mine'"):
        compose(["data=mine"])
    with pytest.raises(UsageError, match="did you mean 'mine'"):
        compose(["data=mien"], [folder])


def test_a_sweeps_jobs_find_them_too(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from holdfast.trainers.job import sweep as sweeping

    seen: list[Any] = []
    monkeypatch.setattr(sweeping, "run_in_child", lambda config: seen.append(config) or 0)
    words = ["trainer=mine", "data=mine", "suite=mine", "reward=mine", "seed=0,1", f"out={tmp_path / 'sweep'}"]
    assert sweeping.sweep(words, [folder]) == 0
    assert [(config.seed, config.data.limit, Path(config.suite).name) for config in seen] == [
        (0, 7, "mine.yaml"),
        (1, 7, "mine.yaml"),
    ]
