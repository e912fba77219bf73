"""Pictures, labels and recipe of a job are those that the run was judged by, for every format."""

import csv
import json
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from edgetag.ci.job import WORKFLOW, Job, extra_of
from edgetag.ci.job_recipe import NOT_MEASURED, job_recipe
from edgetag.ci.pictures import Judged, collect
from edgetag.dataset import open_dataset
from edgetag.dataset.stage import run as build_data
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import Budget, Runtime, TagBudget, limits_of, load_recipe
from edgetag.toml_text import to_toml
from edgetag.workspace import Workspace, digest_file
from edgetag.writing import write_text
from tests.support.finished_run import FORMATS, Finished, finish_run, manifest_of
from tests.support.old_runtime import needs_tflite_runtime


def write_job(run: Finished, folder: Path) -> Judged:
    recipe = run.recipe
    judged = collect(recipe, open_dataset(run.workspace))
    judged.write(folder, SilentProgress())
    write_text(folder / "recipe.toml", job_recipe(recipe, "int8", judged.columns).text)
    return judged


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Finished]:
    """Gives the run of a kind of labels, made once; whoever changes it takes a copy."""

    @cache
    def make(kind: str) -> Finished:
        return finish_run(tmp_path_factory.mktemp(kind) / "model", kind)

    return make


@pytest.fixture(params=list(FORMATS))
def run(request: pytest.FixtureRequest, made: Callable[[str], Finished]) -> Finished:
    return made(request.param)


@pytest.fixture
def wide(made: Callable[[str], Finished]) -> Finished:
    return made("wide")


@pytest.mark.slow
def test_a_job_reads_the_images_labels_groups_and_order_that_the_run_was_judged_by(
    run: Finished, tmp_path: Path
) -> None:
    judged = write_job(run, tmp_path / "ci")
    recipe = load_recipe(tmp_path / "ci" / "recipe.toml")
    job = Workspace(tmp_path / "job")
    result = build_data(recipe, job, SilentProgress())
    assert not result.rejected
    wanted = manifest_of(run.workspace).filter(pl.col("split").is_in(list(judged.splits)))
    assert manifest_of(job).equals(wanted)
    assert "train" not in judged.splits
    assert "validation" in judged.splits


@pytest.mark.slow
def test_pictures_are_copied_byte_for_byte_and_each_once(run: Finished, tmp_path: Path) -> None:
    judged = write_job(run, tmp_path / "ci")
    files = sorted((tmp_path / "ci" / "pictures").iterdir())
    digests = {digest_file(file) for file in files}
    assert len(digests) == len(files) == len(judged.pictures)
    manifest = open_dataset(run.workspace).manifest
    assert digests == set(manifest.filter(pl.col("split") != "train")["digest"].to_list())
    assert judged.size_bytes == sum(file.stat().st_size for file in files)


