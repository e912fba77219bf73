"""What makes a stage out of date."""

from pathlib import Path

import pytest

from edgetag.pipeline import STAGES, fingerprint, settings_digest, stage
from edgetag.recipe import Recipe, parse_recipe
from edgetag.workspace import RunFile, StageRecord


def recipe(folder: Path, extra: str = "") -> Recipe:
    text = f'name = "x"\n[data]\nsource = "l.csv"\ntags = ["cat"]\n{extra}'
    return parse_recipe(text, folder / "r.toml")


def write_data(folder: Path) -> None:
    (folder / "l.csv").write_text("path,cat\na.png,1\n")
    (folder / "a.png").write_bytes(b"x")


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
        ("[explain]\nlayer_images = 8\n", {"explain"}),
        ("[budgets.fp32]\nmin_map = 0.5\n", {"validate", "bench", "device", "report"}),
        ("[device]\nimages = 8\n", {"device"}),
        ("[network]\ndropout = 0.1\n",
         {"train", "prune", "quantize", "export", "validate", "explain", "bench", "device",
          "bundle"}),
    ],
)  # fmt: skip
def test_a_section_changes_the_stages_that_read_it(
    tmp_path: Path, extra: str, changed: set[str]
) -> None:
    before, after = recipe(tmp_path), recipe(tmp_path, extra)
    differs = {s.name for s in STAGES if settings_digest(s, before) != settings_digest(s, after)}
    assert differs == changed


def test_another_output_of_a_stage_changes_those_after_it(tmp_path: Path) -> None:
    write_data(tmp_path)
    before, after = run_file(), run_file(train="1")
    differs = {
        s.name
        for s in STAGES
        if fingerprint(s, recipe(tmp_path), before) != fingerprint(s, recipe(tmp_path), after)
    }
    assert differs == {s.name for s in STAGES if "train" in s.needs}


def test_a_changed_image_changes_the_dataset(tmp_path: Path) -> None:
    write_data(tmp_path)
    before = fingerprint(stage("dataset"), recipe(tmp_path), run_file())
    assert fingerprint(stage("dataset"), recipe(tmp_path), run_file()) == before
    (tmp_path / "a.png").write_bytes(b"other")
    assert fingerprint(stage("dataset"), recipe(tmp_path), run_file()) != before


def test_a_moved_folder_keeps_its_settings(tmp_path: Path) -> None:
    for each in STAGES:
        assert settings_digest(each, recipe(tmp_path)) == settings_digest(
            each, recipe(tmp_path / "elsewhere")
        )


def test_stages_for_variants_that_a_recipe_lacks_are_left_out(tmp_path: Path) -> None:
    plain = recipe(tmp_path, '[export]\nvariants = ["fp32", "int8"]\n[bundle]\nvariant = "int8"\n')
    assert [s.name for s in STAGES if not s.wanted(plain)] == ["prune", "quantize", "device"]
    finished = run_file()
    del finished.stages["prune"], finished.stages["quantize"]
    write_data(tmp_path)
    assert fingerprint(stage("export"), plain, finished)


def test_every_stage_comes_after_those_whose_outputs_it_reads() -> None:
    order = [each.name for each in STAGES]
    for each in STAGES:
        assert set(each.needs) <= set(order[: order.index(each.name)])
    assert "bundle" in stage("report").needs, "the page tells the digest of the bundle"
