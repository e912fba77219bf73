"""For which pictures a rule is true by their labels: what a rule is right or wrong about.

`cat` and `cat > 0.7` both say that a picture has the tag, `cat < 0.3` that it has not. Labels may
be unknown, and so may be whether a rule is true: Kleene's logic of three values.
"""

import ast
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from edgetag.labels import UNKNOWN
from edgetag.screening.rules import Rule, limit_of, tag_of

Truth = npt.NDArray[np.int8]
"""`[pictures]`: 1 true, 0 false, -1 unknown."""

HALF = 0.5
"""Stands for unknown between false, 0, and true, 1."""


class UnscoredError(Exception):
    """Nothing can be said of a rule's errors; the text says why."""


def truth_of(rule: Rule, labels: Mapping[str, Truth]) -> Truth:
    """Return for which pictures a rule is true.

    Args:
        rule: The rule.
        labels: Tag → `[pictures]`: 1, 0, or -1 for unknown.

    Raises:
        UnscoredError: The rule says nothing that labels tell, such as `cat > dog`.
    """
    values = {
        tag: np.where(column == UNKNOWN, HALF, column.astype(np.float64))
        for tag, column in labels.items()
    }
    value = _value(rule.tree, values)
    return np.where(value == HALF, UNKNOWN, value).astype(np.int8)


def _value(
    node: ast.expr, values: Mapping[str, npt.NDArray[np.float64]]
) -> npt.NDArray[np.float64]:
    match node:
        case ast.BoolOp(op=operator, values=parts):
            join = np.minimum if isinstance(operator, ast.And) else np.maximum
            return np.asarray(join.reduce([_value(part, values) for part in parts]))
        case ast.UnaryOp(operand=operand):
            return 1 - _value(operand, values)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _claimed(left, operator, right, values)
        case ast.Compare():
            raise UnscoredError("no label says whether a score should lie between two limits")
        case _:
            return values[tag_of(node) or ""]


def _claimed(
    left: ast.expr,
    operator: ast.cmpop,
    right: ast.expr,
    values: Mapping[str, npt.NDArray[np.float64]],
) -> npt.NDArray[np.float64]:
    above = isinstance(operator, ast.Gt | ast.GtE)
    if limit_of(left) is not None:
        left, right, above = right, left, not above
    if limit_of(right) is None:
        raise UnscoredError("no label says which of two tags should have the higher score")
    has = values[tag_of(left) or ""]
    return has if above else 1 - has
