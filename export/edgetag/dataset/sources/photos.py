"""Photos and drawings of two Debian packages, GCompris and Scratch, by reviewed lists of names.

GCompris keeps its pictures in Qt resource containers (`.rcc`), read here without Qt. No photo of
a person is used.
"""

import re
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from edgetag.dataset.sources.picture import FileDrawing, Picture
from edgetag.errors import InputError
from edgetag.tags import DEFAULT_TAGS
from edgetag.workspace import write_bytes

PHOTO_SOURCE = "gcompris"
SCRATCH_SOURCE = "scratch"

CONTAINERS: Mapping[str, re.Pattern[str]] = {
    "categorization.rcc": re.compile(r"images/(fishes|monuments|others|renewable|tools)/[^/]+$"),
    "erase.rcc": re.compile(r"resource/[^/]+$"),
    "explore_farm_animals.rcc": re.compile(r"animals/[^/]+$"),
    "explore_world_animals.rcc": re.compile(r"animals/[^/]+$"),
    "explore_monuments.rcc": re.compile(r"(egypt|france|germany|india|usa|wonders)/[^/]+$"),
}
"""Containers that hold photos, and where in them; paintings and details of them are not used."""
_ANIMAL_CONTAINERS = frozenset({"erase", "explore_farm_animals", "explore_world_animals"})
_NOT_PHOTOS = frozenset({"weighingMachine", "volleyball", "navajo"})
_CATS = frozenset({"cat", "kitten"})
_CAT_UNKNOWN = frozenset({"cheetah", "jaguar", "red_panda"})
_DOGS = frozenset({"dog"})
_STATUES = frozenset({"christTheRedeemer", "statueOfLiberty", "statueofLiberty", "mountRushmore",
                      "cabrillo", "victoriaMemorial", "lincolnMemorial"})  # fmt: skip
_FOOD_UNKNOWN = frozenset({"crab", "pan", "plate", "cup", "buffetset"})

SCRATCH_PHOTOS = frozenset(
    """chalkboard clothing-store hall kitchen the-movies-inside beach-malibu canyon flower-bed
    flowers garden-rock grand-canyon gravel-desert hill lake moon pathway tree water-and-rocks wave
    atom-playground bench-with-view boardwalk brick-wall-and-stairs brick-wall2 building-at-mit
    building-fireproof castle city-with-water city-with-water2 driveway hallway_outdoors hay_field
    houses mansion parking-ramp pool route66 silos the-movies train-tracks1 train-tracks2 village
    wooden-house baseball-field basketball-court1-a football-field playing-field tennis-backboard
    bird-flying buffalo1 cow1 elephant insect1-a insect2 squirrel1 fire-hydrant flower-vase
    fortune_cookie fruit_platter cheesy-puffs lamp lego manhole marble-building tennisball umbrella
    palmtree airplane bike bus car-blue car-bug sail-boat street-cleaner-mit tug-boat yacht
    """.split()
)
"""Checked by eye; automatic detection was wrong once in four."""
SCRATCH_DRAWINGS = frozenset(
    """bedroom1 bedroom2 party-room room1 room2 room3 spotlight-stage desert underwater woods
    night-city night-city-with-street school1 school2 train-tracks3 basketball-court2 bat1-a bat1-b
    bee1 butterfly1-a butterfly2 butterfly3 cat3 cat4 cat5 clam1 crab1-a crab2 cub1 dinosaur1
    dinosaur2 dog1-a dog1-b dog2-a dog2-b dog2-c duck1 elephant1-a elephant1-b fish1-a fish2 fish3
    fish4 fox1 frog1 giraffe1-a grasshopper1 hippo1 horse1-a horse1-b lion1-a lion1-b lioness1
    lobster1 monkey1 mouse1 octopus1-a parrot1-a parrot1-b rabbit1 shark1-a shark1-b shark1-c
    starfish1-a whale1 zebra1 dragon1-a dragon1-b dragon2 fantasy1-a fantasy2 fantasy3 fantasy4
    fantasy5 fantasy6 fantasy7 fantasy8 fantasy9 fantasy10 fantasy11 fantasy12 fantasy13 fantasy14
    gobo1 knight1 monster1-a monster1-b robot1 robot2 snowman1 sun troll1 unicorn1 wild1 witch1
    wizard1 bananas1 baseball1 basketball beachball1 drum1 drum2 key1 laptop mic partyhat1
    partyhat2 soccer1 sunglassF1 sunglassF2 sunglassF4 wizardhat airplane1 car1 car2 convertible1
    convertible2 helicopter1 magiccarpet""".split()
)
_SCRATCH_FOOD = frozenset({"fortune_cookie", "fruit_platter", "cheesy-puffs", "bananas1"})
_SCRATCH_CATS = frozenset({"cat3", "cat4", "cat5"})
_SCRATCH_DOGS = frozenset({"dog1-a", "dog1-b", "dog2-a", "dog2-b", "dog2-c"})
_SCRATCH_KEMONO = frozenset({"cat3", "cat5", "rabbit1", "mouse1", "wild1"})
_PLAIN_FOLDERS = frozenset({"Indoors", "Nature", "Outdoors", "Sports", "Things", "Transportation"})

