"""GCompris' photos of animals, tools, buildings and landscapes; none of a person is used."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from edgetag.demo_sets.picture import FileDrawing, Picture
from edgetag.demo_sets.rcc import read_container
from edgetag.errors import InputError
from edgetag.scratch import scratch_folder
from edgetag.tags import DEFAULT_TAGS
from edgetag.writing import write_bytes

SOURCE = "gcompris"

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
_STATUES = frozenset(
    {
        "christTheRedeemer",
        "statueOfLiberty",
        "statueofLiberty",
        "mountRushmore",
        "cabrillo",
        "victoriaMemorial",
        "lincolnMemorial",
    }
)
_FOOD_UNKNOWN = frozenset({"crab", "pan", "plate", "cup", "buffetset"})

_CREDIT_FIELDS = ("Copyright", "License", "Comment")


def unpack_photos(containers: Path, target: Path) -> None:
    """Write the photos of all containers to `target/<container>/<name>.webp`: all, or none.

    Raises:
        InputError: A container is missing or damaged.
    """
    with scratch_folder(target.parent) as aside:
        for container, wanted in CONTAINERS.items():
            path = containers / container
            try:
                data = path.read_bytes()
            except OSError:
                raise InputError(
                    f"{path}: missing; this version of gcompris-qt-data is laid out differently "
                    "from the reviewed one (3.1)"
                ) from None
            for inside, content in read_container(data, path):
                name = PurePosixPath(inside).name
                if wanted.search(inside) and name.endswith(".webp"):
                    write_bytes(aside / "photos" / path.stem / name, content)
        (aside / "photos").rename(target)


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


def pictures(folder: Path, concepts: Collection[str]) -> Iterator[Picture]:
    """Yield the photos that were unpacked from GCompris: whole and cropped."""
    seen: set[str] = set()
    for path in sorted(folder.rglob("*.webp")):
        if path.stem in _NOT_PHOTOS:
            continue
        name = path.stem if path.stem not in seen else f"{path.stem}-{path.parent.name}"
        seen.add(name)
        animals = path.parent.name in _ANIMAL_CONTAINERS or path.stem.startswith("fish")
        labels = _photo_labels(path.stem, animals)
        yield from _both(SOURCE, name, path, object_group(path.stem, concepts), labels)


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


def photo_credits(copyright_text: str, files: Iterable[Path]) -> list[str]:
    """Return one line per photo: name, author, licence, origin, from a DEP-5 copyright file.

    The file names the photos as they were before they became WebP, so names are matched without
    their suffix, within their activity. Where it does not name a photo, the line says so.
    """
    stanzas: dict[tuple[str, str], str] = {}
    for stanza in re.split(r"\n\s*\n", copyright_text):
        fields = dict(re.findall(r"^(\w+):[ ]*(.*(?:\n[ \t]+.*)*)", stanza, re.MULTILINE))
        said = [" ".join(fields.get(key, "").split()) for key in _CREDIT_FIELDS]
        for pattern in map(PurePosixPath, fields.get("Files", "").split()):
            for activity in pattern.parts[:-1]:
                key = activity, pattern.stem.lower()
                stanzas[key] = "; ".join(part for part in said if part)
    return [f"  - `{path.stem}` ({path.parent.name}): {_credit(stanzas, path)}" for path in files]


def _credit(stanzas: Mapping[tuple[str, str], str], path: Path) -> str:
    activity = path.parent.name
    named = stanzas.get((activity, path.stem.lower())) or stanzas.get((activity, "*"))
    return named or (
        "not named one by one in the package's copyright file; the GCompris authors, GPL-3+ "
        "(its stanza for all files)"
    )
