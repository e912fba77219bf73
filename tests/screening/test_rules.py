"""A rule means what Python's own expression means, and nothing else is a rule."""

from typing import Any
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.errors import InputError
from edgetag.screening.rules import parse_rule

TAGS = ("cat", "dog", "school uniform", "犬", "and_so")
SCORES = {
    tag: np.random.default_rng(place).random(50, dtype=np.float32) for place, tag in enumerate(TAGS)
}
IS_SET = {tag: scores > 0.4 for tag, scores in SCORES.items()}


def holds(text: str) -> list[bool]:
    return parse_rule(text, TAGS).holds(SCORES, IS_SET).tolist()


numbers = st.floats(0, 1, width=32).map(repr)
names = st.sampled_from(["cat", "dog", "犬", "and_so"])
comparisons = st.one_of(
    st.tuples(names, st.sampled_from([">", ">=", "<", "<="]), numbers).map(" ".join),
    st.tuples(numbers, st.just("<"), names, st.just("<="), numbers).map(" ".join),
    st.tuples(names, st.just(">"), names).map(" ".join),
)
rules = st.recursive(
    comparisons | names,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda part: f"({' '.join(part)})"
        ),
        inner.map(lambda part: f"(not {part})"),
    ),
    max_leaves=8,
)


class Tag:
    """A tag of one picture, as an object that Python itself compares."""

    def __init__(self, score: np.float32, is_set: bool) -> None:
        self.score, self.is_set = score, is_set

    def __bool__(self) -> bool:
        return self.is_set

    def __gt__(self, other: Any) -> bool:
        return bool(self.score > np.float32(getattr(other, "score", other)))

    def __ge__(self, other: Any) -> bool:
        return bool(self.score >= np.float32(getattr(other, "score", other)))

    def __lt__(self, other: Any) -> bool:
        return bool(self.score < np.float32(getattr(other, "score", other)))

    def __le__(self, other: Any) -> bool:
        return bool(self.score <= np.float32(getattr(other, "score", other)))


@pytest.mark.slow
@given(rules)
def test_a_rule_means_what_python_means_by_it(text: str) -> None:
    def by_python(picture: int) -> bool:
        values = {tag: Tag(SCORES[tag][picture], bool(IS_SET[tag][picture])) for tag in TAGS}
        return bool(eval(text, {"__builtins__": {}}, values))  # noqa: S307 - made by the strategy

    assert holds(text) == [by_python(picture) for picture in range(50)]


@given(st.text(max_size=60))
def test_any_text_is_a_rule_or_an_input_error(text: str) -> None:
    try:
        rule = parse_rule(text, TAGS)
    except InputError:
        return
    assert set(rule.tags) <= set(TAGS)


def test_a_tag_of_any_name_can_be_quoted() -> None:
    assert holds("'school uniform' > 0.5") == (SCORES["school uniform"] > 0.5).tolist()
    assert parse_rule("'school uniform' and 犬", TAGS).tags == ("school uniform", "犬")


@pytest.mark.parametrize("tag", ["Ｒ１８", "ﾈｺ", "cafe\u0301"])
def test_a_tag_is_named_by_its_own_characters(tag: str) -> None:
    assert parse_rule(f"(犬 > 0.5 and\n{tag} > 0.5)", (*TAGS, tag)).tags == ("犬", tag)
    with pytest.raises(InputError, match="there is no tag"):
        parse_rule(tag, (*TAGS, normalize("NFKC", tag)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "invalid syntax"),
        ("cat >", "invalid syntax"),
        ("cat > 1.5", "scores lie within 0..1, 1.5 does not"),
        ("cat > -0.1", "scores lie within 0..1"),
        ("bird > 0.5", "there is no tag 'bird'"),
        ("cat == 0.5", "compared by >, >=, < or <=, not by Eq"),
        ("cat in dog", "not by In"),
        ("0.4 < 0.5", "two numbers are compared, and no tag"),
        ("cat + dog > 0.5", "here a rule has a tag"),
        ("cat > True", "here a rule has a tag"),
        ("-cat > 0.1", "here a rule has a tag"),
        ("True", "here a rule has a tag"),
        ("0.7", "here a rule has a tag"),
        ("__import__('os').system('touch /tmp/x')", "here a rule has a tag"),
        ("[cat for cat in dog]", "here a rule has a tag"),
        ("(lambda: cat)()", "here a rule has a tag"),
        ("cat; dog", "invalid syntax"),
        ("cat := 1", "invalid syntax"),
        ("f'{cat}'", "here a rule has a tag"),
        ("cat\0", "null bytes"),
        ("(" * 300 + "cat" + ")" * 300, "too many nested parentheses"),
        ("not " * 2000 + "cat", ""),
        ("cat or " * 2000 + "cat", "at most 10000"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_rule(text, TAGS)
    assert reason in str(refused.value)


def test_an_error_points_at_its_place() -> None:
    with pytest.raises(InputError) as refused:
        parse_rule("cat > 0.5 and bird", TAGS)
    lines = str(refused.value).splitlines()
    assert lines[-2].strip() == "cat > 0.5 and bird"
    assert lines[-1].index("^") == lines[-2].index("bird")


def test_the_distance_is_that_of_the_nearest_limit() -> None:
    rule = parse_rule("cat > 0.5 or 0.2 < dog", TAGS)
    expected = np.minimum(np.abs(SCORES["cat"] - 0.5), np.abs(SCORES["dog"] - 0.2))
    np.testing.assert_allclose(rule.distance(SCORES, IS_SET), expected, atol=1e-6)
