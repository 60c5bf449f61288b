"""A setting that nothing in the suite can follow is refused in one line, or said; none is passed over in silence."""

import inspect
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from holdfast import environment as registry
from holdfast.benchmarks.engine.backends.hf import HFEngine
from holdfast.benchmarks.engine.backends.models import LoadedModel, load
from holdfast.benchmarks.engine.measuring import measure
from holdfast.benchmarks.engine.settings import Settings
from holdfast.benchmarks.engine.workload import plan
from holdfast.benchmarks.suites.suite import load_suite
from holdfast.cli import main
from holdfast.environment import environment_names, environment_spec
from holdfast.errors import UsageError


@pytest.fixture(scope="module")
def tiny() -> LoadedModel:
    import torch

    torch.set_num_threads(1)
    return load("tiny")


def planned(tiny: LoadedModel, task: Any, **settings: Any) -> list[Any]:
    how = Settings(progress=False, **settings)
    return plan(load_suite([task]), HFEngine(tiny, how), how, None, None)


def likelihoods(folder: Path, kind: str) -> dict[str, Any]:
    """A task of one's own rows that has the model write nothing."""
    rows = [{"prompt": f"Is {n} even?", "options": ["yes", "no"], "reference": n % 2, "text": f"{n}."} for n in (1, 2)]
    file = folder / f"{kind}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return {"file": str(file), **({"choices": "options"} if kind == "choices" else {"perplexity": True})}


GENERATED = {
    "max_tokens": 7,
    "sampling": {"temperature": 0.5},
    "thinking": ["<a>", "</a>"],
    "repeats": 2,
}
"""What only a written answer can follow."""


@pytest.mark.parametrize("kind", ["choices", "perplexity"])
@pytest.mark.parametrize("name", GENERATED)
def test_settings_of_written_answers_are_refused_where_none_is_written(
    name: str, kind: str, tiny: LoadedModel, tmp_path: Path
) -> None:
    task = likelihoods(tmp_path, kind)
    assert planned(tiny, task)
    with pytest.raises(UsageError, match=name):
        planned(tiny, task, **{name: GENERATED[name]})


@pytest.mark.parametrize("name", GENERATED)
def test_the_same_settings_count_where_one_task_writes(name: str, tiny: LoadedModel, tmp_path: Path) -> None:
    how = Settings(progress=False, **{"sampling": {"temperature": 0.5}, name: GENERATED[name]})
    works = plan(load_suite([likelihoods(tmp_path, "choices"), "tiny_upper"]), HFEngine(tiny, how), how, None, None)
    assert len(works) == 2


def test_arguments_of_a_template_that_no_task_uses_are_refused(tiny: LoadedModel) -> None:
    assert planned(tiny, "tiny_upper", chat_template_args={"enable_thinking": False})
    with pytest.raises(UsageError, match="chat_template_args"):
        planned(tiny, "tiny_upper", chat_template_args={"enable_thinking": False}, chat=False)


@pytest.mark.parametrize(
    ("task", "settings", "says"),
    [
        ("tiny_upper", {"seed": 3}, "seed=3"),
        ({"task": "tiny_upper", "stop": ["!"]}, {}, "stop="),
        ({"task": "tiny_upper", "fewshot": 2}, {}, "fewshot=2"),
        ({"task": "tiny_upper", "chat_fewshot": 2}, {"chat": False}, "chat_fewshot=2"),
    ],
)
def test_what_is_meant_for_other_models_is_said(
    task: Any, settings: dict[str, Any], says: str, tiny: LoadedModel, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="holdfast"):
        planned(tiny, task, **settings)
    assert says in caplog.text


def test_what_takes_effect_is_not_said(tiny: LoadedModel, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="holdfast"):
        planned(tiny, {"task": "tiny_upper", "stop": ["!"], "stop_chat": True})
        planned(tiny, {"task": "tiny_upper", "sampling": {"temperature": 0.5}}, seed=3)
    assert not [one for one in caplog.records if one.name == "holdfast"]


