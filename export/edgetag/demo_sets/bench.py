"""The benchmark set: the demo's sources, two more emoji vendors, clip art and photos.

Its main test split holds concepts that no training picture shows, whoever drew them. EmojiOne and
the avatar styles that the demo keeps apart are the unseen art styles (`test_style`).
"""

from pathlib import Path

from edgetag.demo_sets import clipart, dicebear, iconify, openmoji, photos, scratch
from edgetag.demo_sets.demo import SEED, attribution, few_signs, package_versions
from edgetag.demo_sets.downloads import (
    DebPackage,
    NpmPackage,
    Package,
    check_tools,
    fetch_package,
)
from edgetag.demo_sets.picture import Picture, rank
from edgetag.demo_sets.sets import PACKAGES, Planned, SetSummary, build_set
from edgetag.demo_sets.splits import Shares, split_pictures
from edgetag.errors import InputError
from edgetag.progress import Progress

TWEMOJI = NpmPackage(
    "@iconify-json/twemoji",
    "1.2.5",
    "sha512-uKpuIEV0v6K5BW3Mjdyl+XKFVAbbcPxAgifKvEMtZoUZB5+YiY5zaMm2uNNCxyXzAWU9yNLlj41WU6/mvgALsw==",
    ("package/icons.json",),
)
EMOJIONE = NpmPackage(
    "@iconify-json/emojione",
    "1.2.3",
    "sha512-T9+T3HIbJNLKKsmxYKlaYhvnHYkz/HNYTV7SHCXVZPfeUi4FqskY70YeN8yYAZT8cCv7w5vJxS4Q1m8zb9CMMg==",
    ("package/icons.json",),
)
_RCC = "usr/share/gcompris-qt/rcc"
_GCOMPRIS_COPYRIGHT = "usr/share/doc/gcompris-qt-data/copyright"
GCOMPRIS = DebPackage(
    "gcompris-qt-data",
    "e9cf06ab2105529068df73085784e835d2ff03f870d2a8091f09125d40abac9f",
    (*(f"{_RCC}/{container}" for container in photos.CONTAINERS), _GCOMPRIS_COPYRIGHT),
)
_CLIPART = "usr/share/openclipart/svg"
OPENCLIPART = DebPackage(
    "openclipart-svg",
    "989712d90d57dfa3230049f553bb43b76c30ee4d4b8c5f6e106e33f7db5cbdc5",
    tuple(f"{_CLIPART}/{folder}" for folder in clipart.FOLDERS),
)
_SCRATCH = "usr/share/scratch/Media"
SCRATCH = DebPackage(
    "scratch",
    "36c582eb93110f64f06c4e685c41e933ccba2fa68db12f79b10bfe840b21fc10",
    tuple(
        f"{_SCRATCH}/{folder}"
        for folder in (
            "Backgrounds",
            "Costumes/Animals",
            "Costumes/Fantasy",
            "Costumes/Things",
            "Costumes/Transportation",
        )
    ),
)
ALL_PACKAGES: tuple[Package, ...] = (TWEMOJI, EMOJIONE, GCOMPRIS, OPENCLIPART, SCRATCH)

_AVATARS_KEPT = 0.75
_OBJECT_SHARES = Shares(test=0.2, validation=0.1, min_test=30, per_group=8, variants=1)
_AVATAR_SHARES = Shares(test=0.14, validation=0.08, min_test=30, min_validation=15)


def fetch_bench(folder: Path, progress: Progress) -> SetSummary:
    """Download, unpack and build the benchmark set, or return at once if the folder holds it.

    Raises:
        MissingExtraError: A package of the demo extra is not installed.
        InputError: A tool, the network or disk space is missing, or a download is damaged.
    """
    versions = package_versions()
    packages = folder / PACKAGES
    fetch_packages(packages, folder, progress)
    planned = plan_bench(packages)
    text = attribution({picture.source for picture, _ in planned}) + _more_attribution(packages)
    versions |= {p.name: p.version for p in (TWEMOJI, EMOJIONE)}
    return build_set(folder, "bench", planned, text, SEED, progress, versions)


