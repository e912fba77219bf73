"""Which layers of a quantized file go wrong: each one's output against the float file's.

An error travels: every layer behind a bad one looks bad too, and may well make it larger. So each
float layer is also run alone on the inputs that the quantized layer had, which tells what that
layer itself adds.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt
from pathlib import Path

from pydantic import TypeAdapter

from edgetag.cache_index import find_shards
from edgetag.children import on_host
from edgetag.dataset import Rows
from edgetag.errors import InputError
from edgetag.explaining.apart import take_apart
from edgetag.explaining.graph import Layer, align, read_graph
from edgetag.explaining.job import Compared, Event, Job, Pair, Sums
from edgetag.explaining.result import LayerError
from edgetag.messages import Refused
from edgetag.pixels import Normalization
from edgetag.preprocess import Preprocessing
from edgetag.process import run_job
from edgetag.progress import Task
from edgetag.runtimes.messages import BadInput, Scored
from edgetag.scratch import scratch_folder

CHILD = "edgetag.explaining.child"
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
SILENCE_S = 60.0
"""A process that finishes no image in this time counts as hung."""


@dataclass(frozen=True)
class Images:
    """The images that layers are compared on: rows of a cache, and how pixels become input."""

    cache: Path
    rows: Rows
    contract: Preprocessing


def blame(
    reference: Path,
    other: Path,
    images: Images,
    task: Task,
    silence_s: float = SILENCE_S,
    cancelled: threading.Event | None = None,
) -> tuple[LayerError, ...] | str:
    """Compare a quantized file with the float file, layer by layer, on LiteRT.

    The comparing process is ended after `silence_s` seconds without an image, or when
    `cancelled` is set.

    Returns:
        The compared layers, the one that adds most error first, or one line that says why there
        are none.

    Raises:
        InputError: The image cache is damaged.
        JobCancelledError: `cancelled` was set.
    """
    try:
        graph, other_graph = read_graph(reference), read_graph(other)
        pairs = align(graph, other_graph)
        positions = [graph.layers[a].position for a, _ in pairs]
        apart, fed = take_apart(reference, positions)
    except InputError as error:
        return str(error)
    with scratch_folder() as folder:
        apart_file = folder / "apart.tflite"
        apart_file.write_bytes(apart)
        job = Job(
            reference=reference.absolute(),
            apart=apart_file,
            other=other.absolute(),
            pairs=tuple(
                _pair(graph.layers[a], fed_to, other_graph.layers[b])
                for (a, b), fed_to in zip(pairs, fed, strict=True)
            ),
            cache=find_shards(images.cache),
            rows=tuple(images.rows.tolist()),
            contract=Normalization.of(images.contract),
        )
        outcome = _run(job, task, silence_s, cancelled)
    if isinstance(outcome, str):
        return outcome
    compared = [(graph.layers[a], other_graph.layers[b]) for a, b in pairs]
    return ranked(compared, outcome.layers)


def _run(
    job: Job, task: Task, silence_s: float, cancelled: threading.Event | None
) -> Compared | str:
    """Return the sums, or one line that says why there are none."""
    outcome: Compared | str = "the comparing process ended without an answer"
    done = 0

    def hear(event: Event) -> None:
        nonlocal outcome, done
        match event:
            case Scored(images=images):
                task.advance(images - done)
                done = images
            case Compared():
                outcome = event
            case Refused(reason=reason):
                outcome = reason
            case BadInput(message=message):
                raise InputError(message)

    failure = run_job(partial(on_host, CHILD), job, EVENT, hear, silence_s, cancelled)
    return outcome if failure is None else failure.while_doing("comparing layers")


def ranked(layers: Sequence[tuple[Layer, Layer]], sums: Sequence[Sums]) -> tuple[LayerError, ...]:
    """Return the layers, the one that adds most error first.

    A layer whose float output never varies is left out: there is no signal to compare with.

    Args:
        layers: Layers of the float file that were compared, with those of the quantized one.
        sums: What was measured of each.
    """
    errors = []
    for index, ((layer, own), measured) in enumerate(zip(layers, sums, strict=True)):
        variance = measured.squares / measured.count - (measured.total / measured.count) ** 2
        if variance <= 0:
            continue
        errors.append(
            LayerError(
                index=index,
                name=layer.tensor.name,
                own_name=own.tensor.name,
                operator=layer.operator,
                error=sqrt(measured.squared_errors / measured.count / variance),
                added=sqrt(measured.own_squared_errors / measured.count / variance),
            )
        )
    return tuple(sorted(errors, key=lambda layer: (-layer.added, layer.index)))


def _pair(layer: Layer, fed: int, other: Layer) -> Pair:
    return Pair(
        reference=layer.position,
        fed=fed,
        other=other.position,
        scale=other.tensor.scale,
        zero_point=other.tensor.zero_point,
    )
