"""Static int8 by Google's litert-quantizer, whose calibration can take ranges in several ways."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from edgetag.conversion.calibration.pictures import Pictures, Values
from edgetag.conversion.flatfile import parse_model
from edgetag.errors import InputError, MissingExtraError, one_line
from edgetag.native_output import quiet_stderr

MIN_MAX, MOVING_AVERAGE = "min-max", "moving average"
RANGES = (MIN_MAX, MOVING_AVERAGE)
"""Ways to take ranges. Of its ways to round weights, MSE left the demo's file at 0.64 instead of
0.43, with layers in float, and OCTAV does not run with numpy 1.26."""


@dataclass
class _Fed:
    """Pictures by the input's name; the engine walks over them twice."""

    name: str
    pictures: Pictures
    model: Any

    def __iter__(self) -> Iterator[dict[str, Values]]:
        for values in self.pictures.fed_to(self.model):
            yield {self.name: values}


def quantized(data: bytes, pictures: Pictures, ranges: str) -> bytes:
    """Return a float file in integers; its input and output stay float.

    Operators that the engine does not know stay float too.

    Args:
        data: A `.tflite` file with one input and one signature, as `float_file.prepared` gives.
        pictures: Calibrate it.
        ranges: One of `RANGES`.

    Raises:
        InputError: The engine is not installed, or it cannot quantize the file.
    """
    try:
        from litert_quantizer import calibrator, quantizer
        from litert_quantizer.utils import qsv_utils
    except ModuleNotFoundError:
        raise MissingExtraError("litert-quantizer", "quantize") from None

    updates: dict[str, Callable[..., Any]] = {
        MIN_MAX: qsv_utils.min_max_update,
        MOVING_AVERAGE: qsv_utils.moving_average_update,
    }
    model, recipe = parse_model(data, "the float file"), _recipe()
    signature, name = _signature(model)
    refused: Exception | None = None
    with warnings.catch_warnings(), quiet_stderr():
        warnings.simplefilter("ignore")  # of memory, and of scales of channels that are zero
        try:
            calibration = calibrator.Calibrator(
                data, num_threads=1, qsv_update_func=updates[ranges]
            )
            calibration.calibrate({signature: _Fed(name, pictures, model)}, recipe)
            engine = quantizer.Quantizer(data)
            engine.load_quantization_recipe(recipe.get_quantization_recipe())
            ranges_of = calibration.get_model_qsvs()
            made = engine.quantize(ranges_of, enable_progress_report=False).quantized_model
        except Exception as error:  # it raises nearly anything on what it does not know
            refused = error
    if refused is not None:
        raise InputError(
            f"litert-quantizer cannot quantize it: {type(refused).__name__}: "
            f"{one_line(str(refused))}"
        )
    return bytes(made)


def _recipe() -> Any:
    from litert_quantizer import algorithm_manager, qtyping, recipe_manager

    operation, algorithm = qtyping.TFLOperationName, algorithm_manager.AlgorithmName
    recipe = recipe_manager.RecipeManager()
    recipe.add_static_config(".*", operation.ALL_SUPPORTED, 8, 8)
    for end in (operation.INPUT, operation.OUTPUT):
        recipe.add_quantization_config(".*", end, algorithm_key=algorithm.NO_QUANTIZE)
    return recipe


def _signature(model: Any) -> tuple[str, str]:
    """Return the key of the only graph's signature, and what its input is called."""
    signature = model.signatureDefs[0]
    return signature.signatureKey.decode(), signature.inputs[0].name.decode()
