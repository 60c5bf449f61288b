"""The loop of a guest process: `python loop.py GUEST.py` answers JSON lines on stdin with JSON lines on stdout.

    {"method": "rows", "arguments": {…}}   →   {"result": …}   or   {"error": "ValueError: …"}

What the package prints goes to stderr. The loop ends with its input.
"""

import json
import os
import runpy
import sys
from typing import Any


def main(guest: str) -> None:
    """Serve a guest's METHODS until the input ends."""
    sys.path.pop(0)  # the folder of the guests, whose names are those of the packages
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    methods = runpy.run_path(guest)["METHODS"]
    for line in sys.stdin:
        answers.write(json.dumps(_answer(methods, json.loads(line)), default=str) + "\n")
        answers.flush()


def _answer(methods: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """A foreign exception is an answer, not an end: the host decides whose fault it is."""
    try:
        return {"result": methods[request["method"]](**request["arguments"])}
    except Exception as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"[:2000]}


if __name__ == "__main__":
    main(sys.argv[1])
