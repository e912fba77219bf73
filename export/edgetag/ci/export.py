"""From a finished run to a folder that a CI job judges by."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edgetag.ci.job import ATTRIBUTION, BASELINE, MODEL, REFERENCE, Job, extra_of, validate_command
from edgetag.ci.job_recipe import JobRecipe, job_recipe
from edgetag.ci.job_reference import job_reference
from edgetag.ci.pictures import FOLDER, Judged, collect
from edgetag.ci.rehearsal import rehearse
from edgetag.ci.result import CiExport, CiFolder, Part
from edgetag.conversion.exported import exported_file
from edgetag.dataset import open_dataset
from edgetag.dataset.attribution import read_attribution
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.recipe import Recipe, Variant
from edgetag.replacing import check_replaceable, digests_of, replacing
from edgetag.shipping import read_shipping
from edgetag.tables.formats import format_bytes, format_count
from edgetag.validation.accepted import accept, read_baseline
from edgetag.validation.accepted_state import Baseline
from edgetag.validation.scores import write_reference
from edgetag.workspace import Workspace
from edgetag.writing import write_bytes, write_text

_PLACE = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
_REQUIREMENT = re.compile(r"[a-z]+(\+[a-z]+)?:[A-Za-z0-9._~:/?#@!&+,;=%-]+")


@dataclass(frozen=True)
class Wanted:
    """What a user asks of an export.

    Without a variant the one that ships is judged, without a place the folder's own is taken,
    and without a requirement a line is left to change. A `reason` accepts the exported state in
    place of `baseline`.
    """

    variant: str | None
    place: str | None
    requirement: str | None
    baseline: Path | None
    reason: str | None
    max_bytes: int


def export(
    recipe: Recipe, workspace: Workspace, folder: Path, progress: Progress, wanted: Wanted
) -> CiExport:
    """Write the folder, and run the job's command in it before it gets its name.

    Raises:
        InputError: The run is not finished or has changed, the folder is in use, or the job would
            not accept what is exported.
    """
    check_replaceable(folder, CiFolder)
    former = None if wanted.reason is None else _former(folder, wanted.baseline)
    variant = _variant(recipe, workspace, wanted.variant)
    model = _model(workspace, variant)
    judged = collect(recipe, open_dataset(workspace))
    reference = job_reference(workspace.validate / "reference.npz", judged.names)
    _refuse_large(judged.size_bytes + len(model), judged, wanted.max_bytes)
    made = job_recipe(recipe, variant, judged.columns)
    for sentence in made.left_out:
        progress.say(f"note: {sentence}")
    job = Job(
        name=recipe.name,
        variant=variant,
        place=_place(folder, wanted.place),
        requirement=_requirement(wanted.requirement),
        extra=extra_of(made),
        accepted=wanted.baseline is not None or wanted.reason is not None,
    )
    with replacing(folder, CiFolder) as new:
        judged.write(new, progress)
        write_bytes(new / MODEL, model)
        write_reference(new / REFERENCE, reference)
        _write_texts(recipe, new, job, made, judged)
        if wanted.baseline is not None and wanted.reason is None:
            read_baseline(wanted.baseline)
            write_bytes(new / BASELINE, wanted.baseline.read_bytes())
        progress.say("running the job's own command once")
        # A state that is accepted only now cannot be compared with yet.
        command = validate_command(variant, accepted=(new / BASELINE).exists())
        verdict, seconds = rehearse(new, new.parent / "run", command)
        if wanted.reason is not None:
            accepted = accept(verdict, former, wanted.reason)
            accepted.write(new / BASELINE)
        sizes = {name: (new / name).stat().st_size for name in digests_of(new)}
        contents = CiFolder(recipe=recipe.name, variant=variant, files=digests_of(new))
        contents.write(new / contents.MARKER)
    return CiExport(
        folder=str(folder),
        place=job.place,
        variant=variant,
        pictures=judged.splits,
        parts=_parts(sizes),
        left_out=made.left_out,
        accepted=job.accepted,
        verdict=verdict.verdict,
        seconds=round(seconds, 1),
    )


def _former(folder: Path, beside: Path | None) -> Baseline | None:
    """Return the accepted state until now, whose reasons are kept: beside the recipe, or ours."""
    path = beside or folder / BASELINE
    return read_baseline(path) if path.exists() else None


def _write_texts(recipe: Recipe, folder: Path, job: Job, made: JobRecipe, judged: Judged) -> None:
    attribution = read_attribution(recipe)
    if attribution is not None:
        write_bytes(folder / ATTRIBUTION, attribution)
    texts = job.files(made, judged.splits, attributed=attribution is not None)
    for name, text in texts.items():
        write_text(folder / name, text)


def _variant(recipe: Recipe, workspace: Workspace, asked: str | None) -> Variant:
    """Return the variant whose file is judged: by default the one that ships, or comes nearest."""
    name = read_shipping(recipe, workspace).leading if asked is None else asked
    for variant in recipe.export.possible:
        if variant == name:
            return variant
    raise InputError(
        f"--variant {name}: the recipe's variants are {', '.join(recipe.export.possible)}"
    )


def _model(workspace: Workspace, variant: Variant) -> bytes:
    return exported_file(workspace, variant)[1].read_bytes()


def _refuse_large(size_bytes: int, judged: Judged, max_bytes: int) -> None:
    if size_bytes <= max_bytes:
        return
    counts = ", ".join(
        f"{format_count(count)} of {split}" for split, count in judged.splits.items()
    )
    raise InputError(
        f"the folder would take {format_bytes(size_bytes)}, of which "
        f"{format_count(len(judged.pictures))} "
        f"pictures ({counts}) {format_bytes(judged.size_bytes)}; a repository should keep so much "
        f"in Git LFS: if yours does, allow it with --max-mb {size_bytes // 1_000_000 + 1}"
    )


def _place(folder: Path, given: str | None) -> str:
    """Return where the folder lies in its repository, as GitHub's paths write it."""
    place = folder.name if given is None else given.strip("/")
    if given is None:
        absolute = folder.absolute()
        for parent in absolute.parents:
            if (parent / ".git").exists():
                place = absolute.relative_to(parent).as_posix()
                break
    if not _PLACE.fullmatch(place) or set(place.split("/")) & {".", ".."}:
        raise InputError(
            f"{place!r}: has characters that GitHub's paths read as patterns, or commands as ends; "
            "use letters, digits, '.', '_' and '-', or name the place in the repository by --place"
        )
    return place


def _requirement(given: str | None) -> str | None:
    if given is not None and not _REQUIREMENT.fullmatch(given):
        raise InputError(
            f"--edgetag {given!r}: not an address; give one such as "
            "git+https://host/owner/edgetag@v0.1.0"
        )
    return given


def _parts(sizes: Mapping[str, int]) -> tuple[Part, ...]:
    """Return pictures as one part, each other file larger than a few lines, and the rest."""
    pictures = [size for name, size in sizes.items() if name.startswith(f"{FOLDER}/")]
    named = (MODEL, REFERENCE, BASELINE)
    rest = [
        size
        for name, size in sizes.items()
        if name not in named and not name.startswith(f"{FOLDER}/")
    ]
    return (
        Part(name=FOLDER, files=len(pictures), size_bytes=sum(pictures)),
        *(Part(name=name, files=1, size_bytes=sizes[name]) for name in named if name in sizes),
        Part(name="labels, recipe, workflow, …", files=len(rest), size_bytes=sum(rest)),
    )
