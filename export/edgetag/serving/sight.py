"""What a model saw in a picture, to keep: any crop can be made from it without a look more."""

import numpy as np

from edgetag.serving.messages import Sight
from edgetag.serving.packed import UnpackError, pack, unpack
from edgetag.tagging.results import HeatMaps, Tagging
from edgetag.tagging.tagger import Tagger


def pack_sight(tagging: Tagging) -> bytes:
    """Return scores and maps as bytes."""
    scores, maps = tagging.scores.astype("<f4").tobytes(), tagging.maps
    if maps is None:
        return pack(Sight(), [scores])
    height, width, tags = maps.values.shape
    sight = Sight(
        maps=(height, width, tags),
        content=maps.content,
        input_size=maps.input_size,
        size=maps.size,
    )
    return pack(sight, [scores, maps.values.astype("<f4").tobytes()])


def unpack_sight(data: bytes, tagger: Tagger) -> Tagging:
    """Return what a model saw.

    Raises:
        UnpackError: The bytes are damaged, or of another model.
    """
    sight, blobs = unpack(Sight, data)
    count = len(tagger.tags)
    try:
        scores = np.frombuffer(blobs[0], "<f4").reshape(count)
        maps = None
        if sight.maps is not None:
            height, width, _ = sight.maps
            values = np.frombuffer(blobs[1], "<f4").reshape(height, width, count)
            maps = HeatMaps(values, sight.content, sight.input_size, sight.size, tagger.tags)
    except (IndexError, ValueError) as error:
        raise UnpackError(str(error)) from None
    return Tagging(tagger.tags, scores, tagger.model.thresholds, maps)
