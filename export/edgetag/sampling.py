"""Which of many are looked at where all would be too many: so many, at even distances.

Who chose what must agree later: heat maps of a stored reference are those of the images chosen
here, and an app's numbered answers are about them.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)


def positions(total: int, count: int) -> npt.NDArray[np.int64]:
    """Return `[min(total, count)]` positions of `total`, from the first to the last, each once."""
    return np.linspace(0, total - 1, min(total, count)).round().astype(np.int64)


def spread(rows: npt.NDArray[Number], count: int) -> npt.NDArray[Number]:
    """Return at most `count` of `rows`, from the first to the last at even distances."""
    return rows[positions(len(rows), count)]
