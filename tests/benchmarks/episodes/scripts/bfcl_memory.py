"""bfcl-eval's own memory run on calls that are given, in an interpreter that has bfcl-eval: JSON objects by line."""

import json
import sys
import tempfile
from pathlib import Path

COUNT = [0]


def entries(backend, scenario, folder):
    """The package's own test entries of a scenario: conversations first, then questions."""
    from bfcl_eval import utils

    found = utils.load_dataset_entry(f"memory_{backend}", include_prereq=True)
    found = [one for one in found if one["scenario"] == scenario or f"-{scenario}-" in one["id"]]
    for one in found:
        one.setdefault("scenario", scenario)
    return utils.populate_initial_settings_for_memory_test_cases(found, folder)


def run(backend, scenario, plan):
    """`plan`: calls as text for each turn of each conversation. What the system messages say, what the calls answer."""
    from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_utils import execute_multi_turn_func_call
    from bfcl_eval.model_handler.utils import add_memory_instruction_system_prompt

    COUNT[0] += 1
    systems, results = [], []
    with tempfile.TemporaryDirectory() as folder:
        held = entries(backend, scenario, Path(folder))
        told = [one for one in held if "prereq" in one["id"]]
        for entry, turns in zip([*told, *[one for one in held if "prereq" not in one["id"]][:1]], plan, strict=True):

            def execute(calls, entry=entry):
                return execute_multi_turn_func_call(
                    calls, entry["initial_config"], entry["involved_classes"], f"m{COUNT[0]}", entry["id"]
                )

            (memory,) = execute([])[1].values()
            category = f"memory_{backend}"
            shown = add_memory_instruction_system_prompt(entry["question"], category, scenario, memory)
            systems.append(shown[0][0]["content"])
            results.append([execute(calls)[0] for calls in turns])
            if "prereq" in entry["id"]:
                memory._flush_memory_to_local_file()
    return {"systems": systems, "results": results}


def check(texts, answers):
    from bfcl_eval.eval_checker.agentic_eval.agentic_checker import agentic_checker

    return [bool(text) and agentic_checker(text, answers)["valid"] for text in texts]


if __name__ == "__main__":
    replies, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            reply = {"result": {"run": run, "check": check}[asked.pop("verb")](**asked)}
        except Exception as error:  # noqa: BLE001 - told to the test
            reply = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(reply), file=replies, flush=True)
