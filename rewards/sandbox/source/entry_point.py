"""What tests call: the entry point of assert lines, read off their syntax tree (never a completion's)."""

import ast
from collections.abc import Sequence


def bound_names(nodes: list[ast.AST]) -> set[str]:
    """Names that something in the nodes defines."""
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    aliases = [a for n in nodes if isinstance(n, ast.Import | ast.ImportFrom) for a in n.names]
    return bound | {(a.asname or a.name).partition(".")[0] for a in aliases}


def left_call(trees: Sequence[ast.Module]) -> str | None:
    """What the first assert calls on its left."""
    for node in (statement for tree in trees for statement in tree.body):
        test = node.test if isinstance(node, ast.Assert) else None
        left = test.left if isinstance(test, ast.Compare) else test
        if isinstance(left, ast.Call) and isinstance(left.func, ast.Name):
            return left.func.id
    return None
