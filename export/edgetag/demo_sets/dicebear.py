"""DiceBear: avatars drawn by many artists, put together from parts that we choose.

Because every part is chosen here, the labels are known and not guessed: an avatar wears glasses
because it was given some. What no part decides, such as gender, is unknown. The part names were
checked by eye on contact sheets.
"""

import functools
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image

from edgetag.demo_sets.picture import Picture, dice, paint_svg
from edgetag.tags import DEFAULT_TAGS

Options = Mapping[str, Any]
Kind = Literal["person", "line", "creature", "robot", "silhouette", "scene", "pattern"]


@dataclass(frozen=True)
class Trait:
    """A tag that some avatars of a style get.

    `share` of the avatars get it, by the parts of `given`; the others have those of `without`.
    """

    tag: str
    share: float
    given: Options
    without: Options


@dataclass(frozen=True)
class Style:
    """A style's avatars in a set.

    Attributes:
        name: The style's file in dicebear-styles.
        kind: What its avatars are; see `KINDS`.
        images: How many are made.
        traits: Tags decided by parts.
        fixed: Parts chosen for every avatar, for instance to avoid undecidable ones.
        unknown: Tags that this style leaves open.
        unseen: Kept out of training as an unseen art style.
    """

    name: str
    kind: Kind
    images: int
    traits: tuple[Trait, ...] = ()
    fixed: tuple[tuple[str, Any], ...] = ()
    unknown: tuple[str, ...] = ()
    unseen: bool = False


_NOTHING = dict.fromkeys(DEFAULT_TAGS, 0)
_CHARACTER: dict[str, int | None] = {
    **_NOTHING,
    "original_art": 1,
    "illust": 1,
    "face": 1,
    "girl": None,
    "boy": None,
    "like": None,
    "dislike": None,
}

KINDS: Mapping[Kind, Mapping[str, int | None]] = {
    "person": _CHARACTER,
    "line": {**_CHARACTER, "illust": None, "comic": 1},
    "creature": {**_CHARACTER, "girl": 0, "boy": 0, "kemono": None, "megane": None},
    "robot": {**_CHARACTER, "girl": 0, "boy": 0, "megane": None},
    "silhouette": {**_CHARACTER, "face": 0, "blazer_uniform": None},
    "scene": {**_NOTHING, "original_art": None, "illust": 1, "like": None, "dislike": None},
    "pattern": _NOTHING,
}
"""Labels of every avatar of a kind; None is unknown."""


def _optional(tag: str, share: float, part: str, variants: Sequence[str] = ()) -> Trait:
    """Return a trait given by a part that may be left out."""
    given: dict[str, Any] = {f"{part}Probability": 100}
    if variants:
        given[f"{part}Variant"] = list(variants)
    return Trait(tag, share, given, {f"{part}Probability": 0})


def _choice(
    tag: str, share: float, part: str, given: Sequence[str], without: Sequence[str]
) -> Trait:
    """Return a trait given by which variant of a part is drawn."""
    return Trait(tag, share, {f"{part}Variant": list(given)}, {f"{part}Variant": list(without)})


def _numbered(*numbers: int) -> list[str]:
    return [f"variant{number:02d}" for number in numbers]


_CROODLES_GLASSES = _choice(
    "megane", 0.45, "eyes", _numbered(9, 13, 14, 15), _numbered(1, 2, 3, 4, 5, 7, 8, 11, 12, 16)
)
_BIG_EARS_EYES = _numbered(*(n for n in range(1, 33) if n not in (16, 19, 20, 22)))
_EARS = ("earsRound", "earsPointy", "earsDroop")
_CRITTER_TOPS = ("spike", "antenna", "antennae", "fin", "crown", "sprout", "nub", "bobble")
_PEEPS_GLASSES = (
    "glasses",
    "glasses2",
    "glasses3",
    "glasses4",
    "glasses5",
    "sunglasses",
    "sunglasses2",
)
_PEEPS_HEADS = tuple(
    (
        "afro bangs bangs2 bun bun2 buns cornrows flatTop grayBun grayMedium grayShort hatBeanie "
        "hatHip hijab long longBangs medium1 medium2 mediumStraight mohawk noHair1 noHair2 pomp "
        "shaved1 shaved2 short1 short2 short3 short4 short5 turban twists"
    ).split()
)
_AVATAAARS_TOPS = tuple(
    (
        "bigHair bob bun curly curvy dreads dreads01 frida frizzle fro froBand hat hijab "
        "longButNotTooLong miaWallace shaggy shaggyMullet shavedSides shortCurly shortFlat "
        "shortRound shortWaved sides straight01 straight02 theCaesar turban winterHat02 "
        "winterHat03 winterHat1"
    ).split()
)
_VOXEL_TOPS = tuple(
    (
        "short spiky bowl sideSwept curly mohawk ponytail bob shoulderLength longStraight longWavy "
        "partedLong braids twinTails cap beanie afro halfShaved"
    ).split()
)

