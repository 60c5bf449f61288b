"""A tree in short plain text, for the reason of a score."""

from holdfast.rewards.math_answer.parse.tree import Node

_LONGEST = 160
_SIGNS = {"add": " + ", "mul": "*", "union": " ∪ ", "inter": " ∩ ", "diff": " ∖ ", "ratio": ":"}


def show(node: Node | None) -> str:
    """How an answer was read; cut at 160 characters."""
    if node is None:
        return "text"
    text = _show(node, 12)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _show(node: Node, depth: int) -> str:
    if depth == 0:
        return "…"
    kind = node.kind
    if kind == "num":
        value, decimals = node.value
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > 200:
            return "a long number"
        return str(value) if decimals is None else f"≈{float(value):.12g}"
    if kind in ("sym", "const", "field"):
        return str(node.value)
    parts = [_show(part, depth - 1) for part in node.args[:12]]
    if kind in _SIGNS:
        return "(" + _SIGNS[kind].join(parts) + ")"
    if kind == "pow":
        return f"{parts[0]}^({parts[1]})"
    if kind in ("tuple", "set"):
        left, right = ("{", "}") if kind == "set" else node.value
        return left + ", ".join(parts) + right
    if kind == "rel":
        return parts[0] + "".join(f" {sign} {part}" for sign, part in zip(node.value, parts[1:], strict=False))
    if kind == "unit":
        return f"{parts[0]} [{node.value or 'noun'}]"
    if kind in ("percent", "deg"):
        return parts[0] + ("%" if kind == "percent" else "°")
    name = node.value if kind in ("fn", "app", "index") else kind
    return f"{name}({', '.join(parts)})"
