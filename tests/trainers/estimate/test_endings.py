"""Rows cut in silence, answers without an end, and answers that only stop elsewhere: found, counted, said."""

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast.errors import DataError
from holdfast.trainers.estimate.endings import endings, stop_tokens
from holdfast.trainers.settings.catalogue import find_trainer
from holdfast.trainers.settings.compose import compose
from holdfast.trainers.settings.config import DataConfig
from holdfast.trainers.settings.trl_args import build

ROWS: dict[str, Any] = {
    "sft": lambda prompt, answer: {"prompt": prompt, "completion": answer},
    "kto": lambda prompt, answer: {"prompt": prompt, "completion": answer, "label": True},
    "dpo": lambda prompt, answer: {"prompt": prompt, "chosen": answer, "rejected": "no"},
    "reward": lambda prompt, answer: {"prompt": prompt, "chosen": "yes", "rejected": answer},
}


def tokenizer(untrained: Path, eos: str | None = None) -> Any:
    from transformers import AutoTokenizer

    found = AutoTokenizer.from_pretrained(untrained)
    found.eos_token = eos or found.eos_token
    return found


@pytest.mark.parametrize("trainer", ROWS)
def test_what_is_cut_is_counted_for_every_trainer_that_cuts(trainer: str, untrained: Path) -> None:
    make = ROWS[trainer]
    rows = [make("a", "b"), make("a", "b" * 60), make("a" * 90, "b"), make("a", "b" * 7)]
    args = build(trainer, {"max_length": 50}, Path("unused"), 0)
    words = tokenizer(untrained)
    found = endings(rows, find_trainer(trainer), args, DataConfig(), words, stop_tokens(words, None))
    assert (found.rows, found.cut, found.lost, found.looked, found.ended) == (4, 1, [2], 2, 2)
    assert "2 of 4 rows are longer than trainer.args.max_length=50" in found.findings()[0]


def test_the_counts_are_those_of_trls_own_tokens(untrained: Path, tmp_path: Path) -> None:
    """The longest row that is kept whole is whole in TRL's data set, one token more is cut."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    words = tokenizer(untrained)
    rows = [ROWS["sft"]("Say it.", "x" * n) for n in range(30, 40)]
    args = build("sft", {"max_length": 50}, tmp_path, 0)
    found = endings(rows, find_trainer("sft"), args, DataConfig(), words, stop_tokens(words, None))
    shaped = [find_trainer("sft").row(row, DataConfig()) for row in rows]
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(untrained),
        args=SFTConfig(str(tmp_path), max_length=50, use_cpu=True, bf16=False, report_to="none"),
        train_dataset=Dataset.from_list(shaped),
        processing_class=words,
    )
    whole = sum(words.eos_token_id in row["input_ids"][-3:] for row in trainer.train_dataset)
    assert 0 < found.cut < len(rows)
    assert whole == len(rows) - found.cut


def test_a_template_whose_end_is_not_the_tokenizers(untrained: Path) -> None:
    words = tokenizer(untrained, eos="<|im_start|>")
    args = build("sft", {"max_length": 80}, Path("unused"), 0)
    found = endings([ROWS["sft"]("a", "b")], find_trainer("sft"), args, DataConfig(), words, stop_tokens(words, None))
    assert (found.looked, found.ended) == (1, 0)
    assert "1 of 1 answers do not end with a token that generation stops at (<|im_start|>)" in found.findings()[0]
    assert "model.eos_token" in found.findings()[0]


def run_words(untrained: Path, tmp_path: Path, rows: list[dict[str, Any]], *more: str) -> list[str]:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return [
        *(f"model={untrained}", f"data={file}", "suite=[tiny_sort]", "limit=4", f"out={tmp_path / 'run'}"),
        *(
            "trainer.args.max_steps=2",
            "trainer.args.max_length=50",
            "trainer.args.per_device_train_batch_size=2",
            *more,
        ),
    ]


def test_many_cut_rows_end_the_run_before_anything_is_measured(untrained: Path, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after

    rows = [ROWS["sft"]("a", "b" * (60 if n < 2 else 5)) for n in range(20)]
    with pytest.raises(DataError, match=r"10.0% of the rows, more than data.max_cut=0.05"):
        before_after(compose(run_words(untrained, tmp_path, rows)))
    assert not (tmp_path / "run" / "before").exists()


def test_a_row_without_answer_is_left_out_and_the_report_says_so(untrained: Path, tmp_path: Path) -> None:
    from holdfast.trainers.job.before_after import before_after

    rows = [ROWS["sft"]("a" * (90 if n == 3 else 5), "b" * (60 if n == 5 else 5)) for n in range(20)]
    before_after(compose(run_words(untrained, tmp_path, rows, "data.max_cut=0.2")))
    held = json.loads((tmp_path / "run" / "manifest.json").read_text())["endings"]
    assert (held["rows"], held["cut"], held["lost"]) == (20, 1, 1)
    said = "2 of 20 rows are longer than trainer.args.max_length=50"
    assert said in (tmp_path / "run" / "report.md").read_text().replace("\\", "")
    assert said in (tmp_path / "run" / "report.html").read_text()


def test_answers_that_only_stop_elsewhere_are_a_finding(tmp_path: Path) -> None:
    from holdfast.runs.measurement import Measurement, TaskResult, write_results
    from holdfast.runs.row import Row, encode
    from holdfast.trainers.run.stopping import stopping_findings

    def measured(part: str, texts: list[str]) -> Measurement:
        made = Measurement(tmp_path / part, {"task": TaskResult("task")})
        write_results(made)
        made.sample_file("task").parent.mkdir(parents=True)
        rows = [
            Row(
                "task",
                str(n),
                str(n),
                prompt_hash="",
                prompt="",
                completion=text,
                reference="",
                score=1,
                outcome="correct",
            )
            for n, text in enumerate(texts)
        ]
        made.sample_file("task").write_text("".join(encode(row) + "\n" for row in rows))
        return made

    before = measured("before", [f"It is {n}." for n in range(10)])
    after = measured("after", [f"It is {n}. And so on" if n < 8 else "no" for n in range(10)])
    (finding,) = stopping_findings(before, after)
    assert "only the stopping changed in 8 of 10 changed answers" in finding
    assert "goes on after it" in finding
    assert stopping_findings(before, before) == ()
