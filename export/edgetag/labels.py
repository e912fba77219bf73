"""Labels of three states as arrays.

A label is 1 (the tag applies), 0 (it does not) or unknown. In arrays unknown is -1, in tables it
is null. Unknown cells take part in no loss and in no metric.
"""

import numpy as np
import numpy.typing as npt

UNKNOWN = -1

Labels = npt.NDArray[np.int8]
"""Labels `[images, tags]`, each 1, 0 or -1."""


def known(labels: Labels) -> npt.NDArray[np.bool_]:
    """Return a mask of the same shape, true where the label is 1 or 0."""
    return labels != UNKNOWN
