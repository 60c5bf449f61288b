"""deepeval: a test run's JSON (`.deepeval/.latest_test_run.json`, `DEEPEVAL_RESULTS_FOLDER`).

{"testCases": [{"name": "…", "input": "…", "actualOutput": "…", "expectedOutput": "…", "success": true,
"metricsData": [{"name": "Correctness", "score": 0.8, "success": true, "reason": "…"}, …]}, …]}, also inside
`testRunData`; each metric is a benchmark of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from holdfast.files import digest
from holdfast.importers.recorded import Recorded, read_object, recorded
from holdfast.importers.scores import metric_score, oriented
from holdfast.runs.measurement import TaskResult
from holdfast.runs.row import Row
from holdfast.sample import Outcome

_LOSSES = ("hallucination", "bias", "toxicity")
"""Metrics of deepeval that measure something bad (0 is best)."""


def read(path: Path) -> Recorded | None:
    """The measurement, or None when it is not deepeval's."""
    found = read_object(path)
    if not found:
        return None
    run = found.get("testRunData", found)
    cases = run.get("testCases", run.get("test_cases")) if isinstance(run, Mapping) else None
    if not isinstance(cases, list) or not cases or not isinstance(cases[0], Mapping) or _metrics(cases[0]) is None:
        return None
    names = list(dict.fromkeys(str(m.get("name")) for case in cases for m in _metrics(case) or ()))
    sources = {name: partial(_rows, cases, name) for name in names}
    results = {
        name: TaskResult(
            name,
            version="unknown",
            reward={"name": f"deepeval:{name}", "version": "unknown", "options": {}},
            metric=_oriented(name),
        )
        for name in names
    }
    return recorded(path, sources, results, {})


def _oriented(name: str) -> str:
    """The metric's name, marked where a low score is the good one."""
    return oriented(name, False if name.lower().removesuffix(" (geval)").strip() in _LOSSES else None)


def _metrics(case: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    found = case.get("metricsData", case.get("metrics_data"))
    return found if isinstance(found, list) else None


def _rows(cases: Sequence[Mapping[str, Any]], name: str) -> Iterator[Row]:
    for index, case in enumerate(cases):
        metric = next((m for m in _metrics(case) or () if str(m.get("name")) == name), None)
        if metric is None:
            continue
        prompt = str(case.get("input", ""))
        reference = case.get("expectedOutput", case.get("expected_output"))
        score = None if metric.get("error") else metric_score(metric.get("score"), _oriented(name), name)
        yield Row(
            task=name,
            doc_id=str(case.get("name") or index),
            doc_hash=digest([prompt, reference]),
            prompt_hash=digest(prompt),
            prompt=prompt,
            completion=str(case.get("actualOutput", case.get("actual_output")) or ""),
            reference=reference,
            score=score,
            outcome=Outcome.of(score),
            reason=str(metric.get("reason") or metric.get("error") or ""),
        )