WORLD = """
from holdfast.environment import Step, environment
from holdfast.sample import Score

class World:
    tools = ()
    def __init__(self, digit):
        self.digit = digit
        self.messages = [{"role": "user", "content": f"Repeat {digit}"}]
    def step(self, message):
        return Step(done=True)
    def score(self):
        return Score.of(True, str(self.digit))
    def close(self):
        pass

class Base:
    def tasks(self, split):
        return [{"key": "a"}, {"key": "b"}]
    def open(self, row, seed):
        return World(seed if type(self).drawn else 0)
"""
"""Environments of one's own whose episodes differ by the seed, by themselves, or not at all."""


@pytest.fixture
def worlds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The address of such an environment by what its episodes vary by; registered for one test only."""
    monkeypatch.setattr(registry, "_registry", {name: registry.environment_spec(name) for name in environment_names()})
    made = {}
    for kind in ("seed", "itself", "nothing"):
        file = tmp_path / f"{kind}_world.py"
        named = f"@environment('idle_{kind}', varies_by='{kind}')\nclass Made(Base):\n    drawn = {kind == 'seed'}\n"
        file.write_text(f"{WORLD}\n{named}")
        made[kind] = f"{file}:Made"
    return made


@pytest.mark.parametrize("kind", ["seed", "itself", "nothing"])
def test_repeats_and_seed_of_episodes_count_where_episodes_differ(
    kind: str, worlds: dict[str, str], tiny: LoadedModel, caplog: pytest.LogCaptureFixture
) -> None:
    """Greedy episodes: a simulated user, or a world that is drawn, still differs between repeats and seeds."""
    task = {"env": worlds[kind], "name": "world"}
    with caplog.at_level(logging.WARNING, logger="holdfast"):
        planned(tiny, task, seed=3)
    assert ("seed=3 changes nothing" in caplog.text) == (kind != "seed")
    for entry, settings in (({**task, "repeats": 3}, {}), (task, {"repeats": 3})):
        if kind == "nothing":
            with pytest.raises(UsageError, match="repeats"):
                planned(tiny, entry, **settings)
            continue
        (work,) = planned(tiny, entry, **settings)
        assert [item.repeat for item in work.items] == [0, 1, 2, 0, 1, 2]
        assert work.result.generation["repeats"] == 3 and not work.result.generation["do_sample"]


def test_repeats_of_a_drawn_world_are_played_with_seeds_of_their_own(
    worlds: dict[str, str], tiny: LoadedModel, tmp_path: Path
) -> None:
    how = Settings(progress=False, repeats=2, seed=4, max_tokens=4)
    measured = measure(tiny, [{"env": worlds["seed"], "name": "world"}], tmp_path / "out", settings=how)
    rows = [(row.doc_id, row.repeat, row.reason) for row in measured.rows("world")]
    assert rows == [("a", 0, "4"), ("a", 1, "5"), ("b", 0, "4"), ("b", 1, "5")]


def test_environments_that_use_no_seed_say_so() -> None:
    """Of every environment here: `open` uses its seed, or the registry does not say that it varies by it."""
    for name in environment_names():
        spec = environment_spec(name)
        if not spec.make.__module__.startswith("holdfast."):
            continue  # another test's
        source = inspect.getsource(inspect.unwrap(spec.make.open))
        used = source.partition("seed: int")[2].partition('"""')[2].partition('"""')[2].count("seed")
        assert bool(used) == (spec.varies_by == "seed"), name


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["margin=2"], "margin= is for comparing"),
        (["target=[tiny_upper]"], "target= is for comparing"),
        (["backend=local-completions", "batch_size=64", "backend_args.base_url=http://localhost:1"], "num_concurrent"),
    ],
)
def test_keys_of_the_command_without_effect(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "model=tiny", "suite=[tiny_upper]", *words]) == 64
    assert says in capsys.readouterr().err