STYLES: tuple[Style, ...] = (
    # People in colour.
    Style("adventurer", "person", 190, (_optional("megane", 0.4, "glasses"),)),
    Style("adventurer-neutral", "person", 100, (_optional("megane", 0.4, "glasses"),)),
    Style(
        "avataaars",
        "person",
        370,
        (
            _optional(
                "megane",
                0.35,
                "accessories",
                ("kurt", "prescription01", "prescription02", "round", "sunglasses", "wayfarers"),
            ),
            _choice(
                "blazer_uniform",
                0.4,
                "clothes",
                ("blazerAndShirt", "blazerAndSweater"),
                (
                    "graphicShirt",
                    "hoodie",
                    "overall",
                    "shirtCrewNeck",
                    "shirtScoopNeck",
                    "shirtVNeck",
                ),
            ),
            _choice("kemono", 0.15, "top", ("winterHat04",), _AVATAAARS_TOPS),
        ),
        fixed=(("clothesGraphicVariant", ["cumbia", "diamond", "hola", "resist", "skull"]),),
        unknown=("school_uniform",),
    ),
    Style("avataaars-neutral", "person", 60),
    Style("big-ears", "person", 130, fixed=(("eyesVariant", _BIG_EARS_EYES),)),
    Style("big-ears-neutral", "person", 60, fixed=(("eyesVariant", _BIG_EARS_EYES),)),
    Style(
        "big-smile",
        "person",
        140,
        (_optional("megane", 0.45, "accessories", ("glasses", "sunglasses")),),
    ),
    Style("big-smile", "person", 110, (_optional("kemono", 0.5, "accessories", ("catEars",)),)),
    Style("cameo", "person", 40, unknown=("face",)),
    Style("cutouts", "person", 50, unknown=("megane",)),
    Style("dylan", "person", 80),
    Style(
        "fun-emoji",
        "person",
        110,
        (
            _choice(
                "megane",
                0.35,
                "eyes",
                ("glasses", "shades"),
                ("cute", "plain", "sad", "wink", "stars", "love", "crying"),
            ),
        ),
        fixed=(
            (
                "mouthVariant",
                (
                    "cute drip lilSmile plain sad shout smileLol smileTeeth tongueOut wideSmile "
                    "faceMask"
                ).split(),
            ),
        ),
        unknown=("original_art",),
    ),
    Style("marbles", "person", 60),
    Style("micah", "person", 180, (_optional("megane", 0.45, "glasses"),)),
    Style("miniavs", "person", 110, (_optional("megane", 0.4, "glasses"),)),
    Style(
        "personas",
        "person",
        160,
        (
            _choice(
                "megane", 0.4, "eyes", ("glasses", "sunglasses"), ("happy", "open", "sleep", "wink")
            ),
        ),
    ),
    Style(
        "pixel-art",
        "person",
        130,
        (_optional("megane", 0.4, "glasses"),),
        unknown=("blazer_uniform",),
    ),
    Style("pixel-art-neutral", "person", 60, (_optional("megane", 0.4, "glasses"),)),
    Style(
        "toon-head",
        "person",
        110,
        fixed=(("clothesVariant", ["dress", "shirt", "tShirt", "turtleNeck"]),),
    ),
    Style(
        "voxel-art",
        "person",
        270,
        (
            _optional("megane", 0.3, "glasses", ("round", "square", "shades", "cat")),
            _choice(
                "blazer_uniform",
                0.35,
                "outfit",
                ("suit",),
                ("plain", "stripes", "overalls", "hoodie", "dress"),
            ),
            _choice("kemono", 0.3, "top", ("animalEars", "bunnyEars"), _VOXEL_TOPS),
        ),
        fixed=(("topProbability", 100),),
    ),
    # Black lines.
    Style("croodles", "line", 210, (_CROODLES_GLASSES,)),
    Style("croodles-neutral", "line", 100, (_CROODLES_GLASSES,)),
    Style("line-face", "line", 60, unknown=("comic",)),
    Style("lorelei", "line", 210, (_optional("megane", 0.4, "glasses"),)),
    Style("lorelei-neutral", "line", 100, (_optional("megane", 0.4, "glasses"),)),
    # Creatures, robots and shadows.
    Style(
        "critters",
        "creature",
        220,
        (_choice("kemono", 0.5, "top", _EARS, _CRITTER_TOPS),),
        fixed=(("topProbability", 100),),
    ),
    Style("moods", "creature", 50),
    Style("sprouts", "creature", 40, unknown=("food",)),
    Style("thumbs", "creature", 50),
    Style("bottts", "robot", 80),
    Style("bottts-neutral", "robot", 40),
    Style("pixelbot", "robot", 30, unknown=("illust", "face")),
    Style("voxel-bot", "robot", 40),
    Style("shadows", "silhouette", 70),
    # Neither persons nor things.
    Style("landscape", "scene", 50),
    Style("planets", "scene", 40),
    Style("blobs", "pattern", 30),
    Style("identicon", "pattern", 40),
    Style("loops", "pattern", 30),
    Style("patchwork", "pattern", 40),
    Style("rings", "pattern", 40),
    Style("shape-grid", "pattern", 30),
    Style("squircles", "pattern", 30),
    Style("triangles", "pattern", 30),
    Style("waves", "pattern", 30),
    # Unseen: other artists' people, lines, creatures and patterns.
    Style(
        "open-peeps",
        "person",
        160,
        (_optional("megane", 0.4, "accessories", _PEEPS_GLASSES),),
        fixed=(("headVariant", list(_PEEPS_HEADS)),),
        unseen=True,
    ),
    Style(
        "open-peeps",
        "person",
        60,
        (_choice("kemono", 0.6, "head", ("bear",), _PEEPS_HEADS),),
        fixed=(("accessoriesProbability", 0),),
        unseen=True,
    ),
    Style(
        "notionists",
        "line",
        280,
        (
            _optional("megane", 0.4, "glasses"),
            _choice(
                "blazer_uniform",
                0.25,
                "clothes",
                _numbered(16, 17, 18),
                _numbered(1, 2, 3, 4, 11, 12, 14, 15, 21, 22, 23, 24),
            ),
        ),
        unseen=True,
    ),
    Style("notionists-neutral", "line", 100, (_optional("megane", 0.4, "glasses"),), unseen=True),
    Style(
        "clay",
        "creature",
        140,
        (
            _choice(
                "kemono",
                0.4,
                "top",
                ("ears",),
                tuple(("nub curl spikes antenna loop peak crest swirl pellet tuft").split()),
            ),
        ),
        fixed=(("topProbability", 100),),
        unseen=True,
    ),
    Style("shapes", "pattern", 50, unseen=True),
    Style("stripes", "pattern", 50, unseen=True),
    Style("weave", "pattern", 50, unseen=True),
    Style("slice", "pattern", 40, unseen=True),
)


