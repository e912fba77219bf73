"""The export's step for TensorFlow Serving, done anew only where its inputs have changed."""

from typing import TYPE_CHECKING

from edgetag.catalogue.variants import BASE
from edgetag.conversion.exported import exported_before
from edgetag.conversion.result import ServingModel
from edgetag.progress import Progress
from edgetag.replacing import digests_of

if TYPE_CHECKING:
    from edgetag.conversion.sources import Sources

FOLDER, VERSION = "serving", "1"
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
    folder = workspace.export / FOLDER / recipe.name / VERSION
    inputs = sources.digest(BASE)
    before = exported_before(workspace)
    kept = before and before.serving
    if kept and kept.inputs == inputs and kept.files == digests_of(folder):
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
        files=digests_of(folder),
        inputs=inputs,
    )
