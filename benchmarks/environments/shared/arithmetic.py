"""Arithmetic on plain numbers, read from the syntax tree: nothing is evaluated, and powers are bounded."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

_LONGEST = 1_000
_DEEPEST = 100
_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}


def calculate(expression: str) -> float:
    """The value of an expression of numbers, + - * / ** and brackets. Raises ValueError, ZeroDivisionError."""
    if not all(character in "0123456789+-*/(). " for character in expression):
        raise ValueError("invalid characters in expression")
    if len(expression) > _LONGEST:
        raise ValueError("the expression is too long")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError("invalid syntax") from error
    return float(_value(tree, 0))


def _value(node: ast.expr, depth: int) -> float:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _value(node.operand, depth + 1)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, depth + 1), _value(node.right, depth + 1)
        if type(node.op) in _OPERATORS:
            result: float = _OPERATORS[type(node.op)](left, right)
            return _bounded(result)
        if isinstance(node.op, ast.Pow) and abs(right) <= 64 and abs(left) <= 1e6:
            return _bounded(float(left) ** float(right))
    raise ValueError("only numbers, + - * / ** and brackets can be calculated")


def _bounded(value: float) -> float:
    if isinstance(value, complex) or abs(value) > 1e300:
        raise ValueError("the value is too large")
    return value
