"""The export's step for TensorFlow Serving, done anew only where its inputs have changed."""

from pathlib import Path
from typing import TYPE_CHECKING

from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import exported_if_there
from edgetag.conversion.result import ServingModel
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.workspace import Workspace, digest_file

if TYPE_CHECKING:
    from edgetag.conversion.sources import Sources

VERSION = "1"
"""TensorFlow Serving serves the highest number that it finds."""


def serving_model(sources: "Sources", progress: Progress) -> ServingModel:
    """Return the SavedModel for a server: the one that lies there if it is of now, or a new one.

    Args:
        sources: Gives the float model.
        progress: Is told when one is made.

    Raises:
        InputError: See `serving.write_saved_model`.
    """
    recipe, workspace = sources.recipe, sources.workspace
    folder = workspace.export / "serving" / recipe.name / VERSION
    inputs = sources.digest(BASE)
    kept = _served_before(workspace)
    if kept and kept.inputs == inputs and kept.files == _digests(folder):
        return kept
    from edgetag.conversion.serving import write_saved_model

    with progress.track("saving for TensorFlow Serving", 1, "models") as task:
        beside = {
            "labels.txt": "".join(f"{tag}\n" for tag in recipe.data.tags),
            "preprocessing.json": sources.contract.model_dump_json(indent=2) + "\n",
        }
        signatures = write_saved_model(sources.model(BASE), sources.contract, folder, beside)
        task.advance(1)
    return ServingModel(
        folder=workspace.relative(folder),
        signatures=signatures,
        size_bytes=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        files=_digests(folder),
        inputs=inputs,
    )


def _served_before(workspace: Workspace) -> ServingModel | None:
    try:
        before = exported_if_there(workspace)
    except InputError:
        return None  # a damaged result is written anew
    return before.serving if before else None


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): digest_file(path) for path in files}
