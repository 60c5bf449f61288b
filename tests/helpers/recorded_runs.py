"""Published model outputs with their recorded verdicts, as measurements: the real comparisons of tests and gallery."""

import ast
import gzip
import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.paths import SHARED_DATA
from holdfast.files import digest, write_json
from holdfast.runs.manifest import manifest
from holdfast.runs.measurement import Measurement, TaskResult, sample_path, summarize, write_results
from holdfast.runs.row import Row, append

_LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True)
class Recorded:
    """One comparison of two published runs on one benchmark."""

    name: str
    title: str
    task: str
    before: tuple[str, Callable[[], Iterator[Row]]]
    """The model's name, and its rows."""
    after: tuple[str, Callable[[], Iterator[Row]]]
    needs: tuple[str, ...]
    """Files below the shared data."""
    chance: float | None = None
    allow: tuple[str, ...] = ()
    """Differences between the runs to accept."""

    def measure(self, out: Path) -> tuple[Measurement, Measurement]:
        """Write both runs below `out` and return them."""
        sources = {name: hashlib.sha256((SHARED_DATA / name).read_bytes()).hexdigest() for name in self.needs}
        write_json(out / "manifest.json", manifest({"recorded": self.name}, sources_sha256=sources))
        return self._write(self.before, out / "before"), self._write(self.after, out / "after")

    def _write(self, side: tuple[str, Callable[[], Iterator[Row]]], directory: Path) -> Measurement:
        model, rows = side[0], list(side[1]())
        task = TaskResult(self.task, version="recorded", reward={"name": "recorded verdicts"}, chance=self.chance)
        path = sample_path(directory, self.task)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as stream:
            for row in rows:
                append(stream, row)
        measurement = Measurement(directory, {self.task: summarize(task, rows)}, {"name": model})
        write_results(measurement)
        return measurement


def row(task: str, doc_id: str, prompt: str, completion: str, reference: Any, correct: bool, **more: Any) -> Row:
    """A judged item with a 0/1 score."""
    outcome = "correct" if correct else "wrong"
    hashes = digest([prompt, reference]), digest(prompt)
    return Row(task, doc_id, *hashes, prompt, completion, reference, float(correct), outcome, **more)


def gsm8k(model: str) -> Iterator[Row]:
    """OpenAI's example solutions; `model` is a column such as `6b_finetuning`. Categories: calculations needed."""
    for number, record in _jsonl("gsm8k/example_model_solutions.jsonl"):
        solution, answer = record[model], record["ground_truth"].rpartition("A: ")[2].strip()
        found = solution["solution"].rpartition("A: ")[2].strip()
        steps = record["ground_truth"].count("<<")
        yield row(
            "gsm8k",
            str(number),
            record["question"],
            solution["solution"],
            answer,
            solution["is_correct"],
            extracted=found[:80],
            reason=f"recorded verdict: {'correct' if solution['is_correct'] else 'incorrect'}",
            category="1 step" if steps == 1 else f"{min(steps, 7)}{' or more' if steps >= 7 else ''} steps",
        )


def ifeval(path: str) -> Iterator[Row]:
    """The official checker's strict verdicts; paired by the prompt's text. Categories: the first instruction's kind."""
    for number, record in _jsonl(path):
        names = [name.removeprefix("en:") for name in record["instruction_id_list"]]
        followed = record["follow_instruction_list"]
        broken = [name for name, met in zip(names, followed, strict=True) if not met]
        yield row(
            "ifeval",
            str(number),
            record["prompt"],
            record["response"],
            names,
            record["follow_all_instructions"],
            reason="every instruction followed" if not broken else f"not followed: {', '.join(broken)}",
            parts={f"{i} {name}": float(met) for i, (name, met) in enumerate(zip(names, followed, strict=True))},
            category=names[0].partition(":")[0],
        )


