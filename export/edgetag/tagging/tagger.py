"""`Tagger`: a model that is opened once and tags picture after picture, on all cores.

It runs in the caller's process: the model was proved in another one before. Pillow and the runtime
let other threads work while they decode and compute, so there are as many loaded copies of the
model as threads have used it at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from edgetag import __version__
from edgetag.contract import Preprocessing
from edgetag.errors import InputError
from edgetag.machine import cores
from edgetag.pool import in_order
from edgetag.preprocess import MAX_PIXELS, Pixels
from edgetag.runtimes import engines
from edgetag.runtimes.encoding import ImageEncoder, decode, encoding_table
from edgetag.runtimes.inference import MapRunner, WrongOutputError, checked, run_once
from edgetag.runtimes.protocol import ModelLoadError
from edgetag.runtimes.session import Session
from edgetag.tagging.errors import BundleError, PictureError
from edgetag.tagging.opening import Model, open_model
from edgetag.tagging.pictures import Picture, Square, read_square
from edgetag.tagging.proof import prove
from edgetag.tagging.results import HeatMaps, Tagging


class Tagger:
    """Tags pictures with one file of a bundle, or with a `.tflite` file.

    Threads may share it. A `with` block gives the model's memory back at its end.

    Args:
        path: A bundle, or a `.tflite` file with metadata.
        variant: Which file of a bundle; default: its first, as in apps.
        tags: The vocabulary that the caller expects, in its order; another one is refused.
        thresholds: Tag → score from which on it is set, or one for all; default: the bundle's, or
            0.5 for a `.tflite` file.
        contract: How pictures become the input of a `.tflite` file; default: edgetag's contract
            with the mean and std of its metadata.
        runtime: `litert`, or `tflite-runtime`.
        workers: Threads; default: one for each core.
        max_pixels: A larger picture is refused before it is decoded.
        scaled_jpeg: Decode JPEG files with many more pixels than the input at a fraction of their
            size: faster, with scores a little beside those of validation; see `scaled_jpeg`.

    Raises:
        BundleError: The file is missing or damaged, or does not give its golden scores here.
        VocabularyError: It has other tags than expected.
        InputError: There is no such variant or runtime, or a threshold is none.

    Attributes:
        model: What was opened: name, version, variant, digests, contract, tags.
        workers: Threads that `tag_all` uses.
        max_pixels: Most pixels of a picture.
        scaled_jpeg: Whether large JPEG files are decoded at a fraction of their size.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        variant: str | None = None,
        tags: Sequence[str] | None = None,
        thresholds: Mapping[str, float] | float | None = None,
        contract: Preprocessing | None = None,
        runtime: str = "litert",
        workers: int | None = None,
        max_pixels: int = MAX_PIXELS,
        scaled_jpeg: bool = False,
    ) -> None:
        path = Path(path)
        loader, engine = engines.loader(runtime), engines.get(runtime)
        if missing := engine.available():
            raise InputError(f"{runtime}: {missing}")
        self.model: Model = open_model(path, variant, tags, thresholds, contract)
        prove(self.model, engine, path)
        self._load: Callable[[], Session] = partial(loader.load, self.model.data, 1)
        self.workers = workers or cores()
        self.scaled_jpeg = scaled_jpeg
        self._engine = engine
        self.max_pixels = max_pixels
        self._copies: list[_Copy] = []

    @property
    def tags(self) -> tuple[str, ...]:
        """The vocabulary, in the order of the scores."""
        return self.model.tags

    @property
    def runtime(self) -> str:
        """The name of the engine."""
        return self._engine.name

    def settings(self) -> dict[str, object]:
        """Return all that scores depend on beside the picture, to keep with results."""
        return {
            "model": self.model.sha256,
            "source": self.model.source_sha256,
            "contract": self.model.contract.digest(),
            "runtime": f"{self._engine.name} {self._engine.version()}",
            "max_pixels": self.max_pixels,
            "scaled_jpeg": self.scaled_jpeg,
            "edgetag": __version__,
        }

    @property
    def explains(self) -> bool:
        """Whether the model makes heat maps."""
        return self.model.explains

    def tag(self, picture: Picture, *, maps: bool = False) -> Tagging:
        """Return a picture's scores.

        Args:
            picture: A path, the bytes of a file, an image of Pillow, or pixels.
            maps: Whether to tell where each tag is seen, if the model can; see `explains`.

        Raises:
            PictureError: It cannot be read.
            BundleError: The model fails on it.
        """
        square = read_square(
            picture, self.model.contract, self.max_pixels, scaled_jpeg=self.scaled_jpeg
        )
        return self.tag_square(square, maps)

    def tag_all(
        self, pictures: Iterable[Picture], *, maps: bool = False
    ) -> Iterator[Tagging | PictureError]:
        """Yield the scores of many pictures in their order, computed on all cores.

        Args:
            pictures: Taken as they are needed, so there may be more than fit into memory.
            maps: As in `tag`.

        Yields:
            For a picture that cannot be read, the error instead; the others go on.

        Raises:
            BundleError: The model fails on one.
            TypeError: One path or file is given: its letters or bytes are no pictures.
        """
        if isinstance(pictures, str | bytes):
            raise TypeError("tag_all takes several pictures; give a list, or one to tag")
        yield from in_order(partial(self._try, maps=maps), pictures, self.workers)

    def score_square(self, square: Pixels) -> npt.NDArray[np.float32]:
        """Return the scores `[tags]` of a picture that is the model's input already.

        Args:
            square: `[size, size, 3]` uint8; see `preprocess.preprocess`.

        Raises:
            BundleError: The model fails on it.
        """
        side = self.model.contract.input_size
        return self.tag_square(Square(square, (0, 0, side, side), (side, side))).scores

    def tag_square(self, square: Square, maps: bool = False) -> Tagging:
        """Return the scores of a picture that was made the model's square; see `tag`."""
        try:
            copy = self._borrowed()
            scores, heat = copy.run(square.pixels[None], maps and self.explains)
        except (ModelLoadError, WrongOutputError) as error:
            raise BundleError(f"{self.model.name}: {self.model.variant}: {error}") from None
        self._copies.append(copy)
        order = list(self.model.columns)
        drawn = None
        if heat is not None:
            side = self.model.contract.input_size
            drawn = HeatMaps(heat[..., order], square.content, side, square.size, self.tags)
        return Tagging(self.tags, scores[order], self.model.thresholds, drawn)

    def load(self) -> None:
        """Load the model now; else the first picture does.

        Raises:
            BundleError: It cannot be loaded.
        """
        try:
            self._copies.append(self._borrowed())
        except ModelLoadError as error:
            raise BundleError(f"{self.model.name}: {self.model.variant}: {error}") from None

    def close(self) -> None:
        """Give the memory of the loaded model back; the next picture loads it again."""
        self._copies.clear()

    def __getstate__(self) -> dict[str, object]:
        """Return what another process needs; loaded copies stay here."""
        return {**self.__dict__, "_copies": []}

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take that, and prove the model on the machine where it is now."""
        self.__dict__.update(state)
        prove(self.model, self._engine, Path(self.model.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _try(self, picture: Picture, maps: bool) -> Tagging | PictureError:
        try:
            return self.tag(picture, maps=maps)
        except PictureError as error:
            return error

    def _borrowed(self) -> "_Copy":
        """Take a copy that no thread uses, or load one more."""
        try:
            return self._copies.pop()
        except IndexError:  # asking first would leave room for another thread to take the last
            return _Copy(self._load, self.model)


class _Copy:
    """A loaded model, which one thread uses at a time.

    An interpreter that has made a signature's runner runs nothing else any more, so maps have one
    of their own, loaded when they are first wanted.
    """

    def __init__(self, load: Callable[[], Session], model: Model) -> None:
        self._load = load
        self._session = load()
        table = encoding_table(model.contract, self._session.input)
        self._encoder = ImageEncoder(table, model.contract.input_size)

    @cached_property
    def _maps(self) -> MapRunner:
        return MapRunner(self._load())

    def run(
        self, pixels: Pixels, maps: bool
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
        """Return scores `[columns]`, and maps `[height, width, columns]` in 0..1 if wanted."""
        values = self._encoder.encode(pixels)
        if maps:
            scores, logits = self._maps.run(values)
            return scores, 1 / (1 + np.exp(-logits))
        raw = run_once(self._session, values)
        output = self._session.output
        return checked(decode(raw[None], output), output)[0], None
