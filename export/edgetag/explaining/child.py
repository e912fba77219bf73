"""The process in which layers are compared: `python -m edgetag.explaining.child JOB.json`.

A process of its own, since a damaged file can crash the interpreter. Both files run without
XNNPACK, which would take over whole stretches of the graph and hide what lies between: the
numbers are those of TensorFlow Lite's own kernels. One image is in memory at a time.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt

from edgetag.children import Emit, begin_job
from edgetag.confinement import confine
from edgetag.errors import InputError, one_line
from edgetag.explaining.job import Compared, Job, Pair, Sums
from edgetag.image_cache import ImageCache
from edgetag.messages import Refused
from edgetag.pixels import Pixels
from edgetag.runtimes.encoding import encode, encoding_table
from edgetag.runtimes.interpreter import open_session
from edgetag.runtimes.messages import BadInput, Loaded, Scored
from edgetag.runtimes.protocol import ModelLoadError
from edgetag.runtimes.session import Values

Real = npt.NDArray[np.float64]


class LayerSums:
    """Accumulates one layer's sums over images."""

    def __init__(self) -> None:
        self._count = 0
        self._sums = np.zeros(4)

    def add(self, reference: Real, other: Real, alone: Real) -> None:
        """Count one image.

        `alone` is what the float layer makes of the quantized file's inputs.
        """
        if not reference.shape == other.shape == alone.shape:
            raise ModelLoadError(
                f"a layer gives {list(other.shape)} values, the float one {list(reference.shape)}"
            )
        values, error, own = reference.ravel(), (other - reference).ravel(), (other - alone).ravel()
        self._count += values.size
        self._sums += (values.sum(), values @ values, error @ error, own @ own)

    def total(self) -> Sums:
        """Return the sums.

        Raises:
            ModelLoadError: They are not finite.
        """
        if not np.isfinite(self._sums).all():
            raise ModelLoadError("a layer gives values that are not finite numbers")
        total, squares, errors, own = self._sums.tolist()
        return Sums(
            count=self._count,
            total=total,
            squares=squares,
            squared_errors=errors,
            own_squared_errors=own,
        )


class Files:
    """The three files, loaded so that every tensor can be read after a run.

    Args:
        job: Names them.

    Raises:
        ModelLoadError: LiteRT refuses one.
    """

    def __init__(self, job: Job) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        make = partial(
            Interpreter,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        self._pairs = job.pairs
        self._whole = [open_session(make, path, 1) for path in (job.reference, job.other)]
        self._tables = [encoding_table(job.contract, session.input) for session in self._whole]
        self._apart = make(model_path=str(job.apart), num_threads=1)
        self._apart.allocate_tensors()
        self._image = self._apart.get_input_details()[0]["index"]

    def check_size(self, size: int) -> None:
        """Refuse files that take images of another size than the cache has."""
        for session in self._whole:
            if session.input.shape[1:3] != (size, size):
                height, width = session.input.shape[1:3]
                raise ModelLoadError(
                    f"it takes images of {width}x{height}, but the image cache has {size}x{size}"
                )

    def run(self, pixels: Pixels) -> Iterator[tuple[Real, Real, Real]]:
        """Run one image `[1, size, size, 3]`; yield each pair's outputs as `LayerSums` takes them.

        Raises:
            ModelLoadError: A file does not run.
        """
        encoded = [encode(pixels, table) for table in self._tables]
        try:
            for session, values in zip(self._whole, encoded, strict=True):
                session.feed(values)
                session.run()
            # The layers of the file taken apart see what the quantized file computed.
            self._apart.set_tensor(self._image, encoded[0])
            others = [_real(self._whole[1].tensor(pair.other), pair) for pair in self._pairs]
            for pair, other in zip(self._pairs, others, strict=True):
                self._apart.set_tensor(pair.fed, other.astype(np.float32))
            self._apart.invoke()
        except (RuntimeError, ValueError) as error:
            raise ModelLoadError(f"it fails to run: {one_line(str(error))}") from None
        for pair, other in zip(self._pairs, others, strict=True):
            reference = self._whole[0].tensor(pair.reference).astype(np.float64)
            yield reference, other, self._apart.get_tensor(pair.reference).astype(np.float64)


def _real(values: Values, pair: Pair) -> Real:
    real = values.astype(np.float64)
    return real if values.dtype == np.float32 else (real - pair.zero_point) * pair.scale


def compare(job: Job, cache: ImageCache, emit: Emit) -> Compared:
    """Run the files over the job's images and sum up each layer's differences.

    Raises:
        ModelLoadError: A file does not run, or gives what cannot be compared.
        InputError: The image cache is damaged.
    """
    files = Files(job)
    files.check_size(cache.shards.input_size)
    emit(Loaded())
    sums = [LayerSums() for _ in job.pairs]
    for done, row in enumerate(job.rows, start=1):
        outputs = files.run(cache[np.array([row], dtype=np.int64)])
        for layer, difference in zip(sums, outputs, strict=True):
            layer.add(*difference)
        emit(Scored(images=done))
    return Compared(layers=tuple(layer.total() for layer in sums))


def main() -> None:
    """Do the job in the file named by the first argument; answer with events."""
    job, emit = begin_job(Job)
    confine((job.reference, job.apart, job.other, job.cache.folder))
    try:
        emit(compare(job, ImageCache(job.cache), emit))
    except ModelLoadError as error:
        emit(Refused(reason=error.reason))
    except InputError as error:
        emit(BadInput(message=str(error)))


if __name__ == "__main__":
    main()
