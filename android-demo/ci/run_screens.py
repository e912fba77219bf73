"""Run the app's screens on a JVM and draw them: `run_screens.py PICTURES`, after `build_apk.py`.

Robolectric runs the framework's own code and draws with its own library. The model runs on this
machine's TensorFlow Lite, so tags and heat maps are real. Pictures of the screens are written to
`screens/target/screens`.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from project import PROJECT, java

LINKED = PROJECT / "app/target/linked"
SCREENS = PROJECT / "screens/target"
TESTS = SCREENS / "test-classes"
SHRUNK_TEST = "ShrunkTest"
OPENED = ("java.io", "java.lang", "java.lang.reflect", "java.nio", "java.util")
"""Packages that the framework's classes reach into, as they may on a phone."""


def configure() -> None:
    """Tell Robolectric where the app's linked parts are."""
    config = TESTS / "com/android/tools"
    config.mkdir(parents=True, exist_ok=True)
    settings = {
        "android_merged_manifest": LINKED / "AndroidManifest.xml",
        "android_resource_apk": LINKED / "resources.apk",
        "android_merged_assets": PROJECT / "app/src/main/assets",
        "android_custom_package": "dev.edgetag.demo",
    }
    lines = "".join(f"{name}={value}\n" for name, value in settings.items())
    (config / "test_config.properties").write_text(lines, encoding="utf-8")


def command(pictures: Path, later: Path | None, golden: Path | None, is_shrunk: bool) -> list[str]:
    """Return what runs all tests in one JVM, or the one of what R8 left of the app."""
    named = TESTS / "dev/edgetag/demo"
    names = (
        [SHRUNK_TEST]
        if is_shrunk
        else {path.stem for path in named.glob("*Test.class")} - {SHRUNK_TEST}
    )
    properties = {
        "robolectric.offline": "true",
        "robolectric.dependency.dir": SCREENS / "framework",
        "edgetag.screens": SCREENS / "screens",
        "edgetag.pictures": pictures.resolve(),
    }
    if later:
        properties["edgetag.later"] = later.resolve()
    if golden:
        properties["edgetag.golden"] = golden.resolve()
    # Folders of classes, since the dump of the public API reads no jars.
    jars = (SCREENS / "classpath.txt").read_text(encoding="utf-8")
    classes = re.sub(r"/target/[a-z0-9-]+-1\.0\.0\.jar", "/target/classes", jars)
    if is_shrunk:
        properties["edgetag.shrunk"] = "true"
        classes = shrunk(classes)
    return [
        *java(f"{TESTS}:{classes}"),
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED),
        *(f"-D{name}={value}" for name, value in properties.items()),
        "org.junit.runner.JUnitCore",
        *(f"dev.edgetag.demo.{name}" for name in sorted(names)),
    ]


def shrunk(classes: str) -> str:
    """Return a class path with what R8 left of the app and its libraries in place of these.

    The tests' own libraries need more of Kotlin than the app does, so that one stays whole.
    """
    app = ("app/target", "tagger-android/target", "tagger/target", "libraries/target/classes.jar")
    others = [jar for jar in classes.split(":") if not any(part in jar for part in app)]
    kotlin = [jar for jar in others if "kotlin" in Path(jar).name]
    return ":".join([*kotlin, str(LINKED / "shrunk.jar"), *others])


def main() -> int:
    """Run; the exit code is JUnit's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "pictures", type=Path, help="folder of pictures to tag: a bundle's golden ones"
    )
    parser.add_argument(
        "--later",
        type=Path,
        help="folder of a later version of the app's bundle: later.zip, later.zip.sig, key.pub",
    )
    parser.add_argument(
        "--golden", type=Path, help="folder of pictures with the pixels that they have: `pictures/`"
    )
    parser.add_argument("--shrunk", action="store_true", help="run what R8 left of the app")
    given = parser.parse_args()
    configure()
    (SCREENS / "screens").mkdir(exist_ok=True)
    return subprocess.run(
        command(given.pictures, given.later, given.golden, given.shrunk),
        check=False,
        cwd=PROJECT / "screens",
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
