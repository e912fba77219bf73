"""Weights on disk: a plain `.npz`, atomic, checked name by name."""

from pathlib import Path

from edgetag.arrays import read_arrays, write_arrays
from edgetag.errors import InputError
from edgetag.tf import keras


def _keys(model: keras.Model) -> list[str]:
    return [f"{i:04d}:{variable.name}" for i, variable in enumerate(model.weights)]


def save_weights(model: keras.Model, path: Path) -> None:
    """Write every weight, batch norm statistics included, in the model's order."""
    write_arrays(path, dict(zip(_keys(model), model.get_weights(), strict=True)))


def load_weights(model: keras.Model, path: Path) -> None:
    """Load what `save_weights` wrote for a model of the same architecture.

    Raises:
        InputError: The file is missing, damaged, or of another model.
    """
    arrays = read_arrays(path, f"run: edgetag {path.parent.name}")
    keys = _keys(model)
    shapes = [tuple(variable.shape) for variable in model.weights]
    if list(arrays) != keys or [array.shape for array in arrays.values()] != shapes:
        raise InputError(
            f"{path}: these are the weights of another model than {model.name} with "
            f"{model.output_shape[-1]} outputs; use the recipe that made them or train again"
        )
    model.set_weights([arrays[key] for key in keys])
