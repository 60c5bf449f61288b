"""Rows of episodes: whole on disk, without their texts in memory, so that memory does not grow with trajectories."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from holdfast.benchmarks.engine.items import Item
from holdfast.files import write_stream
from holdfast.runs.row import Row


def light(row: Row) -> Row:
    """A row without its texts: what numbers are made of."""
    return replace(row, prompt="", completion="", rendered=None)


def arrange(path: Path, items: Sequence[Item]) -> None:
    """Put a sample file's lines in the order of the items, of each item the last one that its prompt made. The file is
    read line by line, and is as it was if the process is killed meanwhile."""
    places: dict[tuple[str, str, int, str], tuple[int, int]] = {}
    with path.open("rb") as stream:
        start = 0
        for line in stream:
            found = json.loads(line)
            places[found["task"], found["doc_id"], found["repeat"], found["prompt_hash"]] = start, len(line)
            start += len(line)

    def lines() -> Iterator[bytes]:
        with path.open("rb") as stream:
            for item in items:
                start, size = places[(*item.key, item.prompt_hash)]
                stream.seek(start)
                yield stream.read(size)

    write_stream(path, lines())
