"""Every tool's file and ours over the same pictures, timed in the same rounds."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from edgetag.arrays import write_array
from edgetag.benchmarking.conditions import look
from edgetag.benchmarking.latency import ratio
from edgetag.benchmarking.stage import first_images
from edgetag.catalogue.variants import BASE
from edgetag.conversion.calibration.calibrate import scores_of
from edgetag.conversion.calibration.pictures import Pictures
from edgetag.conversion.explain_signature import without_explain
from edgetag.conversion.exported import exported_file, exported_files
from edgetag.conversion.flatfile import pack_model, parse_model
from edgetag.conversion.representative import representative_images
from edgetag.conversion.sources import Sources
from edgetag.dataset import open_dataset
from edgetag.errors import InputError
from edgetag.pixels import Normalization
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.study.goals import check, goals_of
from edgetag.study.peers.environments import python_of
from edgetag.study.peers.jobs import Job
from edgetag.study.peers.making import Given, MadeFile, made_by, scores_file
from edgetag.study.peers.tools import ON_THE_PROCESSOR, TFLITE_CONVERTER, Kind, Runs, Tool, find
from edgetag.study.peers.turns import PER_TURN, Entry, take_turns
from edgetag.study.pooling import Pool
from edgetag.study.result import Accuracy, Peer, PeersStudy, Row
from edgetag.study.variants import COMPARED_WITH
from edgetag.study.writing import about, write_study
from edgetag.validation.inputs import split_of
from edgetag.validation.judged import read_judged
from edgetag.validation.scores import read_reference
from edgetag.workspace import Workspace
from edgetag.writing import is_full, write_bytes, write_text

FEWEST_ROUNDS = 10


@dataclass(frozen=True)
class Theirs:
    """A tool's file.

    Attributes:
        name: In tables.
        folder: The tool's.
        kind: Which of its files.
        described: What is known of it.
        runs: What opens it,
        python: with which Python.
    """

    name: str
    folder: Path
    kind: Kind
    described: MadeFile
    runs: Runs
    python: Path


def run(
    recipe: Recipe,
    workspace: Workspace,
    study: Workspace,
    progress: Progress,
    tools: Sequence[str] = (),
    goals: Sequence[str] = (),
) -> PeersStudy:
    """Take the float network of a validated run through other tools, and compare their files.

    Leaves `study.json`, `study.md` and `study.svg` in the study's folder, and beside them each
    tool's files and scores, which a killed study takes up. Files are timed anew; `times.json` has
    every time.

    Args:
        recipe: Of the run.
        workspace: The run.
        study: The study's folder.
        progress: Is told of every step.
        tools: Keys of `tools.TOOLS`; default: all.
        goals: Of our files, as on the command line; beside the recipe's budgets.

    Raises:
        InputError: The run lacks its float file, scores or pictures, a goal cannot be read, or the
            disk is full.
    """
    ours = exported_files(workspace)
    asked = goals_of(recipe, [file.variant for file, _ in ours], goals)
    with study.locked():
        given = _given(recipe, workspace, study)
        theirs, outcomes = _made(recipe, workspace, study, given, find(tools), progress)
        accuracies = _accuracies(recipe, workspace, [file.variant for file, _ in ours], theirs)
        entries = {file.variant: _entry(given, path) for file, path in ours}
        entries |= {
            each.name: _entry(given, each.folder / each.described.name, each.runs, each.python)
            for each in theirs
        }
        before = look().load
        rounds = max(FEWEST_ROUNDS, recipe.benchmark.runs // PER_TURN)
        times = take_turns(entries, rounds, recipe.seed, progress)
        after = look().load
        write_text(study.root / "times.json", json.dumps({"milliseconds": dict(times)}))
        sizes = {own.variant: (own.size_bytes, own.gzip_bytes, "") for own, _ in ours}
        for each in theirs:
            file = each.described
            sizes[each.name] = (file.size_bytes, file.gzip_bytes, _note(file.precision))
        base = COMPARED_WITH if COMPARED_WITH in entries else BASE
        rows = tuple(
            _row(name, accuracies[name], sizes[name], times[name], times[base]).replace(
                runtime=entry.job.runtime, accelerator=ON_THE_PROCESSOR
            )
            for name, entry in entries.items()
        )
        result = PeersStudy(
            **about(recipe, base, before, after),
            rows=rows,
            goals=check(asked, rows),
            tools=tuple(outcomes),
            calibrating_images=len(given.expected),
        )
        write_study(study, result)
    return result


def _given(recipe: Recipe, workspace: Workspace, study: Workspace) -> Given:
    """Lay out what every tool is given: the float file alone, and pictures as arrays."""
    dataset = open_dataset(workspace)
    _, path = exported_file(workspace, BASE)
    model = parse_model(path.read_bytes(), path)
    without_explain(model)
    data, source = pack_model(model), study.root / "float.tflite"
    write_bytes(source, data)
    contract = recipe.network.preprocessing()
    count = recipe.export.representative_images
    calibrating = representative_images(dataset, count, recipe.seed).calibrating
    folder = study.root / "pictures"
    for name, pixels in [
        ("calibrating", calibrating),
        ("timed", first_images(recipe, workspace)),
        *((f"of-{name}", dataset.images(dataset.rows(name))) for name in recipe.validation.splits),
    ]:
        write_array(folder / f"{name}.npy", pixels)
    return Given(
        source,
        contract,
        folder / "calibrating.npy",
        folder / "timed.npy",
        {name: folder / f"of-{name}.npy" for name in recipe.validation.splits},
        scores_of(data, Pictures(calibrating, contract)),
    )


def _made(
    recipe: Recipe,
    workspace: Workspace,
    study: Workspace,
    given: Given,
    tools: Sequence[Tool],
    progress: Progress,
) -> tuple[Sequence[Theirs], Sequence[Peer]]:
    """Return every file that could be made, and what became of every tool."""
    theirs: list[Theirs] = []
    outcomes: list[Peer] = []
    for tool in tools:
        reason, folder = "", study.root / tool.key
        try:
            with progress.track(f"{tool.title}: its environment", None):
                python = python_of(tool)
            here = partial(_convert, recipe, workspace) if tool.key == TFLITE_CONVERTER else None
            made = made_by(tool, python, folder, given, progress, here)
        except InputError as error:
            if is_full(error):
                raise
            reason = str(error)
            progress.say(f"left out: {reason}")
        else:
            theirs += [
                Theirs(tool.name(kind), folder, kind, file, tool.runs, python)
                for kind, file in made.files.items()
            ]
        outcomes.append(
            Peer(
                name=tool.title,
                packages=tool.requirements,
                settings=tool.settings,
                reason=reason,
            )
        )
    return theirs, outcomes


def _convert(recipe: Recipe, workspace: Workspace, file: Path) -> None:
    """Write what TensorFlow Lite's converter makes of the float network by itself."""
    from edgetag.conversion.convert import convert

    with closing(Sources(recipe, workspace)) as sources:
        data = convert(
            sources.saved_model(BASE),
            "int8",
            sources.contract,
            input_type="uint8",
            output_type="uint8",
            representative=sources.representative.calibrating,
        )
    write_bytes(file, data)


