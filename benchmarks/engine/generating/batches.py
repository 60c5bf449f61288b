"""Which items are generated together: planned over all items of a task, so that a resumed run has the same batches."""

from collections.abc import Container, Iterator, Sequence

from holdfast.benchmarks.engine.items import Item


def open_batches(items: Sequence[Item], size: int, known: Container[str]) -> list[list[int]]:
    """The batches that have something to generate, as positions in `items`. They are planned over all items of the
    task, and belong to processes whole: a resumed or divided run generates in the same company as an undisturbed one.
    """
    places = {item.key: index for index, item in enumerate(items)}
    planned: set[str] = set()
    found = []
    for batch in batches(items, size):
        todo = []
        for item in batch:
            if item.cache_key not in known and item.cache_key not in planned:
                planned.add(item.cache_key)
                todo.append(places[item.key])
        found.append(todo)
    return [batch for batch in found if batch]


def batches(items: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Items in batches of one kind and one set of generation arguments, the longest prompts first: a model that does
    not fit fails at once, and the time left is never underestimated."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(repr((item.kind, sorted(item.generation.items()))), []).append(item)
    for group in groups.values():
        ordered = sorted(group, key=lambda item: (-len(item.prompt), item.prompt, item.repeat))
        yield from (ordered[start : start + size] for start in range(0, len(ordered), size))
