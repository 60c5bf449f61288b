"""BFCL's multi-turn classes in an interpreter that has bfcl-eval: the classes are the package's, calls are looked up by
name with arguments as data (the package's own executor evaluates the text of the call), and the judgement is ours.
"""

import ast
import copy
import importlib
import inspect
import json
from pathlib import Path

from loop import pin, serve

EPISODES = {}
STATE = {}
CATEGORIES = ("base", "miss_func", "miss_param", "long_context")


def start(**_):
    """Find the package's data."""
    import bfcl_eval
    from bfcl_eval.constants.executable_backend_config import (
        CLASS_FILE_PATH_MAPPING,
        MULTI_TURN_FUNC_DOC_FILE_MAPPING,
        STATELESS_CLASSES,
    )

    STATE["data"] = Path(bfcl_eval.__file__).parent / "data"
    STATE["classes"], STATE["docs"] = CLASS_FILE_PATH_MAPPING, MULTI_TURN_FUNC_DOC_FILE_MAPPING
    STATE["stateless"] = STATELESS_CLASSES
    return {"package": "bfcl-eval"}


def pinned():
    """Which package this is, its data included."""
    return pin("bfcl-eval", "bfcl_eval")


def _lines(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def tasks(category):
    """The rows of a category with their reference paths and the functions they may call."""
    name = f"BFCL_v4_multi_turn_{category}.json"
    answers = {row["id"]: row["ground_truth"] for row in _lines(STATE["data"] / "possible_answer" / name)}
    rows = _lines(STATE["data"] / name)
    for row in rows:
        row["ground_truth"] = answers[row["id"]]
    STATE.setdefault("rows", {}).update({row["id"]: row for row in rows})
    return [{"id": row["id"], "question": row["question"], "category": category} for row in rows]


def _instances(row):
    made = {}
    for name in row["involved_classes"]:
        instance = getattr(importlib.import_module(STATE["classes"][name]), name)()
        if name not in STATE["stateless"]:
            config = copy.deepcopy(row["initial_config"].get(name, {}))
            instance._load_scenario(config, long_context="long_context" in row["id"])
        made[name] = instance
    return made


def _methods(instances):
    """Public methods by name: what may be called."""
    return {
        name: method
        for instance in instances.values()
        for name, method in inspect.getmembers(instance, predicate=inspect.ismethod)
        if not name.startswith("_")
    }


def open_(episode, row):
    """Two sets of instances, the model's and the reference's, and the functions of the row."""
    if row not in STATE.get("rows", {}):
        tasks(row.rpartition("_")[0].removeprefix("multi_turn_"))
    task = STATE["rows"][row]
    functions = [
        function
        for name in task["involved_classes"]
        for function in _lines(STATE["data"] / "multi_turn_func_doc" / STATE["docs"][name])
    ]
    EPISODES[episode] = {"row": task, "mine": _instances(task), "theirs": _instances(task), "answers": [], "turn": []}
    return {
        "functions": functions,  # `excluded_function` of 18 rows is read by nothing in the package
        "missed": task.get("missed_function", {}),
        "question": task["question"],
    }


def _text(value):
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        try:
            return json.dumps(value)
        except (TypeError, ValueError, RecursionError):
            return str(value)
    return str(value)


def _called(methods, name, arguments, positional=()):
    try:
        if name not in methods:
            raise NameError(f"name '{name}' is not defined")
        return _text(methods[name](*positional, **arguments))
    except Exception as error:  # noqa: BLE001 - the model reads it
        return f"Error during execution: {error}"


def call(episode, name, arguments):
    """What a call answers; it counts for the turn."""
    episode_state = EPISODES[episode]
    answer = _called(_methods(episode_state["mine"]), name.rpartition(".")[2], arguments)
    episode_state["turn"].append(answer)
    return answer


def _reference_call(methods, text):
    """A call of a reference path, read from its syntax tree; nested calls are made first."""
    return _result_of(methods, ast.parse(text, mode="eval").body)


def _result_of(methods, node):
    def value(inner):
        return _made_raw(methods, inner) if isinstance(inner, ast.Call) else ast.literal_eval(inner)

    try:
        positional = [value(inner) for inner in node.args]
        named = {word.arg: value(word.value) for word in node.keywords}
    except Exception as error:  # noqa: BLE001
        return f"Error during execution: {error}"
    return _called(methods, _name(node), named, positional)


def _name(node):
    return node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id


def _made_raw(methods, node):
    return methods[_name(node)](
        *[ast.literal_eval(a) for a in node.args], **{w.arg: ast.literal_eval(w.value) for w in node.keywords}
    )


def end_turn(episode, turn):
    """Judge a turn: why it is wrong (empty when right), and whether there were calls where none was wanted."""
    state = EPISODES[episode]
    reference_calls = state["row"]["ground_truth"][turn]
    made, state["turn"] = state["turn"], []
    state["answers"] += made
    methods = _methods(state["theirs"])
    expected = [_reference_call(methods, text) for text in reference_calls]
    if not reference_calls:
        return {"wrong": "", "unwanted": bool(made)}
    if not made:
        return {"wrong": f"no call in turn {turn}", "unwanted": False}
    for name, theirs in state["theirs"].items():
        for key, value in vars(theirs).items():
            if not key.startswith("_") and getattr(state["mine"][name], key, None) != value:
                return {"wrong": f"{name}.{key} differs after turn {turn}", "unwanted": False}
    left = list(state["answers"])
    for answer in expected:
        if answer not in left:
            return {"wrong": f"an answer is missing in turn {turn}: {answer[:200]}", "unwanted": False}
        left.remove(answer)
    return {"wrong": "", "unwanted": False}


def memory_tasks(backend):
    """The questions to a memory back end, each with what it is known from: the conversations of its scenario."""
    folder = STATE["data"]
    answers = {row["id"]: row["ground_truth"] for row in _lines(folder / "possible_answer" / "BFCL_v4_memory.json")}
    rows = []
    for row in _lines(folder / "BFCL_v4_memory.json"):
        key, scenario = row["id"].replace("memory", f"memory_{backend}", 1), row["scenario"]
        rows.append({"id": key, "scenario": scenario, "question": row["question"][0]})
        STATE.setdefault("memory", {})[key] = {**rows[-1], "backend": backend, "answers": answers[row["id"]]}
    return rows


def open_memory(episode, backend, row):
    """An empty memory, its functions, and the conversations that fill it."""
    if row not in STATE.get("memory", {}):
        memory_tasks(backend)
    task, name = STATE["memory"][row], f"MemoryAPI_{backend}"
    memory = getattr(importlib.import_module(STATE["classes"][name]), name)()
    EPISODES[episode] = {"row": task, "mine": {name: memory}, "turn": []}
    conversations = _lines(STATE["data"] / "memory_prereq_conversation" / f"memory_{task['scenario']}.json")
    return {
        "functions": _lines(STATE["data"] / "multi_turn_func_doc" / STATE["docs"][name]),
        "conversations": [one["question"] for one in conversations],
    }


def memory_system(episode, final):
    """The system message of a conversation that begins now; the last one asks for a form of answer, too."""
    from bfcl_eval.constants import default_prompts as prompts

    task = EPISODES[episode]["row"]
    (memory,) = EPISODES[episode]["mine"].values()
    unified = "rec_sum" in task["backend"]
    text = prompts.MEMORY_BACKEND_INSTRUCTION_UNIFIED if unified else prompts.MEMORY_BACKEND_INSTRUCTION_CORE_ARCHIVAL
    setting = prompts.MEMORY_AGENT_SETTINGS[task["scenario"]]
    shown = text.format(scenario_setting=setting, memory_content=memory._dump_core_memory_to_context())
    return f"{shown}\n\n{prompts.ADDITIONAL_SYSTEM_PROMPT_FOR_AGENTIC_RESPONSE_FORMAT}" if final else shown


def memory_judge(episode, text):
    """Whether an answer holds one that is accepted, as the package's own checker says."""
    from bfcl_eval.eval_checker.agentic_eval.agentic_checker import agentic_checker

    return bool(text) and agentic_checker(text, EPISODES[episode]["row"]["answers"])["valid"]


def close(episode):
    """Delete an episode."""
    EPISODES.pop(episode, None)


if __name__ == "__main__":
    verbs = {"start": start, "pinned": pinned, "tasks": tasks}
    verbs |= {"memory_tasks": memory_tasks, "open_memory": open_memory}
    verbs |= {"memory_system": memory_system, "memory_judge": memory_judge}
    serve({**verbs, "open": open_, "call": call, "end_turn": end_turn, "close": close})
