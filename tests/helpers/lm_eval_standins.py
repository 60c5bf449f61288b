"""Rows for tasks of lm-eval whose data is not at hand: made from the columns that the task's templates and functions
name. Stand-ins, not data: they show that two programs ask the same question, not that the question is right."""

import ast
import inspect
import json
import random
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ROWS = 8
_TEMPLATES = ("doc_to_text", "doc_to_target", "doc_to_choice", "gen_prefix", "description")
_LISTS = re.compile(
    r"choices|options|answers|endings|sentences|candidates|targets|aliases|list|references|texts$",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"label|index|idx|gold|num|^id$|year|_id$|correct$|level", re.IGNORECASE)
_WORDS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath")
PRESETS = ("guessed", "mapped", "texts", "letters", "numbers", "lists", "nested", "written")
"""Ways to fill all columns, tried in turn; then `mixed 0`, `mixed 1`, …: each column in a way of its own."""
MIXED = 40
_KINDS = ("texts", "letters", "numbers", "digits", "lists", "nested", "json", "objects", "named")


def columns(config: Mapping[str, Any]) -> set[str]:
    """Names of columns that a task's templates and functions read."""
    found: set[str] = set()
    for value in _leaves(config):
        if isinstance(value, str) and "{" in value:
            found |= _in_template(value)
    found |= {key for tree in _trees(config) for node in ast.walk(tree) if (key := _key(node)) is not None}
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


def _trees(config: Mapping[str, Any]) -> Iterator[ast.AST]:
    """The modules of a task's functions: their helpers read columns, too."""
    seen = set()
    for value in _leaves(config):
        module = inspect.getmodule(inspect.unwrap(value)) if callable(value) else None
        if module is None or module in seen:
            continue
        seen.add(module)
        try:
            yield ast.parse(textwrap.dedent(inspect.getsource(module)))
        except (OSError, TypeError, SyntaxError):
            continue


def _key(node: Any) -> str | None:
    """The constant key of a subscript or of a `.get` call."""
    key: Any = None
    if isinstance(node, ast.Subscript):
        key = node.slice
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get" and node.args:
        key = node.args[0]
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) and len(key.value) < 40 else None


@dataclass
class Hints:
    """What a task's templates and functions show of its columns."""

    keys: dict[str, set[str]] = field(default_factory=dict)
    """Columns that are mappings, with the keys that are read."""
    lists: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    """Texts that are keys of a mapping or members of a list: labels that a column may hold."""


def hints(config: Mapping[str, Any]) -> Hints:
    """Read from templates and from the functions' modules."""
    found = Hints()
    for value in _leaves(config):
        if isinstance(value, str) and "{" in value:
            _template_hints(value, found)
    for tree in _trees(config):
        _function_hints(tree, found)
    return found


def _template_hints(text: str, found: Hints) -> None:
    import jinja2
    from jinja2 import nodes

    try:
        tree = jinja2.Environment().parse(text)
    except jinja2.TemplateError:
        return
    for node in tree.find_all((nodes.Getattr, nodes.Getitem, nodes.For)):
        if isinstance(node, nodes.For):
            if isinstance(node.iter, nodes.Name):
                found.lists.add(node.iter.name)
        elif isinstance(node.node, nodes.Name):
            arg = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
            if isinstance(arg, str) and not hasattr(str, arg) and not hasattr(dict, arg):
                found.keys.setdefault(node.node.name, set()).add(arg)
            elif isinstance(arg, int):
                found.lists.add(node.node.name)


def _function_hints(tree: ast.AST, found: Hints) -> None:
    for node in ast.walk(tree):
        inner, outer = _key(getattr(node, "value", None)), _key(node)
        if isinstance(node, ast.Subscript) and inner is not None:
            if outer is not None:
                found.keys.setdefault(inner, set()).add(outer)
            elif isinstance(node.slice, ast.Constant):
                found.lists.add(inner)
        members = node.keys if isinstance(node, ast.Dict) else node.elts if isinstance(node, ast.List) else ()
        found.words += [
            one.value for one in members if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value
        ]


def rows(names: set[str], preset: str, shown: Hints | None = None) -> list[dict[str, Any]]:
    """Stand-in rows with these columns."""
    shown = shown or Hints()
    kinds = {name: _kind(name, preset, shown) for name in sorted(names)}
    return [{name: _filled(name, kind, i, shown) for name, kind in kinds.items()} for i in range(ROWS)]


def _kind(name: str, preset: str, shown: Hints) -> str:
    """How a column is filled."""
    if preset.startswith("mixed"):
        if name in shown.keys:
            return f"keyed {preset}"
        draw = random.Random(f"{preset} {name}")
        guess = _kind(name, "guessed", shown)
        return draw.choice(("lists", "objects") if name in shown.lists else (guess, guess, guess, *_KINDS))
    if preset not in ("guessed", "mapped", "written"):
        return preset
    if name in shown.keys:
        return f"keyed {preset}"
    if name.lower() in ("answer", "answerkey", "answer_key", "target", "correct_answer"):
        return "letters"
    many = {"guessed": "lists", "mapped": "nested", "written": "json"}[preset]
    return many if _LISTS.search(name) or name in shown.lists else "numbers" if _NUMBERS.search(name) else "texts"


def _filled(name: str, kind: str, row: int, shown: Hints) -> Any:
    if kind.startswith("keyed"):
        keys = shown.keys[name]
        lettered = {"text": "lists", "label": "lists"} if {"text", "label"} <= keys else {}
        return {
            key: _value(key, lettered.get(key) or _kind(key, kind.removeprefix("keyed "), Hints()), row)
            for key in sorted(keys)
        }
    if kind == "named":
        return shown.words[row % len(shown.words)] if shown.words else "yes"
    return _value(name, kind, row)


def _value(name: str, kind: str, row: int) -> Any:
    word = f"{_WORDS[row % len(_WORDS)]} {name} {row}"
    texts = [f"{word} {place}" for place in range(4)]
    if kind == "letters":
        return "ABCD"[row % 4]
    if kind == "numbers":
        return row % 2
    if kind == "digits":
        return str(row % 2 + 1)
    if kind == "lists":
        return ["A", "B", "C", "D"] if name == "label" else texts
    if kind == "json":
        return json.dumps(texts)
    if kind == "objects":
        return [{"text": one, "label": "A", "content": one, "role": "user"} for one in texts]
    if kind == "nested":
        lettered = dict(zip("ABCDabcd", texts * 2, strict=True))
        return {**lettered, "text": texts, "label": ["A", "B", "C", "D"], "choices": texts, "spans": [word]}
    return f"{word}. It is {row + 3} km long, with a _ in it, and #### {row + 3}"
