"""What the names in test code mean: which are the candidate's, which are the judge's own.

With an entry point named, only it and what the tests need and nobody else can give is the candidate's: helpers that
the prompt defines, modules and their well-known names are the judge's, so that a program cannot replace the ruler it
is measured with (`poly` of HumanEval/32, `math.isclose`, `sorted`).
"""

import ast
import builtins
import importlib
import sys
from typing import Any

from .link import Link
from .remote import RemoteCallable

_TRUSTED_MODULES = (
    "math cmath collections itertools functools heapq bisect copy re random string typing datetime "
    "decimal fractions statistics operator"
).split()


class Names(dict[str, Any]):
    """The globals of test code. A name that is not there is looked up when it is first used."""

    def __init__(self, link: Link, program: dict[str, str], entry: str | None) -> None:
        super().__init__(__name__="tests", __builtins__=builtins)
        self._link, self._program, self._entry = link, program, entry

    def bind_entry(self) -> None:
        """Bind the entry point, even over a builtin (MBPP 126 is about `sum`)."""
        if self._entry and "." not in self._entry and self._entry in self._program:
            self[self._entry] = self._link.ask("name", self._entry)

    def __missing__(self, name: str) -> Any:
        value = self._find(name)
        self[name] = value
        return value

    def _find(self, name: str) -> Any:
        if hasattr(builtins, name):
            return getattr(builtins, name)
        own = name in self._program and self._program[name] != "module"
        if name in sys.stdlib_module_names and not (own and self._entry is None):
            return importlib.import_module(name)
        if not own or self._entry is not None:
            trusted = _well_known(name)
            if trusted is not None:
                return trusted
        if own:
            return self._link.ask("name", name)
        raise KeyError(name)


def entry_of(tests: list[str], setup: str) -> str | None:
    """The entry point of assert lines: the one free name that is no builtin and no module, or, where there is none,
    the builtin that the first assert calls on its left. None when several names are free."""
    try:
        trees = [ast.parse(text) for text in [*tests, setup]]
    except (SyntaxError, ValueError, RecursionError):
        return None
    nodes = [node for tree in trees for node in ast.walk(tree)]
    bound = _bound(nodes)
    used = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} - bound
    modules = {n.value.id for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}
    modules &= set(sys.stdlib_module_names)
    free = {name for name in used if not hasattr(builtins, name)} - modules
    if len(free) == 1:
        return free.pop()
    return None if free else _left_call(trees)


def _bound(nodes: list[ast.AST]) -> set[str]:
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    aliases = [a for n in nodes if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names]
    return bound | {(a.asname or a.name).partition(".")[0] for a in aliases}


def _left_call(trees: list[ast.Module]) -> str | None:
    for node in (statement for tree in trees for statement in tree.body):
        test = node.test if isinstance(node, ast.Assert) else None
        left = test.left if isinstance(test, ast.Compare) else test
        if isinstance(left, ast.Call) and isinstance(left.func, ast.Name):
            return left.func.id
    return None


def prompt_helpers(prompt: str, entry: str | None, names: Names) -> None:
    """Run on the judge's side what the prompt gives besides the entry point: imports, constants, whole functions."""
    if not prompt:
        return
    for source in (prompt, prompt + "\n    pass\n"):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in tree.body:
            if _is_helper(node, entry):
                _run_helper(node, names)
        return


def _is_helper(node: ast.stmt, entry: str | None) -> bool:
    if isinstance(node, ast.FunctionDef):
        stub = all(
            isinstance(s, ast.Pass) or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
            for s in node.body
        )
        return node.name != entry and not stub
    return isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign)


def _run_helper(node: ast.stmt, names: Names) -> None:
    try:
        exec(compile(ast.Module([node], []), "prompt.py", "exec"), names)
    except (ImportError, NameError, TypeError, AttributeError):
        return  # what the prompt uses and the judge lacks: a test that needs it will say so


def resolve_entry(names: Names, link: Link, entry: str) -> Any:
    """The candidate's function of a name, `Class.method` meaning a method of a new instance. Raises NameError."""
    head, _, method = entry.partition(".")
    try:
        found = link.ask("name", head)
    except KeyError:
        raise NameError(f"the program does not define {head!r}") from None
    if not method:
        return found
    if not isinstance(found, RemoteCallable):
        raise NameError(f"the program does not define {entry!r}")
    return getattr(found(), method)


def _well_known(name: str) -> Any:
    if name in ("Any", "Dict", "List", "Optional", "Set", "Tuple", "Union"):
        return getattr(importlib.import_module("typing"), name)
    for module in _TRUSTED_MODULES:
        found = getattr(importlib.import_module(module), name, None)
        if found is not None and not name.startswith("_"):
            return found
    return None
