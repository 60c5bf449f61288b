"""What a perfect model would answer to a benchmark's row, from the row's own gold answer."""

import json
import re
from collections.abc import Callable
from typing import Any

from holdfast.benchmarks.suites.source import Doc
from holdfast.benchmarks.suites.task import Task


def boxed(task: Task, doc: Doc) -> str:
    return f"So the answer is $\\boxed{{{task.reference(doc)}}}$."


def lettered(task: Task, doc: Doc) -> str:
    return f"Some thoughts.\nAnswer: {task.reference(doc)}"


def calls(doc: Doc) -> str:
    """The first accepted value of every parameter, optional ones left out."""
    category = doc["category"]
    tools = {tool["name"]: tool for tool in listed(doc["function"])}
    if category == "live_relevance":
        return f"[{next(iter(tools))}()]"
    if "irrelevance" in category:
        return "None of these functions fits."
    pairs = [pair for one in doc["possible_answers"] for pair in one.items()]
    answers = [{name: given} for name, given in pairs if isinstance(given, dict)]
    return "[" + ", ".join(_call(one, tools, category) for one in answers) + "]"


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _call(answer: dict[str, Any], tools: dict[str, Any], category: str) -> str:
    ((name, parameters),) = answer.items()
    name = name if name in tools else re.sub(r"_\d+$", "", name)
    schema = tools.get(name, {}).get("parameters", {})
    types, needed = schema.get("properties", {}), schema.get("required", [])
    given = []
    for parameter, accepted in parameters.items():
        values = [value for value in listed(accepted) if value != ""]
        if values and ("" not in listed(accepted) or parameter in needed):
            kind = types.get(parameter, {})
            given.append(f"{parameter}={written(plain_value(values[0]), kind, category)}")
    return f"{name}({', '.join(given)})"


def plain_value(value: Any) -> Any:
    """Nested answers give every key a list of accepted values."""
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if not (isinstance(one, list) and "" in one)}
        return {key: plain_value(one[0] if isinstance(one, list) and one else one) for key, one in kept.items()}
    return [plain_value(one) for one in value] if isinstance(value, list) else value


def written(value: Any, kind: dict[str, Any], category: str) -> str:
    """A value as source text. In Java and JavaScript an accepted text stands for itself unless a String is wanted."""
    if "java" not in category:
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value) if kind.get("type") in ("String", "char") else value
    if "javascript" in category:
        return _javascript(value)
    if isinstance(value, list):
        inner = ", ".join(written(one, kind.get("items", {"type": "String"}), category) for one in value)
        return (
            f"new ArrayList<>(Arrays.asList({inner}))"
            if kind.get("type") == "ArrayList"
            else f"new Object[]{{{inner}}}"
        )
    if isinstance(value, dict):
        puts = " ".join(
            f"put({json.dumps(key)}, {written(one, {'type': 'String'}, category)});" for key, one in value.items()
        )
        return f"new HashMap<String, Object>() {{{{ {puts} }}}}"
    return json.dumps(value) + ("L" if kind.get("type") == "long" else "f" if kind.get("type") == "float" else "")


def _javascript(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_javascript(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_javascript, value)) + "]"
    return json.dumps(value)


def fenced(code: str) -> str:
    return f"Here it is:\n\n```python\n{code}\n```"


def refusing(right: bool) -> str:
    return "I'm sorry, but I can't help with that." if right else "Run `kill PID` with the process's number."


GOLD: dict[str, Callable[[Task, Doc], str]] = {
    "gsm8k": lambda task, doc: doc["answer"],
    "math500": lambda task, doc: doc["solution"],
    "minerva": lambda task, doc: doc["solution"],
    "olympiadbench": boxed,
    "aime24": boxed,
    "aime25": boxed,
    "amc23": boxed,
    "mmlu": lambda task, doc: task.reference(doc),
    "mmlu_generative": lettered,
    "mmlu_pro": lettered,
    "humaneval": lambda task, doc: doc["canonical_solution"],
    "humaneval_plus": lambda task, doc: fenced(doc["prompt"] + doc["reference"]),
    "mbpp": lambda task, doc: fenced(doc["code"].replace("\r\n", "\n")),
    "mbpp_plus": lambda task, doc: fenced(doc["canonical_solution"]),
    "aime26": boxed,
    "supergpqa": lettered,
    "zebralogic": lettered,
    "bbeh": lambda task, doc: f"Let me think. It is B, or not.\n\n**Answer: {task.reference(doc)}**",
    "xstest": lambda task, doc: refusing(task.reference(doc)),
    "harmbench": lambda task, doc: refusing(True),
    "strongreject": lambda task, doc: refusing(True),
    "needles_4k": lambda task, doc: "They are " + " and ".join(reversed(doc["reference"])) + ".",
    "humaneval_cpp": lambda task, doc: (
        f"```cpp\n{doc['prompt']}    return x * {int(doc['name'][10:].split('_')[0]) + 2};\n}}\n```"
    ),
    "humaneval_js": lambda task, doc: f"  return x * {int(doc['name'][10:].split('_')[0]) + 2};\n}}",
    "abstention": lambda task, doc: f"First 3 of 4.\n\n**Answer:** {task.reference(doc)}",
    "bfcl": lambda task, doc: calls(doc),
    "bfcl_v1": lambda task, doc: calls(doc),
}
"""IFEval and IFBench publish no gold responses; MT-Bench and Arena-Hard are judged; perplexity has none."""
