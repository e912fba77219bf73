"""Files of candidates with weights of no training: what they cost is known before any training."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from edgetag.compression import channels
from edgetag.narrowing.sketching import sketch
from edgetag.networks import build_untrained
from edgetag.recipe import Recipe
from edgetag.recipe.search import VARIANT_OF
from edgetag.search.candidates import Candidate
from edgetag.writing import write_bytes


def plain(candidate: Candidate) -> Candidate:
    """Return the candidate that costs as much and whose file needs no training."""
    kind = "int8" if candidate.quantization == "qat" else candidate.quantization
    variant = VARIANT_OF[(candidate.kept, False, kind)]
    return replace(candidate, quantization=kind, sparsity=0.0, variant=variant)


def write_sketch(recipe: Recipe, candidate: Candidate, file: Path) -> None:
    """Write the file of a plain candidate.

    Every layer keeps the same share of its channels, for as many multiplications as a narrower
    network of any allocation has.

    Args:
        recipe: The candidate's own.
        candidate: From `plain`.
        file: Where.

    Raises:
        InputError: The network cannot be narrowed or converted.
    """
    network = recipe.network
    widths: dict[str, int] = {}
    if candidate.kept < 1:
        model = build_untrained(network, len(recipe.data.tags), recipe.seed)
        multiple = recipe.compress.channels.multiple
        widths = {
            each.layer: channels.width_of(each.channels, candidate.kept, multiple)
            for each in channels.inner_layers(model, network.facts.inner)
        }
    size = network.input_size
    noise = np.random.default_rng(recipe.seed).integers(0, 256, (2, size, size, 3))
    write_bytes(file, sketch(recipe, widths, candidate.variant, noise.astype(np.uint8)))
