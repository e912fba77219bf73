"""What a network sees in each picture: the features that its head reads."""

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from edgetag.arrays import read_arrays, write_arrays
from edgetag.catalogue.networks import CAM
from edgetag.dataset import Dataset, Rows
from edgetag.dependencies import dependencies_of
from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.recipe import Recipe
from edgetag.workspace import Workspace, digest_file, digest_json

Features = npt.NDArray[np.float32]
"""`[images, features]`, of any scale."""

Origin = Literal["pretrained", "trained"]


def origin_of(recipe: Recipe) -> Origin:
    """Tell whose features are taken: those of weights that never saw the labels, if there are any.

    A network that was trained on a wrong label has learnt it, in part.
    """
    network = recipe.network
    return "pretrained" if network.uses_pretrained or network.weights is not None else "trained"


def features_of(
    recipe: Recipe, workspace: Workspace, dataset: Dataset, rows: Rows, progress: Progress
) -> Features:
    """Return the features of some pictures; they are kept, and computed again for other ones.

    Where the network's scores are means of maps, features are means over the picture.

    Raises:
        InputError: The network has no weights to begin with, and none are trained yet.
    """
    weights = workspace.trained_weights() if origin_of(recipe) == "trained" else None
    basis = basis_of(recipe, dataset, rows, weights or recipe.network.weights)
    file = workspace.mine / "features.npz"
    kept = _kept(file, basis)
    if kept is None:
        kept = _computed(recipe, dataset, rows, weights, progress)
        write_arrays(file, {"features": kept, "basis": np.array(basis)})
    return kept


def basis_of(recipe: Recipe, dataset: Dataset, rows: Rows, weights: Path | None) -> str:
    """Return a digest of all that features follow from.

    Args:
        recipe: Says which network.
        dataset: The data.
        rows: Of the pictures.
        weights: The file of the network's weights; None where it has those of its package, or none.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        digest = digest_file(weights) if weights else ""
    except OSError as error:
        raise InputError(f"network.weights: {weights}: {error.strerror}") from None
    return digest_json(
        {
            "network": recipe.network.model_dump(mode="json", exclude={"weights"}),
            "weights": digest,
            "images": dataset.cache.shards.fingerprint,
            "rows": rows.tolist(),
            "made with": dependencies_of("edgetag.label_noise.features").digest,
        }
    )


def _kept(file: Path, basis: str) -> Features | None:
    try:
        arrays = read_arrays(file)
    except InputError:
        return None  # never made, or damaged: it is made anew
    features: Features = arrays["features"]
    return features if str(arrays.get("basis")) == basis else None


def _computed(
    recipe: Recipe, dataset: Dataset, rows: Rows, weights: Path | None, progress: Progress
) -> Features:
    from edgetag.networks import Scorer, build, build_untrained, load_weights
    from edgetag.tf import keras

    tags = len(dataset.vocabulary.names)
    if weights is None:
        model = build(recipe.network, tags)
    else:
        model = build_untrained(recipe.network, tags)
        load_weights(model, weights)
    read = model.get_layer(CAM if recipe.network.has_maps else "logits").input
    if recipe.network.has_maps:
        read = keras.layers.GlobalAveragePooling2D()(read)
    scorer = Scorer(keras.Model(model.input, read), recipe.network.preprocessing())
    features: Features = scorer.run(dataset, rows, progress, "looking at pictures")
    return features
