"""Labels of three states as arrays.

A label is 1 (the tag applies), 0 (it does not) or unknown. In arrays unknown is -1, in tables it
is null. Unknown cells take part in no loss and in no metric.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

UNKNOWN = -1

Labels = npt.NDArray[np.int8]
"""Labels `[images, tags]`, each 1, 0 or -1."""


def labels_from_rows(rows: Sequence[Sequence[int | None]]) -> Labels:
    """Turn table rows (1, 0, None) into an array `[images, tags]` int8 with -1 for unknown."""
    return np.array([[UNKNOWN if v is None else v for v in row] for row in rows], dtype=np.int8)


def known(labels: Labels) -> npt.NDArray[np.bool_]:
    """Return a mask of the same shape, true where the label is 1 or 0."""
    return labels != UNKNOWN
