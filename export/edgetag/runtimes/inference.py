"""One image through a loaded model: raw values, scores that are checked, heat maps.

What the scoring process does to every row and what a `Tagger` does to every picture, so that both
give the same scores.
"""

import numpy as np
import numpy.typing as npt

from edgetag.errors import one_line
from edgetag.runtimes.encoding import decode
from edgetag.runtimes.protocol import ModelLoadError
from edgetag.runtimes.session import Session, Tensor, Values

SIGNATURE = "explain"
SCORES, MAPS = "scores", "maps"

ROUNDING = 1e-4
COARSEST_STEP = 1 / 64
"""So far beyond 0 or 1 a score may be by the rounding of sums, or by one step of a quantized
output, were it as coarse as this; it is then cut."""


class WrongOutputError(Exception):
    """A model's output is no list of scores; the text says how, in one line."""


def run_once(session: Session, values: Values) -> Values:
    """Return the raw output `[tags]` for one image.

    Raises:
        ModelLoadError: The runtime fails.
        WrongOutputError: There are more or fewer values than the file's description says.
    """
    session.feed(values)
    try:
        session.run()
    except (RuntimeError, ValueError) as error:
        raise ModelLoadError(f"it fails to run: {one_line(str(error))}") from None
    raw = session.read()
    expected = session.output.shape[1]
    if len(raw) != expected:  # seen on ARM64; numpy would spread a single value over all tags
        raise WrongOutputError(f"it gives {len(raw)} values, but its output is for {expected}")
    return raw


def finite(scores: npt.NDArray[np.float32], _output: Tensor) -> npt.NDArray[np.float32]:
    """Return scores of any range as they are.

    Raises:
        WrongOutputError: They are no numbers.
    """
    if not np.isfinite(scores).all():
        raise WrongOutputError("it gives scores that are not numbers")
    return scores


def checked(scores: npt.NDArray[np.float32], output: Tensor) -> npt.NDArray[np.float32]:
    """Return scores in 0..1, rounding mended, or refuse what no sigmoid or softmax gives.

    Args:
        scores: `[images, tags]`.
        output: The model's output; a step of its quantization may lead out of 0..1.

    Raises:
        WrongOutputError: They are no numbers, or outside 0..1.
    """
    finite(scores, output)
    beyond = np.maximum(-scores, scores - 1)
    worst = np.unravel_index(int(beyond.argmax()), scores.shape)
    if beyond[worst] > ROUNDING + min(output.scale, COARSEST_STEP):
        raise WrongOutputError(
            f"scores outside 0..1, such as {scores[worst]:.4g}; its last layer lacks a sigmoid"
        )
    return scores.clip(0, 1)


class MapRunner:
    """A loaded model's second signature, which gives heat maps beside the scores.

    Args:
        session: The loaded model.

    Raises:
        ModelLoadError: The file or the runtime lacks the signature, or it has other ends.

    Attributes:
        shape: Of one picture's maps: height, width, tags.
    """

    def __init__(self, session: Session) -> None:
        signature = session.signature(SIGNATURE)
        if set(signature.outputs) != {SCORES, MAPS} or signature.input.shape != session.input.shape:
            raise ModelLoadError(f"its signature {SIGNATURE} has other inputs or outputs")
        self._run = signature.run
        self._scores, self._maps = signature.outputs[SCORES], signature.outputs[MAPS]
        shape = self._maps.shape
        if len(shape) != 4 or shape[0] != 1 or shape[3] != self._scores.shape[-1]:
            raise ModelLoadError(f"the shape of its maps is {list(shape)}")
        self.shape = shape[1:]

    def run(self, values: Values) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return a picture's scores, `[tags]` in 0..1, and its maps.

        The maps are `[height, width, tags]`, before the sigmoid.

        Args:
            values: `[1, size, size, 3]` of the input's type.

        Raises:
            ModelLoadError: It fails while it runs.
            WrongOutputError: What it gives are no scores or no maps.
        """
        try:
            given = self._run(values)
        except (RuntimeError, ValueError) as error:
            reason = one_line(str(error))
            raise ModelLoadError(f"its signature {SIGNATURE} fails to run: {reason}") from None
        # A signature gives integers as they are stored, so they are still to be scaled.
        scores = checked(decode(given[SCORES], self._scores), self._scores)[0]
        return scores, _map_of(decode(given[MAPS], self._maps), self._maps)


def _map_of(values: npt.NDArray[np.float32], end: Tensor) -> npt.NDArray[np.float32]:
    if values.shape != end.shape:
        raise WrongOutputError(f"its maps have the shape {list(values.shape)}, not {end.shape}")
    if not np.isfinite(values).all():
        raise WrongOutputError("it gives maps that are not numbers")
    return values[0]