def fetch_packages(packages: Path, folder: Path, progress: Progress) -> None:
    """Fetch what is not there yet and unpack the photos."""
    if not all((packages / p.folder / ".done").is_file() for p in ALL_PACKAGES):
        check_tools(folder)
    try:
        packages.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{packages}: cannot be written: {error.strerror}") from None
    with progress.track("Fetching packages", len(ALL_PACKAGES), "packages") as task:
        for package in ALL_PACKAGES:
            if not fetch_package(package, packages):
                progress.say(
                    f"{package.name}: not the version whose pictures were reviewed; pictures are "
                    "still chosen by their reviewed names"
                )
            task.advance(1, package.name)
    unpacked = packages / "gcompris-photos"
    if not unpacked.is_dir():
        photos.unpack_photos(packages / GCOMPRIS.folder / _RCC, unpacked)


def plan_bench(packages: Path) -> Planned:
    """Return every picture of the set with its split, unpainted.

    Args:
        packages: Where the packages were unpacked.
    """
    emoji = [
        *openmoji.pictures(SEED, tones_per_name=1),
        *iconify.pictures(iconify.Vendor("twemoji", packages / TWEMOJI.folder / "package")),
        *iconify.pictures(
            iconify.Vendor("emojione", packages / EMOJIONE.folder / "package", "test_style")
        ),
    ]
    concepts = {p.group.removeprefix("emoji:") for p in emoji}
    objects = [
        *few_signs(emoji, kept=150),
        *clipart.pictures(packages / OPENCLIPART.folder / _CLIPART, concepts),
        *photos.pictures(packages / "gcompris-photos", concepts),
        *scratch.pictures(packages / SCRATCH.folder / _SCRATCH, concepts),
    ]
    avatars = [p for p in dicebear.pictures(SEED) if _is_kept(p)]
    return [
        *split_pictures(objects, _OBJECT_SHARES, SEED),
        *split_pictures(avatars, _AVATAR_SHARES, SEED),
    ]


def _is_kept(picture: Picture) -> bool:
    return rank(SEED, "bench", picture.name) < int(_AVATARS_KEPT * 2**64)


def _more_attribution(packages: Path) -> str:
    """Return the attribution of the packages that only this set uses."""
    lines = [
        "- `images/twemoji/`: Twemoji, © Twitter, Inc. and other contributors, "
        "https://github.com/jdecked/twemoji, licence CC BY 4.0, "
        "https://creativecommons.org/licenses/by/4.0/. Changed: painted on coloured backgrounds, "
        "moved, turned.",
        "- `images/emojione/`: EmojiOne 2, © Ranks.com Inc. and EmojiTwo contributors, "
        "https://github.com/EmojiTwo/emojitwo, licence CC BY 4.0, "
        "https://creativecommons.org/licenses/by/4.0/. Changed likewise.",
        "- `images/openclipart/`: Open Clip Art Library, https://openclipart.org, public domain.",
        "- `images/scratch/`: Scratch 1.4, © 2011 Massachusetts Institute of Technology, licence "
        "CC BY-SA 3.0, https://creativecommons.org/licenses/by-sa/3.0/. Changed: resized, cropped, "
        "placed on coloured backgrounds; the changed pictures are under the same licence.",
        "- `images/gcompris/`: GCompris, https://gcompris.net; authors and licences per photo, as "
        "its Debian copyright file gives them (resized and cropped here):",
    ]
    path = packages / GCOMPRIS.folder / _GCOMPRIS_COPYRIGHT
    lines += photos.photo_credits(
        path.read_text(encoding="utf-8"), sorted((packages / "gcompris-photos").rglob("*.webp"))
    )
    return "\n".join(lines) + "\n"
