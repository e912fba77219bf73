"""What labels of a group's other pictures say of a picture's own.

Pictures of one group, such as a series, often have the same tags. Heads learn from labels how far
that is so: of groups whose pictures have nothing in common they learn to pass it over.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgetag.label_noise.features import Features

SCALE = 30.0
"""What shares are multiplied by, so that the penalty of heads lets them count."""


def said_of_kin(
    labels: npt.NDArray[np.bool_], groups: Sequence[str], counted: npt.NDArray[np.bool_]
) -> Features:
    """Return features of each picture: how many others of its group say yes, and no.

    Shares of one more than there are others, so that two others that agree say more than one does;
    0 where there are none.

    Args:
        labels: `[images]`.
        groups: `[images]`.
        counted: `[images]`: which labels count.

    Returns:
        `[images, 2]` in 0..`SCALE`.
    """
    _, places = np.unique(np.asarray(groups), return_inverse=True)
    said = np.stack([labels & counted, ~labels & counted], axis=1).astype(np.float64)
    of_groups = np.zeros((places.max() + 1, 2))
    np.add.at(of_groups, places, said)
    others = of_groups[places] - said
    return np.asarray(SCALE * others / (others.sum(axis=1, keepdims=True) + 1), np.float32)
