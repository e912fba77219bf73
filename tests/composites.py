"""Does a heat map lie on what it is about? `make composites`: objects pasted at known places.

An emoji is pasted onto another background at a place and size that are known, the model's maps are
asked where they see it, and the boxes of the mosaic and of the crop are held against its pixels.
Emojis are those of the demo's test split, which training never saw. Prints a table; nothing is
asserted, since it measures a model and not the code.

Pointing game: Zhang et al., Top-down Neural Attention by Excitation Backprop, ECCV 2016.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage import data

from edgetag import Tagger
from edgetag.cli.terminal import print_tables
from edgetag.demo_sets.demo import plan_demo
from edgetag.demo_sets.openmoji import SOURCE
from edgetag.demo_sets.picture import Drawing
from edgetag.editing.regions import best_crop, boxes_to_cover, heat_map
from edgetag.tables import Column, Number, Rows, Table
from edgetag.tables.formats import format_percent
from edgetag.tagging.results import Box
from tests.support.paths import ROOT

Mask = npt.NDArray[np.bool_]

SIDE = (480, 360)
OBJECT_SIDES = (96, 140, 200)
HIDDEN = 0.95
"""Share of an object's pixels that must be covered for it to count as hidden."""


TAGS = ("food", "cat", "dog", "face", "girl", "boy")
RATIO = 1.0
"""Of the crops: square, from pictures of 4:3."""


@dataclass(frozen=True)
class Outcome:
    """What came of one composite.

    Attributes:
        is_set: Whether the model found the tag at all.
        peak_inside: Whether the map is highest on the object.
        hidden: Share of the object's pixels that the mosaic covers.
        covered: Share of the picture that it covers.
        kept: Share of the object's pixels that the smart crop keeps.
        kept_center: The same of a crop from the middle.
    """

    is_set: bool
    peak_inside: bool
    hidden: float
    covered: float
    kept: float
    kept_center: float


@dataclass(frozen=True)
class TagOutcome:
    """What came of all composites of one tag."""

    tag: str
    outcomes: tuple[Outcome, ...]

    @property
    def found(self) -> list[Outcome]:
        """Those in which the model found the tag."""
        return [outcome for outcome in self.outcomes if outcome.is_set]


def compose(
    drawings: Sequence[Drawing], count: int, seed: int
) -> Iterator[tuple[Image.Image, Mask]]:
    """Yield pictures with one object each, and where its pixels are."""
    random = np.random.default_rng(seed)
    photos = [data.rocket(), data.coins(), data.hubble_deep_field(), data.immunohistochemistry()]
    for number in range(count):
        if number % 2:
            photo = Image.fromarray(photos[int(random.integers(len(photos)))]).convert("RGB")
            picture = photo.resize(SIDE)
        else:
            color = tuple(int(part) for part in random.integers(0, 256, 3))
            picture = Image.new("RGB", SIDE, color)
        side = int(random.choice(OBJECT_SIDES))
        drawn = drawings[int(random.integers(len(drawings)))].paint(side)
        left, top = (int(random.integers(0, limit - side + 1)) for limit in SIDE)
        picture.paste(drawn, (left, top), drawn)
        mask = np.zeros(SIDE[::-1], bool)
        mask[top : top + side, left : left + side] = np.asarray(drawn)[..., 3] > 127
        yield picture, mask


def judge(tagger: Tagger, tag: str, picture: Image.Image, mask: Mask) -> Outcome:
    """Hold a model's map of one picture against the object's pixels."""
    tagging = tagger.tag(picture, maps=True)
    found = heat_map(tagging, tag)
    if found is None:
        raise SystemExit(f"{tagger.model.variant} makes no heat maps")
    heat = found.at(
        [x + 0.5 for x in range(picture.width)], [y + 0.5 for y in range(picture.height)]
    )
    covered = np.zeros_like(mask)
    for left, top, right, bottom in boxes_to_cover(tagging, [tag], picture.size):
        covered[top:bottom, left:right] = True
    middle = (SIDE[0] - SIDE[1]) // 2
    return Outcome(
        is_set=tagging[tag].is_set,
        peak_inside=bool(mask.ravel()[int(heat.argmax())]),
        hidden=float(covered[mask].mean()),
        covered=float(covered.mean()),
        kept=_kept(mask, best_crop(found, RATIO)),
        kept_center=_kept(mask, (middle, 0, middle + SIDE[1], SIDE[1])),
    )


def _kept(mask: Mask, box: Box) -> float:
    left, top, right, bottom = box
    return float(mask[top:bottom, left:right].sum() / mask.sum())


def table(rows: Sequence[TagOutcome]) -> Table:
    """Return the shares tag by tag; those of boxes are of the pictures in which the tag is set."""

    def share(name: str, least: float) -> "Number[TagOutcome]":
        def show(row: TagOutcome) -> str | None:
            values = [getattr(outcome, name) >= least for outcome in row.found]
            return format_percent(float(np.mean(values))) if values else None

        return Number(
            {
                "peak_inside": "peak on the object",
                "hidden": "95 % hidden",
                "kept": "whole in the crop",
                "kept_center": "in a centre crop",
            }[name],
            show,
        )

    return Rows(list(rows)).table(
        "Objects pasted at known places",
        Column("tag", lambda row: row.tag),
        Number("pictures", lambda row: str(len(row.outcomes))),
        Number("tag set", lambda row: format_percent(len(row.found) / len(row.outcomes))),
        share("peak_inside", 1),
        share("hidden", HIDDEN),
        Number(
            "of the picture",
            lambda row: (
                format_percent(float(np.mean([outcome.covered for outcome in row.found])))
                if row.found
                else None
            ),
        ),
        share("kept", HIDDEN),
        share("kept_center", HIDDEN),
    )


def main() -> None:
    """Measure a bundle; by default the demo's."""
    demo = next((ROOT / "models" / "demo").glob("demo-*.zip"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, default=demo)
    parser.add_argument("--pictures", type=int, default=200, help="of each tag; default: 200")
    options = parser.parse_args()
    planned = [p for p, split in plan_demo() if split == "test" and p.source == SOURCE]
    rows = []
    with Tagger(options.bundle) as tagger:
        for number, tag in enumerate(TAGS):
            drawings = [p.drawing for p in planned if p.labels.get(tag) == 1]
            pictures = compose(drawings, options.pictures, seed=number)
            rows.append(TagOutcome(tag, tuple(judge(tagger, tag, *one) for one in pictures)))
        height, width = 0, 0
        shape = tagger.tag(np.zeros((9, 9, 3), np.uint8), maps=True).maps
        if shape is not None:
            height, width = shape.values.shape[:2]
    print_tables([table(rows)])
    print(f"{options.bundle.name}: maps of {height} × {width} cells")


if __name__ == "__main__":
    main()
