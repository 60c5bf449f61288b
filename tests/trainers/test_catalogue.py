"""A trainer is one file and one YAML: what the rest knows of one follows from its declaration."""

import json
from pathlib import Path

import pytest

from holdfast.config import choices
from holdfast.errors import UsageError
from holdfast.trainers.settings.catalogue import builtin_trainers, declares, find_trainer
from holdfast.trainers.settings.compose import compose

TOY = '''"""A trainer from outside: it learns the answers of question rows."""

from holdfast.errors import DataError
from holdfast.trainers.settings.trainer_spec import Trainer


def question_row(row, config):
    if "question" not in row or "answer" not in row:
        raise DataError("a toy row needs question and answer")
    return {"prompt": row["question"], "completion": row["answer"]}


TRAINER = Trainer(config="SFTConfig", trainer="SFTTrainer", row=question_row, columns=(("question", "answer"),))
'''


def test_every_trainer_has_its_yaml_and_its_yaml_a_trainer() -> None:
    names = {name: compose([f"trainer={name}", "data=tiny_sft"]).trainer.name for name in choices("trainer")}
    assert set(names.values()) == set(builtin_trainers())
    assert {"sft", "dpo", "grpo", "rloo", "kto", "reward"} <= set(builtin_trainers())


def test_every_kind_of_rows_has_a_usual_trainer() -> None:
    from holdfast.trainers.data.training_rows import KINDS, usual_trainer

    assert {kind: usual_trainer(kind) for kind in KINDS if kind != "plain text"} == {
        "preference": "dpo",
        "marked": "kto",
        "marked conversations": "kto",
        "prompt and completion": "sft",
        "messages": "sft",
        "prompt and reference": "grpo",
        "prompt": "grpo",
    }


def test_a_trainer_from_outside_trains(untrained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from holdfast.trainers.job.before_after import before_after

    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy_trainer.py").write_text(TOY)
    (tmp_path / "conf" / "trainer").mkdir(parents=True)
    (tmp_path / "conf" / "trainer" / "toy.yaml").write_text("name: toy_trainer:TRAINER\nargs: {max_steps: 2}\n")
    rows = [{"question": f"Say {n}.", "answer": str(n)} for n in range(16)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = [f"model={untrained}", "data=rows.jsonl", "suite=[tiny_sort]", "limit=4", f"out={tmp_path / 'run'}"]
    result = before_after(compose(["trainer=toy", *words], [str(tmp_path / "conf")]))
    assert result.training["steps"] == 2
    assert (tmp_path / "run" / "report.html").is_file()


def test_what_is_no_trainer_is_refused() -> None:
    with pytest.raises(UsageError, match="grpo"):
        find_trainer("grop")
    with pytest.raises(UsageError, match="grpo and rloo"):
        find_trainer("ppo")
    with pytest.raises(UsageError, match="json has no 'NONE'"):
        find_trainer("json:NONE")
    with pytest.raises(UsageError, match="json:loads is no trainer but function"):
        find_trainer("json:loads")
    with pytest.raises(UsageError, match="no_such_module"):
        find_trainer("no_such_module:TRAINER")


@pytest.mark.parametrize("line", ["TRAINER = Trainer()", "TRAINER: Trainer = build()", "TRAINER = replace(SFT)"])
def test_a_file_declares_its_trainer_in_any_spelling(line: str, tmp_path: Path) -> None:
    (tmp_path / "toy.py").write_text(f'"""A toy."""\n\nfrom elsewhere import SFT\n\n{line}\n')
    assert declares(tmp_path / "toy.py")
    (tmp_path / "toy.py").write_text(f'"""Reads TRAINER = Trainer(."""\n\nOF = [{line.partition("=")[2]}]\n')
    assert not declares(tmp_path / "toy.py")
