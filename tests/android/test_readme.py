"""The Kotlin in the README is what tests compile and run, line by line."""

import pytest

from tests.docs.blocks import Block, blocks_of
from tests.support.paths import ROOT

README = "android-demo/README.md"
TESTS = ROOT / "android-demo/tagger/src/test/kotlin/dev/edgetag/tagger"
RUN = [
    block
    for block in blocks_of((ROOT / README).read_text(encoding="utf-8"), README)
    if block.language == "kotlin" and "Test.kt runs" in (block.not_run or "")
]


def lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def test_blocks_that_kotlin_tests_run_are_known() -> None:
    assert len(RUN) == 1


@pytest.mark.parametrize("block", RUN, ids=str)
def test_a_block_is_in_the_test_that_it_names(block: Block) -> None:
    name = next(word for word in (block.not_run or "").split() if word.endswith("Test.kt"))
    assert lines(block.text) in lines((TESTS / name).read_text(encoding="utf-8"))
