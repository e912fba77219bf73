"""The versions that a job installs are those that judged here: a gate does not move by itself."""

import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from edgetag.errors import InputError


def python_version() -> str:
    """Return this Python's version without its patch level."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def constraints(extras: tuple[str, ...] = ()) -> str:
    """Return pip constraints: each installed package that edgetag needs, at its version here.

    Args:
        extras: Extras of edgetag, which the job installs too.

    Raises:
        InputError: edgetag runs from a folder and was never installed.
    """
    try:
        waiting = _needs(metadata("edgetag"), extras)
    except PackageNotFoundError:
        raise InputError(
            "edgetag is not installed here, so there are no versions to pin; use pip"
        ) from None
    known, versions = set(), {}
    while waiting:
        name = waiting.pop()
        if name in known:
            continue
        known.add(name)
        try:
            package = metadata(name)
        except PackageNotFoundError:
            continue
        waiting += _needs(package)
        if _is_for_us(package):
            versions[name] = package["Version"]
    return "".join(f"{name}=={versions[name]}\n" for name in sorted(versions))


def _needs(package: PackageMetadata, extras: tuple[str, ...] = ()) -> list[str]:
    """Return the names that a package asks for here."""
    wanted = [Requirement(text) for text in package.get_all("Requires-Dist", [])]
    return [
        canonicalize_name(each.name)
        for each in wanted
        if not each.marker or any(each.marker.evaluate({"extra": e}) for e in ("", *extras))
    ]


def _is_for_us(package: PackageMetadata) -> bool:
    """Tell whether a package's installed version is meant for this Python.

    uv installs others too, pip does not: a pin of one would leave pip nothing to install.
    """
    pythons = package.get_all("Requires-Python", [])
    return all(SpecifierSet(each).contains(python_version()) for each in pythons)
