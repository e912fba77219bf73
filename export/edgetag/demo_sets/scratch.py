"""Scratch's backgrounds and costumes, by reviewed lists of names; its people are not used."""

from collections.abc import Collection, Iterator
from pathlib import Path

from edgetag.demo_sets.photos import object_group
from edgetag.demo_sets.picture import FileDrawing, Picture
from edgetag.tags import DEFAULT_TAGS

SOURCE = "scratch"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PHOTOS = _words(
    """chalkboard clothing-store hall kitchen the-movies-inside beach-malibu canyon flower-bed
    flowers garden-rock grand-canyon gravel-desert hill lake moon pathway tree water-and-rocks
    wave atom-playground bench-with-view boardwalk brick-wall-and-stairs brick-wall2
    building-at-mit building-fireproof castle city-with-water city-with-water2 driveway
    hallway_outdoors hay_field houses mansion parking-ramp pool route66 silos the-movies
    train-tracks1 train-tracks2 village wooden-house baseball-field basketball-court1-a
    football-field playing-field tennis-backboard bird-flying buffalo1 cow1 elephant insect1-a
    insect2 squirrel1 fire-hydrant flower-vase fortune_cookie fruit_platter cheesy-puffs lamp lego
    manhole marble-building tennisball umbrella palmtree airplane bike bus car-blue car-bug
    sail-boat street-cleaner-mit tug-boat yacht"""
)
"""Checked by eye; automatic detection was wrong once in four."""
DRAWINGS = _words(
    """bedroom1 bedroom2 party-room room1 room2 room3 spotlight-stage desert underwater woods
    night-city night-city-with-street school1 school2 train-tracks3 basketball-court2 bat1-a
    bat1-b bee1 butterfly1-a butterfly2 butterfly3 cat3 cat4 cat5 clam1 crab1-a crab2 cub1
    dinosaur1 dinosaur2 dog1-a dog1-b dog2-a dog2-b dog2-c duck1 elephant1-a elephant1-b fish1-a
    fish2 fish3 fish4 fox1 frog1 giraffe1-a grasshopper1 hippo1 horse1-a horse1-b lion1-a lion1-b
    lioness1 lobster1 monkey1 mouse1 octopus1-a parrot1-a parrot1-b rabbit1 shark1-a shark1-b
    shark1-c starfish1-a whale1 zebra1 dragon1-a dragon1-b dragon2 fantasy1-a fantasy2 fantasy3
    fantasy4 fantasy5 fantasy6 fantasy7 fantasy8 fantasy9 fantasy10 fantasy11 fantasy12 fantasy13
    fantasy14 gobo1 knight1 monster1-a monster1-b robot1 robot2 snowman1 sun troll1 unicorn1 wild1
    witch1 wizard1 bananas1 baseball1 basketball beachball1 drum1 drum2 key1 laptop mic partyhat1
    partyhat2 soccer1 sunglassF1 sunglassF2 sunglassF4 wizardhat airplane1 car1 car2 convertible1
    convertible2 helicopter1 magiccarpet"""
)
_FOOD = frozenset({"fortune_cookie", "fruit_platter", "cheesy-puffs", "bananas1"})
_CATS = frozenset({"cat3", "cat4", "cat5"})
_DOGS = frozenset({"dog1-a", "dog1-b", "dog2-a", "dog2-b", "dog2-c"})
_KEMONO = frozenset({"cat3", "cat5", "rabbit1", "mouse1", "wild1"})
_PLAIN_FOLDERS = frozenset({"Indoors", "Nature", "Outdoors", "Sports", "Things", "Transportation"})


def pictures(folder: Path, concepts: Collection[str]) -> Iterator[Picture]:
    """Yield the reviewed photos and drawings of Scratch's media folder."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        plain = path.parent.name in _PLAIN_FOLDERS
        if path.stem in PHOTOS:
            labels = _labels(path.stem, plain) | {"photo": 1}
        elif path.stem in DRAWINGS:
            labels = _labels(path.stem, plain) | {"illust": 1}
            for tag in ("original_art", "like", "dislike"):
                labels.pop(tag)
        else:
            continue
        scene = path.parent.parent.name == "Backgrounds"
        yield Picture(
            name=f"{SOURCE}/{path.stem}",
            source=SOURCE,
            group=object_group(path.stem, concepts),
            labels=labels,
            drawing=FileDrawing(str(path), crop=scene),
            layout="full" if scene else "avatar",
            variant_of=path.stem,
        )


def _labels(stem: str, plain: bool) -> dict[str, int]:
    labels: dict[str, int] = dict.fromkeys(DEFAULT_TAGS, 0)
    labels["food"] = int(stem in _FOOD)
    labels["cat"] = int(stem in _CATS)
    labels["dog"] = int(stem in _DOGS)
    labels["megane"] = int(stem.startswith("sunglass"))
    if not plain:
        for tag in ("face", "kemono", "girl", "boy", "blazer_uniform"):
            labels.pop(tag)
    if stem in _KEMONO:
        labels["kemono"] = 1
    return labels
