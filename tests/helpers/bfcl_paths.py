"""BFCL's reference paths as calls, read in the interpreter that has bfcl-eval."""

import ast
import json
import subprocess
from pathlib import Path
from typing import Any


def reference_calls(episode: Any, turn: list[str]) -> list[dict[str, Any]]:
    """A turn of a reference path as calls with named arguments."""
    made = []
    for text in turn:
        node: Any = ast.parse(text, mode="eval").body
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        names = list(episode._functions[name]["function"]["parameters"]["properties"])
        given = {names[i]: ast.literal_eval(value) for i, value in enumerate(node.args)}
        given |= {word.arg: ast.literal_eval(word.value) for word in node.keywords}
        made.append({"id": "1", "type": "function", "function": {"name": name, "arguments": json.dumps(given)}})
    return made


def reference_paths(category: str, python: str) -> dict[str, list[list[str]]]:
    code = "import bfcl_eval, pathlib; print(pathlib.Path(bfcl_eval.__file__).parent)"
    folder = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    path = Path(folder) / "data" / "possible_answer" / f"BFCL_v4_multi_turn_{category}.json"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {row["id"]: row["ground_truth"] for row in rows}
