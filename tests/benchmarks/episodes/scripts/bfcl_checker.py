"""bfcl-eval's own multi-turn checker on paths of calls, in an interpreter that has bfcl-eval: JSON objects by line."""

import json
import sys
from pathlib import Path

ROWS = {}
COUNT = [0]


def row_of(task):
    import bfcl_eval

    if task not in ROWS:
        data = Path(bfcl_eval.__file__).parent / "data"
        name = f"BFCL_v4_{task.rpartition('_')[0]}.json"
        for key, folder in (("row", data), ("answer", data / "possible_answer")):
            for line in (folder / name).read_text("utf-8").splitlines():
                ROWS.setdefault(json.loads(line)["id"], {})[key] = json.loads(line)
    return ROWS[task]


def check(task, path):
    """Whether the checker accepts; `path`: turns of lists of calls as text, one call a step."""
    from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_checker, multi_turn_utils

    held = row_of(task)
    COUNT[0] += 1
    steps = [[[call] for call in turn] for turn in path]
    found = multi_turn_checker.multi_turn_checker(
        steps, held["answer"]["ground_truth"], held["row"], task.rpartition("_")[0], f"m{COUNT[0]}"
    )
    for name in [name for name in vars(multi_turn_utils) if name.endswith("_instance")]:
        del vars(multi_turn_utils)[name]  # the package keeps every world it made
    return bool(found["valid"])


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        try:
            reply = {"result": check(**json.loads(line))}
        except Exception as error:  # noqa: BLE001 - told to the test
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(reply), file=answers, flush=True)
