"""Scores that a verdict is about, read again by those who look at pictures one by one."""

import numpy as np
import polars as pl
import pytest

from edgetag import runtimes
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.runtimes.scoring import FailureKind, LoadFailure
from edgetag.validation import stage
from edgetag.validation.judged import read_judged
from edgetag.validation.judging_run import failure_of
from edgetag.validation.runs import Run
from tests.support.paths import MODELS
from tests.support.tiny_run import TAGS, RunFolder


def test_each_split_has_its_own_part_of_the_scores(run_folder: RunFolder) -> None:
    workspace = run_folder.workspace
    stage.run(run_folder.recipe, workspace, SilentProgress(), run_folder.reference_file())
    dataset = open_dataset(workspace)
    by_split = {
        name: read_judged(workspace, "fp32", name) for name in run_folder.recipe.validation.splits
    }
    assert len(by_split) == 2
    for name, judged in by_split.items():
        rows = dataset.rows(name)
        assert judged.entry.split == name
        assert len(judged.scores) == len(judged.labels) == len(judged.group_of) == len(rows)
        assert np.array_equal(judged.labels, dataset.labels(rows))
    deciding, other = by_split.values()
    assert (deciding.entry.decides, other.entry.decides) == (True, False)
    assert np.array_equal(read_judged(workspace, "fp32").scores, deciding.scores)
    with pytest.raises(
        InputError, match=r"nothing was scored of 'fp32' over test_other; it judges"
    ):
        read_judged(workspace, "fp32", "test_other")


def test_scores_of_other_pictures_or_labels_are_refused(run_folder: RunFolder) -> None:
    workspace = run_folder.workspace
    stage.run(run_folder.recipe, workspace, SilentProgress(), run_folder.reference_file())
    manifest = pl.read_parquet(workspace.manifest)
    first = pl.col("identity") == "id0"
    for change in (
        pl.when(first).then(pl.lit("other")).otherwise("identity").alias("identity"),
        pl.when(first).then(1 - pl.col("tag:cat")).otherwise("tag:cat").alias("tag:cat"),
    ):
        manifest.with_columns(change.cast(manifest[change.meta.output_name()].dtype)).write_parquet(
            workspace.manifest
        )
        with pytest.raises(InputError, match=r"not the pictures and labels that verdict\.json"):
            read_judged(workspace, "fp32")
    lacking = pl.col("tag:cat") == 0
    manifest.with_columns(
        pl.when(lacking).then(None).otherwise("tag:cat").alias("tag:cat")
    ).write_parquet(workspace.manifest)
    with pytest.raises(InputError, match=r"not the pictures and labels that verdict\.json"):
        read_judged(workspace, "fp32")
    unlabelled = [pl.lit(None, pl.Int8).alias(f"tag:{tag}") for tag in TAGS]
    more = manifest[-1:].with_columns(pl.lit("test_style").alias("split"), *unlabelled)
    pl.concat([manifest[:-1], more]).write_parquet(workspace.manifest)
    with pytest.raises(InputError, match=r"not the pictures and labels that verdict\.json"):
        read_judged(workspace, "fp32", "test_style")
    manifest.write_parquet(workspace.manifest)
    assert read_judged(workspace, "fp32").entry.decides


@pytest.mark.parametrize("kind", list(FailureKind))
def test_a_runtime_that_is_not_here_has_no_version(kind: FailureKind) -> None:
    engine = runtimes.engines.get("litert")
    file = MODELS / "tiny_fp32.tflite"
    run = Run("fp32", file, "", Preprocessing(input_size=64), None, np.arange(3), engine)
    told = failure_of(run, LoadFailure(kind, "why"))
    here = kind is not FailureKind.UNAVAILABLE
    assert told.runtime_version == (engine.version() if here else None)
    assert (told.variant, told.kind, told.reason) == ("fp32", kind.value, "why")
