"""Build an APK of the demo app without Google's repositories: `build_apk.py OUT.apk`.

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
from dataclasses import dataclass
from pathlib import Path

from merge_manifest import merge
from project import PROJECT, Versions, read_versions

APP = PROJECT / "app"
TARGET = APP / "target"
LIBRARY = PROJECT / "tagger-android" / "target"
ABIS = ("arm64-v8a", "armeabi-v7a", "x86_64")
"""Those of phones, of old phones, and of emulators."""

PAGE_BYTES = 16384
AARS = (
    "tensorflow-lite",
    "tensorflow-lite-api",
    "tensorflow-lite-gpu",
    "tensorflow-lite-gpu-api",
)
KEY_PASSWORD = "throw-away"  # noqa: S105 -- the key is made for one build and then deleted


@dataclass(frozen=True)
class Parts:
    """What Maven has brought.

    Attributes:
        aapt2: The tool.
        framework: Jar with the framework's classes and resources.
        dx: Jar of the tool that makes dex files.
        aars: Folders with unpacked libraries.
    """

    aapt2: Path
    framework: Path
    dx: Path
    aars: tuple[Path, ...]


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
    parts = fetch_parts()
    manifest = work / "AndroidManifest.xml"
    libraries = [aar / "AndroidManifest.xml" for aar in parts.aars]
    merge(APP / "src/main/AndroidManifest.xml", libraries, manifest)
    assets = unpack(bundle, work / "assets") if bundle else APP / "src/main/assets"
    unaligned = link(parts, versions, manifest, assets, work)
    keep_for_screens(manifest, unaligned)
    compile_kotlin()
    add_dex(parts, work, unaligned)
    add_native_libraries(parts, unaligned)
    sign(align(unaligned, work), out, work)


def run(*command: str | Path, cwd: Path | None = None) -> None:
    """Run a step; what it prints is shown."""
    subprocess.run([str(part) for part in command], check=True, cwd=cwd)


def maven(*arguments: str) -> None:
    """Run Maven on the app and its library."""
    modules = "tagger-android,app"
    run("mvn", "-q", "-B", "-f", PROJECT / "pom.xml", "-Papp", "-pl", modules, *arguments)


def fetch_parts() -> Parts:
    """Bring tools and libraries, and unpack what Maven cannot use packed."""
    maven("initialize")
    parts = TARGET / "parts"
    tools = TARGET / "tools"
    with zipfile.ZipFile(parts / "apktool-lib.jar") as jar:
        aapt2 = Path(jar.extract("prebuilt/linux/aapt2", tools))
    aapt2.chmod(0o755)
    for name in AARS:
        with zipfile.ZipFile(LIBRARY / "parts" / f"{name}.aar") as aar:
            aar.extractall(LIBRARY / "aar" / name)
    aars = tuple(LIBRARY / "aar" / name for name in AARS)
    return Parts(aapt2, parts / "android-all.jar", parts / "dalvik-dx.jar", aars)


def unpack(bundle: Path, folder: Path) -> Path:
    """Unpack a bundle, which is flat, to where the app looks for it."""
    with zipfile.ZipFile(bundle) as file:
        for name in file.namelist():
            if Path(name).name != name:
                raise ValueError(f"{bundle}: {name} is not in its top folder")
        file.extractall(folder / "edgetag")
    return folder


def link(parts: Parts, versions: Versions, manifest: Path, assets: Path, work: Path) -> Path:
    """Compile and link resources; R.java goes where the app's pom.xml looks for it.

    Returns:
        An APK with manifest, resources and assets. Models in it are stored.
    """
    compiled, apk = work / "resources.zip", work / "unaligned.apk"
    run(parts.aapt2, "compile", "--dir", APP / "src/main/res", "-o", compiled)
    generated = TARGET / "r"
    shutil.rmtree(generated, ignore_errors=True)
    run(
        parts.aapt2,
        "link",
        "-I",
        parts.framework,
        "--manifest",
        manifest,
        "-A",
        assets,
        # With the dot: "-0 tflite" compresses models without a word.
        "-0",
        ".tflite",
        "--java",
        generated,
        "--min-sdk-version",
        versions.min_sdk,
        "--target-sdk-version",
        versions.target_sdk,
        "--version-code",
        versions.code,
        "--version-name",
        versions.name,
        "-o",
        apk,
        compiled,
    )
    return apk


def keep_for_screens(manifest: Path, apk: Path) -> None:
    """Keep what the tests of the screens need: manifest, resources and assets, without code."""
    folder = TARGET / "linked"
    folder.mkdir(exist_ok=True)
    shutil.copyfile(manifest, folder / "AndroidManifest.xml")
    shutil.copyfile(apk, folder / "resources.apk")


def compile_kotlin() -> None:
    """Compile all modules; their tests have their own test in Python."""
    maven("-am", "package", "-Dmaven.test.skip=true")


def add_dex(parts: Parts, work: Path, apk: Path) -> None:
    """Make dex files of the app and its libraries."""
    jars = [next(TARGET.glob("app-*.jar")), *sorted((TARGET / "libraries").glob("*.jar"))]
    jars += [aar / "classes.jar" for aar in parts.aars]
    cleaned = [strip(jar, work / f"{place:02}-{jar.name}") for place, jar in enumerate(jars)]
    folder = work / "dex"
    folder.mkdir()
    run(
        "java",
        "-XX:TieredStopAtLevel=1",  # it ends before better machine code has paid
        "-XX:+UseSerialGC",
        "-Xmx2g",
        "-cp",
        parts.dx,
        "com.android.dx.command.Main",
        "--dex",
        "--multi-dex",
        "--min-sdk-version=26",
        f"--output={folder}",
        *cleaned,
    )
    with zipfile.ZipFile(apk, "a", zipfile.ZIP_DEFLATED) as file:
        for dex in sorted(folder.glob("*.dex")):
            file.write(dex, dex.name)


def strip(jar: Path, out: Path) -> Path:
    """Copy the classes that Android 8 takes: none of later Java versions, no module descriptors."""
    with zipfile.ZipFile(jar) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            is_class = name.endswith(".class") and not name.startswith("META-INF/")
            if is_class and Path(name).stem != "module-info":
                target.writestr(name, source.read(name))
    return out


def add_native_libraries(parts: Parts, apk: Path) -> None:
    """Add native libraries stored, so that Android maps them from the APK."""
    with zipfile.ZipFile(apk, "a", zipfile.ZIP_STORED) as file:
        for abi in ABIS:
            for aar in parts.aars:
                for library in sorted((aar / "jni" / abi).glob("*.so")):
                    file.write(library, f"lib/{abi}/{library.name}")


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
