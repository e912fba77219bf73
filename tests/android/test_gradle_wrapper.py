"""The Gradle wrapper is Gradle's own, and the versions that the build names fit each other."""

import hashlib
import os
import re
import tomllib
import zipfile

import pytest

from tests.support.paths import ROOT

PROJECT = ROOT / "android-demo"
JAR = PROJECT / "gradle/wrapper/gradle-wrapper.jar"

JAR_SHA256 = "55243ef57851f12b070ad14f7f5bb8302daceeebc5bce5ece5fa6edb23e1145c"
"""Of Gradle 9.4.1's wrapper."""

SCRIPTS_SHA256 = {
    "gradlew": "aed171fb114f82e6eaea4970a245a200e0582a7dcc8ec0891ca41b6e4a62b754",
    "gradlew.bat": "982f1b2979dd2d13505c11e92192ab43eef338242ca61587f86f8d7fbc86f67b",
}

NEEDS = {"9.1": ("9.3.1", 36)}
"""Android plugin → oldest Gradle and newest API level that it takes, by its release notes:
developer.android.com/build/releases/agp-9-1-0-release-notes."""

OLDEST_PLUGIN = {"2.4": "8.5.2"}
"""Kotlin → oldest Android plugin whose D8 and R8 read its classes:
developer.android.com/build/kotlin-support."""


def versions() -> dict[str, str]:
    text = (PROJECT / "gradle/libs.versions.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["versions"])


def properties() -> str:
    path = PROJECT / "gradle/wrapper/gradle-wrapper.properties"
    return path.read_text(encoding="utf-8")


def gradle() -> str:
    match = re.search(r"^distributionUrl=https.*/gradle-([\d.]+)-bin\.zip$", properties(), re.M)
    assert match is not None
    return match[1]


def parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def line(version: str) -> str:
    """Return `9.1` of `9.1.0`."""
    return ".".join(version.split(".")[:2])


def test_the_wrapper_has_the_noted_digest_and_licence() -> None:
    assert hashlib.sha256(JAR.read_bytes()).hexdigest() == JAR_SHA256
    assert JAR_SHA256 in properties()
    with zipfile.ZipFile(JAR) as jar:
        assert b"Apache License" in jar.read("META-INF/LICENSE")
        assert b"org.gradle.wrapper.GradleWrapperMain" in jar.read("META-INF/MANIFEST.MF")


@pytest.mark.parametrize("name", SCRIPTS_SHA256)
def test_the_wrapper_s_scripts_are_gradle_s(name: str) -> None:
    content = (PROJECT / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SCRIPTS_SHA256[name]
    assert b"SPDX-License-Identifier: Apache-2.0" in content


def test_the_wrapper_can_be_started() -> None:
    assert os.access(PROJECT / "gradlew", os.X_OK)


def test_the_wrapper_loads_one_gradle_whose_digest_it_knows() -> None:
    assert re.search(r"^distributionSha256Sum=[0-9a-f]{64}$", properties(), re.M)
    assert "validateDistributionUrl=true" in properties()


def test_the_android_plugin_takes_this_gradle_and_this_api() -> None:
    oldest_gradle, newest_api = NEEDS[line(versions()["agp"])]
    assert parts(gradle()) >= parts(oldest_gradle)
    assert int(versions()["app-compile-sdk"]) <= newest_api
    assert int(versions()["app-target-sdk"]) <= int(versions()["app-compile-sdk"])


def test_the_android_plugin_reads_classes_of_this_kotlin() -> None:
    assert parts(versions()["agp"]) >= parts(OLDEST_PLUGIN[line(versions()["kotlin"])])
    assert parts(versions()["kotlin-library"]) <= parts(versions()["kotlin"])
