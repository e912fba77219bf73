"""Tags pictures with the float model of a run, through TensorFlow: for heat maps of any network.

What is exported can have maps only where scores are their means. Under TensorFlow every network
tells where it sees a tag; see `networks.heat_maps`.
"""

import threading

import numpy as np

from edgetag.errors import InputError
from edgetag.networks import build_untrained, heat_map_function, load_weights, map_place
from edgetag.pixels import scale
from edgetag.preprocess import MAX_PIXELS
from edgetag.recipe import Recipe
from edgetag.tagging.pictures import Picture, read_square
from edgetag.tagging.results import HeatMaps, Tagging
from edgetag.training.result import trained_thresholds
from edgetag.workspace import Workspace


class FloatTagger:
    """The float model of a run, as `editing` asks a `Tagger`; it draws the map of one tag.

    Raises:
        MissingExtraError: TensorFlow is not installed.
        InputError: Nothing is trained yet, or on other tags; or the model has no such tag.

    Attributes:
        tags: The vocabulary.
        workers: Threads that work at once: one, since TensorFlow uses all cores for a picture.
    """

    workers = 1

    def __init__(self, recipe: Recipe, workspace: Workspace, tag: str) -> None:
        self.tags = recipe.data.vocabulary().names
        if tag not in self.tags:
            raise InputError(f"the model has no tag {tag!r}; it has: {', '.join(self.tags)}")
        weights = workspace.trained_weights()
        kept = trained_thresholds(workspace, self.tags)
        model = build_untrained(recipe.network, len(self.tags))
        load_weights(model, weights)
        self._thresholds = np.array([kept[name] for name in self.tags], np.float32)
        self._contract = recipe.network.preprocessing()
        self._compute = heat_map_function(model, self.tags.index(tag))
        self._first, self._side = map_place(model)
        self._tag = tag
        self._lock = threading.Lock()

    def tag(self, picture: Picture, *, maps: bool = False) -> Tagging:
        """Return a picture's scores, and with `maps` where the tag is seen.

        Raises:
            PictureError: It cannot be read.
        """
        square = read_square(picture, self._contract, MAX_PIXELS)
        with self._lock:
            scores, heat = self._compute(scale(square.pixels, self._contract))
        left, top, right, bottom = (end - self._first for end in square.content)
        shown = HeatMaps(
            heat[..., None], (left, top, right, bottom), self._side, square.size, (self._tag,)
        )
        return Tagging(self.tags, scores, self._thresholds, shown if maps else None)
