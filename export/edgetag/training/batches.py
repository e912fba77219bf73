"""The training stream: which images each step sees, read from the cache and changed at random.

Step s takes positions s × batch … (s + 1) × batch of an endless stream that is one random order
of the rows after another. So every batch is whole, every image is seen equally often, a batch is
known from its step alone (which makes resuming exact), and worker k of n can take its share
without asking anyone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from edgetag.dataset import Dataset, Rows
from edgetag.labels import Labels
from edgetag.pixels import Pixels
from edgetag.preprocess import Preprocessing
from edgetag.recipe import AugmentSection
from edgetag.tf import tf
from edgetag.training import composites
from edgetag.training.augment import DRAWS, augment

PREFETCHED = 4
"""Batches made ahead: enough to hide an uneven disk, and bounded memory."""

READERS = 2
"""Batches read at once; reading releases the interpreter while it copies."""


@dataclass(frozen=True)
class Share:
    """The part of every batch that one input pipeline makes."""

    replicas: int = 1
    first: int = 0
    count: int = 1


WHOLE = Share()


class Batches:
    """Training batches of some rows.

    Args:
        dataset: Gives images and labels.
        rows: `[n]` rows to train on.
        contract: Scales the pixels.
        batch_size: Images of one step, over all replicas.
        seed: Decides orders and random changes.
        augment: How images are changed.
        cells: Of a heat map, along a side; 0 where there are none.
    """

    def __init__(
        self,
        dataset: Dataset,
        rows: Rows,
        contract: Preprocessing,
        batch_size: int,
        seed: int,
        augment: AugmentSection,
        cells: int = 0,
    ) -> None:
        self._images = dataset.images
        self._rows = rows
        self._labels = dataset.labels(rows)
        self._contract = contract
        self.batch_size = batch_size
        self._seed = seed
        self._augment = augment
        self._cells = cells
        # Two orders: the stream crosses from one to the next within a batch.
        self._order: Callable[[int], Rows] = lru_cache(maxsize=2)(self._draw_order)

    def _draw_order(self, lap: int) -> Rows:
        return np.random.default_rng((self._seed, lap)).permutation(len(self._rows))

    def positions(self, step: int) -> npt.NDArray[np.int64]:
        """Return which of the rows a step takes: `[batch]` positions in `rows`."""
        stream = np.arange(step * self.batch_size, (step + 1) * self.batch_size)
        laps, places = np.divmod(stream, len(self._rows))
        out = np.empty(len(stream), dtype=np.int64)
        for lap in np.unique(laps):
            chosen = laps == lap
            out[chosen] = self._order(int(lap))[places[chosen]]
        return out

    def read(self, step: int, start: int, stop: int) -> tuple[npt.NDArray[np.uint8], Labels]:
        """Return images and labels of a step's positions `start` to `stop`."""
        chosen = self.positions(int(step))[start:stop]
        return self._images(self._rows[chosen]), self._labels[chosen]

    @property
    def labels_cells(self) -> bool:
        """Whether `steps` also gives the labels of the maps' cells."""
        return bool(self._cells and self._augment.composites)

    def read_composites(
        self, step: int, start: int, stop: int
    ) -> tuple[Pixels, Labels, Pixels, npt.NDArray[np.float32]]:
        """Return images and labels, what is pasted into the images, and the labels of cells.

        These are `[n, size, size, 4]` uint8 and `[n, cells, cells, tags]` float32.
        """
        images, labels = self.read(step, start, stop)
        share, size = self._augment.composites, self.batch_size
        plan = composites.plan(self._labels, size, share, self._seed, int(step))
        layers = np.zeros((*images.shape[:3], 4), np.uint8)
        mine = np.arange(start, stop)
        chosen = np.flatnonzero(plan.pasted[mine])
        rows, alone = plan.rows[mine[chosen]], plan.alone[mine[chosen]]
        under, pasted = labels[chosen], self._labels[rows]
        labels[chosen] = composites.joined_labels(under, pasted, alone)
        for at, thing in zip(chosen, self._images(self._rows[rows]), strict=True):
            drawn = mine[at]
            layers[at] = composites.layer(
                thing, plan.side[drawn], plan.left[drawn], plan.top[drawn]
            )
        for at in chosen[alone]:
            images[at] = composites.ground(images[at])
        cells = np.full((len(images), self._cells, self._cells, labels.shape[1]), -1, np.float32)
        if self._cells:
            known = composites.cell_labels(under, pasted, alone, layers[chosen], self._cells)
            cells[chosen] = known
        return images, labels, layers, cells

    def steps(self, first: int, last: int, share: Share = WHOLE) -> Any:
        """Return a `tf.data.Dataset` of steps `first` to `last`, exclusive.

        `last` is the step after the last batch.

        Returns:
            Elements are float32 images `[batch / replicas, size, size, 3]`, augmented and scaled,
            and int8 labels `[batch / replicas, tags]`; with `labels_cells` also float32
            `[batch / replicas, cells, cells, tags]`, see `composites.cell_labels`. One element a
            step and fed replica.
        """
        size = self.batch_size // share.replicas

        @tf.autograph.experimental.do_not_convert
        def make(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
            step = index // share.count
            start = (index % share.count + share.first) * size
            pasting = bool(self._augment.composites)
            images, labels, *more = tf.numpy_function(
                self.read_composites if pasting else self.read,
                [step, start, start + size],
                [tf.uint8, tf.int8, *([tf.uint8, tf.float32] if pasting else [])],
                stateful=False,
            )
            pixels = self._contract.input_size
            images = tf.ensure_shape(images, (size, pixels, pixels, 3))
            labels = tf.ensure_shape(labels, (size, self._labels.shape[1]))
            seed = tf.stack([tf.constant(self._seed, tf.int64), step])
            draws = tf.random.stateless_uniform((self.batch_size, DRAWS), seed)
            draws = tf.ensure_shape(draws[start : start + size], (size, DRAWS))
            changed = augment(images, draws, self._augment)
            if pasting:  # after the crop, which would cut away what lies at a side
                layer = tf.cast(tf.ensure_shape(more[0], (size, pixels, pixels, 4)), tf.float32)
                alpha = layer[..., 3:] / 255.0
                changed = changed * (1 - alpha) + layer[..., :3] * alpha
            scaled = (changed - self._contract.mean) / self._contract.std
            if not self.labels_cells:
                return scaled, labels
            shape = (size, self._cells, self._cells, self._labels.shape[1])
            return scaled, labels, tf.ensure_shape(more[1], shape)

        indexes = tf.data.Dataset.range(first * share.count, last * share.count)
        batches = indexes.map(make, num_parallel_calls=READERS, deterministic=True)
        return batches.prefetch(PREFETCHED)
