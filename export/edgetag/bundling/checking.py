"""Replays a bundle: source pictures decoded anew, golden inputs run through every file."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from edgetag.bundling.contents import FAMILIES, Family
from edgetag.bundling.models import check_model
from edgetag.bundling.opening import Bundle, open_bundle
from edgetag.bundling.pictures import read_source
from edgetag.bundling.replay import cells_over, nearest, run_over
from edgetag.bundling.result import BundledVariant
from edgetag.catalogue.engines import ENGINES
from edgetag.errors import InputError
from edgetag.machine import Acceleration
from edgetag.preprocess import ImageRejectedError
from edgetag.progress import Progress, SilentProgress
from edgetag.records import Record, Result
from edgetag.runtimes import Engine, FailureKind, LoadFailure, engines
from edgetag.scratch import scratch_folder
from edgetag.targets.naming import resolve_for, runtime_names
from edgetag.temporary_images import images_on_disk
from edgetag.workspace import digest_file

Outcome = Literal["pass", "fail", "not run"]


class PictureCheck(Record):
    """A source picture, decoded anew, against its golden input.

    Attributes:
        file: Its name in the bundle.
        lossless: Whether the pixels must be the same.
        max_difference: Largest difference of a channel, in steps of 256; None if not decoded.
        verdict: Lossy pictures pass in any case: decoders may differ.
        reason: Why it could not be decoded; empty where it could.
    """

    file: str
    lossless: bool
    max_difference: int | None
    verdict: Outcome
    reason: str = ""


class Replay(Record):
    """A file on a runtime against its known outputs.

    Attributes:
        variant: Which file.
        runtime: The engine.
        runtime_version: Version of the engine.
        accelerator: Asked for, and used; None in files from before schema 1.2, and where the engine
            does not say.
        family: Whose known outputs are nearest; None where there are no scores.
        tolerance: Tolerance of that family.
        max_difference: Largest absolute difference of a score from that family's.
        cell_tolerance: Tolerance of that family's heat maps; None where none are compared.
        max_cell_difference: Largest absolute difference of a heat map's cell.
        verdict: Passes if scores and heat maps are within the tolerances of one family, as in an
            app.
            Not run where the runtime is not here, or refuses the file without a part in the bundle.
        reason: Why there are no scores; empty where there are.
    """

    variant: str
    runtime: str
    runtime_version: str
    accelerator: Acceleration | None = None
    family: Family | None = None
    tolerance: float | None = None
    max_difference: float | None = None
    cell_tolerance: float | None = None
    max_cell_difference: float | None = None
    verdict: Outcome
    reason: str = ""


class BundleCheck(Result):
    """What `edgetag bundle check` found.

    Attributes:
        file: The bundle's file name.
        sha256: Its digest.
        name: The bundle's own name.
        version: Its version.
        files: Files whose digests are those of the manifest.
        pictures: The source pictures.
        replays: Every file on every runtime; empty where nothing was to be replayed.
    """

    SCHEMA: ClassVar[str] = "edgetag.bundle-check/1.2"
    file: str
    sha256: str
    name: str
    version: str
    files: int
    pictures: tuple[PictureCheck, ...]
    replays: tuple[Replay, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        verdicts = [part.verdict for part in self.pictures] + [
            part.verdict for part in self.replays
        ]
        return "fail" not in verdicts


def chosen_engines(on: Sequence[str]) -> tuple[Engine, ...]:
    """Return the engines to replay on.

    Args:
        on: Names of engines or of emulated machines, which stand for all their runtimes; where
            none is named, those of this machine.

    Raises:
        InputError: A name is unknown, or what it names is not set up.
    """
    if not on:
        return tuple(engines.get(family) for family in FAMILIES)
    places = resolve_for("bundle check", on)
    chosen = tuple(engines.get(name) for name in runtime_names(places))
    for engine in chosen:
        if (missing := engine.available()) is not None:
            raise InputError(f"{engine.name}: {missing}")
    return chosen


def check(path: Path, on: Sequence[Engine], progress: Progress) -> BundleCheck:
    """Check a bundle as an app would, and more.

    Its files are run on each of `on`; nowhere where none is given.

    Raises:
        InputError: It is damaged, or built to do harm, or its parts do not fit each other.
    """
    with open_bundle(path) as bundle, scratch_folder() as folder:
        for variant in bundle.manifest.variants:
            bundle.archive.copy(variant.file, folder / variant.file)
            check_model(folder / variant.file, variant, bundle.manifest, path)
        return BundleCheck(
            file=path.name,
            sha256=digest_file(path),
            name=bundle.manifest.name,
            version=bundle.manifest.version,
            files=len(bundle.manifest.files),
            pictures=_pictures(bundle),
            replays=_replays(bundle, folder, on, progress) if on else (),
        )


def require_pictures(path: Path) -> None:
    """Refuse a bundle that is damaged, or whose pictures do not give its golden inputs here.

    Raises:
        InputError: It is so.
    """
    if not check(path, (), SilentProgress()).passed:
        raise InputError(
            f"{path}: its pictures do not give its golden inputs; see: edgetag bundle check "
            f"{path.name}"
        )


def _pictures(bundle: Bundle) -> tuple[PictureCheck, ...]:
    checks = []
    for number, described in enumerate(bundle.golden.pictures):
        try:
            source = read_source(bundle.pictures[number], bundle.contract)
        except ImageRejectedError as error:
            checks.append(
                PictureCheck(
                    file=described.file,
                    lossless=described.lossless,
                    max_difference=None,
                    verdict="fail",
                    reason=str(error),
                )
            )
            continue
        known = bundle.inputs[number].astype(np.int16)
        largest = int(np.abs(source.pixels.astype(np.int16) - known).max())
        same_size = (source.width, source.height) == (described.width, described.height)
        right = same_size and (largest == 0 or not described.lossless)
        checks.append(
            PictureCheck(
                file=described.file,
                lossless=described.lossless,
                max_difference=largest,
                verdict="pass" if right else "fail",
                reason="" if same_size else f"it is {source.width}x{source.height} pixels",
            )
        )
    return tuple(checks)


def _replays(
    bundle: Bundle, folder: Path, on: Sequence[Engine], progress: Progress
) -> tuple[Replay, ...]:
    runs = [(variant, engine) for variant in bundle.manifest.variants for engine in on]
    with (
        images_on_disk(bundle.inputs, bundle.inputs.shape[1]) as cache,
        progress.track("replaying golden inputs", len(runs), "runs") as task,
    ):
        replays = []
        for variant, engine in runs:
            replays.append(_replay(bundle, variant, engine, folder / variant.file, cache))
            task.advance()
    if all(replay.verdict == "not run" for replay in replays):
        raise InputError(
            f"{bundle.archive.path}: no runtime here runs it ({replays[0].reason}); "
            "--no-replay checks the rest"
        )
    return tuple(replays)


def _replay(
    bundle: Bundle, variant: BundledVariant, engine: Engine, model: Path, cache: Path
) -> Replay:
    known = [entry for entry in bundle.known if entry.expected.variant == variant.variant]
    run = run_over(engine, model, cache, len(bundle.inputs), bundle.contract)
    unavailable = isinstance(run, LoadFailure) and run.kind is FailureKind.UNAVAILABLE
    version = "" if unavailable else engine.version()
    place = {
        "variant": variant.variant,
        "runtime": engine.name,
        "runtime_version": version,
        "accelerator": engines.acceleration(engine.name, run),
    }
    if isinstance(run, LoadFailure):
        # A runtime that never took the file (too old for it) tells nothing new; one that took it
        # and crashed, or gave no scores, does.
        foreign = engine.name not in {entry.expected.runtime for entry in known}
        refused = foreign and run.kind is FailureKind.NOT_LOADABLE
        verdict: Outcome = "not run" if unavailable or refused else "fail"
        return Replay(**place, verdict=verdict, reason=run.reason)
    if run.scores.shape[1] != len(bundle.manifest.tags):
        reason = f"it gives {run.scores.shape[1]} scores for {len(bundle.manifest.tags)} tags"
        return Replay(**place, verdict="fail", reason=reason)
    cells = None
    if ENGINES[engine.inner].explains and any(entry.cells is not None for entry in known):
        cells = cells_over(engine, model, cache, len(bundle.inputs), bundle.contract)
    if isinstance(cells, LoadFailure):
        return Replay(**place, verdict="fail", reason=f"heat maps: {cells.reason}")
    distance = nearest(run.scores, cells, known)
    family, maps = distance.expected, distance.expected.maps
    return Replay(
        **place,
        family=family.family,
        tolerance=family.tolerance,
        max_difference=distance.scores,
        cell_tolerance=maps.tolerance if maps and distance.cells is not None else None,
        max_cell_difference=distance.cells,
        verdict="pass" if distance.agrees else "fail",
    )
