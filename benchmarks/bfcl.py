"""BFCL, the Berkeley Function-Calling Leaderboard: single-turn calls in Python, Java and JavaScript, v4 and v1.

One row: {"id": "simple_python_0", "question": [[{"role": "user", "content": "Find the area of a triangle with a base of
10 units and height of 5 units."}]], "function": [{"name": "calculate_triangle_area", "parameters": {"type": "dict",
"properties": {"base": {"type": "integer", …}, …}, "required": ["base", "height"]}}]}
and in possible_answer/: {"id": "simple_python_0", "ground_truth": [{"calculate_triangle_area": {"base": [10],
"height": [5], "unit": ["units", ""]}}]}

Traps: types are Python's words ("dict", "float", "tuple"), not JSON schema's; "" among the accepted values marks an
optional parameter; parallel calls come in any order; irrelevance rows have no answer file and are right without a call;
v1 holds one tool as an object and one answer without a list; some live questions start with a system message. Grader:
ast_checker of ShishirPatil/gorilla at de8307b4. Licence Apache-2.0. Read from a local copy of the repository's data
(the hub's files are no data set that `datasets` loads). Primary metric: accuracy over all rows; categories are strata.
"""

import json
from typing import Any

from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task
from holdfast.sample import Message

V4 = (
    *("simple_python", "simple_java", "simple_javascript", "multiple", "parallel", "parallel_multiple", "irrelevance"),
    *("live_simple", "live_multiple", "live_parallel", "live_parallel_multiple", "live_relevance", "live_irrelevance"),
)
V1 = (
    *("simple", "java", "javascript", "multiple_function", "parallel_function", "parallel_multiple_function"),
    "relevance",
)
_ASK = (
    "You are given functions and a request. Answer with the function calls that fulfil it, and nothing else, in the "
    "form [first_name(argument=value, …), second_name(argument=value, …)], written in {language}. If no function "
    "fits, or an argument that is required is missing, say so without calling any.\n\nFunctions:\n{functions}"
)


def joined(rows: list[Doc]) -> list[Doc]:
    """Questions with their possible answers; the category is the file's name. v1 names its files by another prefix."""
    answers = {(_category(row), row["id"]): row["ground_truth"] for row in rows if "ground_truth" in row}
    return [
        {**row, "category": _category(row), "possible_answers": _listed(answers.get((_category(row), row["id"]), []))}
        for row in rows
        if "ground_truth" not in row
    ]


def _category(row: Doc) -> str:
    name = str(row["_file"]).removesuffix(".gz").removesuffix(".json")
    name = name.removeprefix("BFCL_v4_").removeprefix("gorilla_openfunctions_v1_test_")
    return "irrelevance" if name == "relevance" else name  # v1 calls its irrelevance category relevance


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def prompt(doc: Doc) -> list[Message]:
    """The functions in a system message (before the row's own), then the question's turns."""
    language = next((one for one in ("JavaScript", "Java") if one.lower() in doc["category"]), "Python")
    functions = json.dumps(_listed(doc["function"]), ensure_ascii=False)
    question = doc["question"]
    turns = [{"role": "user", "content": question}] if isinstance(question, str) else list(question[0])
    system = _ASK.format(language=language, functions=functions)
    own = [str(turn["content"]) for turn in turns if turn["role"] == "system"]
    rest = [turn for turn in turns if turn["role"] != "system"]
    return [{"role": "system", "content": "\n\n".join([system, *own])}, *rest]


def reference(doc: Doc) -> dict[str, Any]:
    """The reference in the form that the `tool_call` reward takes."""
    return {
        "possible_answers": doc["possible_answers"],
        "tools": _listed(doc["function"]),
        "category": doc["category"],
    }


def _files(folder: str, prefix: str, categories: tuple[str, ...]) -> tuple[str, ...]:
    """Questions, then the answers of those categories that have them."""
    questions = tuple(f"{folder}/{prefix}{name}.json*" for name in categories)
    with_answers = [name for name in categories if "relevance" not in name]
    return *questions, *(f"{folder}/possible_answer/{prefix}{name}.json" for name in with_answers)


V4_SOURCE = Source(
    split="v4",
    files=_files("bfcl/v4", "BFCL_v4_", V4),
    about=3_641,
    sha256="f41ccc086cac4b6bd5733eb5e1306807bda8a62be50135bae12359d56e73963e",
    assemble=joined,
    licence="Apache-2.0",
)
V1_SOURCE = Source(
    split="v1",
    files=_files("bfcl/v1_20240811", "gorilla_openfunctions_v1_test_", V1),
    sha256="2fd99cae6ea6f5c33e996bdb47c97ccf624b0990506fa8ef1c3914113c5a056e",
    assemble=joined,
    licence="Apache-2.0",
)

TASKS = tuple(
    Task(
        name=name,
        reward={"reward": "tool_call", "broken_calls": "none"},
        source=source,
        prompt=prompt,
        reference=reference,
        max_tokens=512,
        stop=("\n\n\n",),
        doc_id=lambda doc: f"{doc['category']}/{doc['id']}",
        category=lambda doc: str(doc["category"]),
        summary=f"single-turn function calls, {source.split}",
    )
    for name, source in (("bfcl", V4_SOURCE), ("bfcl_v1", V1_SOURCE))
)
