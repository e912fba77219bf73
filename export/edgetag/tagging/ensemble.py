"""Several models that tag as one: the weighted mean of their scores, and of their heat maps."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from edgetag import __version__
from edgetag.ensembles import MOST_WEIGHT, is_ensemble, mean_thresholds, weighted_mean
from edgetag.ensembles import Ensemble as EnsembleFile
from edgetag.errors import InputError
from edgetag.tagging.errors import BundleError, VocabularyError
from edgetag.tagging.opening import Model, chosen_thresholds, tags_differ
from edgetag.tagging.pictures import Picture, Square, read_bytes, read_square
from edgetag.tagging.results import HeatMaps, Tagging
from edgetag.tagging.tagger import Tagger
from edgetag.workspace import digest_json


class Ensemble(Tagger):
    """Tags pictures with several models at once: with the weighted mean of their scores.

    Args:
        taggers: The models, of the same tags in any order; the first one's is that of all.
        weights: One for each; default: all alike.
        thresholds: Tag → score from which on it is set, or one for all; default: the weighted mean
            of the models' own.
        name: What people call it.
        workers: Threads; default: as many as the first model uses.

    Raises:
        VocabularyError: A model has other tags than the first.
        InputError: There is no model, a weight is missing or not within 0..1e6, or a threshold is
            none.
    """

    def __init__(
        self,
        taggers: Sequence[Tagger],
        weights: Sequence[float] | None = None,
        *,
        thresholds: Mapping[str, float] | float | None = None,
        name: str = "ensemble",
        workers: int | None = None,
    ) -> None:
        self._taggers = tuple(taggers)
        self._weights = tuple(1.0 for _ in taggers) if weights is None else tuple(weights)
        if not self._taggers or len(self._weights) != len(self._taggers):
            raise InputError(
                f"{name}: {len(self._weights)} weights for {len(self._taggers)} models; give one "
                "model at least, and a weight for each"
            )
        if wrong := [weight for weight in self._weights if not 0 < weight <= MOST_WEIGHT]:
            raise InputError(
                f"{name}: the weight {wrong[0]} is not above 0 and at most {MOST_WEIGHT:g}"
            )
        first = self._taggers[0]
        for tagger in self._taggers:
            if set(tagger.tags) != set(first.tags):
                raise VocabularyError(
                    f"{tagger.model.name}: {tags_differ(first.tags, tagger.tags)}"
                )
        self._orders = [[tagger.tags.index(tag) for tag in first.tags] for tagger in self._taggers]
        self.scaled_jpeg = any(tagger.scaled_jpeg for tagger in self._taggers)
        self._one_square = len({_square_of(tagger) for tagger in self._taggers}) == 1
        self.workers = workers or first.workers
        self.max_pixels = min(tagger.max_pixels for tagger in self._taggers)
        self.model = self._model(name, thresholds)

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        thresholds: Mapping[str, float] | float | None = None,
        **options: Any,
    ) -> Self:
        """Open the models that an ensemble's file names.

        Args:
            path: The file; see `edgetag.ensembles`.
            thresholds: As of a `Tagger`; default: the file's.
            options: Passed on to every `Tagger`.

        Raises:
            BundleError: A model is missing, damaged, or not the one that the file means.
            InputError: The file is damaged; or as of a `Tagger`.
        """
        path = Path(path)
        described = EnsembleFile.read(path)
        taggers: list[Tagger] = []
        for member in described.models:
            tagger = Tagger(path.parent / member.file, variant=member.variant, **options)
            if member.sha256 not in (None, tagger.model.sha256):
                raise BundleError(
                    f"{path.parent / member.file}: not the file that {path} means (its SHA-256 "
                    "differs); judge the ensemble again, or put the file back"
                )
            taggers.append(tagger)
        return cls(
            taggers,
            [member.weight for member in described.models],
            thresholds=described.thresholds if thresholds is None else thresholds,
            name=path.stem,
            workers=options.get("workers"),
        )

    @property
    def runtime(self) -> str:
        """The names of the models' engines, each once."""
        return ", ".join(dict.fromkeys(tagger.runtime for tagger in self._taggers))

    def settings(self) -> dict[str, object]:
        """Return all that scores depend on beside the picture, to keep with results."""
        models = [
            {**tagger.settings(), "weight": weight}
            for tagger, weight in zip(self._taggers, self._weights, strict=True)
        ]
        return {"models": models, "edgetag": __version__}

    @property
    def explains(self) -> bool:
        """Whether all models make heat maps."""
        return all(tagger.explains for tagger in self._taggers)

    def tag(self, picture: Picture, *, maps: bool = False) -> Tagging:
        """Return a picture's scores; see `Tagger.tag`."""
        given = read_bytes(Path(picture)) if isinstance(picture, str | Path) else picture
        squares: dict[str, Square] = {}
        taggings = []
        for tagger in self._taggers:
            kind = _square_of(tagger)
            if kind not in squares:
                squares[kind] = read_square(
                    given,
                    tagger.model.contract,
                    self.max_pixels,
                    scaled_jpeg=tagger.scaled_jpeg,
                )
            taggings.append(tagger.tag_square(squares[kind], maps and self.explains))
        return self._joined(taggings)

    def tag_square(self, square: Square, maps: bool = False) -> Tagging:
        """Return the scores of a picture that was made the square of all models.

        Raises:
            InputError: The models take pictures in different ways.
        """
        if not self._one_square:
            raise InputError(
                f"{self.model.name}: its models take pictures in different ways, so no one square "
                "is of all; give the picture itself"
            )
        wanted = maps and self.explains
        return self._joined([tagger.tag_square(square, wanted) for tagger in self._taggers])

    def __getstate__(self) -> dict[str, object]:
        """Return what another process needs."""
        return self.__dict__

    def __setstate__(self, state: dict[str, object]) -> None:
        """Take that; each model was proved when it was taken."""
        self.__dict__.update(state)

    def load(self) -> None:
        """Load the models now; see `Tagger.load`."""
        for tagger in self._taggers:
            tagger.load()

    def close(self) -> None:
        """Give the memory of the loaded models back; the next picture loads them again."""
        for tagger in self._taggers:
            tagger.close()

    def _joined(self, taggings: Sequence[Tagging]) -> Tagging:
        ordered = zip(taggings, self._orders, strict=True)
        scores = weighted_mean([tagging.scores[order] for tagging, order in ordered], self._weights)
        maps = [tagging.maps for tagging in taggings if tagging.maps is not None]
        drawn = self._mean_maps(maps) if len(maps) == len(taggings) else None
        return Tagging(self.tags, scores, self.model.thresholds, drawn)

    def _mean_maps(self, maps: Sequence[HeatMaps]) -> HeatMaps:
        first = maps[0]
        for other in maps:
            alike = (other.values.shape, other.content, other.input_size)
            if alike != (first.values.shape, first.content, first.input_size):
                raise BundleError(
                    f"{self.model.name}: its models' heat maps do not lie on each other: "
                    f"{_lie(first)}, and {_lie(other)}; take models of one input and one grid, or "
                    "one model alone"
                )
        ordered = zip(maps, self._orders, strict=True)
        values = weighted_mean([each.values[..., order] for each, order in ordered], self._weights)
        return HeatMaps(values, first.content, first.input_size, first.size, self.tags)

    def _model(self, name: str, thresholds: Mapping[str, float] | float | None) -> Model:
        """Return what is said of all models together."""
        first = self._taggers[0].model
        models = [tagger.model for tagger in self._taggers]
        own = mean_thresholds(
            [dict(zip(model.tags, model.thresholds.tolist(), strict=True)) for model in models],
            self._weights,
        )
        sensitive = {tag for model in models for tag in model.sensitive}
        chosen = chosen_thresholds(first.tags, own, thresholds)
        source = [[model.source_sha256 for model in models], self._weights, chosen.tolist()]
        return Model(
            name=name,
            version="",
            variant=" + ".join(f"{model.name} {model.variant}" for model in models),
            data=b"",
            sha256=digest_json(self.settings()),
            source_sha256=digest_json(source),
            contract=first.contract,
            tags=first.tags,
            columns=tuple(range(len(first.tags))),
            thresholds=chosen,
            explains=all(model.explains for model in models),
            sensitive=tuple(tag for tag in first.tags if tag in sensitive),
        )


