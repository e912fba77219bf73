"""Rules over tags and scores: `nsfw > 0.65 and not photo`.

A rule is an expression of Python's grammar, of which a few kinds of nodes are allowed; it is read
as a tree and never run as code.

- `cat`: the tag is set, by the thresholds of the model;
- `cat > 0.7`, `0.2 <= cat < 0.8`: its score; `>`, `>=`, `<`, `<=`;
- `and`, `or`, `not`, parentheses;
- `'school uniform' > 0.5`: a tag in quotes, whatever its name.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgetag.errors import InputError

MOST_CHARACTERS = 10_000
Truths = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float32]

COMPARISONS: Mapping[type[ast.cmpop], Callable[[Values, Values], Truths]] = {
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
}


@dataclass(frozen=True)
class Rule:
    """A rule that was read.

    Attributes:
        text: As it was given.
        tree: Its expression, of allowed nodes alone.
        tags: The tags it names, in their order there.
    """

    text: str
    tree: ast.expr
    tags: tuple[str, ...]

    def holds(self, scores: Mapping[str, Values], is_set: Mapping[str, Truths]) -> Truths:
        """Return `[pictures]`: whether it holds for each.

        Args:
            scores: Tag → `[pictures]` float32.
            is_set: Tag → `[pictures]` bool, by the model's thresholds.
        """
        return _Evaluation(scores, is_set).truth(self.tree)

    def distance(self, scores: Mapping[str, Values], is_set: Mapping[str, Truths]) -> Values:
        """Return `[pictures]`: the score that is nearest to a limit of the rule, by how much.

        It says which pictures a person should look at; a tag without a limit has no distance.
        """
        evaluation = _Evaluation(scores, is_set)
        nearest = np.full(evaluation.pictures, np.inf, dtype=np.float32)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Compare):
                for left, _, right in _pairs(node):
                    apart = np.abs(evaluation.value(left) - evaluation.value(right))
                    nearest = np.minimum(nearest, apart)
        return nearest


def parse_rule(text: str, tags: tuple[str, ...]) -> Rule:
    """Read a rule.

    Args:
        text: See the module.
        tags: Those that there are.

    Raises:
        InputError: It is no rule, or names a tag that is not there; the text shows where.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"a rule of {len(text)} characters; at most {MOST_CHARACTERS} are read")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        place = getattr(error, "offset", None)
        reason = getattr(error, "msg", None) or str(error) or type(error).__name__
        reason += "; a rule has tags, scores from 0 to 1, <, <=, >, >=, and, or, not, ( and )"
        raise _wrong(text, reason, (place - 1) if place else None) from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):  # Python writes Ｒ１８ as R18 (NFKC), a tag is what it is
            node.id = ast.get_source_segment(text.strip(), node) or node.id
    try:
        named = tuple(dict.fromkeys(_names(tree, text, frozenset(tags))))
    except RecursionError:
        raise _wrong(text, "it is nested too deeply", None) from None
    return Rule(text, tree, named)


def _names(node: ast.expr, text: str, tags: frozenset[str]) -> Iterator[str]:
    """Yield the tags that a truth names, and refuse all that is none."""
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _names(value, text, tags)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _names(operand, text, tags)
        case ast.Compare(left=left, comparators=others, ops=operators):
            if wrong := [op for op in operators if type(op) not in COMPARISONS]:
                name = type(wrong[0]).__name__
                raise _wrong(text, f"scores are compared by >, >=, < or <=, not by {name}", node)
            compared = [name for part in (left, *others) for name in _score(part, text, tags)]
            if not compared:
                raise _wrong(text, "two numbers are compared, and no tag", node)
            yield from compared
        case _:
            yield _tag(node, text, tags)


def _score(node: ast.expr, text: str, tags: frozenset[str]) -> Iterator[str]:
    """Yield the tag that a side of a comparison names; none where it is a number."""
    number = limit_of(node)
    if number is None:
        yield _tag(node, text, tags)
    elif not 0 <= number <= 1:
        raise _wrong(text, f"scores lie within 0..1, {number} does not", node)


def limit_of(node: ast.expr) -> float | None:
    """Return a number that is written out; a truth is none."""
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) and negative else node
    if not isinstance(inner, ast.Constant) or isinstance(inner.value, bool):
        return None
    if not isinstance(inner.value, int | float):
        return None
    return -inner.value if negative else inner.value


def _tag(node: ast.expr, text: str, tags: frozenset[str]) -> str:
    name = tag_of(node)
    if name is None:
        raise _wrong(text, "here a rule has a tag, such as cat or cat > 0.7", node)
    if name not in tags:
        listed = ", ".join(sorted(tags)[:20])
        raise _wrong(text, f"there is no tag {name!r}; there are: {listed}", node)
    return name


def tag_of(node: ast.expr) -> str | None:
    """Return the tag that a node names; None where it is none."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _wrong(text: str, reason: str, place: ast.expr | int | None) -> InputError:
    at = place.col_offset if isinstance(place, ast.expr) else place
    pointer = "" if at is None else f"\n  {' ' * at}^"
    return InputError(f"not a rule: {reason}\n  {text.strip()}{pointer}")


def _pairs(node: ast.Compare) -> Iterator[tuple[ast.expr, ast.cmpop, ast.expr]]:
    sides = (node.left, *node.comparators)
    return zip(sides[:-1], node.ops, sides[1:], strict=True)


class _Evaluation:
    """A rule's tree over the scores of many pictures."""

    def __init__(self, scores: Mapping[str, Values], is_set: Mapping[str, Truths]) -> None:
        self._scores = scores
        self._is_set = is_set
        self.pictures = len(next(iter(scores.values())))

    def truth(self, node: ast.expr) -> Truths:
        match node:
            case ast.BoolOp(op=operator, values=values):
                truths = [self.truth(value) for value in values]
                join = np.logical_and if isinstance(operator, ast.And) else np.logical_or
                return np.asarray(join.reduce(truths))
            case ast.UnaryOp(operand=operand):
                return ~self.truth(operand)
            case ast.Compare():
                held = [
                    COMPARISONS[type(operator)](self.value(left), self.value(right))
                    for left, operator, right in _pairs(node)
                ]
                return np.asarray(np.logical_and.reduce(held))
            case _:
                return self._is_set[tag_of(node) or ""]

    def value(self, node: ast.expr) -> Values:
        number = limit_of(node)
        if number is not None:
            return np.full(self.pictures, number, dtype=np.float32)
        return self._scores[tag_of(node) or ""]