@dataclass(frozen=True)
class AvatarDrawing:
    """An avatar: a style and the options that choose its parts, as JSON."""

    style: str
    options: str

    def paint(self, size: int) -> Image.Image:
        """Return an RGBA picture of `size` × `size` pixels."""
        return paint_svg(_svg(self.style, self.options), size)

    def describe(self) -> str:
        """Return the style and its options."""
        return f"{self.style} {self.options}"


def _definition(style: str) -> Mapping[str, Any]:
    from importlib.resources import files

    file = files("dicebear_styles") / f"{style}.json"
    definition: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return definition


@functools.lru_cache(maxsize=4)
def _style(name: str) -> Any:
    """Return a checked style; the check takes 0.2 s, so workers are given one style at a time."""
    from dicebear import Style as DicebearStyle

    return DicebearStyle(_definition(name))


def _svg(style: str, options: str) -> str:
    from dicebear import Avatar

    return str(Avatar(_style(style), json.loads(options)).to_string())


def licence(style: str) -> str:
    """Return the attribution that a style asks for."""
    return str(_definition(style)["meta"]["license"]["text"])


def pictures(seed: int) -> Iterator[Picture]:
    """Yield the avatars of all styles; equal seeds give equal avatars."""
    for position, style in enumerate(STYLES):
        definition = _definition(style.name)
        for number in range(style.images):
            identity = f"{style.name}-{position:02d}-{number:04d}"
            yield _avatar(style, identity, definition, dice(seed, "avatar", identity))


def _avatar(
    style: Style, identity: str, definition: Mapping[str, Any], chance: random.Random
) -> Picture:
    labels = dict(KINDS[style.kind])
    options: dict[str, Any] = {"seed": f"edgetag-{chance.getrandbits(64):016x}"}
    if "animation" in definition["components"]:
        options["animationVariant"] = ["none"]
    options.update(style.fixed)
    for trait in style.traits:
        given = chance.random() < trait.share
        labels[trait.tag] = int(given)
        options.update(trait.given if given else trait.without)
    for tag in style.unknown:
        labels[tag] = None
    return Picture(
        name=f"dicebear/{identity}",
        source=f"dicebear:{style.name}",
        group=f"avatar:{identity}",
        labels={tag: value for tag, value in labels.items() if value is not None},
        drawing=AvatarDrawing(style.name, json.dumps(options, sort_keys=True)),
        layout="full" if style.kind in ("pattern", "scene") else "avatar",
        variant_of=identity,
        pinned="test_style" if style.unseen else None,
    )
