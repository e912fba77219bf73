"""Manifest, resources and assets of the app and of its libraries, merged and linked."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from libraries import Library
from project import PROJECT, Versions, java, run

APP = PROJECT / "app"
PACKAGE = "dev.edgetag.demo"
KEPT = "kept.pro"
"""Rules for shrinking: the classes that manifest and resources name."""


@dataclass(frozen=True)
class Tools:
    """What merges and links.

    Attributes:
        aapt2: The program.
        jars: Folder with the manifest merger and what it needs.
        framework: Jar with the framework's resources.
    """

    aapt2: Path
    jars: Path
    framework: Path


def merge_manifests(
    tools: Tools, versions: Versions, libraries: Sequence[Library], out: Path
) -> None:
    """Merge the app's manifest and its libraries' with the Android plugin's own merger."""
    manifests = [str(library.manifest) for library in libraries if library.manifest]
    run(
        *java(tools.jars / "*"),
        "com.android.manifmerger.Merger",
        *("--main", APP / "src/main/AndroidManifest.xml"),
        *("--libs", ":".join(manifests)),
        *("--property", f"PACKAGE={PACKAGE}"),
        *("--property", f"MIN_SDK_VERSION={versions.min_sdk}"),
        *("--property", f"TARGET_SDK_VERSION={versions.target_sdk}"),
        "--remove-tools-declarations",
        *("--log", "WARNING"),
        *("--out", out),
    )


def link(
    tools: Tools,
    versions: Versions,
    libraries: Sequence[Library],
    manifest: Path,
    assets: Path,
    work: Path,
) -> Path:
    """Compile and link resources; classes R go where the app's pom.xml looks for them.

    Returns:
        An APK with manifest, resources and assets. Models in it are stored.
    """
    with_resources = [library for library in libraries if library.resources]
    compiled = [
        _compile(tools, folder, work / f"resources-{place:02}.zip")
        for place, folder in enumerate(
            [*(library.resources for library in with_resources), APP / "src/main/res"]
        )
        if folder
    ]
    generated = APP / "target/r"
    shutil.rmtree(generated, ignore_errors=True)
    apk = work / "unaligned.apk"
    packages = sorted({library.package for library in with_resources})
    run(
        tools.aapt2,
        "link",
        *("-I", tools.framework),
        *("--manifest", manifest),
        *("-A", assets),
        # With the dot: "-0 tflite" compresses models without a word.
        *("-0", ".tflite"),
        *("--java", generated),
        *("--proguard", work / KEPT),
        *("--extra-packages", ":".join(packages)),
        "--auto-add-overlay",
        *("-c", "en,ja"),
        *("--min-sdk-version", versions.min_sdk),
        *("--target-sdk-version", versions.target_sdk),
        *("--version-code", versions.code),
        *("--version-name", versions.name),
        *("-o", apk),
        *(part for file in compiled for part in ("-R", file)),
    )
    return apk


def _compile(tools: Tools, folder: Path, out: Path) -> Path:
    run(tools.aapt2, "compile", "--dir", folder, "-o", out)
    return out
