"""Scores of the float model under TensorFlow: what every variant is compared with.

The only module of validation that imports TensorFlow; everything else works without it, from
stored scores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from edgetag import networks
from edgetag.dataset import Dataset, Rows
from edgetag.dependencies import dependencies_of
from edgetag.desktop.availability import NO_GPU, acceleration
from edgetag.desktop.nvidia import open_gpu
from edgetag.machine import this_machine
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.tf import tf
from edgetag.training.result import trained_thresholds
from edgetag.validation.inputs import fp32_size_bytes
from edgetag.validation.pictures import known_pictures
from edgetag.validation.scores import NO_ROWS, ReferenceMaps, ReferenceMeta, ReferenceScores
from edgetag.workspace import Workspace, digest_file

PACKAGES = ("tensorflow", "tf-keras", "numpy")


def compute(
    recipe: Recipe,
    workspace: Workspace,
    dataset: Dataset,
    rows: Rows,
    progress: Progress,
    map_rows: Rows = NO_ROWS,
    tf32: bool = False,
    device: str = "",
) -> ReferenceScores:
    """Score rows with the trained float model, on the GPU where there is one.

    `rows` are `[n]` rows to score, `map_rows` `[m]` rows whose class activation maps are wanted
    too. `tf32` lets a GPU round the factors of products, which TensorFlow would do unasked.
    `device` is what `desktop.tensorflow.use_device` was asked for before.

    Raises:
        InputError: The weights or thresholds are missing, damaged, or another network's.
    """
    weights = workspace.train / "model.npz"
    thresholds = trained_thresholds(workspace, dataset.vocabulary.names)
    contract = recipe.network.preprocessing()
    model = networks.build_untrained(recipe.network, len(dataset.vocabulary), recipe.seed)
    networks.load_weights(model, weights)
    maps = None
    with _tensor_float_32(tf32):
        scores = networks.Scorer(model, contract).run(dataset, rows, progress)
        if len(map_rows):
            map_scorer = networks.Scorer(networks.maps_of(model), contract)
            what = "heat maps with TensorFlow"
            maps_of_rows = map_scorer.run(dataset, map_rows, progress, what=what)
            maps = ReferenceMaps(maps_of_rows, tuple(dataset.identities(map_rows)))
    gpus = tf.config.get_visible_devices("GPU")
    number = int(gpus[0].name.rpartition(":")[2]) if gpus else None
    gpu = None if number is None else open_gpu(number)
    return ReferenceScores(
        scores=scores,
        identities=tuple(dataset.identities(rows)),
        tags=dataset.vocabulary.names,
        split=tuple(dataset.manifest["split"][rows].to_list()),
        meta=ReferenceMeta(
            engine="TensorFlow",
            device=device_name(),
            versions={package: version(package) for package in PACKAGES},
            weights_sha256=digest_file(weights),
            preprocessing=contract.digest(),
            made_with=dependencies_of(__name__).digest,
            thresholds=thresholds,
            fp32_size_bytes=fp32_size_bytes(workspace),
            driver=gpu.driver if gpu else "",
            precision="float32",
            tf32=tf32,
            batch=networks.BATCH_SIZE,
            accelerator=acceleration(device, number, NO_GPU),
        ),
        maps=maps,
        known=known_pictures(dataset, rows),
    )


@contextmanager
def _tensor_float_32(allowed: bool) -> Iterator[None]:
    """Allow a GPU to round factors, or not; training in the same process goes on as it was."""
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(allowed)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


def device_name() -> str:
    """Return the GPU's name where TensorFlow may use one, else the CPU's."""
    gpus = tf.config.get_visible_devices("GPU")
    if gpus:
        details = tf.config.experimental.get_device_details(gpus[0])
        return str(details.get("device_name", "GPU"))
    return this_machine().cpu
