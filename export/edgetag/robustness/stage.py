"""Test pictures attacked by gradients of the float network, scored by every file.

What an attack costs is told beside noise of the same size, since a network that noise confuses
needs no attacker. Pictures are changed as they lie in the image cache, in whole steps of 8 bits,
and files are scored by the runtime that apps have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgetag.catalogue.engines import DEFAULT_ENGINE
from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import ExportedFile, exported_files
from edgetag.conversion.result import ExportedVariant
from edgetag.dataset import Rows, open_dataset
from edgetag.errors import InputError
from edgetag.labels import Labels
from edgetag.metrics import Scores
from edgetag.preprocess import Pixels, scale
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.robustness.current import judged_by
from edgetag.robustness.result import Attacked, AttackedFile, AttackedTag, Change, Robustness
from edgetag.runtimes import LoadFailure, engines, score
from edgetag.sampling import rare_tags_first
from edgetag.shipping import read_shipping
from edgetag.temporary_images import images_on_disk
from edgetag.training.result import trained_thresholds
from edgetag.validation.comparison import compare
from edgetag.validation.inputs import split_of
from edgetag.validation.metrics import Measured, Split
from edgetag.workspace import Workspace

CHANGES: tuple[Change, ...] = ("noise", "fgsm", "pgd")
EPSILONS = (1, 2, 4)
STEPS = 10
IMAGES = 300
BATCH = 32

SAME = 0.01
"""Scores of the float network and of its file differ by less: by rounding alone, about 1e-6."""


@dataclass(frozen=True, eq=False)
class _Pictures:
    """The pictures that are attacked.

    Attributes:
        rows: `[n]` of the manifest.
        pixels: `[n, size, size, 3]` uint8.
        labels: `[n, tags]`.
    """

    rows: Rows
    pixels: Pixels
    labels: Labels


def run(
    recipe: Recipe,
    workspace: Workspace,
    progress: Progress,
    *,
    variants: Sequence[str] = (),
    epsilons: Sequence[int] = EPSILONS,
    steps: int = STEPS,
    images: int = IMAGES,
) -> Robustness:
    """Attack test pictures, and score them by the float file and others.

    Args:
        recipe: Of the run.
        workspace: With data, weights and exported files; gets `robustness/robustness.json`.
        progress: Is told of every picture.
        variants: Files beside the float one; default: the one that an app takes.
        epsilons: Budgets: largest changes of a pixel, in steps of 8 bits.
        steps: Of PGD.
        images: How many pictures of the split that decides, rare tags among them first.

    Raises:
        InputError: Something is missing, or the exported float file is of another network.
    """
    dataset = open_dataset(workspace, recipe.network.input_size)
    kept = trained_thresholds(workspace, dataset.vocabulary.names)
    engine = engines.get(DEFAULT_ENGINE)
    if missing := engine.available():
        raise InputError(f"files are scored on {DEFAULT_ENGINE}: {missing}")
    chosen = variants or (read_shipping(recipe, workspace).leading,)
    files = exported_files(workspace, tuple(dict.fromkeys((BASE, *chosen))))
    section = recipe.validation
    rows = dataset.rows(section.splits[0])
    rows = rows[rare_tags_first(dataset.labels(rows), images, section.min_positives, recipe.seed)]
    pictures = _Pictures(rows, dataset.images(rows), dataset.labels(rows))
    names = [(change, epsilon) for epsilon in dict.fromkeys(epsilons) for change in CHANGES]
    model = _model(recipe, workspace)
    _require_same(recipe, workspace, model, files, pictures, progress)
    changed = _changed(recipe, model, pictures, names, steps, progress)
    scored, notes = _scored(recipe, files, np.concatenate([pictures.pixels, *changed]), progress)
    split = split_of(recipe, dataset, rows)
    result = Robustness(
        split=section.splits[0],
        images=len(rows),
        groups=split.bootstrap.groups,
        n_scored_tags=len(split.scored),
        n_tags=len(dataset.vocabulary),
        runtime=DEFAULT_ENGINE,
        accelerator=engines.acceleration(DEFAULT_ENGINE),
        confidence=section.confidence,
        steps=steps,
        judged_sha256=judged_by(workspace, dataset, section.splits[0]),
        files=tuple(
            _file(file, scored[file.variant], names, split, kept)
            for file, _ in files
            if file.variant in scored
        ),
        notes=tuple(notes),
    )
    result.write(workspace.robustness / "robustness.json")
    return result


def _model(recipe: Recipe, workspace: Workspace) -> Any:
    weights = workspace.trained_weights()
    # Imported late, for TensorFlow's 8 s.
    from edgetag.networks import build_untrained, load_weights

    model = build_untrained(recipe.network, len(recipe.data.tags))
    load_weights(model, weights)
    return model


def _require_same(
    recipe: Recipe,
    workspace: Workspace,
    model: Any,
    files: Sequence[ExportedFile],
    pictures: _Pictures,
    progress: Progress,
) -> None:
    """Refuse a float file that scores the first pictures otherwise than the network.

    Raises:
        InputError: It does.
    """
    few = pictures.pixels[:BATCH]
    known, _ = _scored(recipe, [file for file in files if file[0].variant == BASE], few, progress)
    scores = model(scale(few, recipe.network.preprocessing()), training=False).numpy()
    if BASE in known and not np.allclose(known[BASE], scores, rtol=0, atol=SAME):
        raise InputError(
            f"{workspace.export}: {BASE} is not of the network in {workspace.train}, by whose "
            "gradients pictures are attacked; run: edgetag export"
        )


def _changed(
    recipe: Recipe,
    model: Any,
    pictures: _Pictures,
    names: Sequence[tuple[Change, int]],
    steps: int,
    progress: Progress,
) -> list[Pixels]:
    """Return the pictures changed in each way, by the network's gradients."""
    from edgetag.training.adversarial import PixelAttacker

    contract, parts = recipe.network.preprocessing(), range(0, len(pictures.rows), BATCH)
    attackers = {
        kind: PixelAttacker(model, kind, steps, contract, recipe.seed) for kind in ("fgsm", "pgd")
    }
    changed = []
    with progress.track("attacking", len(names) * len(pictures.rows), "images") as task:
        for change, epsilon in names:
            if change == "noise":
                changed.append(noisy(pictures.pixels, epsilon, recipe.seed))
                task.advance(len(pictures.rows), change)
                continue
            attacker, batches = attackers[change], []
            for start in parts:
                part = slice(start, start + BATCH)
                shown, labels = pictures.pixels[part], pictures.labels[part]
                batch = attacker.attack(shown, labels, start, epsilon)
                batches.append(batch)
                task.advance(len(batch), f"{change} {epsilon}/255")
            changed.append(np.concatenate(batches))
    return changed


