"""Does a batch cost much beside decoding and inference? All are timed in turn on the same cores."""

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from edgetag.contract import Preprocessing
from edgetag.errors import InputError
from edgetag.machine import this_machine
from edgetag.pool import in_order
from edgetag.preprocess import Pixels
from edgetag.progress import Progress, SilentProgress
from edgetag.runtimes import engines
from edgetag.sampling import positions
from edgetag.scratch import scratch_folder
from edgetag.tagging.batch import tag_pictures
from edgetag.tagging.errors import PictureError
from edgetag.tagging.listing import Listed, bytes_of
from edgetag.tagging.pictures import read_square
from edgetag.tagging.rate import TagRate
from edgetag.tagging.tagger import Tagger

MOST_PICTURES = 400
ROUNDS = 5


def measure(
    tagger: Tagger, pictures: Sequence[Listed], progress: Progress, rounds: int = ROUNDS
) -> TagRate:
    """Time decoding, inference and a whole batch on the same pictures.

    Args:
        tagger: The model.
        pictures: At most 400 of them are taken, at even distances, no two alike.
        progress: Is told of every round.
        rounds: Of each measurement; their order changes from round to round.

    Raises:
        InputError: None of the pictures can be read.
    """
    contract = tagger.model.contract
    chosen: list[Listed] = []
    squares: dict[bytes, Pixels] = {}
    for place in positions(len(pictures), MOST_PICTURES):
        try:
            square = _decode(contract, tagger.scaled_jpeg, pictures[place])
        except PictureError:
            continue  # the rate is that of pictures that can be read
        if (content := square.tobytes()) not in squares:  # a batch tags equal pictures once
            squares[content] = square
            chosen.append(pictures[place])
    if not chosen:
        raise InputError("none of the pictures can be read, so nothing can be timed")
    work: dict[str, Callable[[], None]] = {
        "decode": lambda: _all(tagger, partial(_decode, contract, False), chosen),
        "decode scaled": lambda: _all(tagger, partial(_decode, contract, True), chosen),
        "infer": lambda: _all(tagger, tagger.score_square, squares.values()),
        "tag": lambda: _batch(tagger, chosen),
    }
    seconds: dict[str, list[float]] = {name: [] for name in work}
    with progress.track("timing", rounds * len(work) * len(chosen), "pictures") as task:
        for number in range(rounds + 1):
            for name in work if number % 2 else reversed(work):
                started = time.perf_counter()
                work[name]()
                if number:  # the first round warms up
                    seconds[name].append(time.perf_counter() - started)
                    task.advance(len(chosen), name)
    decoding = seconds["decode scaled" if tagger.scaled_jpeg else "decode"]
    bounds = [d + i for d, i in zip(decoding, seconds["infer"], strict=True)]
    ratios = [bound / whole for bound, whole in zip(bounds, seconds["tag"], strict=True)]
    return TagRate(
        pictures=len(chosen),
        workers=tagger.workers,
        rounds=rounds,
        scaled_jpeg=tagger.scaled_jpeg,
        decode_per_s=len(chosen) / statistics.median(seconds["decode"]),
        decode_scaled_per_s=len(chosen) / statistics.median(seconds["decode scaled"]),
        infer_per_s=len(chosen) / statistics.median(seconds["infer"]),
        bound_per_s=len(chosen) / statistics.median(bounds),
        tag_per_s=len(chosen) / statistics.median(seconds["tag"]),
        ratio=statistics.median(ratios),
        ratios=(min(ratios), max(ratios)),
        machine=this_machine(),
        runtime=tagger.runtime,
        accelerator=engines.acceleration(tagger.runtime),
    )


def _decode(contract: Preprocessing, scaled_jpeg: bool, picture: Listed) -> Pixels:
    return read_square(bytes_of(picture.read()), contract, scaled_jpeg=scaled_jpeg).pixels


def _all(tagger: Tagger, work: Callable[..., object], things: Iterable[object]) -> None:
    deque(in_order(work, things, tagger.workers), maxlen=0)


def _batch(tagger: Tagger, pictures: Sequence[Listed]) -> None:
    with scratch_folder() as folder:
        tag_pictures(tagger, pictures, folder / "tags.parquet", SilentProgress())
