"""Tags.kt: whatever tags are called, the Kotlin is valid and says the same."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.bundling.kotlin import MOST_CHARACTERS, check_package, entry_names, literal
from edgetag.errors import InputError

NAME = re.compile(r"[A-Z][A-Z0-9_]*")


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (("original_art", "cat"), ("ORIGINAL_ART", "CAT")),
        (("3d", "class", "_"), ("TAG_3D", "CLASS", "TAG")),
        (("眼鏡", "é"), ("U773C_U93E1", "U00E9")),
        (("a-b", "a_b", "A b", "a_b_2"), ("A_B", "A_B_3", "A_B_4", "A_B_2")),
        (("!", "?"), ("TAG", "TAG_2")),
    ],
)
def test_names_can_be_written_without_quotes(tags: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert entry_names(tags) == names


@given(st.lists(st.text(min_size=1), max_size=30))
def test_any_tags_get_names_that_are_valid_and_different(tags: list[str]) -> None:
    names = entry_names(tags)
    assert len(set(names)) == len(tags)
    assert all(NAME.fullmatch(name) for name in names)
    assert all(len(name) <= MOST_CHARACTERS + 8 for name in names)


def unescaped(text: str) -> str:
    """Read a Kotlin string literal, by the language's grammar of escapes."""
    units = re.sub(
        r"\\(u([0-9A-F]{4})|.)",
        lambda m: chr(int(m[2], 16)) if m[2] else m[1],
        text[1:-1],
    )
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


@given(st.text())
def test_a_literal_reads_as_what_was_written(text: str) -> None:
    written = literal(text)
    assert unescaped(written) == text
    assert written.isprintable()
    assert not re.search(r'(?<!\\)(\\\\)*["$]', written[1:-1])


@pytest.mark.parametrize(
    "package", ["dev", "dev.class", "dev.1app", "dev..app", "dev.app;import java", "../dev.app", ""]
)
def test_what_is_no_package_is_refused(package: str) -> None:
    with pytest.raises(InputError, match="no package of Kotlin"):
        check_package(package)


@pytest.mark.parametrize("package", ["dev.app", "com.example.myApp", "Dev.app_2"])
def test_what_android_takes_as_a_package_is_taken(package: str) -> None:
    check_package(package)
