"""Walk every task of the pinned lm-eval and write what differs or cannot be had: tests/benchmarks/lm_eval_walk.json.

    python tests/bench/walk_lm_eval.py found.jsonl [again]

Each shape's outcome is a line of `found.jsonl`; a walk that was stopped goes on where it was. `again` walks once more
those that could not be had, in an environment with the packages of lm-eval's extras.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from helpers import lm_eval_walk as walk

ANSWERS = ("The answer is (B). #### 42", "x")
REASONS = (
    (r"a Python class", "a Python class, with data of its own"),
    (r"asks with images", "asks with images or audio, which is refused"),
    (r"ConnectionError|Couldn't find a module|Error loading evaluation|OfflineMode|LocalEntryNotFound|"
     r"couldn't connect|HTTPError|Can't load tokenizer",
     "needs a metric, data or a tokenizer from the hub"),
    (r"SystemExit|ImportError|ModuleNotFoundError|Resource |required dependencies",
     "needs a package or program that is not installed"),
    (r"", "a stand-in row does not fit its templates or functions"),
)  # fmt: skip


def pair() -> tuple[Any, Any]:
    """Our engine and lm-eval's own over the same model."""
    import torch
    from lm_eval.models.huggingface import HFLM

    from holdfast.benchmarks.engine.backends.hf import HFEngine
    from holdfast.benchmarks.engine.backends.models import load
    from holdfast.benchmarks.engine.settings import Settings

    torch.set_num_threads(1)
    tiny = load("tiny")
    ours = HFEngine(tiny, Settings(max_length=walk.LONG, batch_size=2, progress=False))
    theirs = HFLM(pretrained=tiny.model, tokenizer=tiny.tokenizer, batch_size=2, max_length=walk.LONG)
    return ours, theirs


def outcome(name: str, engines: tuple[Any, Any]) -> dict[str, Any]:
    """`same`, `differ` with what differs, or `lack` with the reason."""
    from holdfast.errors import UsageError

    try:
        differing = walk.differences(walk.task_of(name), *engines, ANSWERS)
    except LookupError as error:
        return {"lack": str(error)}
    except UsageError as error:
        return {"lack": str(error)}
    return {"differ": differing} if differing else {"same": True}


def written(found: dict[str, dict[str, Any]], shapes: dict[str, list[str]]) -> dict[str, Any]:
    """The committed file's content."""
    import lm_eval

    lacking: dict[str, dict[str, str]] = {}
    for name, one in sorted(found.items()):
        if "lack" in one:
            lacking.setdefault(_reason(one["lack"]), {})[name] = _short(one["lack"])
    return {
        "lm_eval": lm_eval.__version__,
        "shapes": len(shapes),
        "tasks": sum(map(len, shapes.values())),
        "walked": len(found),
        "complete": set(found) >= set(shapes),
        "same": sum("same" in one for one in found.values()),
        "differ": {name: one["differ"] for name, one in sorted(found.items()) if "differ" in one},
        "cannot be had": lacking,
        "same with packages of its extras": sorted(
            name for name, one in found.items() if "extras" in one and "same" in one
        ),
    }


def _short(text: str) -> str:
    """The first words of an error, without paths."""
    return re.sub(r"(?<![\w.])/[\w./-]+", "…", text.strip("* \n").partition("\n")[0][:100])


def _reason(text: str) -> str:
    return next(reason for pattern, reason in REASONS if re.search(pattern, text))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text().splitlines() if path.exists() else ():
        yield json.loads(line)


def main(path: Path, again: bool) -> None:
    shapes = walk.shapes()
    found = {one.pop("name"): one for one in _lines(path)}
    engines = pair()
    with path.open("a") as stream:
        for name in sorted(shapes):
            if name in found and not (again and "lack" in found[name]):
                continue
            lacked = found.get(name, {}).get("lack", "")
            found[name] = outcome(name, engines) | ({"extras": True} if "package" in _reason(lacked) else {})
            stream.write(json.dumps({"name": name, **found[name]}) + "\n")
            stream.flush()
    made = written({name: found[name] for name in shapes if name in found}, shapes)
    walk.reason_file().write_text(json.dumps(made, indent=1, ensure_ascii=True) + "\n")
    print({key: value if isinstance(value, int | str) else len(value) for key, value in made.items()})
    print({reason: len(names) for reason, names in made["cannot be had"].items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), "again" in sys.argv[2:])
