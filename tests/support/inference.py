"""One picture through a loaded file."""

import numpy as np
import numpy.typing as npt

from edgetag.runtimes.encoding import decode
from edgetag.runtimes.inference import run_once
from edgetag.runtimes.session import Session, Values


def scores_of(session: Session, values: Values) -> npt.NDArray[np.float32]:
    """Return the scores `[tags]` of one encoded picture `[1, size, size, 3]`."""
    return decode(run_once(session, values), session.output)
