"""Every code block of every document is run by a test, or says above it why it is not."""

import json
from pathlib import Path

import pytest
import yaml

from edgetag.ensembles import Ensemble
from edgetag.recipe import parse_recipe
from tests.docs.blocks import Block, all_blocks, blocks_of, commands
from tests.docs.shape import unlike
from tests.support.paths import ROOT

RUN = ("console", "sh", "python")
"""Languages of blocks that `test_documents_run` runs."""

PARSED = ("toml", "json", "yaml")

BLOCKS = all_blocks()


def complaint(block: Block) -> str:
    """Return what is wrong with a block as it stands; empty where nothing is."""
    if not block.fenced:
        return (
            f"{block}: this code is indented, which no test sees. Put it between ``` fences with a "
            f"language: {', '.join(RUN + PARSED)}"
        )
    if block.not_run == "":
        return f"{block}: `<!-- not run: -->` gives no reason; say why the block cannot be run"
    if block.not_run is None and block.language not in RUN + PARSED:
        return (
            f"{block}: no test runs ```{block.language or ' without a language'} blocks. Use one "
            f"of {', '.join(RUN + PARSED)}, or put this line above the fence, which no reader "
            "sees: <!-- not run: WHY NOT -->"
        )
    return ""


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_run_or_says_why_not(block: Block) -> None:
    assert not complaint(block), complaint(block)


def test_the_documents_are_found() -> None:
    assert {
        "README.md",
        "CONTRIBUTING.md",
        "docs/start.md",
        "docs/verdict.md",
        "models/README.md",
        "models/demo/README.md",
        "android-demo/README.md",
    } <= {block.file for block in BLOCKS}


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if b.language in PARSED and b.not_run is None], ids=str
)
def test_a_block_of_data_is_what_it_says(block: Block, tmp_path: Path) -> None:
    if block.language == "toml" and "[[models]]" in block.text:
        (tmp_path / "pair.toml").write_text(block.text, encoding="utf-8")
        Ensemble.read(tmp_path / "pair.toml")
    elif block.language == "toml":
        # A recipe needs a name and data; a fragment shows some other section of one.
        whole = "[data]" in block.text
        start = "" if whole else 'name = "fragment"\n[data]\nsource = "images"\n'
        parse_recipe(start + block.text, ROOT / "recipe.toml")
    elif block.language == "json":
        json.loads(block.text)
    else:
        yaml.safe_load(block.text)


DOCUMENT = """
# Title

<!-- not run: needs a phone -->
```console
$ edgetag phone list
```

Text between a mark and a block parts them.

<!-- not run: not about the next block -->

Words.

```ruby
puts 1
```

- In a list:

  <!-- not run: -->
  ```kotlin
  val a = 1
  ```

      $ edgetag indented
"""


def test_marks_hold_for_the_block_below_them_alone() -> None:
    phone, ruby, kotlin, indented = blocks_of(DOCUMENT, "a.md")
    assert (phone.line, phone.language, phone.not_run) == (5, "console", "needs a phone")
    assert complaint(phone) == ""
    assert ruby.not_run is None
    assert "a.md:15: no test runs ```ruby blocks." in complaint(ruby)
    assert "<!-- not run: WHY NOT -->" in complaint(ruby)
    assert "gives no reason" in complaint(kotlin)
    assert "indented" in complaint(indented)


def test_output_stands_below_the_command_that_printed_it() -> None:
    text = "$ edgetag a \\\n  --b   # why\n one  2\n…\n$ edgetag c\n"
    (block,) = blocks_of(f"```console\n{text}```\n", "a.md")
    assert commands(block) == [("edgetag a    --b   # why", [" one  2", "…"]), ("edgetag c", [])]


PRINTED = """
Images/s of int8, 2 processes, median of 5 rounds
 runtime   bare  validate  ratio
 ─────────────────────────────────
 litert    2195      2013   0.92
int8-qat: after the warm-up 91% agree
"""


@pytest.mark.parametrize(
    ("shown", "alike"),
    [
        ("Images/s of int8, 3 processes, median of 7 rounds", True),
        (" runtime         bare  validate  ratio", True),
        (" tflite-runtime   124       110   0.88", True),
        ("int8-qat: after the warm-up 95.8% agree", True),
        ("…", True),
        (" runtime         bare  validate  share", False),
        (" litert  2195  2013  0.92  0.3 s", False),
        ("int8-qat: after the warm-up 95.8% of decisions agree", False),
        ("Pictures/s of int8, 3 processes, median of 7 rounds", False),
    ],
)
def test_only_figures_and_rows_may_differ_from_what_is_printed(shown: str, alike: bool) -> None:
    assert unlike([shown], PRINTED) == ([] if alike else [shown])
