"""Pairing when one run recorded the question and the other the prompt around it (a template, a chat's markers)."""

from collections.abc import Iterator

import numpy as np

from holdfast.compare.reading.columns import Codes, Items
from holdfast.compare.reading.row_source import Source, prompt_of
from holdfast.sample import final_text

_MOST = 200_000
"""Rows of which the texts are held at once."""
_ALIKE = 0.99
"""Share of the common ids whose one prompt must hold the other."""


def by_question(
    task: str, items: tuple[Items, Items], sources: tuple[Source, Source]
) -> tuple[Codes, Codes, str] | None:
    """Items paired by id where nearly every prompt of one run holds that of the other; None where that is not so."""
    if max(len(one.table.doc_id) for one in items) > _MOST:
        return None
    texts = [dict(_texts(one, source)) for one, source in zip(items, sources, strict=True)]
    common = [key for key in texts[0] if key in texts[1]]
    if len(common) < _ALIKE * min(map(len, texts)):
        return None
    alike = [key for key in common if _contains(texts[0][key][1], texts[1][key][1])]
    if not alike or len(alike) < _ALIKE * len(common):
        return None
    if all(texts[0][key][1] == texts[1][key][1] for key in alike):  # the same questions: their references differ
        return None
    left, right = (np.array([side[key][0] for key in alike], dtype=np.int64) for side in texts)
    warning = f"{task}: one run's prompts hold a template around the other's questions; paired by question and id"
    return left, right, warning


def _texts(items: Items, source: Source) -> Iterator[tuple[str, tuple[int, str]]]:
    """id → (item, question), of ids that stand for one item."""
    item_of_row = {items.table.number[row]: item for item, row in enumerate(items.row.tolist())}
    ids = items.table.doc_id
    alone = {name for name in ids if name} if len(set(ids)) == items.row.size else set()
    for number, row in enumerate(source.rows()):
        item = item_of_row.get(number)
        name = str(row.doc_id)
        if item is not None and name in alone:
            yield name, (item, _prompt_text(prompt_of(row)))


def _prompt_text(prompt: object) -> str:
    text = prompt if isinstance(prompt, str) else "\n".join(final_text([{**m, "role": "assistant"}]) for m in prompt)  # type: ignore[attr-defined]
    return " ".join(str(text).split())


def _contains(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= 8 and short in long
