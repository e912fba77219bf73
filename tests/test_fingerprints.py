"""What makes a stage out of date, and how that is told."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from edgetag.catalogue.variants import VARIANTS
from edgetag.dataset import open_dataset
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.fingerprints import fingerprint, making, settings_digest, taken_in, why_again
from edgetag.one_stage import ensure_stage
from edgetag.progress import SilentProgress
from edgetag.recipe import Recipe, load_recipe, parse_recipe
from edgetag.stages import STAGES, stage
from edgetag.workspace import RunFile, StageRecord, Workspace
from edgetag.writing import write_text
from tests.support.listening import Listening
from tests.support.made_results import stage_record


def recipe(folder: Path, extra: str = "") -> Recipe:
    text = f'name = "x"\n[data]\nsource = "l.csv"\ntags = ["cat"]\n{extra}'
    return parse_recipe(text, folder / "r.toml")


def write_data(folder: Path) -> None:
    (folder / "l.csv").write_text("path,cat\na.png,1\n")
    (folder / "a.png").write_bytes(b"x")


def run_file(**digests: str) -> RunFile:
    stages = {
        each.name: stage_record(outputs={each.outputs[0]: digests.get(each.name, "0")})
        for each in STAGES
    }
    return RunFile(name="x", recipe={}, seed=1, versions={}, stages=stages)


def test_every_stage_comes_after_what_it_needs() -> None:
    seen: set[str] = set()
    for each in STAGES:
        assert set(each.needs) <= seen
        seen.add(each.name)


@pytest.mark.parametrize(
    ("extra", "changed"),
    [
        ("[training]\nbatch_size = 8\n", {"train", "prune", "narrow", "quantize"}),
        ("[pruning]\nsparsity = 0.7\n", {"prune", "export"}),
        ("[benchmark]\nruns = 50\n", {"bench"}),
        ("[explain]\nlayer_images = 8\n", {"explain"}),
        ("[budgets.fp32]\nmin_map = 0.5\n", {"validate", "bench", "targets", "report"}),
        ("[targets]\nimages = 8\n", {"targets"}),
        ('[bundle]\nlicense = "MIT"\n', {"bundle", "report"}),
        (
            "[network]\ndropout = 0.1\n",
            {
                "train",
                "prune",
                "narrow",
                "quantize",
                "export",
                "validate",
                "explain",
                "bench",
                "targets",
                "bundle",
            },
        ),
    ],
)
def test_a_section_changes_the_stages_that_read_it(
    tmp_path: Path, extra: str, changed: set[str]
) -> None:
    before, after = recipe(tmp_path), recipe(tmp_path, extra)
    differs = {s.name for s in STAGES if settings_digest(s, before) != settings_digest(s, after)}
    assert differs == changed


@pytest.mark.slow
@pytest.mark.parametrize(
    "extra",
    [
        "[phones]\nruns = 50\n",  # which no stage reads
        "[export]\nif_needed = []\n",  # of which the report says whether it was needed
        "[search]\ntrials = 3\n",
    ],
)
def test_any_key_makes_out_of_date_what_tells_the_recipe(tmp_path: Path, extra: str) -> None:
    write_data(tmp_path)
    before, after = (
        {each.name: making(each, recipe(tmp_path, more), run_file()) for each in STAGES}
        for more in ("", extra)
    )
    differs = {name for name, made in before.items() if made.digest != after[name].digest}
    assert differs >= {"bundle", "report"}
    done = stage_record(making=before["report"], fingerprint=before["report"].digest)
    section = extra[1 : extra.index("]")]
    why = why_again(done, after["report"], Workspace(tmp_path))
    assert why.split(";")[0] == f"the recipe's {section} changed"


def test_what_trains_a_variant_reads_what_trained_it_before() -> None:
    for line in VARIANTS.values():
        for number, later in enumerate(line.trained_by):
            assert {"train", *line.trained_by[:number]} <= set(stage(later).needs)
        assert set(line.trained_by) <= set(stage("export").needs)


@pytest.mark.slow
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
    assert [s.name for s in STAGES if not s.wanted(plain)] == [
        "narrow",
        "prune",
        "quantize",
        "targets",
    ]
    finished = run_file()
    for unneeded in ("prune", "narrow", "quantize"):
        del finished.stages[unneeded]
    write_data(tmp_path)
    assert fingerprint(stage("export"), plain, finished)


@pytest.fixture
def built(tmp_path: Path) -> tuple[Recipe, Workspace]:
    """A recipe over two pictures, and a run folder whose dataset is built."""
    data = tmp_path / "data"
    data.mkdir()
    for number in range(6):
        Image.effect_noise((32, 32), 40 + 30 * number).convert("RGB").save(data / f"{number}.png")
    rows = "".join(f"{number}.png,{number % 2},train\n" for number in range(6))
    (data / "labels.csv").write_text(f"path,cat,split\n{rows}")
    text = 'name = "x"\n[data]\nsource = "data/labels.csv"\ntags = ["cat"]\n'
    (tmp_path / "r.toml").write_text(text + "[network]\ninput_size = 64\n")
    workspace = Workspace(tmp_path / "run")
    made = load_recipe(tmp_path / "r.toml")
    ensure_stage("dataset", made, workspace, SilentProgress())
    return made, workspace


def again(recipe: Recipe, workspace: Workspace) -> list[str]:
    """Bring the dataset up to date; return what is said of why."""
    lines = Listening()
    ensure_stage("dataset", recipe, workspace, lines)
    return [line for line in lines.said if "again" in line or "started" in line]


def edit_record(workspace: Workspace, **changes: object) -> None:
    """Change what `run.json` says the dataset was made with."""
    run = json.loads(workspace.run_file.read_text())
    record = StageRecord.model_validate(run["stages"]["dataset"])
    assert record.making is not None
    made = record.making.replace(**changes)
    run["stages"]["dataset"] |= {"making": made.model_dump(), "fingerprint": made.digest}
    workspace.run_file.write_text(json.dumps(run))


def test_a_stage_that_is_up_to_date_is_not_run_again(built: tuple[Recipe, Workspace]) -> None:
    assert again(*built) == []


def test_an_upgrade_is_told_in_words(built: tuple[Recipe, Workspace]) -> None:
    recipe, workspace = built
    edit_record(workspace, code="0" * 64)
    assert again(recipe, workspace)[0] == "dataset: runs again: edgetag's code changed"
    edit_record(
        workspace, packages=dependencies_of("edgetag.dataset.stage").packages | {"pillow": "9.0"}
    )
    now = version("pillow")
    assert again(recipe, workspace)[0] == f"dataset: runs again: pillow 9.0 → {now}"
    assert again(recipe, workspace) == []


def test_a_package_that_is_not_installed_here_makes_nothing_out_of_date(
    built: tuple[Recipe, Workspace],
) -> None:
    recipe, workspace = built
    here = dependencies_of("edgetag.dataset.stage").packages
    edit_record(workspace, packages=here | {"tensorflow": "2.20.0"})
    assert again(recipe, workspace) == []


def test_changed_labels_a_changed_recipe_and_damage_are_told(
    built: tuple[Recipe, Workspace],
) -> None:
    recipe, workspace = built
    labels = recipe.data.source
    labels.write_text(labels.read_text().replace("0.png,0", "0.png,1"))
    assert again(recipe, workspace)[0] == "dataset: runs again: labels or pictures changed"
    workspace.manifest.write_bytes(b"damaged")
    told = "dataset: runs again: missing or changed: dataset/manifest.parquet"
    assert again(recipe, workspace)[0] == told
    wider = recipe.replace(network=recipe.network.replace(input_size=96))
    assert again(wider, workspace)[0].startswith(
        "dataset: runs again: the recipe's network.input_size changed"
    )


def test_another_output_of_an_earlier_stage_is_told(tmp_path: Path) -> None:
    write_data(tmp_path)
    made, before, now = recipe(tmp_path), run_file(), run_file(train="1", export="1")
    made_then = making(stage("validate"), made, before)
    done = before.stages["validate"].replace(making=made_then, fingerprint=made_then.digest)
    why = why_again(done, making(stage("validate"), made, now), Workspace(tmp_path))
    assert why == "what train, export left changed"


@pytest.mark.parametrize("name", ["bench/phones.json", "targets/targets.json"])
def test_new_figures_that_no_stage_of_the_recipe_leaves_are_told_to_the_report(
    tmp_path: Path, name: str
) -> None:
    write_data(tmp_path)
    report, made, workspace = stage("report"), recipe(tmp_path), Workspace(tmp_path / "run")
    now = making(report, made, run_file())
    done = stage_record(outputs={}).replace(
        fingerprint=now.digest, making=now, taken_in=taken_in(report.takes_in, workspace)
    )
    assert why_again(done, now, workspace) == ""
    write_text(workspace.root / name, "{}")
    assert why_again(done, now, workspace) == f"new or changed: {name}"


@pytest.mark.parametrize("name", ["bundle", "report"])
def test_what_tells_of_makers_follows_from_the_text_about_them(tmp_path: Path, name: str) -> None:
    write_data(tmp_path)
    made, attribution = recipe(tmp_path), tmp_path / "ATTRIBUTION.md"
    attribution.write_text("Ada")
    before = making(stage(name), made, run_file())
    attribution.write_text("Grace")
    assert making(stage(name), made, run_file()).digest != before.digest


def test_a_run_of_an_edgetag_that_kept_no_account_is_made_again(
    built: tuple[Recipe, Workspace],
) -> None:
    recipe, workspace = built
    run = json.loads(workspace.run_file.read_text())
    del run["stages"]["dataset"]["making"]
    run["stages"]["dataset"]["fingerprint"] = "of another rule"
    workspace.run_file.write_text(json.dumps(run | {"schema": "edgetag.run/1.0"}))
    told = "dataset: runs again: it was made by an edgetag that kept no account of what it used"
    assert again(recipe, workspace)[0] == told


def test_labels_edited_while_a_stage_works_are_seen_by_the_next_run(
    built: tuple[Recipe, Workspace],
) -> None:
    recipe, workspace = built
    labels = recipe.data.source
    wrong = labels.read_text()
    labels.write_text(wrong.replace("0.png,0", "0.png,1"))

    class Editor(SilentProgress):
        """Corrects the labels when the stage has read them and writes its cache."""

        def track(self, what: str, total: int | None, unit: str = "") -> Any:
            if what == "writing the cache":
                labels.write_text(wrong.replace("2.png,0", "2.png,1"))
            return super().track(what, total, unit)

    ensure_stage("dataset", recipe, workspace, Editor())
    assert again(recipe, workspace)[0] == "dataset: runs again: labels or pictures changed"
    positives = open_dataset(workspace).labels(np.arange(6))[:, 0]
    assert positives.tolist() == [0, 1, 1, 1, 0, 1]


def test_a_run_folder_moved_with_its_data_is_up_to_date(
    built: tuple[Recipe, Workspace], tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for name in ("data", "r.toml", "run"):
        (tmp_path / name).rename(moved / name)
    assert again(load_recipe(moved / "r.toml"), Workspace(moved / "run")) == []


def test_nothing_in_the_datasets_outputs_says_where_it_lies(
    built: tuple[Recipe, Workspace], tmp_path: Path
) -> None:
    recipe, workspace = built
    (tmp_path / "data" / "0.png").write_bytes(b"no picture")
    labels = recipe.data.source
    rows = labels.read_text().splitlines()
    labels.write_text("\n".join([f"{rows[0]},dog", *(f"{row},1" for row in rows[1:])]))
    most = recipe.data.replace(max_rejected_share=0.5, unknown_tags="ignore")
    again(recipe.replace(data=most), workspace)
    outputs = ("summary.json", "rejected.csv", "cache/index.json", "manifest.parquet")
    for name in outputs:
        assert str(tmp_path).encode() not in (workspace.dataset / name).read_bytes()
    assert "labels.csv:2" in (workspace.dataset / "rejected.csv").read_text()


@pytest.mark.parametrize("how", ["lost", "flipped", "cut"])
def test_a_lost_or_damaged_shard_is_built_again_and_nothing_after_it(
    built: tuple[Recipe, Workspace], how: str
) -> None:
    recipe, workspace = built
    before = workspace.read_run_file()
    shard = workspace.cache / "shard-00000.npy"
    data = shard.read_bytes()
    shard.unlink()
    if how == "flipped":
        shard.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    if how == "cut":
        shard.write_bytes(data[:-1])
    with pytest.raises(InputError, match=r"shard-00000\.npy: missing, or not as it was written"):
        open_dataset(workspace)
    told = "dataset: runs again: missing or changed: dataset/cache/shard-00000.npy"
    assert again(recipe, workspace)[0] == told
    assert shard.read_bytes() == data
    now = workspace.read_run_file()
    assert before
    assert now
    assert now.stages["dataset"].outputs == before.stages["dataset"].outputs


def test_a_copied_cache_is_read_once_and_then_known(
    built: tuple[Recipe, Workspace], tmp_path: Path
) -> None:
    recipe, workspace = built
    shard = workspace.cache / "shard-00000.npy"
    seen = workspace.cache / "seen.json"
    shard.write_bytes(shard.read_bytes())
    before = seen.read_text()
    assert again(recipe, workspace) == []
    after = seen.read_text()
    assert after != before
    assert again(recipe, workspace) == []
    assert seen.read_text() == after
