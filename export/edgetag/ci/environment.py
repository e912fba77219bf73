"""The versions that a job installs are those that judged here: a gate does not move by itself."""

import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from edgetag.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)""")


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
    return "".join(f"{name}=={versions[name]}\n" for name in sorted(versions))


def _needs(package: str, extras: tuple[str, ...] = ()) -> list[str] | None:
    """Return the names that a package asks for, None where it is not installed.

    Other conditions than extras are passed over: pinning a package too many installs nothing.
    """
    try:
        wanted = requires(package) or []
    except PackageNotFoundError:
        return None
    names = []
    for requirement in wanted:
        name = _NAME.match(requirement)
        condition = requirement.partition(";")[2]
        of_extras = _EXTRA.findall(condition)
        asked = not of_extras or not set(of_extras).isdisjoint(extras)
        if name and asked:
            names.append(re.sub(r"[-_.]+", "-", name[0]).lower())
    return names