def noisy(pixels: Pixels, epsilon: int, seed: int) -> Pixels:
    """Return pictures of which each value is moved by `epsilon`, up or down by lot."""
    signs = np.random.default_rng([seed, epsilon]).choice((-epsilon, epsilon), pixels.shape)
    return (pixels + signs).clip(0, 255).astype(np.uint8)


def _scored(
    recipe: Recipe, files: Sequence[ExportedFile], pixels: Pixels, progress: Progress
) -> tuple[dict[str, Scores], list[str]]:
    """Return each file's scores `[pictures, tags]`, and why others have none."""
    contract, tags = recipe.network.preprocessing(), len(recipe.data.tags)
    scored, notes = {}, []
    with (
        images_on_disk(pixels, contract.input_size) as folder,
        progress.track("scoring", len(files) * len(pixels), "images") as task,
    ):
        rows = np.arange(len(pixels))
        for file, path in files:
            outcome = score(engines.get(DEFAULT_ENGINE), path, folder, rows, contract, 1, task)
            if isinstance(outcome, LoadFailure):
                notes.append(f"{file.variant}: {outcome.kind}: {outcome.reason}")
            elif outcome.scores.shape[1] != tags:
                notes.append(
                    f"{file.variant}: it gives {outcome.scores.shape[1]} scores, not {tags}"
                )
            else:
                scored[file.variant] = outcome.scores
    return scored, notes


def _file(
    file: ExportedVariant,
    scores: Scores,
    names: Sequence[tuple[Change, int]],
    split: Split,
    thresholds: Mapping[str, float],
) -> AttackedFile:
    clean, *changed = (
        Measured(part, split, thresholds) for part in np.split(scores, len(names) + 1)
    )
    return AttackedFile(
        variant=file.variant,
        sha256=file.sha256,
        white_box=file.variant == BASE,
        map=clean.mean_average_precision,
        under=tuple(
            _under(change, epsilon, clean, after)
            for (change, epsilon), after in zip(names, changed, strict=True)
        ),
    )


def _under(change: Change, epsilon: int, clean: Measured, after: Measured) -> Attacked:
    split, compared = clean.split, compare(clean, after, after)
    truth = split.labels == 1
    right = split.known & (clean.decisions == truth)
    mean = compared.mean_ap
    return Attacked(
        change=change,
        epsilon=epsilon,
        map=mean.value if mean else None,
        map_drop=mean.drop if mean else None,
        map_drop_interval=mean.drop_interval if mean else None,
        turned_wrong=float((after.decisions != truth)[right].mean()) if right.any() else None,
        tags=tuple(
            AttackedTag(
                tag=name,
                positives=tag.recall.total,
                ap=tag.ap.value,
                ap_drop=tag.ap.drop,
                ap_drop_interval=tag.ap.drop_interval,
                recall=tag.recall.measure.value,
                recall_drop=tag.recall.measure.drop,
                recall_drop_interval=tag.recall.measure.drop_interval,
                fpr=tag.fpr.measure.value,
                fpr_rise=tag.fpr.measure.drop,
                fpr_rise_interval=tag.fpr.measure.drop_interval,
            )
            for name, tag in compared.tags.items()
        ),
    )
