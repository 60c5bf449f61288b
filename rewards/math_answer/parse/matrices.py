"""Matrices: reading an environment, sums, products, powers."""

from fractions import Fraction

from holdfast.rewards.math_answer.parse.cursor import Cursor
from holdfast.rewards.math_answer.parse.tree import (
    MAX_CELLS,
    MINUS_ONE,
    Node,
    UnreadableError,
    add,
    fn,
    mul,
    num,
    power,
)

_MATRICES = frozenset(
    ("matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array psmallmatrix bsmallmatrix").split()
)


def environment(parser: Cursor, text: str) -> Node:
    """`\\begin{pmatrix} … \\end{pmatrix}`; cases, aligned and gathered lines become a list."""
    opening, _, name = text.partition(" ")
    if opening != "begin":
        raise UnreadableError("an environment that was not begun")
    rows: list[list[Node]] = [[]]
    while not parser.take("env", f"end {name}"):
        if parser.take("sep", "row"):
            rows.append([])
        elif not parser.take("op", "&") and not parser.take("op", ",") and not parser.take("sep"):
            rows[-1].append(parser.relation())
        if sum(map(len, rows)) > MAX_CELLS:
            raise UnreadableError(f"a matrix of more than {MAX_CELLS} cells")
        if parser.peek().kind == "end":
            raise UnreadableError(f"{name!r} is not ended")
    rows = [row for row in rows if row]
    if not rows:
        raise UnreadableError("an empty environment")
    if name not in _MATRICES:
        items = tuple(cell for row in rows for cell in row)
        return items[0] if len(items) == 1 else Node("list", items, "and")
    if len({len(row) for row in rows}) != 1:
        raise UnreadableError("matrix rows of different lengths")
    matrix = Node("matrix", tuple(Node("row", tuple(row)) for row in rows))
    return fn("det", matrix) if name in ("vmatrix", "Vmatrix") else matrix


def matrix_sum(left: Node, right: Node) -> Node:
    """The sum, cell by cell. Raises Unreadable when the shapes differ."""
    if left.kind != right.kind or shape(left) != shape(right):
        raise UnreadableError("a sum of matrices of different shapes")
    rows = zip(left.args, right.args, strict=False)
    return Node("matrix", tuple(Node("row", tuple(map(add, a.args, b.args))) for a, b in rows))


def matrix_product(left: Node, right: Node) -> Node:
    """The product of two matrices, or of a matrix and a scalar."""
    if left.kind != "matrix":
        return _scaled(right, left)
    if right.kind != "matrix":
        return _scaled(left, right)
    if shape(left)[1] != shape(right)[0] or shape(left)[0] * shape(right)[1] * shape(left)[1] > 8 * MAX_CELLS:
        raise UnreadableError("a product of matrices whose shapes do not fit")
    columns = list(zip(*(row.args for row in right.args), strict=False))
    return Node(
        "matrix",
        tuple(Node("row", tuple(add(*map(mul, row.args, column)) for column in columns)) for row in left.args),
    )


def matrix_power(matrix: Node, exponent: Node) -> Node:
    """A small positive power is multiplied out; the transpose is taken; anything else stays as written."""
    if exponent in (Node("sym", (), "T"), Node("sym", (), "top")):
        return Node(
            "matrix", tuple(Node("row", column) for column in zip(*(row.args for row in matrix.args), strict=False))
        )
    if exponent == MINUS_ONE and (inverse := _inverse(matrix)) is not None:
        return inverse
    value = exponent.value[0] if exponent.kind == "num" else 0
    if value.denominator == 1 and 1 <= value <= 8 and shape(matrix)[0] == shape(matrix)[1] <= 4:
        result = matrix
        for _ in range(int(value) - 1):
            result = matrix_product(result, matrix)
        return result
    return power(matrix, exponent)


def shape(matrix: Node) -> tuple[int, int]:
    """How many rows and columns the matrix has."""
    return len(matrix.args), len(matrix.args[0].args) if matrix.args else 0


def _scaled(matrix: Node, scalar: Node) -> Node:
    return Node("matrix", tuple(Node("row", tuple(mul(scalar, cell) for cell in row.args)) for row in matrix.args))


def _inverse(matrix: Node) -> Node | None:
    """The inverse of a small matrix of exact numbers (Gauss-Jordan); None for any other, or a singular one."""
    size, width = shape(matrix)
    if size != width or size > 5 or any(cell.kind != "num" for row in matrix.args for cell in row.args):
        return None
    rows = [
        [Fraction(cell.value[0]) for cell in row.args] + [Fraction(col == at) for col in range(size)]
        for at, row in enumerate(matrix.args)
    ]
    for column in range(size):
        pivot = next((at for at in range(column, size) if rows[at][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for at in range(size):
            if at != column:
                rows[at] = [a - rows[at][column] * b for a, b in zip(rows[at], rows[column], strict=False)]
    return Node("matrix", tuple(Node("row", tuple(num(value) for value in row[size:])) for row in rows))
