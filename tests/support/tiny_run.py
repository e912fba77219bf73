"""A run folder as the earlier stages leave it, made without TensorFlow from the tiny models."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgetag.arrays import write_arrays
from edgetag.dependencies import dependencies_of
from edgetag.labels import UNKNOWN, Labels
from edgetag.metrics import Scores
from edgetag.recipe import Recipe, parse_recipe
from edgetag.tags import Vocabulary
from edgetag.training.thresholds import choose_thresholds
from edgetag.validation.scores import KnownPictures, ReferenceMeta, ReferenceScores, write_reference
from edgetag.workspace import Workspace, digest_file
from tests.support.paths import MODELS
from tests.support.run_folders import (
    FLOAT,
    noisy_pictures,
    score,
    write_cache,
    write_export,
    write_manifest,
    write_models,
)

TAGS = ("cat", "dog", "food")
RECIPE = """
name = "tiny"
[data]
source = "labels.csv"
tags = ["cat", "dog", "food"]
[network]
input_size = 64
[export]
variants = ["fp32", "int8"]
[validation]
splits = ["test", "test_style"]
min_positives = 10
bootstrap_samples = 200
[bundle]
variant = "int8"
"""
LIMITS = "[budgets.default]\nmax_map_drop = 0.9\n"
"""Without a limit on accuracy nothing is judged; tests of limits give their own."""

TEST, STYLE, TRAIN, VALIDATION = 120, 40, 10, 60
ALIKE = 4
"""Test images of a group."""

KNOWN = (*range(TEST + STYLE), *range(TEST + STYLE + TRAIN, TEST + STYLE + TRAIN + VALIDATION))
"""Rows that the reference has scores of."""


@dataclass(frozen=True)
class RunFolder:
    """A workspace, the recipe it was made by, and what is known about its images."""

    workspace: Workspace
    recipe: Recipe
    labels: Labels
    reference: Scores
    """`[test, test_style and validation images, tags]`, in the order of `KNOWN`."""
    thresholds: dict[str, float]
    """Fitted to the reference on the validation split."""

    def with_recipe(self, more: str) -> Recipe:
        limits = "" if "[budgets.default]" in more else LIMITS
        return parse_recipe(RECIPE + more + limits, self.workspace.root / "recipe.toml")

    def on_litert(self, more: str = "") -> Recipe:
        """Return the recipe with more at its end, on one runtime."""
        recipe = self.with_recipe(more)
        section = recipe.validation.replace(runtimes=("litert",))
        return recipe.replace(validation=section)

    def copy(self, to: Path) -> "RunFolder":
        """Return the same in a new place."""
        return replace(self, workspace=Workspace(shutil.copytree(self.workspace.root, to)))

    def unjudged(self, to: Path) -> "RunFolder":
        """Return a copy that keeps scores of the variants, but no reference and no verdict."""
        copied = self.copy(to)
        for name in ("reference.npz", "verdict.json", "details.json", "changes.parquet"):
            (copied.workspace.validate / name).unlink()
        return copied

    def replace_model(self, variant: str, content: bytes) -> None:
        """Put another file in a variant's place, as if it had been exported so."""
        path = self.workspace.export / f"{variant}.tflite"
        path.write_bytes(content)
        write_export(self.workspace)

    def reference_file(self, **changes: object) -> Path:
        """Return reference scores as another machine would send them."""
        path = self.workspace.root / "from-elsewhere.npz"
        identities = tuple(f"id{i}" for i in KNOWN)
        fields: dict[str, object] = {
            "scores": self.reference,
            "identities": identities,
            "tags": TAGS,
            "split": ("test",) * TEST + ("test_style",) * STYLE + ("validation",) * VALIDATION,
            "known": KnownPictures(
                self.labels[list(KNOWN)],
                tuple(f"pictures/{i}.png" for i in KNOWN),
                np.array([i - i % ALIKE if i < TEST else i for i in range(len(KNOWN))], np.int32),
            ),
            "meta": ReferenceMeta(
                engine="TensorFlow",
                device="a GPU far away",
                versions={"tensorflow": "2.20.0"},
                weights_sha256=digest_file(self.workspace.train / "model.npz"),
                preprocessing=self.recipe.network.preprocessing().digest(),
                thresholds=self.thresholds,
                made_with=dependencies_of("edgetag.validation.reference").digest,
                fp32_size_bytes=(MODELS / "tiny_fp32.tflite").stat().st_size,
            ),
        }
        write_reference(path, ReferenceScores(**{**fields, **changes}))  # type: ignore[arg-type]
        return path


def make_run_folder(tmp_path: Path) -> RunFolder:
    """120 test images in 30 groups, 40 of another style, 60 to validate; noisy labels."""
    workspace = Workspace(tmp_path / "run")
    recipe = parse_recipe(RECIPE + LIMITS, tmp_path / "recipe.toml")
    pixels = noisy_pictures(TEST + STYLE + TRAIN + VALIDATION)
    scores = score(FLOAT, pixels, recipe)
    reference = scores[list(KNOWN)]
    generator = np.random.default_rng(6)
    noisy = scores + generator.normal(0, 0.1, scores.shape)
    labels = (noisy > np.quantile(noisy, 0.7, axis=0)).astype(np.int8)
    labels[generator.random(labels.shape) < 0.05] = UNKNOWN
    labels[TEST : TEST + STYLE, 2] = 0  # no positive for food in the other style

    write_cache(workspace.cache, pixels)
    known = {
        tag: [None if v == UNKNOWN else int(v) for v in labels[:, column]]
        for column, tag in enumerate(TAGS)
    }
    groups = [f"concept {i // ALIKE}" if i < TEST else None for i in range(len(pixels))]
    splits = ["test"] * TEST + ["test_style"] * STYLE + ["train"] * TRAIN
    splits += ["validation"] * VALIDATION
    paths = [f"pictures/{i}.png" for i in range(len(pixels))]
    write_manifest(workspace, splits, known, paths=paths, groups=groups)

    write_arrays(workspace.train / "model.npz", {"weights": np.arange(3)})
    validation = slice(-VALIDATION, None)
    thresholds = choose_thresholds(
        scores[validation],
        labels[validation],
        Vocabulary(TAGS),
        recipe.training.thresholds,
        "validation",
    )
    thresholds.write(workspace.train / "thresholds.json")
    write_models(workspace)
    return RunFolder(workspace, recipe, labels, reference, thresholds.thresholds)
