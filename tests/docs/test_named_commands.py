"""What documents send readers to is there: targets of make, and tests."""

import re

import pytest

from tests.docs.blocks import documents
from tests.support.paths import ROOT

TARGETS = set(
    re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
)
MAKE = re.compile(r"(?:`|^\$ |^)make ([a-z-]+)", re.MULTILINE)
TEST = re.compile(r"\b((?:tests/)?[a-z0-9_/]*test_[a-z0-9_]+\.py)\b")


def texts() -> dict[str, str]:
    return {str(path): (ROOT / path).read_text(encoding="utf-8") for path in documents()}


@pytest.mark.parametrize(("name", "text"), texts().items(), ids=texts())
def test_targets_of_make_and_tests_that_are_named_are_there(name: str, text: str) -> None:
    lacking = [f"make {target}" for target in MAKE.findall(text) if target not in TARGETS]
    for named in TEST.findall(text):
        base = ROOT if named.startswith("tests/") else ROOT / "tests"
        if not (base / named).is_file() and not list(base.rglob(named)):
            lacking.append(named)
    assert not lacking, f"{name} names what is not there: {lacking}"


@pytest.mark.slow
def test_the_pages_that_ask_for_trust_name_both() -> None:
    pages = texts()
    assert len(MAKE.findall(pages["docs/reliability.md"])) > 4
    assert len(set(TEST.findall(pages["docs/security.md"]))) > 10
