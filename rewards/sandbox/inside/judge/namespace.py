"""What the names in test code mean: which are the candidate's, which are the judge's own.

With an entry point named, only it and what the tests need and nobody else can give is the candidate's: helpers that
the prompt defines, modules and their well-known names are the judge's, so that a program cannot replace the ruler it
is measured with (`poly` of HumanEval/32, `math.isclose`, `sorted`).
"""

import ast
import builtins
import contextlib
import importlib
import sys
from typing import Any

from .candidate_client import CandidateClient, MissingNameError
from .proxies import CallableProxy

_TRUSTED_MODULES = (
    "math cmath collections itertools functools heapq bisect copy re random string typing datetime "
    "decimal fractions statistics operator"
).split()


ALIASES = {
    "np": "numpy", "numpy": "numpy", "pd": "pandas", "pandas": "pandas", "plt": "matplotlib.pyplot", "scipy": "scipy",
    "sp": "sympy", "sympy": "sympy", "nx": "networkx", "torch": "torch", "tf": "tensorflow", "sns": "seaborn",
    "pytest": "pytest",
}  # fmt: skip
"""Names that mean a module wherever they are used as one."""


class ReplacedError(Exception):
    """The program defines a name that the tests measure with."""


class Namespace(dict[str, Any]):
    """The globals of test code. A name that is not there is looked up when it is first used."""

    def __init__(self, client: CandidateClient, program: dict[str, str], job: dict[str, Any]) -> None:
        super().__init__(__name__="tests", __builtins__=builtins)
        self._client, self._program = client, program
        self._entry: str | None = job.get("entry_point")
        self._helpers = frozenset(job.get("helpers") or ())
        self._required = frozenset(job.get("required") or ())

    def bind_entry(self) -> None:
        """Bind the entry point, even over a builtin (MBPP 126 is about `sum`)."""
        if self._entry and "." not in self._entry and self._entry in self._program:
            self[self._entry] = self._client.ask("name", self._entry)

    def __missing__(self, name: str) -> Any:
        value = self._find(name)
        self[name] = value
        return value

    def _find(self, name: str) -> Any:
        if hasattr(builtins, name):
            return getattr(builtins, name)
        own = name in self._program and self._program[name] != "module"
        if name in self._helpers:
            return self._helper(name, own)
        if name in sys.stdlib_module_names and not (own and self._entry is None):
            return importlib.import_module(name)
        if not own or self._entry is not None:
            trusted = _well_known(name)
            if trusted is not None:
                return trusted
        if own:
            return self._client.ask("name", name)
        raise KeyError(name)

    def _helper(self, name: str, own: bool) -> Any:
        """A name that the tests measure with. A program that defines it does not replace it."""
        trusted = _well_known(name)
        if trusted is None and name in ALIASES:
            with contextlib.suppress(ImportError):
                return importlib.import_module(ALIASES[name])
        if trusted is None and own:
            raise ReplacedError(f"the program may not define {name!r}, which the tests measure with")
        if trusted is None:
            raise KeyError(name)
        return trusted

    def blames(self, error: NameError) -> bool:
        """Is the missing name one that the program was to define?"""
        name = getattr(error, "name", None)
        return not name or name in self._required


def prompt_helpers(prompt: str, entry: str | None, names: Namespace) -> None:
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


def _run_helper(node: ast.stmt, names: Namespace) -> None:
    try:
        exec(compile(ast.Module([node], []), "prompt.py", "exec"), names)
    except (ImportError, NameError, TypeError, AttributeError):
        return  # what the prompt uses and the judge lacks: a test that needs it will say so


def resolve_entry(client: CandidateClient, entry: str, any_class: bool = False) -> Any:
    """The candidate's function of a name, `Class.method` meaning a method of a new instance. Raises NameError."""
    head, _, method = entry.partition(".")
    try:
        found = client.ask("name", head)
    except KeyError:
        if any_class and not method:
            return resolve_entry(client, f"Solution.{head}")
        raise MissingNameError(f"the program does not define {head!r}") from None
    if not method:
        return found
    if not isinstance(found, CallableProxy):
        raise MissingNameError(f"the program does not define {entry!r}")
    return getattr(found(), method)


def _well_known(name: str) -> Any:
    if name in ("Any", "Dict", "List", "Optional", "Set", "Tuple", "Union"):
        return getattr(importlib.import_module("typing"), name)
    for module in _TRUSTED_MODULES:
        found = getattr(importlib.import_module(module), name, None)
        if found is not None and not name.startswith("_"):
            return found
    return None