def mbpp(path: str) -> Iterator[Row]:
    """Reflexion's runs of GPT-4 on MBPP (MultiPL-E's Python part)."""
    for _, record in _jsonl(path):
        solved = bool(record["is_solved"])
        reason = "recorded verdict: all tests pass" if solved else "recorded verdict: a test fails"
        completion = record["solution"] or ""
        yield row("mbpp", record["name"], record["prompt"], completion, record["test"], solved, reason=reason)


def mmlu_pro(path: str) -> Iterator[Row]:
    """MMLU-Pro's own outputs; an answer that was not found counts as wrong."""
    with zipfile.ZipFile(SHARED_DATA / path) as archive:
        records = json.loads(archive.read(archive.namelist()[0]))
    for record in records:
        choices = record["options"]
        options = choices if isinstance(choices, list) else ast.literal_eval(choices)
        lines = [f"{letter}. {text}" for letter, text in zip(_LETTERS, options, strict=False)]
        found = record["pred"]
        yield row(
            "mmlu_pro",
            str(record["question_id"]),
            "\n".join([record["question"], *lines]),
            record["generated_text"],
            record["answer"],
            found == record["answer"],
            extracted=found,
            reason=f"expected {record['answer']}, found {found or 'no answer'}",
            category=record["category"],
        )


_IFEVAL = (
    "ifeval/gpt4/eval_results_strict.jsonl",
    "ifeval/m_ifeval/Qwen__Qwen2.5-0.5B-Instruct-GPTQ-Int4.eval_results_strict.jsonl.gz",
)
_MBPP = (
    "mbpp/recorded/reflexion_mbpp-py._simple_1_gpt-4_pass_at_k_1_py.jsonl",
    "mbpp/recorded/reflexion_mbpp-py._reflexion_5_gpt-4_pass_at_k_1_py.jsonl",
)
_MMLU_PRO = (
    "mmlu_pro/model_outputs_Meta-Llama-3-70B_5shots.zip",
    "mmlu_pro/model_outputs_Meta-Llama-3_1-8B-Instruct_5shots.zip",
)
COMPARISONS = (
    Recorded(
        "gsm8k",
        "GSM8K, fine-tuned GPT-3 6B against 175B",
        "gsm8k",
        ("GPT-3 6B, fine-tuned", lambda: gsm8k("6b_finetuning")),
        ("GPT-3 175B, fine-tuned", lambda: gsm8k("175b_finetuning")),
        ("gsm8k/example_model_solutions.jsonl",),
    ),
    Recorded(
        "ifeval",
        "IFEval, GPT-4 against Qwen2.5-0.5B-Instruct (GPTQ Int4)",
        "ifeval",
        ("GPT-4 (November 2023)", lambda: ifeval(_IFEVAL[0])),
        ("Qwen2.5-0.5B-Instruct-GPTQ-Int4", lambda: ifeval(_IFEVAL[1])),
        _IFEVAL,
        allow=("items",),  # GPT-4's mirror has no label for one of the 541 prompts
    ),
    Recorded(
        "mbpp-reflexion",
        "MBPP, GPT-4 before and after Reflexion",
        "mbpp",
        ("GPT-4, one answer", lambda: mbpp(_MBPP[0])),
        ("GPT-4, Reflexion", lambda: mbpp(_MBPP[1])),
        _MBPP,
    ),
    Recorded(
        "mmlu-pro",
        "MMLU-Pro, Llama-3-70B against Llama-3.1-8B-Instruct",
        "mmlu_pro",
        ("Llama-3-70B", lambda: mmlu_pro(_MMLU_PRO[0])),
        ("Llama-3.1-8B-Instruct", lambda: mmlu_pro(_MMLU_PRO[1])),
        _MMLU_PRO,
        chance=0.1,
        allow=("items",),  # typing errors of 14 questions were mended between the two runs
    ),
)


def missing(recorded: Recorded) -> list[str]:
    """The files of a comparison that are not here."""
    return [name for name in recorded.needs if not (SHARED_DATA / name).exists()]


def _jsonl(name: str) -> Iterable[tuple[int, dict[str, Any]]]:
    path = SHARED_DATA / name
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            yield number, json.loads(line)
