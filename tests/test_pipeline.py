"""What makes a stage out of date."""

from pathlib import Path

import pytest

from edgetag.pipeline import STAGES, fingerprint, settings_digest, stage
from edgetag.recipe import Recipe, parse_recipe
from edgetag.workspace import RunFile, StageRecord


def recipe(folder: Path, extra: str = "") -> Recipe:
    return parse_recipe(f'name = "x"\n[data]\nsource = "l.csv"\n{extra}', folder / "r.toml")


def run_file(**digests: str) -> RunFile:
    stages = {
        each.name: StageRecord(
            fingerprint="", settings="", outputs={each.outputs[0]: digests.get(each.name, "0")},
            finished_at="", wall_s=0, peak_memory_bytes=0,
        )
        for each in STAGES
    }  # fmt: skip
    return RunFile(name="x", recipe={}, seed=1, versions={}, stages=stages)


def test_every_stage_comes_after_what_it_needs() -> None:
    seen: set[str] = set()
    for each in STAGES:
        assert set(each.needs) <= seen
        seen.add(each.name)


@pytest.mark.parametrize(
    ("extra", "changed"),
    [
        ("[training]\nbatch_size = 8\n", {"train", "prune", "quantize"}),
        ("[pruning]\nsparsity = 0.7\n", {"prune", "export"}),
        ("[benchmark]\nruns = 50\n", {"bench"}),
        ("[budgets.fp32]\nmin_map = 0.5\n", {"validate", "bench", "report"}),
        ("[network]\ndropout = 0.1\n",
         {"train", "prune", "quantize", "export", "validate", "bench", "bundle"}),
    ],
)  # fmt: skip
def test_a_section_changes_the_stages_that_read_it(
    tmp_path: Path, extra: str, changed: set[str]
) -> None:
    before, after = recipe(tmp_path), recipe(tmp_path, extra)
    differs = {s.name for s in STAGES if settings_digest(s, before) != settings_digest(s, after)}
    assert differs == changed


def test_another_output_of_a_stage_changes_those_after_it(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("path\n")
    before, after = run_file(), run_file(train="1")
    differs = {
        s.name
        for s in STAGES
        if fingerprint(s, recipe(tmp_path), before) != fingerprint(s, recipe(tmp_path), after)
    }
    assert differs == {s.name for s in STAGES if "train" in s.needs}


def test_a_new_image_beside_the_table_changes_the_dataset(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("path\n")
    before = fingerprint(stage("dataset"), recipe(tmp_path), run_file())
    assert fingerprint(stage("dataset"), recipe(tmp_path), run_file()) == before
    (tmp_path / "new.png").write_bytes(b"x")
    assert fingerprint(stage("dataset"), recipe(tmp_path), run_file()) != before


def test_a_moved_folder_keeps_its_settings(tmp_path: Path) -> None:
    for each in STAGES:
        assert settings_digest(each, recipe(tmp_path)) == settings_digest(
            each, recipe(tmp_path / "elsewhere")
        )
