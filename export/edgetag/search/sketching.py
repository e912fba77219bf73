"""Files of candidates with weights of no training: what they cost is known before any training."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgetag.catalogue.variants import VARIANTS
from edgetag.compression import channels
from edgetag.conversion.convert import convert, saved
from edgetag.networks import build_untrained
from edgetag.recipe import Recipe
from edgetag.recipe.search import VARIANT_OF
from edgetag.search.candidates import Candidate
from edgetag.workspace import write_bytes


def plain(candidate: Candidate) -> Candidate:
    """Return the candidate that costs as much and whose file needs no training."""
    kind = "int8" if candidate.quantization == "qat" else candidate.quantization
    variant = VARIANT_OF[(candidate.kept, False, kind)]
    return replace(candidate, quantization=kind, sparsity=0.0, variant=variant)


def write_sketch(recipe: Recipe, candidate: Candidate, file: Path) -> None:
    """Write the file of a plain candidate, without metadata.

    Every layer keeps the same share of its channels, for as many multiplications as a narrower
    network of any allocation has.

    Args:
        recipe: The candidate's own.
        candidate: From `plain`.
        file: Where.

    Raises:
        InputError: The network cannot be narrowed or converted.
    """
    network, line = recipe.network, VARIANTS[candidate.variant]
    model = build_untrained(network, len(recipe.data.tags), recipe.seed)
    if candidate.kept < 1:
        inner = channels.inner_layers(model, network.facts.inner)
        multiple = recipe.compress.channels.multiple
        widths = {
            each.layer: channels.width_of(each.channels, candidate.kept, multiple) for each in inner
        }
        model = channels.with_widths(model, widths)
    size = network.input_size
    noise = np.random.default_rng(recipe.seed).integers(0, 256, (2, size, size, 3))
    with saved(model) as folder:
        data = convert(
            folder,
            candidate.variant,
            network.preprocessing(),
            input_type=recipe.export.input_type,
            output_type=recipe.export.output_type,
            representative=noise.astype(np.uint8) if line.calibrated else None,
        )
    write_bytes(file, data)
