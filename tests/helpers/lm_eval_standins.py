"""Rows for tasks of lm-eval whose data is not at hand: made from the columns that the task's templates and functions
name. Stand-ins, not data: they show that two programs ask the same question, not that the question is right."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

ROWS = 8
_TEMPLATES = ("doc_to_text", "doc_to_target", "doc_to_choice", "gen_prefix", "description")
_LISTS = re.compile(
    r"choices|options|answers|endings|sentences|candidates|targets|aliases|list|references|texts$",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"label|index|idx|gold|num|^id$|year|_id$|correct$|level", re.IGNORECASE)
_WORDS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath")
PRESETS = ("guessed", "mapped", "texts", "letters", "numbers", "lists", "nested")
"""Ways to fill a column, tried one after the other."""


def columns(config: Mapping[str, Any]) -> set[str]:
    """Names of columns that a task's templates and functions read."""
    found: set[str] = set()
    for value in _leaves(config):
        if callable(value):
            found |= _read_by(value)
        elif isinstance(value, str) and "{" in value:
            found |= _in_template(value)
    for name in _TEMPLATES:
        value = config.get(name)
        if isinstance(value, str) and re.fullmatch(r"\w+", value):
            found.add(value)
    return found


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    else:
        yield value


def _in_template(text: str) -> set[str]:
    import jinja2
    from jinja2 import meta

    try:
        return set(meta.find_undeclared_variables(jinja2.Environment().parse(text)))
    except jinja2.TemplateError:
        return set()


def _read_by(function: Any) -> set[str]:
    """Constant keys of subscripts and `.get` calls in the function's module: its helpers read columns, too."""
    try:
        source = textwrap.dedent(inspect.getsource(inspect.getmodule(inspect.unwrap(function)) or function))
        tree = ast.parse(source)
    except (OSError, TypeError, SyntaxError):
        return set()
    found = set()
    for node in ast.walk(tree):
        key: Any = None
        if isinstance(node, ast.Subscript):
            key = node.slice
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get" and node.args:
            key = node.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and len(key.value) < 40:
            found.add(key.value)
    return found


def rows(names: set[str], preset: str) -> list[dict[str, Any]]:
    """Stand-in rows with these columns."""
    return [{name: _value(name, preset, i) for name in sorted(names)} for i in range(ROWS)]


def _value(name: str, preset: str, row: int) -> Any:
    word = f"{_WORDS[row % len(_WORDS)]} {name} {row}"
    if preset in ("guessed", "mapped"):
        many = "lists" if preset == "guessed" else "nested"
        preset = many if _LISTS.search(name) else "numbers" if _NUMBERS.search(name) else "texts"
        if name.lower() in ("answer", "answerkey", "answer_key", "target", "correct_answer"):
            preset = "letters"
    if preset == "letters":
        return "ABCD"[row % 4]
    if preset == "numbers":
        return row % 2
    if preset == "lists":
        return [f"{word} {place}" for place in range(4)]
    if preset == "nested":
        texts = [f"{word} {place}" for place in range(4)]
        lettered = dict(zip("ABCDabcd", texts * 2, strict=True))
        return {**lettered, "text": texts, "label": ["A", "B", "C", "D"], "choices": texts, "spans": [word]}
    return f"{word}. It is {row + 3} km long, and #### {row + 3}"
