"""The versions that a job installs are those that judged here: a gate does not move by itself."""

import sys
from importlib.metadata import PackageNotFoundError, metadata, requires, version

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
    versions: dict[str, str] = {}
    waiting = _needs("edgetag", extras)
    if waiting is None:
        raise InputError("edgetag is not installed here, so there are no versions to pin; use pip")
    while waiting:
        name = waiting.pop()
        needs = _needs(name)
        if name not in versions and needs is not None:
            versions[name] = version(name)
            waiting += needs
    return "".join(f"{name}=={versions[name]}\n" for name in sorted(versions) if _is_for_us(name))


def _needs(package: str, extras: tuple[str, ...] = ()) -> list[str] | None:
    """Return the names that a package asks for here, None where it is not installed."""
    try:
        wanted = [Requirement(text) for text in requires(package) or []]
    except PackageNotFoundError:
        return None
    return [
        canonicalize_name(each.name)
        for each in wanted
        if not each.marker or any(each.marker.evaluate({"extra": e}) for e in ("", *extras))
    ]


def _is_for_us(package: str) -> bool:
    """Tell whether a package's installed version is meant for this Python.

    uv installs others too, pip does not: a pin of one would leave pip nothing to install.
    """
    pythons = metadata(package).get_all("Requires-Python", [])
    return all(SpecifierSet(each).contains(python_version()) for each in pythons)
