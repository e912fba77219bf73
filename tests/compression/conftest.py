"""A tiny run folder on disk, and small models that need no training."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from edgetag.dataset import Dataset, open_dataset
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.workspace import Workspace
from tests.support.run_folders import write_cache, write_manifest

if TYPE_CHECKING:
    from edgetag.tf import keras

TAGS = ("bright", "red", "striped", "framed")
SIZE = 64
IMAGES = {"train": 192, "validation": 96}
FEW_IMAGES = {"train": 12, "validation": 12}


def draw(tags: npt.NDArray[Any], generator: np.random.Generator) -> npt.NDArray[Any]:
    """Draw a noisy picture that shows the given tags: `[64, 64, 3]` uint8."""
    bright, red, striped, framed = tags
    image = generator.normal(90, 25, (SIZE, SIZE, 3))
    if bright:
        image += 50
    if red:
        image[..., 0] += 60
    if striped:
        image[:: generator.integers(4, 8)] -= 90
    if framed:
        width = generator.integers(3, 7)
        frame = np.ones((SIZE, SIZE), bool)
        frame[width:-width, width:-width] = False
        image[frame] = 20
    return image.clip(0, 255).astype(np.uint8)


def make_run(root: Path, images: dict[str, int]) -> Workspace:
    """Write manifest and cache as the dataset stage would, with so many images per split."""
    workspace = Workspace(root)
    generator = np.random.default_rng(7)
    total = sum(images.values())
    labels = (generator.random((total, len(TAGS))) < 0.3).astype(np.int8)
    pixels = np.stack([draw(row, generator) for row in labels])
    write_cache(workspace.cache, pixels, "tiny")
    write_manifest(
        workspace,
        [split for split, n in images.items() for _ in range(n)],
        {tag: column.tolist() for tag, column in zip(TAGS, labels.T, strict=True)},
        identities=[f"image-{number}" for number in range(total)],
    )
    return workspace


@pytest.fixture(scope="session")
def tags() -> tuple[str, ...]:
    return TAGS


@pytest.fixture
def fresh_run(tmp_path: Path) -> Workspace:
    """A run folder of its own for a test that adds stages to it, with 12 + 12 images."""
    return make_run(tmp_path / "run", FEW_IMAGES)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run folder whose dataset stage is done."""
    return make_run(tmp_path_factory.mktemp("tiny") / "run", IMAGES)


@pytest.fixture(scope="session")
def tiny_data(tiny_run: Workspace) -> Dataset:
    return open_dataset(tiny_run)


def fit_head(model: "keras.Model", data: Dataset, contract: Preprocessing) -> None:
    """Give a random network useful scores without training.

    Batch norm is measured on the data; then logistic regressions on the pooled features become
    the last layer's weights.
    """
    from sklearn.linear_model import LogisticRegression

    from edgetag.compression.batch_norm import recalibrate
    from edgetag.networks import CAM, Scorer
    from edgetag.tf import keras

    rows = data.rows("train")
    recalibrate(model, data, rows, contract, SilentProgress(), batch_size=64)
    last = model.get_layer(CAM)
    pooled = keras.layers.GlobalAveragePooling2D()(last.input)
    features = Scorer(keras.Model(model.input, pooled), contract).run(data, rows, SilentProgress())
    labels = data.labels(rows)
    kernel, bias = last.get_weights()
    for tag in range(labels.shape[1]):
        found: Any = LogisticRegression(max_iter=2000).fit(features, labels[:, tag])
        kernel[0, 0, :, tag], bias[tag] = found.coef_[0], found.intercept_[0]
    last.set_weights([kernel, bias])


@pytest.fixture(scope="session")
def small_contract() -> Preprocessing:
    return Preprocessing(input_size=SIZE)


@pytest.fixture(scope="session")
def small_model(tiny_data: Dataset, small_contract: Preprocessing) -> "keras.Model":
    """A stem, two inverted residuals and a head, with useful scores. Never change it."""
    from edgetag.networks import CAM
    from edgetag.networks.blocks import Builder
    from edgetag.tf import keras

    keras.utils.set_random_seed(3)
    build = Builder(epsilon=1e-3, momentum=0.9)
    image = keras.Input((SIZE, SIZE, 3), name="image")
    x = build.convolution(image, 8, 3, 2, "stem")
    x = build.inverted_residual(x, 16, 3, 2, 4, "block0")
    x = build.inverted_residual(x, 16, 3, 1, 4, "block1")
    x = build.convolution(x, 32, 1, 1, "top")
    x = keras.layers.SpatialDropout2D(0.2, name="dropout")(x)
    x = keras.layers.Conv2D(len(TAGS), 1, name=CAM)(x)
    x = keras.layers.GlobalAveragePooling2D(name="logits")(x)
    model = keras.Model(image, keras.layers.Activation("sigmoid", name="scores")(x), name="small")
    fit_head(model, tiny_data, small_contract)
    return model
