"""Files that litert-quantizer makes of float ones."""

from pathlib import Path
from typing import Any

from edgetag.preprocess import Pixels, Preprocessing, scale


def quantized(
    source: Path, recipe_name: str, pixels: Pixels, contract: Preprocessing, folder: Path
) -> Path:
    """Quantize a file the way the tool's guide says, calibrated on some images."""
    from litert_quantizer import quantizer, recipe

    tool = quantizer.Quantizer(str(source))
    tool.load_quantization_recipe(getattr(recipe, recipe_name)())
    calibration: Any = None
    if tool.need_calibration:
        images = [{"image": scale(image[None], contract)} for image in pixels[:20]]
        calibration = tool.calibrate({"serving_default": images})
    path = folder / f"{recipe_name}.tflite"
    path.write_bytes(bytes(tool.quantize(calibration).quantized_model))
    return path
