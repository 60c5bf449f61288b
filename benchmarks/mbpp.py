"""MBPP and MBPP+: short Python functions asked for in a sentence, with three asserts shown.

One row: {"task_id": 11, "text": "Write a python function to remove first and last occurrence of a given character
from the string.", "code": "def remove_Occ(s,ch): …", "test_list": ["assert remove_Occ(\\"hello\\",\\"l\\") == …", …],
"test_setup_code": "", "challenge_test_list": []}

Traps: without the asserts nobody can guess the function's name, so they are part of the prompt; reference code has
Windows line ends; a few rows need `test_setup_code`; about 46 rows' functions change their arguments; ids 11–510 are
the test split, 1–10 the few-shot examples. Graders: google-research/mbpp (asserts), evalplus. Licences CC-BY-4.0,
Apache-2.0. 500 items (MBPP+: 378 on the hub, 420 in the pre-release). Few-shot: 3 for base models. Metric: pass@1.
"""

import re
from typing import Any

from holdfast.benchmarks.shared.code_prompt import tests_by_reference
from holdfast.benchmarks.suites.source import Doc, Source
from holdfast.benchmarks.suites.task import Task

_HUB, _REVISION = "google-research-datasets/mbpp", "4bb6404fdc6cacfda99d4ac4205087b89d32030c"
_FILE, _SHA = ("mbpp/mbpp.jsonl",), "ccf64ceae9c5403bf50a044cb6d505bfd2a2963ee58338ba268fd65beab92a9f"


def _split(name: str, first: int, last: int) -> Source:
    return Source(
        hub=_HUB,
        config="full",
        split=name,
        revision=_REVISION,
        files=_FILE,
        sha256=_SHA,
        keep=lambda doc: first <= int(doc["task_id"]) <= last,
        licence="CC-BY-4.0",
        count=last - first + 1,
    )


def question(doc: Doc) -> str:
    """The sentence and the asserts that name the function."""
    return f"{doc['text']}\n\nYour code must pass these tests:\n\n" + "\n".join(doc["test_list"])


def prompt(doc: Doc) -> str:
    """For a chat model."""
    return f"{question(doc)}\n\nAnswer with the Python code in one ```python block."


def base_prompt(doc: Doc) -> str:
    """For a base model; it ends with [DONE], as in the paper."""
    return f"You are an expert Python programmer. {question(doc)}\n[BEGIN]\n"


def solution(doc: Doc) -> str:
    """The answer of a few-shot example."""
    return str(doc["code"]).replace("\r\n", "\n") + "\n[DONE]"


def reference(doc: Doc) -> dict[str, Any]:
    """The asserts, as the `code` reward takes them."""
    found = {"style": "asserts", "tests": list(doc["test_list"])}
    return {**found, "setup": doc["test_setup_code"]} if doc.get("test_setup_code") else found


def _plus_from_file(row: Doc) -> Doc:
    """The pre-release: inputs and a reference solution; the asserts that name the function are in the prompt."""
    inputs = [*row["base_input"], *row["plus_input"]]
    source = tests_by_reference(row["canonical_solution"], row["entry_point"], inputs, float(row.get("atol") or 0))
    shown = [f"# the function is called {row['entry_point']}"]
    return {**row, "text": row["prompt"].strip("\n'\" "), "test_list": shown, "test": source}


def _plus_from_hub(row: Doc) -> Doc:
    """The hub's rows: a program of asserts that calls the function by its name."""
    named = re.search(r"assertion\((\w+)\(\*inp", row["test"])
    body = "".join(f"    {line}\n" for line in str(row["test"]).splitlines())
    shaped = {"text": row["prompt"], "test": f"def check(candidate):\n{body}"}
    return {**row, **shaped, "entry_point": named[1] if named else ""}


def _plus_reference(doc: Doc) -> dict[str, Any]:
    return {"style": "check", "tests": doc["test"], "entry_point": doc["entry_point"]}


PLUS = Source(
    hub="evalplus/mbppplus",
    split="test",
    revision="b2d74c91837c3f2a20c1299ae98133cbe7cfa077",
    files=("mbpp/plus_prerelease/MbppPlus.jsonl.gz",),
    about=378,
    sha256="2ed0830b0280ac9ed0a9db1d1642978a4f5a23ea2fb73d767e9ae74ce2620a12",
    from_hub=_plus_from_hub,
    from_file=_plus_from_file,
    licence="Apache-2.0",
)

TASKS = (
    Task(
        name="mbpp",
        reward={"reward": "code", "timeout": 20.0},
        source=_split("test", 11, 510),
        prompt=prompt,
        base_prompt=base_prompt,
        judged_prompt=question,
        answer=solution,
        reference=reference,
        fewshot=3,
        fewshot_source=_split("prompt", 1, 10),
        max_tokens=512,
        stop=("[DONE]",),
        doc_id=lambda doc: doc["task_id"],
        chance=0.0,
        metric="pass@1",
        summary="short Python functions",
    ),
    Task(
        name="mbpp_plus",
        reward={"reward": "code", "timeout": 30.0},
        source=PLUS,
        prompt=prompt,
        base_prompt=base_prompt,
        judged_prompt=question,
        reference=_plus_reference,
        max_tokens=512,
        stop=("[DONE]",),
        doc_id=lambda doc: doc["task_id"],
        chance=0.0,
        metric="pass@1",
        summary="MBPP with many more inputs",
    ),
)
