"""A worker process: opens the model, then answers one job after the other until its input ends.

Pictures come from strangers, and decoders are native code too: before it loads the model or sees a
picture, the process gives up all but the software.
"""

import io
import os
import resource
import sys
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from edgetag.children import end_with_parent
from edgetag.confinement import confine
from edgetag.errors import InputError
from edgetag.serving.answering import answer
from edgetag.serving.messages import (
    Job,
    ModelDescription,
    Ready,
    Start,
    read_message,
    write_message,
)
from edgetag.serving.operations import Tags
from edgetag.serving.packed import pack, unpack
from edgetag.tagging.ensemble import open_tagger
from edgetag.tagging.tagger import Tagger
from edgetag.workspace import digest_json

NICENESS = 10
"""The front answers at once what needs no computing, also where workers take all cores."""


def main() -> None:
    """Do what the front asks."""
    end_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setpgrp()  # Ctrl-C is for the front, which lets this process finish
    os.nice(NICENESS)
    said = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever native code prints
    start = Start.model_validate_json(sys.argv[1])
    try:
        tagger = open_tagger(
            Path(start.model), start.variant, workers=1, max_pixels=start.max_pixels
        )
        confine(())
        answer(tagger, Tags(), _grey(), b"", start.max_pixels)
    except InputError as error:
        write_message(said, pack(Ready(error=str(error))))
        return
    write_message(said, pack(Ready(model=describe(tagger))))
    serve(tagger, start.max_pixels, sys.stdin.buffer, said)


def serve(tagger: Tagger, max_pixels: int, jobs: BinaryIO, said: BinaryIO) -> None:
    """Answer jobs until there are no more."""
    while (message := read_message(jobs)) is not None:
        job, (picture, sight) = unpack(Job, message)
        write_message(said, pack(*answer(tagger, job.operation, picture, sight, max_pixels)))


def describe(tagger: Tagger) -> ModelDescription:
    """Return what the front is to know of a model."""
    model = tagger.model
    parts = {**tagger.settings(), "thresholds": model.thresholds.tolist()}
    return ModelDescription(
        name=model.name,
        version=model.version,
        variant=model.variant,
        digest=digest_json(parts),
        bundle_sha256=model.source_sha256,
        tags=model.tags,
        sensitive=model.sensitive,
        explains=model.explains,
    )


def _grey() -> bytes:
    """Return a picture to warm up with: the first job is not to pay for loading."""
    file = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(file, "JPEG")
    return file.getvalue()


if __name__ == "__main__":
    main()