_CREDIT_FIELDS = ("Copyright", "License", "Comment")
MAX_ENTRY_BYTES = 20_000_000


def read_container(data: bytes, where: object) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a Qt resource container as (path inside, bytes).

    The layout is that of `rcc --binary`, versions 1 to 3: a header of offsets, a tree of nodes
    (name, flags, and either children or data), UTF-16 names, and length-prefixed data.

    Raises:
        InputError: The container is damaged or packed in a way that is not known.
    """
    try:
        magic, version, tree, contents, names = struct.unpack_from(">4sIIII", data)
        if magic != b"qres" or not 1 <= version <= 3:
            raise InputError(f"{where}: not a Qt resource container of version 1 to 3")
        yield from _walk(data, _Layout(tree, contents, names, 14 if version == 1 else 22), 0, "", 0)
    except (struct.error, IndexError, UnicodeDecodeError, zlib.error) as error:
        raise InputError(f"{where}: damaged resource container: {error}") from None


class _Layout:
    """Offsets of a container's parts."""

    def __init__(self, tree: int, contents: int, names: int, node_bytes: int) -> None:
        self.tree = tree
        self.contents = contents
        self.names = names
        self.node_bytes = node_bytes


_COMPRESSED, _FOLDER, _ZSTD = 1, 2, 4
_MAX_DEPTH = 16


def _walk(
    data: bytes, layout: _Layout, node: int, parent: str, depth: int
) -> Iterator[tuple[str, bytes]]:
    if depth > _MAX_DEPTH:
        raise IndexError("folders nested too deeply")
    at = layout.tree + node * layout.node_bytes
    name_at, flags = struct.unpack_from(">IH", data, at)
    path = parent
    if depth:
        (length,) = struct.unpack_from(">H", data, layout.names + name_at)
        start = layout.names + name_at + 6
        name = data[start : start + 2 * length].decode("utf-16-be")
        path = f"{parent}/{name}" if parent else name
    if flags & _FOLDER:
        count, first = struct.unpack_from(">II", data, at + 6)
        for child in range(first, first + min(count, 100_000)):
            yield from _walk(data, layout, child, path, depth + 1)
        return
    (data_at,) = struct.unpack_from(">I", data, at + 10)
    start = layout.contents + data_at + 4
    (length,) = struct.unpack_from(">I", data, layout.contents + data_at)
    content = data[start : start + length]
    if flags & _ZSTD:
        raise IndexError("zstd is not supported")
    if flags & _COMPRESSED:
        inflater = zlib.decompressobj()
        content = inflater.decompress(content[4:], MAX_ENTRY_BYTES)
    yield path, content


def unpack_photos(containers: Path, target: Path) -> None:
    """Write the photos of all containers to `target/<container>/<name>.webp`.

    Raises:
        InputError: A container is missing or damaged.
    """
    for container, wanted in CONTAINERS.items():
        path = containers / container
        try:
            data = path.read_bytes()
        except OSError:
            raise InputError(
                f"{path}: missing; this version of gcompris-qt-data is laid out differently from "
                "the reviewed one (3.1)"
            ) from None
        for inside, content in read_container(data, path):
            name = PurePosixPath(inside).name
            if wanted.search(inside) and name.endswith(".webp"):
                write_bytes(target / path.stem / name, content)


