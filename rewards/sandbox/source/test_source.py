"""What the source of tests is and needs, read off its syntax tree: which style it has, which names are the program's.

Only tests are parsed here, never a completion.
"""

import ast
import builtins
import importlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.rewards.sandbox.source.entry_point import bound_names, left_call

_UNSEEN_NAMES = frozenset("caplog recwarn catch_warnings assertLogs assertNoLogs assertWarns assertWarnsRegex".split())
_UNSEEN_IN = {
    "inspect": frozenset("signature getsource getfullargspec".split()),
    "pytest": frozenset(["warns"]),
    "warnings": frozenset(["catch_warnings"]),
}
_TARGET = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+")
_CARRIED = ("builtins.input", "builtins.print", "sys.stdin", "sys.stdout", "sys.stderr", "sys.argv", "os.environ")
_CARRIED_BELOW = ("sys.std", "os.environ", "__main__")
"""What tests set and the program gets."""
Kind = Literal["check", "asserts", "pytest", "nothing"]

_ALIASES = frozenset("np numpy pd pandas plt scipy sp sympy nx torch tf sns pytest".split())
_WELL_KNOWN = (
    "math cmath collections itertools functools heapq bisect copy re random string typing datetime "
    "decimal fractions statistics operator"
).split()
_COMPARING = re.compile(
    r"close|approx|almost|equal|same|match|compare|verify|assert|^check|^expect|within|similar|identical", re.I
)
_CHECKING = re.compile(r"assert|check|raises|verify|expect|fail|warns", re.I)


@dataclass(frozen=True, slots=True)
class Roles:
    """Who the names in tests belong to."""

    entry: str | None
    """The one name that the tests are about, where it can be told."""
    program: frozenset[str]
    """What only the program can define."""
    helpers: frozenset[str]
    """What the tests measure with: a program that defines it replaces nothing."""
    modules: frozenset[str]
    """Modules used without an import."""


def kind_of(source: str, function: str | None = None) -> tuple[Kind, str]:
    """The style of a source of tests, and the name of its check function. What is not Python is `asserts`: the judge
    says so. `nothing`: it would pass whatever the program does."""
    tree = _parsed(source)
    if tree is None:
        return "asserts", ""
    if any(map(_is_test, tree.body)) and not _runs_its_tests(tree):
        return ("pytest", "") if _checks(tree) else ("nothing", "")
    check = function or _check_function(tree)
    if check and not _calls_at_top(tree, check):
        return ("check", check) if _checks(tree) else ("nothing", "")
    return ("asserts", "") if _checks(tree) else ("nothing", "")


def split_asserts(source: str) -> list[str]:
    """A source of asserts as one test an assert, each with the statements before it."""
    tree = _parsed(source)
    if tree is None or not any(isinstance(node, ast.Assert) for node in tree.body):
        return [source]
    lines = source.splitlines(keepends=True)
    tests, start = [], 0
    for node in tree.body:
        if isinstance(node, ast.Assert) and node.end_lineno is not None:
            tests.append("".join(lines[start : node.end_lineno]))
            start = node.end_lineno
    rest = "".join(lines[start:])
    return [*tests[:-1], tests[-1] + rest] if rest.strip() else tests


