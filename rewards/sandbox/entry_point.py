"""What tests call: the entry point of assert lines, read off their syntax tree (never a completion's)."""

import ast
import builtins
import sys


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
