"""Does a heat map lie on what it is about? `make composites`: objects pasted at known places.

An emoji is pasted onto another picture or a plain ground at a place and size that are known, the
model's maps are asked where they see it, and the boxes of the mosaic and of the crop are held
against its pixels. Emojis are those of the demo's test split, which training never saw. Prints a
table; nothing is asserted, since it measures a model and not the code.

Pointing game: Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage import data

from edgetag import Tagger
from edgetag.cli.stages import read_recipe
from edgetag.cli.terminal import print_tables
from edgetag.demo_sets.demo import plan_demo
from edgetag.demo_sets.openmoji import SOURCE
from edgetag.demo_sets.picture import Drawing, Picture
from edgetag.editing.batch import Explainer
from edgetag.editing.regions import LEVEL, HeatMap, best_crop, boxes_to_cover, heat_map
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_percent
from edgetag.tagging.results import Box
from edgetag.workspace import Workspace
from tests.support.paths import RELEASED

Mask = npt.NDArray[np.bool_]
Ground = Callable[[tuple[int, int], np.random.Generator], Image.Image]

SIDES = ((480, 360), (360, 480))
OBJECT_SIDES = (96, 200)
HIDDEN = 0.95
"""Share of an object's pixels that must be covered for it to count as hidden."""

TAGS = ("food", "cat", "dog", "face", "girl", "boy")
RATIOS = (1.0, 9 / 16)
"""Of the crops. The second is 202 px wide in a picture of 480 x 360: it just holds any object."""

PHOTOS = (
    data.rocket,
    data.coins,
    data.hubble_deep_field,
    data.immunohistochemistry,
    data.brick,
    data.grass,
    data.gravel,
    data.moon,
    data.clock,
    data.retina,
    data.page,
)
"""Photos that show none of the tags."""


@dataclass(frozen=True)
class Crop:
    """How much of an object's pixels a crop keeps: the smart one, and one from the middle."""

    fits: bool
    kept: float
    kept_center: float


@dataclass(frozen=True)
class Outcome:
    """What came of one composite.

    Attributes:
        is_set: Whether the model found the tag at all.
        peak_inside: Whether the map is highest on the object.
        hidden: Share of the object's pixels that the mosaic covers.
        covered: Share of the picture that it covers.
        crops: One of each ratio.
    """

    is_set: bool
    peak_inside: bool
    hidden: float
    covered: float
    crops: tuple[Crop, ...]


@dataclass(frozen=True)
class TagOutcome:
    """What came of all composites of one tag."""

    tag: str
    outcomes: tuple[Outcome, ...]

    @property
    def of_set(self) -> list[Outcome]:
        """Those in which the model found the tag."""
        return [outcome for outcome in self.outcomes if outcome.is_set]


