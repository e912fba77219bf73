"""A run folder with built data, small enough to train in seconds; also a program of its own.

`python -m tests.support.small_run OPTIONS FOLDER …` trains in each folder with
`small_recipe(**OPTIONS)` (JSON), for tests in which a process is killed,
or in which several train together.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Dataset
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.recipe import DataSection, NetworkSection, Phase, Recipe, TrainingSection
from edgetag.training.checkpoint import Checkpoint
from edgetag.workspace import Workspace
from tests.support.run_folders import write_cache, write_manifest

SIZE = 64
TAGS = ("red", "striped", "bright")
HEAD = {"trains": "head", "epochs": 1, "learning_rate": 3e-3, "schedule": "constant"}
ALL = {"trains": "all", "epochs": 3, "learning_rate": 1e-3}
CONTRACT = Preprocessing(input_size=SIZE, mean=127.0, std=128.0)


class Lines(SilentProgress):
    """Keeps and prints what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)
        print(message, flush=True)


def draw(rng: np.random.Generator, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Draw noise on which each label shows: `[size, size, 3]` uint8."""
    image = rng.integers(0, 120, (SIZE, SIZE, 3))
    image[..., 0] += 100 * labels[0]
    image[::8] += 100 * labels[1]
    image += 35 * labels[2]
    return image.clip(0, 255).astype(np.uint8)


def build_data(root: Path, train: int = 16, validation: int = 16) -> Workspace:
    """Write manifest and image cache into a run folder, some labels unknown."""
    workspace = Workspace(root)
    rng = np.random.default_rng(7)
    images = np.arange(train + validation)
    labels = images[:, None] >> np.arange(len(TAGS)) & 1  # every combination, over and over
    shown: list[list[int | None]] = labels.tolist()
    for row in range(0, train, 6):
        shown[row][row % len(TAGS)] = None
    write_cache(workspace.cache, np.stack([draw(rng, row) for row in labels]))
    write_manifest(
        workspace,
        ["train"] * train + ["validation"] * validation,
        {name: [row[tag] for row in shown] for tag, name in enumerate(TAGS)},
        identities=[f"{i:064x}" for i in images],
        paths=[f"{i}.png" for i in images],
    )
    return workspace


def small_recipe(
    dropout: float = 0.2, phases: Sequence[dict[str, object]] = (HEAD, ALL), **training: object
) -> Recipe:
    """Return a recipe for the data of `build_data`."""
    options = {"batch_size": 8, "phases": tuple(phases)} | training
    return Recipe(
        name="small",
        data=DataSection(source=Path("labels.csv"), tags=TAGS),
        network=NetworkSection(name="model3", input_size=SIZE, dropout=dropout),
        training=TrainingSection.model_validate(options),
    )


def tiny(seed: int = 0) -> Any:
    """Return a network with a batch norm, whose head is named as the real ones' is."""
    from edgetag.tf import keras

    keras.utils.set_random_seed(seed)
    image = keras.Input((64, 64, 3), name="image")
    x = keras.layers.AveragePooling2D(8)(image)
    x = keras.layers.Conv2D(4, 3, name="stem")(x)
    x = keras.layers.BatchNormalization(momentum=0.9, name="stem_bn")(x)
    x = keras.layers.ReLU(6.0)(x)
    x = keras.layers.Conv2D(3, 1, name="cam")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    # Which layers are a network's head is known by its name; this head is that one's.
    scores = keras.layers.Activation("sigmoid", dtype="float32")(x)
    return keras.Model(image, scores, name="mobilenet_v2")


def train(
    dataset: Dataset,
    maps: list[float],
    phases: tuple[Phase, ...],
    checkpoint: Checkpoint | None = None,
    **options: Any,
) -> tuple[Checkpoint, list[Checkpoint], list[str]]:
    """Train phases; return the last state, all states and what was said. `maps` are made up."""
    from edgetag.training.phases import train_phases

    stored: list[Checkpoint] = []
    values: Iterator[float] = iter(maps)
    lines = Lines()
    training = TrainingSection(phases=phases, batch_size=8, **options)
    state = train_phases(
        tiny(),
        dataset,
        CONTRACT,
        training,
        1,
        "fingerprint",
        checkpoint,
        lambda _: next(values),
        stored.append,
        lines,
    )
    return state, stored, lines.lines


def weights_of(state: Checkpoint) -> list[bytes]:
    """Return the weights, to be compared."""
    return [kept.tobytes() for kept in state.weights]


if __name__ == "__main__":
    from edgetag.training import stage

    recipe = small_recipe(**json.loads(sys.argv[1]))
    for folder in sys.argv[2:]:
        stage.run(recipe, Workspace(Path(folder)), Lines())