def roles(sources: Sequence[str], setup: str, prompt: str, entry: str | None) -> Roles:
    """Who the free names of the tests belong to. With an entry point named, other names are the program's only where
    the prompt mentions them (or no prompt is known and they are not what the tests compare with)."""
    trees = [tree for tree in map(_parsed, [*sources, setup]) if tree is not None]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    free = _free(nodes)
    bases = {n.value.id for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name)}
    called = {n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    modules = (free & bases & set(sys.stdlib_module_names)) - called
    aliases = (free & bases & _ALIASES) - called
    head = (entry or "").partition(".")[0]
    rest = free - modules - aliases - {head}
    known = {name for name in rest if _is_well_known(name) and not _asks_for(prompt, name)}
    plain = rest - known
    helpers = aliases | {name for name in plain if _only_compares(name, trees, plain | {head})}
    if prompt and any(_mentions(prompt, name) for name in {*plain, head} - {""}):
        helpers = {name for name in helpers if name in aliases or not _mentions(prompt, name)}
    plain -= helpers
    if plain or head:
        helpers |= known
    found = entry or (next(iter(plain)) if len(plain) == 1 else None)
    if found is None and not plain:
        found = next(iter(known)) if len(known) == 1 else left_call(trees)
    wanted = plain if not head or not prompt else {name for name in plain if _mentions(prompt, name)}
    own = {*wanted, *(known if not (plain or head) else ()), *([head] if head else []), *([found] if found else [])}
    if head and not prompt:
        own -= plain
    return Roles(found, frozenset(own), frozenset(helpers), frozenset(modules))


def free_names(sources: Iterable[str]) -> frozenset[str]:
    """Names that the sources use and nobody in them defines: what `from solution import *` is there for."""
    nodes = [node for tree in map(_parsed, sources) if tree is not None for node in ast.walk(tree)]
    return frozenset(_free(nodes))


def compares_objects(sources: Iterable[str]) -> bool:
    """Does a test compare with an instance of a class that the program is to define (`f(1) == Point(1, 2)`)?"""
    for tree in map(_parsed, sources):
        nodes = list(ast.walk(tree)) if tree is not None else []
        for node in nodes:
            sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else _equal_arguments(node)
            if any(_makes_object(side) for side in sides):
                return True
    return False


def watches_the_process(sources: Iterable[str], module: str = "solution") -> str:
    """What in the tests can only be seen or changed in the program's own process, where they do not run: its logs and
    warnings, its functions' signatures, a patched module that is not the program's. Empty where there is nothing."""
    for tree in map(_parsed, sources):
        for node in ast.walk(tree) if tree is not None else ():
            target = _patched(node)
            carried = target.partition(".")[0] == module or target in _CARRIED or target.startswith(_CARRIED_BELOW)
            if found := _unseen(node) or ("" if carried else target):
                return found
    return ""


def _unseen(node: ast.AST) -> str:
    """A fixture, an assertion or a function that looks at the process it runs in."""
    if isinstance(node, ast.ImportFrom):
        names = _UNSEEN_IN.get(node.module or "", frozenset())
        return next((f"{node.module}.{one.name}" for one in node.names if one.name in names), "")
    if isinstance(node, ast.arg):
        return node.arg if node.arg in _UNSEEN_NAMES else ""
    name = _name_of(node) if isinstance(node, ast.Name | ast.Attribute) else ""
    base, _, last = name.rpartition(".")
    return name if last in _UNSEEN_NAMES or last in _UNSEEN_IN.get(base, ()) else ""


def _patched(node: ast.AST) -> str:
    """The target that a call names in a text: `patch("os.getpid")`, `monkeypatch.setattr("os.getpid", …)`."""
    if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
        return ""
    function = ast.unparse(node.func)
    patches = function.endswith(".setattr") or function.rpartition(".")[2] == "patch"
    target = node.args[0].value
    return target if patches and isinstance(target, str) and _TARGET.fullmatch(target) else ""


def without_main(source: str) -> str:
    """The source without calls at its outermost level that would run the tests and end the process."""
    tree = _parsed(source)
    lines = source.splitlines(keepends=True)
    for node in tree.body if tree is not None else ():
        if isinstance(node, ast.Expr) and _name_of(node.value) in ("unittest.main", "pytest.main"):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = "\n"
    return "".join(lines)


def imports_of(source: str) -> list[str]:
    """The statements of a setup that a program may have: its imports and its classes, never values or functions."""
    tree = _parsed(source)
    kinds = (ast.Import, ast.ImportFrom, ast.ClassDef)
    return [ast.unparse(node) for node in tree.body if isinstance(node, kinds)] if tree is not None else []


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _free(nodes: Iterable[ast.AST]) -> set[str]:
    nodes = list(nodes)
    used = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    special = {"__name__", "__file__", "__doc__"}
    return {name for name in used - bound_names(nodes) - special if not hasattr(builtins, name)}


def _is_well_known(name: str) -> bool:
    # `re` has letters for its flags, which nobody means by a bare A.
    return len(name) > 1 and any(hasattr(importlib.import_module(module), name) for module in _WELL_KNOWN)


def _mentions(prompt: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", prompt) is not None


def _asks_for(prompt: str, name: str) -> bool:
    return re.search(rf"`{re.escape(name)}`|\bdef {re.escape(name)}\b", prompt) is not None


def _only_compares(name: str, trees: Sequence[ast.Module], free: set[str]) -> bool:
    """Is the name, wherever it is called, a condition around a call of the program (`approx(f(1), 2)`)?"""
    if not _COMPARING.search(name):
        return False
    calls = [n for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Call) and _name_of(n) == name]
    return bool(calls) and all(_calls_inside(call, free - {name}) for call in calls)


def _calls_inside(call: ast.Call, free: set[str]) -> bool:
    inner = (node for argument in call.args for node in ast.walk(argument))
    return any(isinstance(node, ast.Call) and _name_of(node) in free for node in inner)


def _name_of(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return ""


def _is_test(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return node.name.startswith("test")
    if not isinstance(node, ast.ClassDef):
        return False
    bases = [ast.unparse(base).rpartition(".")[2] for base in node.bases]
    methods = [n.name for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(base.endswith("TestCase") for base in bases) or (
        node.name.startswith("Test") and any(name.startswith("test") for name in methods)
    )


def _top_calls(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not _is_guard(node):
            yield from (_name_of(call) for call in ast.walk(node) if isinstance(call, ast.Call))


def _is_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _runs_its_tests(tree: ast.Module) -> bool:
    """Are all test functions called at the outermost level, and no classes of tests there?"""
    called = set(_top_calls(tree))
    tests = [node for node in tree.body if _is_test(node)]
    return all(isinstance(node, ast.FunctionDef) and node.name in called for node in tests)


def _calls_at_top(tree: ast.Module, name: str) -> bool:
    """`check(add)` at the end of the source: it runs itself, as asserts do."""
    return name != "check" and name in set(_top_calls(tree))


def _check_function(tree: ast.Module) -> str:
    """A function that takes the candidate: `check`, else the only one of one argument that is named like one."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    names = [node.name for node in functions]
    if "check" in names:
        return "check"
    if any(isinstance(node, ast.Assert) for node in tree.body):
        return ""
    taking = [f.name for f in functions if len(f.args.args) == 1 and _takes_candidate(f)]
    return taking[0] if len(taking) == 1 else ""


def _takes_candidate(function: ast.FunctionDef) -> bool:
    return function.name.startswith("check") or function.args.args[0].arg in ("candidate", "solution", "func")


def _checks(tree: ast.Module) -> bool:
    """Can anything in it fail?"""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else _name_of(node)
            if _CHECKING.search(name):
                return True
    return False


def _equal_arguments(node: ast.AST) -> list[ast.expr]:
    return node.args[:2] if isinstance(node, ast.Call) and _name_of(node) == "self.assertEqual" else []


def _makes_object(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id[:1].isupper()


def with_head(source: str, lines: Sequence[str]) -> str:
    """The source with lines in front, behind its `from __future__` imports."""
    tree = _parsed(source)
    body = source.splitlines(keepends=True)
    future = [
        n.end_lineno or 0
        for n in (tree.body if tree else ())
        if isinstance(n, ast.ImportFrom) and n.module == "__future__"
    ]
    at = max(future, default=0)
    return "".join([*body[:at], *(f"{line}\n" for line in lines if line), *body[at:]])
