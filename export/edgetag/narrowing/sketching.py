"""Files of networks of some widths, with weights of no training: they cost what trained ones do."""

from collections.abc import Mapping

import numpy as np

from edgetag.catalogue.variants import VARIANTS
from edgetag.compression.channels import with_widths
from edgetag.conversion.convert import convert, saved
from edgetag.conversion.metadata import ModelInfo, attach
from edgetag.networks import build_untrained
from edgetag.pixels import Pixels
from edgetag.recipe import Recipe, Variant


def sketch(
    recipe: Recipe,
    widths: Mapping[str, int],
    made_as: Variant,
    pictures: Pixels,
    told_as: Variant | None = None,
) -> bytes:
    """Return the file of a network with so many channels.

    Args:
        recipe: Says which network, and how files are exported.
        widths: Layer → channels; layers that are not named keep all.
        made_as: The variant that the converter makes; of the float model or a narrower one.
        pictures: `[n, size, size, 3]`, which calibrate it; costs do not depend on them.
        told_as: The variant that its description names; default: `made_as`.

    Raises:
        InputError: The network cannot be converted.
    """
    model = build_untrained(recipe.network, len(recipe.data.tags), recipe.seed)
    model, generator = with_widths(model, widths), np.random.default_rng(recipe.seed)
    weights = model.get_weights()
    for weight in weights:
        if weight.ndim == 1:  # biases that were all zero would lie in the file once
            weight += generator.uniform(0, 0.1, weight.shape).astype(np.float32)
    model.set_weights(weights)
    with saved(model) as folder:
        data = convert(
            folder,
            made_as,
            recipe.network.preprocessing(),
            input_type=recipe.export.input_type,
            output_type=recipe.export.output_type,
            representative=pictures if VARIANTS[made_as].calibrated else None,
        )
    variant = told_as or made_as
    return attach(data, ModelInfo.of(recipe, variant), variant in recipe.export.explain)
