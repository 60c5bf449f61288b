"""NexusBench's tools from a checkout of the user's own, in a process of their own: the files alone, which need nothing.

A name is looked up and arguments are data; a reference's call is read from its syntax tree (the checkout evaluates
both).
"""

import ast
import functools
import hashlib
import importlib.util
import inspect
from pathlib import Path

from loop import serve

STATE = {}


def start(paths=(), **_):
    """Find the checkout."""
    STATE["root"] = Path(paths[0]) / "nexusbench" / "tools"
    if not STATE["root"].is_dir():
        raise FileNotFoundError(f"{paths[0]} is no checkout of NexusBench: it has no nexusbench/tools")
    return {"package": "nexusbench"}


def pinned():
    """Which checkout this is: a hash of its tools."""
    found = hashlib.sha256()
    for path in sorted(STATE["root"].glob("*.py")):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return {"package": "nexusbench", "sha256": found.hexdigest()}


@functools.lru_cache(maxsize=16)
def _module(name):
    spec = importlib.util.spec_from_file_location(f"nexus_{name}", STATE["root"] / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _schemas(module):
    """Every function's JSON schema by name, as the file holds it."""
    held = {}
    for name, value in vars(_module(module)).items():
        if isinstance(value, dict) and isinstance(value.get("name"), str) and name.endswith(("_json", "_fc")):
            held[value["name"]] = {key: value.get(key) for key in ("name", "description", "parameters")}
    return held


def tools(module):
    """The functions of a task."""
    return [{"type": "function", "function": function} for function in _schemas(module).values()]


def call(module, name, arguments):
    """What a tool answers: its value and its text."""
    value = _function(module, name)(**arguments)
    return {"value": value, "text": repr(value)}


def _function(module, name):
    if name not in _schemas(module):
        raise NameError(f"name {name!r} is not defined")
    return getattr(_module(module), name)


def _bound(module, name, positional, named):
    """Name and arguments as repr, by parameter, defaults included."""
    given = inspect.signature(_function(module, name)).bind(*positional, **named)
    given.apply_defaults()
    return name, {key: repr(value) for key, value in given.arguments.items()}


def same(module, reference, name, arguments):
    """Whether a call is the reference's: the same function, and arguments of the same types and texts. Raises where the
    reference is no call of a tool there is."""
    node = ast.parse(reference.strip().removeprefix("r = nvdlib."), mode="eval").body
    named = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
    expected = _bound(module, node.func.id, [ast.literal_eval(one) for one in node.args], named)
    try:
        return _bound(module, name, (), arguments) == expected
    except (TypeError, NameError):
        return False


if __name__ == "__main__":
    serve({"start": start, "pinned": pinned, "tools": tools, "call": call, "same": same})
