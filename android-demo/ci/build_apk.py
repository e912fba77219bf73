"""Build an APK of the demo app without Gradle and LiteRT: `build_apk.py OUT.apk`.

Not the way to build the app: that is Gradle, in Android Studio. This is what CI can do: compile
against real framework classes, pack, align, sign, verify. `README.md` beside `app/` says what that
proves. Needs Maven, a JDK, and Debian's `zipalign` and `apksigner`.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import resources
import shrinking
from libraries import Library, join_classes, unpack
from project import PROJECT, read_versions, run
from resources import Tools

APP = PROJECT / "app"
TARGET = APP / "target"
BROUGHT = PROJECT / "libraries/target"
TOOLS = PROJECT / "tools/target/tools"
LIBRARY = PROJECT / "tagger-android/target"
CONSUMER_RULES = PROJECT / "tagger-android/consumer-rules.pro"
ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")
"""Those of phones, of old phones, and of emulators."""

PAGE_BYTES = 16384
KEY_PASSWORD = "throw-away"  # noqa: S105 -- the key is made for one build and then deleted


def build(bundle: Path | None, out: Path, work: Path) -> None:
    """Build an APK.

    Args:
        bundle: What `edgetag bundle` wrote; its files become assets. None takes the assets that
            `edgetag bundle android` has placed in the project.
        out: The APK.
        work: An empty folder.

    Raises:
        subprocess.CalledProcessError: A step failed; it has said why.
    """
    versions = read_versions()
    maven("initialize")
    tools = unpack_tools()
    runtime = unpack(sorted((LIBRARY / "parts").glob("*.aar")), LIBRARY / "aar")
    libraries = unpack(sorted((BROUGHT / "app").iterdir()), BROUGHT / "unpacked")
    manifest = work / "AndroidManifest.xml"
    resources.merge_manifests(tools, versions, runtime + libraries, manifest)
    assets = unpack_bundle(bundle, work / "assets") if bundle else APP / "src/main/assets"
    unaligned = resources.link(tools, versions, libraries, manifest, assets, work)
    keep_for_screens(manifest, unaligned)
    join_classes(libraries, BROUGHT / "classes.jar")
    of_tests = unpack(sorted((BROUGHT / "tests").iterdir()), BROUGHT / "unpacked-tests")
    join_classes(of_tests, BROUGHT / "tests.jar")
    # The tests of `tagger` have a test in Python; those of the screens are compiled here, once.
    maven("-am", "package", "-Dmaven.test.skip=true")
    add_code(tools, runtime + libraries, work, unaligned)
    add_native_libraries(runtime + libraries, unaligned)
    sign(align(unaligned, work), out, work)


def maven(*arguments: str) -> None:
    """Run Maven on the app, what it needs, and the tests of its screens."""
    modules = "tools,libraries,tagger-android,app,screens"
    run("mvn", "-q", "-B", "-f", PROJECT / "pom.xml", "-Papp", "-pl", modules, *arguments)


def unpack_tools() -> Tools:
    """Unpack aapt2, which a jar carries."""
    with zipfile.ZipFile(TOOLS / "apktool-lib.jar") as jar:
        aapt2 = Path(jar.extract("prebuilt/linux/aapt2", TARGET / "tools"))
    aapt2.chmod(0o755)
    return Tools(aapt2, TOOLS, TARGET / "parts/android-all.jar")


def unpack_bundle(bundle: Path, folder: Path) -> Path:
    """Unpack a bundle, which is flat, to where the app looks for it."""
    with zipfile.ZipFile(bundle) as file:
        for name in file.namelist():
            if Path(name).name != name:
                raise ValueError(f"{bundle}: {name} is not in its top folder")
        file.extractall(folder / "edgetag")
    return folder


def keep_for_screens(manifest: Path, apk: Path) -> None:
    """Keep what the tests of the screens need: manifest, resources and assets, without code."""
    folder = TARGET / "linked"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(manifest, folder / "AndroidManifest.xml")
    shutil.copyfile(apk, folder / "resources.apk")


def add_code(tools: Tools, libraries: Sequence[Library], work: Path, apk: Path) -> None:
    """Add the app's code and its libraries', shrunk; the shrunk classes are kept for a test."""
    jars = [next(TARGET.glob("app-*.jar")), *sorted((TARGET / "libraries").glob("*.jar"))]
    jars += [jar for library in libraries for jar in library.jars]
    rules = [work / resources.KEPT, APP / "proguard-rules.pro", CONSUMER_RULES]
    rules += shrinking.rules_of(jars, libraries, work)
    r8, jdk = TOOLS / "r8.jar", Path(shutil.which("javac") or "").resolve().parents[1]
    shrunk = TARGET / "linked/shrunk.jar"
    shrinking.shrink(r8, tools.framework, jdk, jars, rules, shrunk)
    dex = work / "dex"
    shrinking.make_dex(r8, tools.framework, jdk, read_versions().min_sdk, shrunk, dex)
    with zipfile.ZipFile(apk, "a", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(dex.glob("*.dex")):
            file.write(path, path.name)


def add_native_libraries(libraries: Sequence[Library], apk: Path) -> None:
    """Add native libraries stored, so that Android maps them from the APK."""
    with zipfile.ZipFile(apk, "a", zipfile.ZIP_STORED) as file:
        for abi in ABIS:
            for native in (path for library in libraries for path in library.native(abi)):
                file.write(native, f"lib/{abi}/{native.name}")


def align(unaligned: Path, work: Path) -> Path:
    """Align: whatever is stored begins on a page of 16 KB."""
    aligned = work / "aligned.apk"
    run("zipalign", "-f", str(PAGE_BYTES), unaligned, aligned)
    return aligned


def sign(apk: Path, out: Path, work: Path) -> None:
    """Sign with a key that is made here and thrown away, and verify."""
    store = work / "key.p12"
    run(
        "keytool",
        "-genkeypair",
        "-keystore",
        store,
        "-storetype",
        "PKCS12",
        "-alias",
        "demo",
        "-storepass",
        KEY_PASSWORD,
        "-keyalg",
        "RSA",
        "-keysize",
        "2048",
        "-validity",
        "30",
        "-dname",
        "CN=edgetag demo throw-away key",
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    run(
        "apksigner",
        "sign",
        "--ks",
        store,
        "--ks-pass",
        f"pass:{KEY_PASSWORD}",
        "--out",
        out,
        apk,
    )
    run("apksigner", "verify", "--min-sdk-version", "26", out)


def main() -> int:
    """Build; say where the APK is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="the APK to write")
    parser.add_argument(
        "--bundle",
        type=Path,
        help="zip that `edgetag bundle` wrote; default: what `edgetag bundle android` has placed",
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="edgetag-apk-") as work:
        try:
            build(given.bundle, given.out, Path(work))
        except subprocess.CalledProcessError as error:
            print(f"error: {error.cmd[0]} ended with exit code {error.returncode}", file=sys.stderr)
            return 1
    print(given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
