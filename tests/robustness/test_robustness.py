"""What attacks cost: more than noise, at most their budget, and of the files that lie there."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from edgetag.conversion.exported import exported_files
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.progress import SilentProgress
from edgetag.recipe import load_recipe
from edgetag.reporting.stage import run as write_report
from edgetag.robustness.current import judged_by, read_current
from edgetag.robustness.result import Attacked, AttackedFile, Robustness
from edgetag.robustness.stage import noisy, run
from edgetag.robustness.tables import robustness_tables
from edgetag.training.result import Thresholds
from edgetag.workspace import Workspace
from tests.support.accelerators import RAN
from tests.support.commands import invoked
from tests.support.listening import Listening
from tests.support.run_folders import noisy_pictures
from tests.support.tiny_run import make_run_folder
from tests.support.trained_run import TrainedRun

pytestmark = pytest.mark.timeout(1800)  # one test of the session waits for the trained run

EPSILON = 8


@pytest.fixture(scope="module")
def folder(trained_run: TrainedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_run.copy(tmp_path_factory.mktemp("attacked") / "copy")


@pytest.fixture(scope="module")
def attacked(folder: Path) -> Robustness:
    return run(
        load_recipe(folder / "recipe.toml"),
        Workspace(folder / "runs" / "demo"),
        SilentProgress(),
        variants=("int8",),
        epsilons=(1, EPSILON),
        steps=4,
        images=60,
    )


def under(file: AttackedFile, change: str, epsilon: int) -> Attacked:
    return next(u for u in file.under if (u.change, u.epsilon) == (change, epsilon))


def drop(file: AttackedFile, change: str, epsilon: int = EPSILON) -> float:
    value = under(file, change, epsilon).map_drop
    assert value is not None
    return value


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_file_holds_what_was_returned(folder: Path, attacked: Robustness) -> None:
    path = folder / "runs" / "demo" / "robustness" / "robustness.json"
    assert Robustness.read(path, "robustness") == attacked
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert [file.variant for file in attacked.files] == ["fp32", "int8"]
    assert [file.white_box for file in attacked.files] == [True, False]
    assert (attacked.split, attacked.images, attacked.steps) == ("test", 60, 4)
    assert (attacked.runtime, attacked.accelerator) == ("litert", RAN)


@pytest.mark.slow
@pytest.mark.tensorflow
def test_an_attack_costs_more_than_noise_of_its_size_and_a_larger_one_more(
    attacked: Robustness,
) -> None:
    for file in attacked.files:
        assert drop(file, "pgd") > drop(file, "noise") + 0.02
        assert drop(file, "pgd") > drop(file, "pgd", 1)
        interval = under(file, "pgd", EPSILON).map_drop_interval
        assert interval is not None
        assert interval[0] > 0
        wrong = [under(file, change, EPSILON).turned_wrong or 0.0 for change in ("noise", "pgd")]
        assert wrong[0] < wrong[1]


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_same_attack_costs_the_same_each_time(folder: Path, attacked: Robustness) -> None:
    recipe, workspace = load_recipe(folder / "recipe.toml"), Workspace(folder / "runs" / "demo")
    again = run(
        recipe,
        workspace,
        SilentProgress(),
        variants=("int8",),
        epsilons=(1, EPSILON),
        steps=4,
        images=60,
    )
    assert again == attacked


@pytest.mark.slow
@pytest.mark.tensorflow
def test_the_report_shows_attacks_of_the_files_that_lie_there(
    folder: Path, attacked: Robustness, tmp_path: Path
) -> None:
    shutil.copytree(folder / "runs" / "demo", tmp_path / "run")
    recipe, workspace = load_recipe(folder / "recipe.toml"), Workspace(tmp_path / "run")
    write_report(recipe, workspace, SilentProgress())
    page = (workspace.report / "index.html").read_text()
    assert "Under attack: 60 pictures of test" in page
    assert f"int8 under PGD {EPSILON}/255" in page
    other = attacked.replace(files=tuple(f.replace(sha256="0") for f in attacked.files))
    other.write(workspace.robustness / "robustness.json")
    write_report(recipe, workspace, SilentProgress())
    assert "No picture was attacked in this run" in (workspace.report / "index.html").read_text()


@pytest.mark.parametrize("what", ["labels", "thresholds", "the split"])
def test_attacks_count_no_more_once_what_they_were_judged_by_is_another(
    tmp_path: Path, what: str
) -> None:
    run_folder = make_run_folder(tmp_path)
    workspace = run_folder.workspace
    (file, _), *_ = exported_files(workspace)
    kept = Robustness(
        split="test_style",
        images=10,
        groups=10,
        n_scored_tags=0,
        n_tags=3,
        runtime="litert",
        confidence=0.95,
        steps=4,
        judged_sha256=judged_by(workspace, open_dataset(workspace), "test_style"),
        files=(
            AttackedFile(
                variant=file.variant, sha256=file.sha256, white_box=False, map=None, under=()
            ),
        ),
    )
    kept.write(workspace.robustness / "robustness.json")
    assert read_current(workspace) == kept
    manifest = pl.read_parquet(workspace.manifest)
    style = pl.col("split") == "test_style"
    if what == "labels":
        turned = pl.when(style).then(1 - pl.col("tag:cat")).otherwise(pl.col("tag:cat"))
        manifest = manifest.with_columns(turned.cast(pl.Int8).alias("tag:cat"))
    elif what == "the split":
        other = pl.when(style).then(pl.lit("test_other")).otherwise(pl.col("split"))
        manifest = manifest.with_columns(other.alias("split"))
    else:
        at = dict.fromkeys(run_folder.thresholds, 0.25)
        Thresholds(policy="fixed", split="validation", thresholds=at).write(
            workspace.train / "thresholds.json"
        )
    manifest.write_parquet(workspace.manifest)
    assert read_current(workspace) is None


@pytest.mark.slow
@pytest.mark.tensorflow
def test_a_float_file_of_another_network_is_refused(
    trained_run: TrainedRun, tmp_path: Path
) -> None:
    copy = trained_run.copy(tmp_path / "copy")
    workspace = Workspace(copy / "runs" / "demo")
    weights = dict(np.load(workspace.train / "model.npz"))
    np.savez(workspace.train / "model.npz", **{name: 0.5 * w for name, w in weights.items()})
    progress = Listening()
    with pytest.raises(InputError, match=r"fp32 is not of the network .* run: edgetag export"):
        run(
            load_recipe(copy / "recipe.toml"),
            workspace,
            progress,
            epsilons=(1,),
            steps=1,
            images=10,
        )
    assert "attacking" not in progress.tasks
    assert not workspace.robustness.exists()


@pytest.mark.slow
@pytest.mark.tensorflow
def test_tables_have_a_row_for_each_change_and_for_each_scored_tag(attacked: Robustness) -> None:
    overall, *by_tag = robustness_tables(attacked)
    assert len(overall.rows) == 2 * (1 + 2 * 3)
    assert [len(table.rows) for table in by_tag] == [attacked.n_scored_tags] * 2


def test_noise_is_as_large_as_its_budget_and_the_same_each_time() -> None:
    pictures = noisy_pictures(3)
    changed = noisy(pictures, 4, 1)
    moved = np.abs(changed.astype(int) - pictures.astype(int))
    inside = (pictures >= 4) & (pictures <= 251)
    assert (moved[inside] == 4).all()
    assert (moved <= 4).all()
    assert np.array_equal(changed, noisy(pictures, 4, 1))
    assert not np.array_equal(changed, noisy(pictures, 4, 2))


@pytest.mark.parametrize("option", [("--epsilon", "0"), ("--steps", "0"), ("--images", "9")])
def test_an_attack_of_nothing_is_refused_before_anything_is_read(
    option: tuple[str, str],
) -> None:
    code, said = invoked("robustness", "none.toml", *option)
    assert code == 2
    assert option[0] in said


def test_a_run_without_weights_says_what_to_do(tmp_path: Path) -> None:
    run_folder = make_run_folder(tmp_path)
    (run_folder.workspace.train / "model.npz").unlink()
    with pytest.raises(InputError, match=r"nothing is trained yet; run: edgetag train"):
        run(run_folder.recipe, run_folder.workspace, SilentProgress())