def grounds(drawings: Sequence[Drawing]) -> tuple[Ground, ...]:
    """Return what objects are pasted on: a colour, a photo, a drawing of something else."""

    def plain(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
        return Image.new("RGB", size, tuple(int(part) for part in random.integers(0, 256, 3)))

    def photo(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
        return (
            Image.fromarray(PHOTOS[int(random.integers(len(PHOTOS)))]()).convert("RGB").resize(size)
        )

    def drawn(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
        picture = plain(size, random)
        thing = drawings[int(random.integers(len(drawings)))].paint(min(size))
        picture.paste(thing, ((size[0] - thing.width) // 2, (size[1] - thing.height) // 2), thing)
        return picture

    return plain, photo, drawn


def compose(
    drawings: Sequence[Drawing], others: Sequence[Drawing], count: int, seed: int
) -> Iterator[tuple[Image.Image, Mask]]:
    """Yield pictures with one object each, and where its pixels are.

    Args:
        drawings: The objects.
        others: Drawings without any of the tags, for grounds.
        count: Pictures.
        seed: Decides grounds, places and sizes.
    """
    random = np.random.default_rng(seed)
    on = grounds(others)
    for number in range(count):
        size = SIDES[number // len(on) % len(SIDES)]
        picture = on[number % len(on)](size, random)
        drawn = drawings[int(random.integers(len(drawings)))].paint(
            int(random.integers(*OBJECT_SIDES))
        )
        left, top = (
            int(random.integers(0, limit - side + 1))
            for limit, side in zip(size, drawn.size, strict=True)
        )
        picture.paste(drawn, (left, top), drawn)
        mask = np.zeros(size[::-1], bool)
        mask[top : top + drawn.height, left : left + drawn.width] = np.asarray(drawn)[..., 3] > 127
        yield picture, mask


def objects(planned: Sequence[Picture]) -> tuple[dict[str, list[Drawing]], list[Drawing]]:
    """Return the drawings of each tag, and those that show none of them."""
    of_tag = {tag: [p.drawing for p in planned if p.labels.get(tag) == 1] for tag in TAGS}
    return of_tag, [p.drawing for p in planned if all(p.labels.get(tag) == 0 for tag in TAGS)]


def opened(model: Path) -> Callable[[str], Explainer]:
    """Return what sees a tag: a file for all, or a run folder's float model for each."""
    if not model.is_dir():
        tagger = Tagger(model)
        return lambda _: tagger
    from edgetag.float_tagger import FloatTagger

    recipe = read_recipe(model)
    return lambda tag: FloatTagger(recipe, Workspace(model), tag)


def judge(tagger: Explainer, tag: str, picture: Image.Image, mask: Mask, level: float) -> Outcome:
    """Hold a model's map of one picture against the object's pixels."""
    tagging = tagger.tag(picture, maps=True)
    heat = heat_map(tagging, tag)
    if heat is None:
        raise SystemExit("the model makes no heat maps")
    covered = np.zeros_like(mask)
    for left, top, right, bottom in boxes_to_cover(tagging, [tag], picture.size, level):
        covered[top:bottom, left:right] = True
    x, y = peak(heat)
    return Outcome(
        is_set=tagging[tag].is_set,
        peak_inside=bool(mask[y, x]),
        hidden=float(covered[mask].mean()),
        covered=float(covered.mean()),
        crops=tuple(judge_crop(heat, mask, ratio) for ratio in RATIOS),
    )


def peak(heat: HeatMap) -> tuple[int, int]:
    """Return where a map is highest, in pixels; of several places the one nearest to their mean."""
    width, height = heat.size
    values = heat.at([x + 0.5 for x in range(width)], [y + 0.5 for y in range(height)])
    places = np.argwhere(values == values.max())
    y, x = places[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return int(x), int(y)


def judge_crop(heat: HeatMap, mask: Mask, ratio: float) -> Crop:
    """Hold the crops of a ratio against the object's pixels."""
    left, top, right, bottom = smart = best_crop(heat, ratio)
    width, height = right - left, bottom - top
    x, y = (heat.size[0] - width) // 2, (heat.size[1] - height) // 2
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return Crop(
        fits=bool(np.ptp(rows) < height and np.ptp(columns) < width),
        kept=_kept(mask, smart),
        kept_center=_kept(mask, (x, y, x + width, y + height)),
    )


def _kept(mask: Mask, box: Box) -> float:
    left, top, right, bottom = box
    return float(mask[top:bottom, left:right].sum() / mask.sum())


def table(rows: Sequence[TagOutcome]) -> Table:
    """Return the shares tag by tag; those of boxes are of the pictures in which the tag is set."""

    def share(title: str, holds: Callable[[Outcome], bool | float | None]) -> "Number[TagOutcome]":
        def show(row: TagOutcome) -> str | None:
            values = [value for outcome in row.of_set if (value := holds(outcome)) is not None]
            return format_percent(float(np.mean(values))) if values else None

        return Number(title, show)

    def whole(number: int, where: str) -> Callable[[Outcome], bool | None]:
        def holds(outcome: Outcome) -> bool | None:
            crop = outcome.crops[number]
            return getattr(crop, where) >= HIDDEN if crop.fits else None

        return holds

    return Rows(list(rows)).table(
        "Objects pasted at known places",
        Column("tag", lambda row: row.tag),
        Number("pictures", lambda row: str(len(row.outcomes))),
        Number("tag set", lambda row: format_percent(len(row.of_set) / len(row.outcomes))),
        share("peak on it", lambda outcome: outcome.peak_inside),
        share("95 % hidden", lambda outcome: outcome.hidden >= HIDDEN),
        share("covered", lambda outcome: outcome.covered),
        share("whole in 1:1", whole(0, "kept")),
        share("in the middle", whole(0, "kept_center")),
        share("whole in 9:16", whole(1, "kept")),
        share("in the middle", whole(1, "kept_center")),
    )


def main() -> None:
    """Measure a bundle, a file or a run's float model; by default the demo's bundle."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, default=RELEASED)
    parser.add_argument("--pictures", type=int, default=200, help="of each tag; default: 200")
    parser.add_argument("--split", default="test", help="of the demo's emojis; default: test")
    parser.add_argument("--level", type=float, default=LEVEL, help=f"default: {LEVEL}")
    options = parser.parse_args()
    of_tag, others = objects(
        [p for p, split in plan_demo() if split == options.split and p.source == SOURCE]
    )
    rows, height, width = [], 0, 0
    explainer_of = opened(options.model)
    for number, tag in enumerate(TAGS):
        if not of_tag[tag]:
            continue
        explainer = explainer_of(tag)
        pictures = compose(of_tag[tag], others, options.pictures, seed=number)
        outcomes = (judge(explainer, tag, *made, options.level) for made in pictures)
        rows.append(TagOutcome(tag, tuple(outcomes)))
        maps = explainer.tag(Image.new("RGB", (9, 9)), maps=True).maps
        height, width = maps.values.shape[:2] if maps else (0, 0)
    every = TagOutcome("all", tuple(outcome for row in rows for outcome in row.outcomes))
    print_tables([table([*rows, every])])
    print(f"{options.model.name}: maps of {height} × {width} cells")


if __name__ == "__main__":
    main()