@pytest.mark.slow
def test_the_table_of_labels_leaves_unknown_ones_empty(wide: Finished, tmp_path: Path) -> None:
    write_job(wide, tmp_path / "ci")
    with (tmp_path / "ci" / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["path", "split", "group", "cat", "dog", "food"]
    assert {row["dog"] for row in rows} == {"", "0", "1"}
    assert {row["group"] for row in rows} > {"concept 0", "concept 7"}


@pytest.mark.slow
def test_the_same_run_gives_the_same_bytes(wide: Finished, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_job(wide, tmp_path / name)
    for name in ("labels.csv", "recipe.toml"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.slow
def test_a_column_never_has_the_name_of_a_tag(wide: Finished, tmp_path: Path) -> None:
    run = wide.copy(tmp_path / "model")
    text = run.recipe_file.read_text().replace('"cat", "dog", "food"', '"path", "split", "group"')
    recipe_file = run.recipe_file.with_name("tags.toml")
    columns = '\npath_column = "file"\nsplit_column = "part"\ngroup_column = "concept"'
    recipe_file.write_text(text.replace("[network]", f"{columns}\n[network]"))
    table = run.recipe_file.parent / "data" / "labels.csv"
    header, _, rest = table.read_text().partition("\n")
    assert header.strip() == "path,split,group,cat,dog,food"
    table.write_text(f"file,part,concept,path,split,group\n{rest}")
    run = Finished(recipe_file, Workspace(tmp_path / "run"))
    build_data(run.recipe, run.workspace, SilentProgress())
    write_job(run, tmp_path / "ci")
    job = Workspace(tmp_path / "job")
    build_data(load_recipe(tmp_path / "ci" / "recipe.toml"), job, SilentProgress())
    wanted = manifest_of(run.workspace).filter(pl.col("split") != "train")
    assert manifest_of(job).equals(wanted)


@pytest.mark.slow
def test_equal_files_under_two_names_keep_the_order_of_their_regions(
    made: Callable[[str], Finished], tmp_path: Path
) -> None:
    run = made("regions").copy(tmp_path / "model")
    folder = run.recipe_file.parent / "data"
    documents = {path: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    tests = set(
        open_dataset(run.workspace).manifest.filter(pl.col("split") == "test")["path"].to_list()
    )
    path, document = next(
        (path, one)
        for path, one in documents.items()
        if one["file_name"] in tests and len({r["rect"]["left"] for r in one["regions"]}) == 2
    )
    first = document["regions"][0]["rect"]["left"]
    parts = [[r for r in document["regions"] if (r["rect"]["left"] == first) == k] for k in (1, 0)]
    (folder / "zz.png").write_bytes((folder / document["file_name"]).read_bytes())
    path.write_text(json.dumps(document | {"regions": parts[0]}))
    (folder / "zz.json").write_text(
        json.dumps(document | {"file_name": "zz.png", "regions": parts[1]})
    )
    again = Finished(run.recipe_file, Workspace(tmp_path / "again"))
    build_data(again.recipe, again.workspace, SilentProgress())
    write_job(again, tmp_path / "ci")
    job = Workspace(tmp_path / "job")
    build_data(load_recipe(tmp_path / "ci" / "recipe.toml"), job, SilentProgress())
    wanted = manifest_of(again.workspace).filter(pl.col("split") != "train")
    assert manifest_of(job).equals(wanted)
    assert any("-2." in file.name for file in (tmp_path / "ci" / "pictures").iterdir())


@pytest.mark.slow
def test_the_job_s_recipe_keeps_what_is_judged_and_tells_what_it_cannot_measure(
    wide: Finished, tmp_path: Path
) -> None:
    write_job(wide, tmp_path / "ci")
    path = tmp_path / "ci" / "recipe.toml"
    job, whole = load_recipe(path), wide.recipe
    assert job.budget("int8") == whole.budget("int8").replace(max_latency_ms=None)
    assert job.validation == whole.validation.replace(runtimes=("litert",))
    assert (job.name, job.seed, job.bundle.variants) == ("app", whole.seed, ("int8",))
    assert job.training.thresholds == whole.training.thresholds
    assert job.network.preprocessing() == whole.network.preprocessing()
    comments = [line for line in path.read_text().splitlines() if line.startswith("# max_latency")]
    assert comments == [f"# max_latency_ms is left out: {NOT_MEASURED['latency']}."]


def test_the_default_budget_holds_for_a_variant_without_its_own(wide: Finished) -> None:
    recipe = wide.recipe.replace(budgets={"default": Budget(max_map_drop=0.07)})
    columns = collect(recipe, open_dataset(wide.workspace)).columns
    made = tomllib.loads(job_recipe(recipe, "int8", columns).text)
    assert made["budgets"] == {"int8": {"max_map_drop": 0.07}}


def test_margins_of_tags_that_a_variant_has_from_the_default_hold_in_the_job(
    wide: Finished,
) -> None:
    tags = {"cat": TagBudget(max_ap_drop=0.2)}
    budgets = {
        "default": Budget(max_recall_drop=0.3, max_map_drop=0.9, tags=tags),
        "int8": Budget(max_map_drop=0.1),
    }
    recipe = wide.recipe.replace(budgets=budgets)
    columns = collect(recipe, open_dataset(wide.workspace)).columns
    made = tomllib.loads(job_recipe(recipe, "int8", columns).text)
    limits = {"max_map_drop": 0.1, "max_recall_drop": 0.3, "tags": {"cat": {"max_ap_drop": 0.2}}}
    assert made["budgets"] == {"int8": limits}


@needs_tflite_runtime
def test_a_job_installs_the_runtime_that_alone_judges(wide: Finished) -> None:
    section = wide.recipe.validation.replace(runtimes=("tflite-runtime",))
    recipe = wide.recipe.replace(validation=section)
    made = job_recipe(recipe, "int8", collect(recipe, open_dataset(wide.workspace)).columns)
    assert (made.runtimes, extra_of(made)) == (("tflite-runtime",), "tflite-runtime")
    job = Job(
        name="app",
        variant="int8",
        place="ci",
        requirement=None,
        extra=extra_of(made),
        accepted=False,
    )
    files = job.files(made, {"test": 3}, attributed=True)
    assert '"edgetag[tflite-runtime] @ $EDGETAG" -c constraints.txt' in files[WORKFLOW]
    assert "tflite-runtime==" in files["constraints.txt"]
    assert "baseline.json" not in files["README.md"]
    assert "who made the pictures" in files["README.md"]


@pytest.mark.parametrize("asked", [("litert-compiled",), ("litert", "litert-compiled")])
def test_a_runtime_of_the_base_install_is_judged_without_an_extra(
    wide: Finished, asked: tuple[Runtime, ...]
) -> None:
    section = wide.recipe.validation.replace(runtimes=(*asked, "tflite-runtime"))
    recipe = wide.recipe.replace(validation=section)
    made = job_recipe(recipe, "int8", collect(recipe, open_dataset(wide.workspace)).columns)
    assert (made.runtimes, extra_of(made)) == (asked, "")
    assert made.left_out[-1] == "tflite-runtime is left out: the base install lacks it"


@pytest.mark.slow
def test_a_picture_that_changed_since_the_run_is_refused_by_name(
    wide: Finished, tmp_path: Path
) -> None:
    run = wide.copy(tmp_path / "model")
    picture = collect(run.recipe, open_dataset(run.workspace)).pictures[3].source
    picture.write_bytes(picture.read_bytes() + b"\0")
    with pytest.raises(InputError, match=rf"{picture.name}: changed since the data were built"):
        write_job(run, tmp_path / "ci")
    picture.unlink()
    with pytest.raises(InputError, match=rf"{picture.name}: No such file"):
        write_job(run, tmp_path / "ci")


def test_other_tags_than_the_run_s_are_refused(wide: Finished) -> None:
    data = wide.recipe.data.replace(tags=("cat", "dog", "bird"))
    recipe = wide.recipe.replace(data=data)
    with pytest.raises(InputError, match="made with other tags"):
        collect(recipe, open_dataset(wide.workspace))


def test_toml_reads_back_whatever_texts_keys_and_numbers_are() -> None:
    values = {
        "text": 'a "quoted" \\ line\nand \x7f \x01 タグ',
        "numbers": [1, -2.5, 1e-05, 3e22],
        "truth": True,
        "a key": {"with. dot": {"deep": [["x"], []]}, "": {}, "own": 1},
    }
    assert tomllib.loads(to_toml(values, {"": ["told"], "a key": ["why"]})) == values


def test_every_limit_of_a_budget_is_judged_by_validate_or_told_as_left_out() -> None:
    judged_by_validate = {
        "min_map",
        "max_map_drop",
        "max_flip_rate",
        "max_logit_rmse",
        "max_heat_map_error",
        "max_size_bytes",
        "max_size_ratio",
        "max_recall_drop",
        "max_fpr_rise",
        "max_ap_drop",
        "tags",
    }
    assert set(Budget.model_fields) == judged_by_validate | set(limits_of(*NOT_MEASURED))
