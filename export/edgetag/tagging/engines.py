"""Who computes the rows of a batch: threads here, or the workers of a Ray cluster.

All give the same rows in the same order; what is written, and how a batch goes on after a kill, is
the caller's business and the same for all.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from edgetag.pool import in_order
from edgetag.tagging.errors import PictureError
from edgetag.tagging.listing import Content, Listed, bytes_of
from edgetag.tagging.parts import Row
from edgetag.tagging.tagger import Tagger

Known = Callable[[str], Row | None]
"""Returns the row of a picture with a SHA-256, where one is finished."""

Engine = Callable[[Tagger, Iterable[tuple[Listed, Content]], Known], Iterator[tuple[Listed, Row]]]
"""Yields the rows of pictures in their order; pictures are taken as they are needed."""


def on_threads(
    tagger: Tagger, coming: Iterable[tuple[Listed, Content]], known: Known
) -> Iterator[tuple[Listed, Row]]:
    """Compute in this process, on as many threads as the tagger has workers."""

    def work(given: tuple[Listed, Content]) -> tuple[Listed, Row]:
        picture, content = given
        return picture, row_of(tagger, content, known)

    yield from in_order(work, coming, tagger.workers)


def row_of(tagger: Tagger, content: Content, known: Known) -> Row:
    """Tag a picture; where it cannot be read, its row says why.

    Raises:
        BundleError: The model fails.
    """
    sha256 = ""
    try:
        data = bytes_of(content)
        sha256 = hashlib.sha256(data).hexdigest()
        return known(sha256) or Row(sha256, "", tagger.tag(data).scores)
    except PictureError as error:
        return Row(sha256, str(error), np.zeros(len(tagger.tags), dtype=np.float32))
