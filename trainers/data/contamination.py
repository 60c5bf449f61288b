"""Is the suite in the training set? Checked before training, told in the manifest and in the report."""

import itertools
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from holdfast.benchmarks.suites.suite import Suite
from holdfast.errors import UsageError
from holdfast.files import read_json, write_stream
from holdfast.trainers.data.overlap.contamination import Checker, Contamination
from holdfast.trainers.data.sources import raw_rows
from holdfast.trainers.data.suite_items import suite_items
from holdfast.trainers.run.checkpoint_eval import suite_of
from holdfast.trainers.run.run_dir import amend_manifest
from holdfast.trainers.settings.config import DataConfig, TrainConfig

log = logging.getLogger("holdfast")


def check_file(
    config: DataConfig, suite: Suite, data_root: Path | None, limit: int | None = None, clean: str | None = None
) -> Contamination:
    """Stream a data set past a suite's index; `clean` gets the rows that hold nothing of it, as JSONL.

    Raises DataError for data that cannot be read, UsageError for a `clean` that is no .jsonl.
    """
    if clean is not None and not clean.endswith(".jsonl"):
        raise UsageError(f"out={clean} must end in .jsonl: the rows without any of the suite are written there")
    items, unchecked = suite_items(suite, data_root)
    checker = Checker(suite.name, items, unchecked)
    rows = itertools.islice(raw_rows(config, 0, data_root), limit)
    if clean is None:
        return checker.check(rows)
    counts = [0, 0]

    def kept() -> Iterator[str]:
        for row, dirty in checker.sift(rows):
            counts[0] += 1
            counts[1] += dirty
            if not dirty:
                yield json.dumps(dict(row), ensure_ascii=True, default=str) + "\n"

    write_stream(Path(clean), kept())
    return checker.result(*counts)


def record(config: TrainConfig, rows: list[dict[str, Any]], out: Path) -> None:
    """Check a run's training rows against its suite; what is found goes to the manifest and the log."""
    if not config.contamination:
        return
    suite = suite_of(config)
    items, unchecked = suite_items(suite, Path(config.data_root) if config.data_root else None)
    found = Checker(suite.name, items, unchecked).check((f"row {n}", row) for n, row in enumerate(rows))
    amend_manifest(out, contamination={"sentence": found.sentence(), **found.to_json(most=5)})
    if found.items_found:
        log.warning("%s", found.sentence())


def warnings_of(out: Path) -> tuple[str, ...]:
    """What the report has to say of it."""
    found: Mapping[str, Any] = read_json(out / "manifest.json").get("contamination") or {}
    dirty = any(task["found"] for task in found.get("tasks", {}).values())
    return (str(found["sentence"]),) if dirty else ()