def object_group(name: str, concepts: Collection[str]) -> str:
    """Return the group of a photo or clip by its file name: `hammer3` is one of the hammers.

    A name that begins with an emoji's concept shares that concept's group.
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().replace("_", " ").replace("-", " ")
    spaced = re.sub(r"\d+", " ", spaced)
    words = spaced.split() or [name]
    for candidate in (" ".join(words[:2]), words[0], words[0].rstrip("s")):
        if candidate in concepts:
            return f"emoji:{candidate}"
    return f"object:{' '.join(words) if words[0] in ('the', 'great') else words[0]}"


def gcompris_pictures(folder: Path, concepts: Collection[str]) -> Iterator[Picture]:
    """Yield the photos that were unpacked from GCompris: whole and cropped.

    Args:
        folder: What `unpack_photos` wrote: one folder per container.
        concepts: Emoji concepts; see `object_group`.
    """
    seen: set[str] = set()
    for path in sorted(folder.rglob("*.webp")):
        if path.stem in _NOT_PHOTOS:
            continue
        name = path.stem if path.stem not in seen else f"{path.stem}-{path.parent.name}"
        seen.add(name)
        animals = path.parent.name in _ANIMAL_CONTAINERS or path.stem.startswith("fish")
        labels = _photo_labels(path.stem, animals)
        yield from _both(PHOTO_SOURCE, name, path, object_group(path.stem, concepts), labels)


def _photo_labels(stem: str, animals: bool) -> dict[str, int]:
    labels: dict[str, int] = dict.fromkeys(DEFAULT_TAGS, 0)
    labels["photo"] = 1
    labels["cat"], labels["dog"] = int(stem in _CATS), int(stem in _DOGS)
    unknown = {
        "cat": stem in _CAT_UNKNOWN,
        "face": animals or stem in _STATUES,
        "kemono": animals,
        "girl": stem in _STATUES,
        "boy": stem in _STATUES,
        "food": stem in _FOOD_UNKNOWN or stem.startswith("fish"),
    }
    return {tag: value for tag, value in labels.items() if not unknown.get(tag)}


def _both(
    source: str, name: str, path: Path, group: str, labels: Mapping[str, int]
) -> Iterator[Picture]:
    """Yield a photo whole (on a plain square) and its middle square."""
    for suffix, crop in (("", False), ("-crop", True)):
        yield Picture(
            name=f"{source}/{name}{suffix}",
            source=source,
            group=group,
            labels=labels,
            drawing=FileDrawing(str(path), crop),
            layout="full",
            variant_of=name,
        )


def scratch_pictures(folder: Path, concepts: Collection[str]) -> Iterator[Picture]:
    """Yield the reviewed photos and drawings of Scratch's media folder."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        plain = path.parent.name in _PLAIN_FOLDERS
        if path.stem in SCRATCH_PHOTOS:
            labels = _scratch_labels(path.stem, plain) | {"photo": 1}
        elif path.stem in SCRATCH_DRAWINGS:
            labels = _scratch_labels(path.stem, plain) | {"illust": 1}
            for tag in ("original_art", "like", "dislike"):
                labels.pop(tag)
        else:
            continue
        scene = path.parent.parent.name == "Backgrounds"
        yield Picture(
            name=f"{SCRATCH_SOURCE}/{path.stem}",
            source=SCRATCH_SOURCE,
            group=object_group(path.stem, concepts),
            labels=labels,
            drawing=FileDrawing(str(path), crop=scene),
            layout="full" if scene else "avatar",
            variant_of=path.stem,
        )


def _scratch_labels(stem: str, plain: bool) -> dict[str, int]:
    labels: dict[str, int] = dict.fromkeys(DEFAULT_TAGS, 0)
    labels["food"] = int(stem in _SCRATCH_FOOD)
    labels["cat"] = int(stem in _SCRATCH_CATS)
    labels["dog"] = int(stem in _SCRATCH_DOGS)
    labels["megane"] = int(stem.startswith("sunglass"))
    if not plain:
        for tag in ("face", "kemono", "girl", "boy", "blazer_uniform"):
            labels.pop(tag)
    if stem in _SCRATCH_KEMONO:
        labels["kemono"] = 1
    return labels


def photo_credits(copyright_text: str, files: Iterable[Path]) -> list[str]:
    """Return one line per photo: name, author, licence, origin, from a DEP-5 copyright file.

    The file names the photos as they were before they became WebP, so names are matched without
    their suffix; a photo that is not named falls under the package's own stanza.
    """
    stanzas: dict[str, str] = {}
    for stanza in re.split(r"\n\s*\n", copyright_text):
        fields = dict(re.findall(r"^(\w+):[ ]*(.*(?:\n[ \t]+.*)*)", stanza, re.MULTILINE))
        if "Files" not in fields:
            continue
        said = [" ".join(fields.get(key, "").split()) for key in _CREDIT_FIELDS]
        for pattern in fields["Files"].split():
            stanzas[PurePosixPath(pattern).stem.lower()] = "; ".join(part for part in said if part)
    whole = "the GCompris developers; GPL-3+ or CC BY-SA 4.0 as stated in the package"
    return [
        f"  - `{path.stem}` ({path.parent.name}): {stanzas.get(path.stem.lower(), whole)}"
        for path in files
    ]