def _accuracies(
    recipe: Recipe,
    workspace: Workspace,
    variants: Sequence[str],
    theirs: Sequence[Theirs],
) -> Mapping[str, tuple[Accuracy, ...]]:
    """Return each file's accuracy over every split, against the float model's scores."""
    dataset = open_dataset(workspace)
    path = workspace.validate / "reference.npz"
    reference = read_reference(path)
    measured: dict[str, list[Accuracy]] = {}
    for split in recipe.validation.splits:
        rows = dataset.rows(split)
        expected = reference.matched(dataset.identities(rows), dataset.vocabulary.names, path)
        pool = Pool(split, split_of(recipe, dataset, rows), [expected])
        for variant in variants:
            scores = read_judged(workspace, variant, split).scores
            measured.setdefault(variant, []).append(pool.measure([scores]))
        for each in theirs:
            scores = np.load(scores_file(each.folder, each.kind, split))
            measured.setdefault(each.name, []).append(pool.measure([scores]))
    return {name: tuple(entries) for name, entries in measured.items()}


def _entry(
    given: Given, file: Path, runs: Runs = "litert", python: Path = Path(sys.executable)
) -> Entry:
    job = Job(
        do="time",
        runtime=runs,
        file=str(file),
        pictures=str(given.timed),
        contract=Normalization.of(given.contract),
    )
    return Entry(python, job)


def _note(precision: str) -> str:
    return f"computes floats in {precision}" if precision not in ("", "f32") else ""


def _row(
    name: str,
    accuracy: tuple[Accuracy, ...],
    described: tuple[int, int, str],
    times: Sequence[float] | str,
    base: Sequence[float] | str,
) -> Row:
    size_bytes, gzip_bytes, note = described
    timed = None if isinstance(times, str) else times
    against = None if isinstance(base, str) else base
    return Row(
        name=name,
        accuracy=accuracy,
        size_bytes=size_bytes,
        gzip_bytes=gzip_bytes,
        latency_ms=float(np.median(timed)) if timed else None,
        latency_ratio=ratio(timed, against) if timed and against else None,
        note="; ".join(filter(None, [note, times if isinstance(times, str) else ""])),
    )
