"""Fetching the npm package: into a cache folder, pinned by version and hash, whole or not at all.

`package-lock.json` beside this file pins the package's SHA-512 and names no registry, so that npm
asks whichever registry the user has configured and refuses any other content. The peer dependency
tfjs-core (for web pages) is left out: one package is all that is fetched.
"""

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar

from pydantic import ValidationError

from edgetag.errors import InputError
from edgetag.progress import Progress
from edgetag.records import Result
from edgetag.runtimes.emulation.machines import default_cache
from edgetag.runtimes.wasm.tools import INSTALL, find_node, why_no_node
from edgetag.workspace import digest_file, write_text

PACKAGE = "@tensorflow/tfjs-tflite"
HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
BUILD = Path("node_modules") / PACKAGE / "wasm"
FILES = ("tflite_web_api_cc_simd.js", "tflite_web_api_cc_simd.wasm")
"""What the scoring process loads; see `session.mjs`."""

MARKER = "ready.json"
FETCH_S = 300.0
NETWORK_CODES = (
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ETIMEDOUT",
    "ERR_SOCKET_TIMEOUT",
    "EIDLETIMEOUT",
)
"""What npm says where there is no network."""


class Marker(Result):
    """`ready.json`, written when all else is there.

    Attributes:
        lock_sha256: Digest of the lock file that was installed.
        sha256: File that is used → its digest.
    """

    SCHEMA: ClassVar[str] = "edgetag.wasm-runtime/1.0"
    lock_sha256: str
    sha256: dict[str, str]


def pinned_version() -> str:
    """Return the version of the npm package in the lock file."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    return str(lock["packages"][f"node_modules/{PACKAGE}"]["version"])


def installed(cache_folder: Path) -> Path | None:
    """Return the folder of the runtime, None where it is missing, damaged or of another version.

    The files are digested, which takes some 10 ms: a damaged one would give wrong scores.
    """
    folder = _place(cache_folder)
    try:
        marker = Marker.model_validate_json((folder / MARKER).read_bytes())
        same = all(digest_file(folder / BUILD / name) == marker.sha256[name] for name in FILES)
    except (OSError, ValidationError, KeyError):
        return None
    return folder if same and marker.lock_sha256 == digest_file(LOCK) else None


def setup_wasm(cache_folder: Path | None, progress: Progress) -> Path:
    """Fetch the runtime unless it is there and whole.

    Args:
        cache_folder: Where to keep it; None for `default_cache()`.
        progress: Told what is done.

    Returns:
        The folder of the runtime.

    Raises:
        InputError: Node or npm is missing or too old, the network or the registry gives nothing,
            or what it gives is not the pinned package.
    """
    cache_folder = cache_folder or default_cache()
    missing = why_no_node(find_node())
    if missing is not None:
        raise InputError(f"wasm: {missing}")
    npm = shutil.which("npm")
    if npm is None:
        raise InputError(f"wasm: npm is not installed; {INSTALL}")
    there = installed(cache_folder)
    if there is not None:
        progress.say(f"wasm: {PACKAGE} {pinned_version()} is there: {there}")
        return there
    place = _place(cache_folder)
    progress.say(f"wasm: fetching {PACKAGE} {pinned_version()} by npm")
    _build(npm, cache_folder, place)
    progress.say(f"wasm: set up in {place}")
    return place


def _place(cache_folder: Path) -> Path:
    return cache_folder / f"wasm-{pinned_version()}"


def _build(npm: str, cache_folder: Path, place: Path) -> None:
    """Install beside the place and move there: a killed set-up leaves nothing that looks whole."""
    try:
        cache_folder.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=cache_folder, prefix=".wasm-"))
    except OSError as error:
        raise InputError(f"{cache_folder}: cannot be written: {error.strerror}") from None
    try:
        for name in ("package.json", LOCK.name):
            shutil.copyfile(HERE / name, folder / name)
        _run_npm(npm, folder)
        digests = {name: digest_file(folder / BUILD / name) for name in FILES}
        marker = Marker(lock_sha256=digest_file(LOCK), sha256=digests)
        write_text(folder / MARKER, marker.to_json())
        if installed(cache_folder) is None:  # another set-up may have been faster
            shutil.rmtree(place, ignore_errors=True)
            folder.replace(place)
    except OSError as error:
        raise InputError(f"{cache_folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run_npm(npm: str, folder: Path) -> None:
    # No scripts of packages are run; peer dependencies are not installed.
    command = [
        npm,
        "ci",
        "--ignore-scripts",
        "--legacy-peer-deps",
        "--no-audit",
        "--no-fund",
        "--no-update-notifier",
        "--fetch-retries=1",
        "--fetch-retry-mintimeout=1000",
    ]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=FETCH_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            f"wasm: npm has not fetched {PACKAGE} in {FETCH_S:g} s; check the network and run the "
            "same command again"
        ) from None
    if done.returncode:
        raise InputError(f"wasm: {explain_npm(done.stderr)}")


def explain_npm(stderr: str) -> str:
    """Say in one line why npm failed, and what to do.

    Args:
        stderr: What it printed.
    """
    codes = re.findall(r"\b(E[A-Z0-9_]{3,}|ERR_[A-Z_]+)\b", stderr)
    network = next((code for code in codes if code in NETWORK_CODES), None)
    if network is not None:
        return (
            f"the npm registry cannot be reached ({network}); set-up needs the network once, "
            "check it and run the same command again"
        )
    if "EINTEGRITY" in codes:
        return (
            f"what the npm registry gives for {PACKAGE} {pinned_version()} is not the pinned "
            "package (EINTEGRITY); do not use that registry"
        )
    if "ENOSPC" in codes:
        return "no space left on the disk; free some and run the same command again"
    said = [line for line in stderr.splitlines() if re.match(r"npm (error|ERR!) ", line)]
    reason = re.sub(r"^npm (error|ERR!) ", "", said[0]).strip() if said else "it gave no reason"
    return f"npm could not fetch {PACKAGE}: {reason}"
