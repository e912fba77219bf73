"""The variants of a recipe, trained with several seeds, as one table.

Each seed has a run folder of its own, in which the pipeline goes on where it was killed. What is
said over all seeds is computed anew from their scores.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from edgetag.benchmarking.conditions import look
from edgetag.benchmarking.latency import ratio
from edgetag.benchmarking.measure import Plan, Times, measure
from edgetag.benchmarking.stage import first_images
from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import ExportedFile, exported_files
from edgetag.dataset import open_dataset
from edgetag.progress import Progress
from edgetag.recipe import BUDGET_CPU, BUDGET_TARGET, Recipe
from edgetag.runtimes import engines
from edgetag.study.goals import Goal, check, goals_of
from edgetag.study.pooling import Pool
from edgetag.study.result import Accuracy, Row, VariantsStudy
from edgetag.study.seeds import make_seeds, recipe_of_seed, seed_folder
from edgetag.study.writing import about, write_study
from edgetag.targets.asked import engines_of
from edgetag.targets.counting.count import able_to_count, count_instructions
from edgetag.targets.naming import COUNT, resolve_for
from edgetag.validation.inputs import split_of
from edgetag.validation.judged import read_judged
from edgetag.validation.scores import read_reference
from edgetag.workspace import Workspace

COMPARED_WITH = "int8"
"""What latencies are a share of, where it is studied; else of the float file."""

Files = Mapping[int, tuple[ExportedFile, ...]]
"""Seed → its files, in the same order."""


def run(
    recipe: Recipe,
    study: Workspace,
    progress: Progress,
    seeds: int = 3,
    variants: Sequence[str] = (),
    goals: Sequence[str] = (),
) -> VariantsStudy:
    """Train, compress and score every variant with every seed, and time all files together.

    Leaves `study.json`, `study.md` and `study.svg` in the study's folder. What an earlier attempt
    has finished is taken up; files are timed anew.

    Args:
        recipe: What to build. Its seed is the first one.
        study: The folder of the study; the run folder of seed N is `seed-N` in it.
        progress: Who is told.
        seeds: How many trainings.
        variants: Which; default: the recipe's.
        goals: As on the command line, see `goals.parse_goal`; beside the recipe's budgets.

    Raises:
        InputError: A stage refuses its input, or a goal cannot be read.
    """
    recipes = [
        recipe_of_seed(recipe, recipe.seed + number, variants or recipe.export.variants)
        for number in range(seeds)
    ]
    names = recipes[0].export.variants
    asked = goals_of(recipe, names, goals)
    with study.locked():
        make_seeds(recipes, study, progress)
        return compare_seeds(recipes, study, asked, progress)


def compare_seeds(
    recipes: Sequence[Recipe], study: Workspace, goals: Sequence[Goal], progress: Progress
) -> VariantsStudy:
    """Compare the validated files in the run folders of all seeds, and time them.

    Raises:
        InputError: A run folder lacks a file or its scores, or something in it has changed.
    """
    first = recipes[0]
    names = first.export.variants
    files = {each.seed: exported_files(seed_folder(study, each.seed), names) for each in recipes}
    accuracy = _accuracies(recipes, study, names, progress)
    base = COMPARED_WITH if COMPARED_WITH in names else BASE
    before = look().load
    rows = _rows(first, study, files, accuracy, base, progress)
    after = look().load
    result = VariantsStudy(
        **about(first, base, before, after),
        rows=rows,
        goals=check(goals, rows),
        seeds=tuple(files),
        runtime=first.benchmark.budget_runtime,
    )
    write_study(study, result)
    return result


def _accuracies(
    recipes: Sequence[Recipe], study: Workspace, names: Sequence[str], progress: Progress
) -> Mapping[str, tuple[Accuracy, ...]]:
    """Return every variant's accuracy over each split, averaged over seeds."""
    splits = recipes[0].validation.splits
    measured: dict[str, list[Accuracy]] = {name: [] for name in names}
    folders = [seed_folder(study, recipe.seed) for recipe in recipes]
    dataset = open_dataset(folders[0])
    with progress.track("intervals", len(names) * len(splits), "files") as task:
        for name in splits:
            rows = dataset.rows(name)
            identities = dataset.identities(rows)
            references = []
            for folder in folders:
                path = folder.validate / "reference.npz"
                references.append(
                    read_reference(path).matched(identities, dataset.vocabulary.names, path)
                )
            pool = Pool(name, split_of(recipes[0], dataset, rows), references)
            for variant in names:
                scores = [read_judged(folder, variant, name).scores for folder in folders]
                measured[variant].append(pool.measure(scores))
                task.advance()
    return {variant: tuple(entries) for variant, entries in measured.items()}


def _rows(
    recipe: Recipe,
    study: Workspace,
    files: Files,
    accuracy: Mapping[str, tuple[Accuracy, ...]],
    base: str,
    progress: Progress,
) -> tuple[Row, ...]:
    latencies_ms = _latencies(recipe, seed_folder(study, recipe.seed), files, progress)
    instructions = _instructions(recipe, seed_folder(study, recipe.seed), progress)
    rows, runtime = [], recipe.benchmark.budget_runtime
    for name, entries in accuracy.items():
        own = [file for every in files.values() for file, _ in every if file.variant == name]
        timed, against = latencies_ms.get(name), latencies_ms.get(base)
        counted, base_counted = instructions.get(name), instructions.get(base)
        rows.append(
            Row(
                name=name,
                accuracy=entries,
                size_bytes=round(np.mean([file.size_bytes for file in own])),
                gzip_bytes=round(np.mean([file.gzip_bytes for file in own])),
                latency_ms=float(np.median(timed)) if timed else None,
                latency_ratio=ratio(timed, against) if timed and against else None,
                instructions=counted,
                instructions_ratio=counted / base_counted if counted and base_counted else None,
                runtime=runtime,
                accelerator=engines.acceleration(runtime),
            )
        )
    return tuple(rows)


def _latencies(
    recipe: Recipe, workspace: Workspace, files: Files, progress: Progress
) -> Mapping[str, list[float]]:
    """Time the files of all seeds in turns; return the times of each variant, seed after seed.

    A variant of which a file does not run, on any seed, is left out.
    """
    listed = [(file.variant, path) for every in files.values() for file, path in every]
    runtime, pixels = recipe.benchmark.budget_runtime, first_images(recipe, workspace)
    plan = Plan.of(recipe, runtime, 1, pixels)
    latencies_ms: dict[str, list[float]] = {}
    failed = set()
    outcomes = measure([path for _, path in listed], plan, progress)
    for (variant, path), outcome in zip(listed, outcomes, strict=True):
        if isinstance(outcome, Times):
            latencies_ms.setdefault(variant, []).extend(outcome.latencies_ms)
        else:
            progress.say(f"{path}: {outcome}")
            failed.add(variant)
    return {name: times for name, times in latencies_ms.items() if name not in failed}


def _instructions(recipe: Recipe, workspace: Workspace, progress: Progress) -> Mapping[str, int]:
    """Return variant → ARM instructions of the first seed's file; empty where none can count."""
    place = f"{recipe.benchmark.budget_runtime}@{BUDGET_TARGET}"
    there = engines_of(resolve_for(COUNT, [place]), (), (BUDGET_CPU,))
    if any(engine.available() for engine in there) or not able_to_count(there):
        progress.say(
            f"instructions are not counted; edgetag target setup {BUDGET_TARGET} sets it up"
        )
        return {}
    with workspace.locked():
        counted = count_instructions(recipe, workspace, progress, there)
    return {count.variant: count.instructions for count in counted.counts}