def open_tagger(
    path: Path, variant: str | None = None, beside: Sequence[str] = (), **options: Any
) -> Tagger:
    """Open whatever a user names as a model: a bundle, a `.tflite` file, an ensemble's file.

    Args:
        path: The file.
        variant: Which file of a bundle.
        beside: More models that tag with it, `MODEL` or `MODEL=WEIGHT`; its own weight is 1.
        options: Passed on to `Tagger`.

    Raises:
        InputError: As of `Tagger`; or a variant is asked of an ensemble, or a weight is none.
    """
    if is_ensemble(path):
        if variant is not None or beside:
            raise InputError(
                f"{path}: an ensemble's file names every model, weight and variant; write it in"
            )
        return Ensemble.open(path, **options)
    if not beside:
        return Tagger(path, variant=variant, **options)
    thresholds = options.pop("thresholds", None)
    others, weights = zip(*map(_weighted, beside), strict=True)
    taggers = [Tagger(path, variant=variant, **options)]
    taggers += [Tagger(other, **options) for other in others]
    return Ensemble(taggers, [1.0, *weights], thresholds=thresholds, workers=options.get("workers"))


def _weighted(given: str) -> tuple[Path, float]:
    """Return model and weight; a file that has `=` in its path, and is there, has no weight."""
    file, equals, weight = given.rpartition("=")
    if not equals or Path(given).exists():
        return Path(given), 1.0
    try:
        return Path(file), float(weight)
    except ValueError:
        raise InputError(
            f"--with {given}: {weight!r} is no weight; give MODEL, or MODEL=WEIGHT"
        ) from None


def _lie(maps: HeatMaps) -> str:
    height, width = maps.values.shape[:2]
    return f"{height} × {width} cells over {maps.input_size} px, the picture at {maps.content}"


def _square_of(tagger: Tagger) -> str:
    """Return what tells how a picture becomes a model's square, whatever its scale."""
    return f"{tagger.model.contract.of_squares.digest()} {tagger.scaled_jpeg}"
