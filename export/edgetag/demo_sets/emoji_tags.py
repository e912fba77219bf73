"""What each emoji shows: label rules by name, shared by every vendor that draws them.

A name that no table of `emoji_tables` lists is 0 for every tag.
Names are those of Unicode's CLDR as the `emoji` package spells them, in lower case and without
skin tone; a *concept* is the name without gender, colour and direction, so that two pictures of
one thing always share a split.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from edgetag.demo_sets.emoji_tables import (
    ALIASES,
    ANIMAL_FACES,
    BLAZER,
    BLAZER_UNKNOWN,
    CAT,
    CAT_UNKNOWN,
    DISLIKE,
    DISLIKE_UNKNOWN,
    DOG,
    DOG_UNKNOWN,
    DROPPED,
    FACE_UNKNOWN,
    FACE_WITHOUT_THE_WORD,
    FIGURES,
    FOOD,
    FOOD_UNKNOWN,
    GLASSES,
    GLASSES_UNKNOWN,
    KEMONO,
    LIKE,
    LIKE_UNKNOWN,
    NSFW_UNKNOWN,
    PERSONS,
    SIGNS,
)
from edgetag.tags import DEFAULT_TAGS

_TONE = re.compile(r"[, ]*\b(?:light|medium-light|medium-dark|medium|dark) skin tone\b")
_HER = re.compile(r"\b(?:woman|women|girl|female|princess|mermaid|mrs\.)(?!’|')(?!\w)")
_HIM = re.compile(r"\b(?:man|men|boy|male|prince|merman|santa)(?!’|')(?!\w)")
_PERSON = re.compile(r"\b(?:woman|women|man|men|people|person|female|male)\b(?!’|')")
_COLOR = re.compile(
    r"\b(?:light blue|red|pink|orange|yellow|green|blue|purple|brown|black|white|grey)\b\s+"
    r"(?=apple|book|cat|circle|hair|heart|hexagon|square|question|exclamation|small|large|medium)"
)
_SHAPE = re.compile(r"^(?:(?:small|large|medium-small|medium) )+(?=square|diamond)")
_COLORED_DIAMOND = re.compile(r"^(?:small|large) (?:orange|blue) diamond$")
_CLOCK = re.compile(r"(?:o’clock|-thirty)$")

_DIRECTION = re.compile(r"\b(?:leftwards|rightwards|left|right|up|down)\b")
_POINTING = re.compile(r"hand|arrow|button|triangle|pointing")


@dataclass(frozen=True)
class Emoji:
    """What is drawn.

    The name is in lower case without skin tone, the concept without gender, colour and
    direction too; pictures of one concept share a split. `tones` counts skin tones in the text.
    """

    text: str
    name: str
    concept: str
    tones: int

    @property
    def is_flag(self) -> bool:
        """Whether it is a country's or region's flag."""
        first = ord(self.text[0])
        return 0x1F1E6 <= first <= 0x1F1FF or (first == 0x1F3F4 and len(self.text) > 2)

    @property
    def is_sign(self) -> bool:
        """Whether it is a letter, arrow, geometric figure or sign."""
        return any(first <= ord(self.text[0]) <= last for first, last in SIGNS)


def parse_emoji(text: str, full_name: str) -> Emoji:
    """Split a name as the `emoji` package gives it (`:man_cook_dark_skin_tone:`) into its parts."""
    spelled = full_name.strip(":").replace("_", " ").lower()
    name, tones = _TONE.subn("", spelled)
    name = " ".join(name.replace(" skin tone", "").split())
    emoji = Emoji(text, name, "", tones)
    return Emoji(text, name, "flag" if emoji.is_flag else _concept(name), tones)


def _concept(name: str) -> str:
    name = re.sub(r" facing[ -]right$", "", name)
    name = ALIASES.get(name, name)
    if name.startswith(("kiss ", "couple with heart")):
        return "kiss" if name.startswith("kiss ") and "mark" not in name else _couple(name)
    if name.endswith("holding hands"):
        return "holding hands"
    if name.startswith("family"):
        return "family"
    if _CLOCK.search(name):
        return "clock face"
    if name.startswith("keycap") or re.fullmatch(r"[a-z0-9]+ button.*", name):
        return "keycap"
    if _COLORED_DIAMOND.match(name):
        return "diamond"
    name = _PERSON.sub("person", name)
    name = re.sub(r"^person[ :]+(?=\S)|(?<=\S) person$", "", name)
    name = _SHAPE.sub("", _COLOR.sub("", name))
    if _POINTING.search(name):
        name = " ".join(_DIRECTION.sub("", name).split())
    return ALIASES.get(name, name)


def _couple(name: str) -> str:
    return "couple with heart" if name.startswith("couple") else name


def genders(name: str) -> tuple[bool, bool]:
    """Return whether a name says that a girl or woman, and a boy or man, is shown."""
    return bool(_HER.search(name)), bool(_HIM.search(name))


def is_dropped(emoji: Emoji) -> bool:
    """Return whether a picture is left out of every set."""
    bare_hair = emoji.name in ("curly hair", "bald")
    return emoji.concept in DROPPED or emoji.name in DROPPED or bare_hair


def tag_emoji(emoji: Emoji) -> dict[str, int]:
    """Return the labels of a coloured drawing; a tag that is missing is unknown.

    The line version differs in `illust` (unknown) and `comic` (1); see `line_version`.
    """
    name, concept = emoji.name, emoji.concept

    def among(table: frozenset[str]) -> bool:
        return name in table or concept in table

    labels = dict.fromkeys(DEFAULT_TAGS, 0)

    def decide(tag: str, yes: bool, unknown: bool) -> None:
        if yes:
            labels[tag] = 1
        elif unknown:
            del labels[tag]

    her, him = genders(name)
    person = concept in PERSONS
    figure = among(FIGURES)
    smiley = bool(re.search(r"\bface\b", name)) and concept != "clock face"
    character = smiley or name in FACE_WITHOUT_THE_WORD or name in KEMONO
    decide("illust", not (emoji.is_flag or emoji.is_sign), unknown=True)
    decide(
        "face",
        person or (character and not among(FACE_UNKNOWN)) or name in ("clown face", "hacker cat"),
        unknown=figure or among(FACE_UNKNOWN),
    )
    bald = concept == "bald"
    decide("girl", person and her and not bald, unknown=(person and not him) or bald or figure)
    decide("boy", person and him, unknown=(person and not her) or figure)
    if concept in ("kiss", "couple with heart"):
        _couple_labels(labels, her, him, name)
    elif concept == "holding hands" or concept in ("with bunny ears", "wrestling", "hugging"):
        del labels["gl"], labels["bl"]
    decide("megane", among(GLASSES), unknown=among(GLASSES_UNKNOWN))
    decide("blazer_uniform", among(BLAZER), unknown=among(BLAZER_UNKNOWN))
    decide("school_uniform", False, unknown=concept == "student" or figure)
    decide("kemono", name in KEMONO, unknown=among(ANIMAL_FACES | CAT | DOG | FIGURES))
    decide("cat", name in CAT, unknown=name in CAT_UNKNOWN)
    decide("dog", name in DOG, unknown=name in DOG_UNKNOWN)
    decide("food", name in FOOD, unknown=name in FOOD_UNKNOWN)
    moody = character or person or figure
    decide("like", among(LIKE), unknown=among(LIKE_UNKNOWN) or moody)
    decide("dislike", among(DISLIKE), unknown=among(DISLIKE_UNKNOWN) or moody)
    if labels.get("like") == 1:
        labels["dislike"] = 0
    if labels.get("dislike") == 1:
        labels["like"] = 0
    decide("nsfw", False, unknown=among(NSFW_UNKNOWN))
    return labels


def _couple_labels(labels: dict[str, int], her: bool, him: bool, name: str) -> None:
    """Couples of two women, of two men, of both, or of two persons of unsaid gender."""
    if not her and not him:
        for tag in ("girl", "boy", "gl", "bl"):
            labels.pop(tag, None)
        return
    labels["girl"], labels["boy"] = int(her), int(him)
    labels["gl"] = int(name.count("woman") == 2 and not him)
    labels["bl"] = int(len(_HIM.findall(name)) == 2 and not her)


def line_version(labels: Mapping[str, int]) -> dict[str, int]:
    """Return the labels of the same drawing as black lines without colour."""
    return {tag: value for tag, value in labels.items() if tag != "illust"} | {"comic": 1}
