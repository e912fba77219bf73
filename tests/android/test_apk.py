"""The demo app as an APK, built without Gradle and LiteRT, and what is in it; its library's tests.

One copy of the project for both: what one has compiled, the other does not compile again.
"""

import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgetag.bundling.apk.checking import check_app
from edgetag.dataset.answers import read_answers
from edgetag.dataset.formats import read_listing
from edgetag.recipe import DataSection
from edgetag.workspace import digest_file
from tests.android.golden_arrays import time_letterbox
from tests.android.golden_later import write_later
from tests.android.kotlin_tests import run_kotlin_tests, write_golden
from tests.support.golden_pictures import write_pictures
from tests.support.paths import ROOT
from tests.support.programs import captured

PROJECT = ROOT / "android-demo"
PAGE_BYTES = 16384
TOOLS = ("mvn", "javac", "zipalign", "apksigner")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),  # Maven downloads 250 MB the first time
    pytest.mark.skipif(
        not os.environ.get("CI") and not all(map(shutil.which, TOOLS)),
        reason="needs Maven, a JDK, zipalign and apksigner; .ci/system installs them",
    ),
]


@pytest.fixture(scope="module")
def bundle() -> Path:
    """The released demo bundle."""
    found = sorted((ROOT / "models" / "demo").glob("demo-*.zip"))
    assert len(found) == 1, f"models/demo must have one demo-<version>.zip, and has {len(found)}"
    return found[0]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, so that the working tree stays as it is."""
    copy = tmp_path_factory.mktemp("apk") / "android-demo"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "build", ".gradle"))
    return copy


@pytest.fixture(scope="module")
def apk(bundle: Path, project: Path) -> Path:
    """Built with the bundle placed in the project."""
    out = project.with_name("demo.apk")
    for command in (
        ["-m", "edgetag", "bundle", "android", str(bundle), "--project", str(project)],
        [str(project / "ci" / "build_apk.py"), str(out)],
    ):
        done = captured([sys.executable, *command])
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return out


@pytest.fixture(scope="module")
def published(apk: Path) -> Path:
    """A Maven repository with the library, as it was compiled for the APK."""
    folder = apk.parent / "published"
    publish = apk.parent / "android-demo/ci/publish.py"
    command = [sys.executable, str(publish), str(folder), "--url", "https://example.org/edgetag"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "dev/edgetag"


@pytest.fixture(scope="module")
def aapt2(apk: Path) -> Path:
    """The one that linked the APK; it comes with the build."""
    return apk.parent / "android-demo/app/target/tools/prebuilt/linux/aapt2"


def versions() -> dict[str, str]:
    text = (PROJECT / "gradle/libs.versions.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["versions"])


def dump(aapt2: Path, what: str, *arguments: str | Path) -> str:
    command = [str(aapt2), "dump", what, *map(str, arguments)]
    return captured(command, check=True).stdout


def offset_of(content: bytes, info: zipfile.ZipInfo) -> int:
    """Where an entry's bytes begin; its local header may have other extra fields."""
    name, extra = struct.unpack_from("<HH", content, info.header_offset + 26)
    return info.header_offset + 30 + int(name) + int(extra)


def dex_files(apk: Path) -> Iterator[bytes]:
    with zipfile.ZipFile(apk) as file:
        for name in file.namelist():
            if re.fullmatch(r"classes\d*\.dex", name):
                yield file.read(name)


def classes_of(dex: bytes) -> set[str]:
    """Descriptors of the classes that a dex file defines (dex format, "class_def_item")."""
    strings_at, _, types_at = struct.unpack_from("<I", dex, 0x3C) + struct.unpack_from(
        "<II", dex, 0x40
    )
    count, classes_at = struct.unpack_from("<II", dex, 0x60)
    found = set()
    for place in range(count):
        (type_index,) = struct.unpack_from("<I", dex, classes_at + 32 * place)
        (string_index,) = struct.unpack_from("<I", dex, types_at + 4 * type_index)
        (at,) = struct.unpack_from("<I", dex, strings_at + 4 * string_index)
        while dex[at] & 0x80:  # the length, in a variable number of bytes
            at += 1
        found.add(dex[at + 1 : dex.index(0, at + 1)].decode())
    return found


def test_tagger_repeats_python_bit_for_bit_and_survives_hostile_input(
    project: Path, bundle: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    write_golden(tmp_path)
    told = tmp_path / "told.txt"
    run_kotlin_tests(project, tmp_path, bundle, told)
    lines = told.read_text(encoding="utf-8").splitlines()
    lines.append(f"Pillow: 4000x3000 to 224 px: median {time_letterbox():.1f} ms")
    for line in lines:
        record_property("measured", line)
    assert any("self-test passed" in line for line in lines)
    answer = json.loads((tmp_path / "answer.json").read_text("utf-8"))
    assert answer["schema"] == "edgetag.phone-scores/1.1"


def test_signatures_verify(apk: Path) -> None:
    told = captured(
        ["apksigner", "verify", "--verbose", "--min-sdk-version", "26", str(apk)], check=True
    ).stdout
    assert "v2 scheme (APK Signature Scheme v2): true" in told
    assert "v3 scheme (APK Signature Scheme v3): true" in told


def test_bundle_check_finds_nothing_but_the_small_pages_of_tensorflow_lite(
    apk: Path, bundle: Path
) -> None:
    checked = check_app(apk, bundle)
    assert checked.signatures.verdict == "pass"
    failed = {file.file for file in checked.files if file.verdict == "fail"}
    runtime = "lib/(arm64-v8a|x86_64)/libtensorflowlite.*"
    assert failed == {file.file for file in checked.files if re.fullmatch(runtime, file.file)}
    assert len(failed) == 4


def test_a_changed_byte_is_noticed_by_the_signature(apk: Path, tmp_path: Path) -> None:
    content = bytearray(apk.read_bytes())
    with zipfile.ZipFile(apk) as file:
        model = next(info for info in file.infolist() if info.filename.endswith(".tflite"))
    content[offset_of(bytes(content), model) + model.file_size // 2] ^= 1
    changed = tmp_path / "changed.apk"
    changed.write_bytes(content)
    told = subprocess.run(
        ["apksigner", "verify", "--min-sdk-version", "26", str(changed)],
        capture_output=True,
        check=False,
    )
    assert told.returncode != 0


def test_models_and_native_libraries_are_stored_on_pages_of_16_kb(apk: Path) -> None:
    content = apk.read_bytes()
    with zipfile.ZipFile(apk) as file:
        mapped = [info for info in file.infolist() if info.filename.endswith((".tflite", ".so"))]
    assert {Path(info.filename).suffix for info in mapped} == {".tflite", ".so"}
    for info in mapped:
        assert info.compress_type == zipfile.ZIP_STORED, info.filename
        assert offset_of(content, info) % PAGE_BYTES == 0, info.filename


def test_assets_are_those_files_of_the_bundle_that_their_manifest_describes(
    apk: Path, bundle: Path
) -> None:
    with zipfile.ZipFile(apk) as file, zipfile.ZipFile(bundle) as source:
        listed = json.loads(file.read("assets/edgetag/manifest.json"))["files"]
        whole = json.loads(source.read("manifest.json"))["files"]
        assert all(entry in whole for entry in listed)
        for entry in listed:
            content = file.read(f"assets/edgetag/{entry['name']}")
            assert hashlib.sha256(content).hexdigest() == entry["sha256"], entry["name"]
            assert len(content) == entry["size_bytes"]
        packed = {name for name in file.namelist() if name.startswith("assets/")}
        names = {"manifest.json"} | {entry["name"] for entry in listed}
        assert packed == {f"assets/edgetag/{name}" for name in names}


def test_no_permission_at_all_is_asked_for(apk: Path, aapt2: Path) -> None:
    assert "uses-permission" not in dump(aapt2, "permissions", apk)


MERGE = """
import sys
from pathlib import Path

sys.path.insert(0, str(Path(sys.argv[1], "ci")))
import build_apk
import resources
from libraries import unpack
from project import read_versions

app, out = Path(sys.argv[2]), Path(sys.argv[3])
tools = build_apk.unpack_tools()
libraries = unpack(sorted((build_apk.LIBRARY / "parts").glob("*.aar")), out / "runtime")
libraries += unpack(sorted((build_apk.BROUGHT / "app").iterdir()), out / "libraries")
resources.APP = app
resources.merge_manifests(tools, read_versions(), libraries, out / "merged.xml")
"""
"""Merges another manifest of the app with the same libraries."""


def test_what_the_manifest_takes_out_a_library_would_bring(apk: Path, tmp_path: Path) -> None:
    """Or the Android plugin warns, which the merger by itself does not show."""
    manifest = PROJECT / "app/src/main/AndroidManifest.xml"
    lines = manifest.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if 'tools:node="remove"' not in line]
    removed = [line for line in lines if line not in kept]
    assert removed
    (tmp_path / "src/main").mkdir(parents=True)
    (tmp_path / "src/main/AndroidManifest.xml").write_text("\n".join(kept), encoding="utf-8")
    project = apk.parent / "android-demo"
    command = [sys.executable, "-c", MERGE, str(project), str(tmp_path), str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    merged = (tmp_path / "merged.xml").read_text(encoding="utf-8")
    brought = set(re.findall(r'<([\w-]+)\s+android:name="([\w.]+)"', merged))
    for line in removed:
        (named,) = re.findall(r'<([\w-]+) android:name="([\w.]+)"', line)
        assert named in brought, line


def test_every_component_of_the_manifest_has_a_class(apk: Path, aapt2: Path) -> None:
    tree = dump(aapt2, "xmltree", "--file", "AndroidManifest.xml", apk)
    component = r"E: (?:activity|provider|receiver|service|instrumentation) .*\n(?: +A: .*\n)*"
    names = [
        re.search(r'android:name\(0x01010003\)="([\w.$]+)"', block)
        for block in re.findall(component, tree)
    ]
    full = [re.sub(r"^\.", "dev.edgetag.demo.", name[1]) for name in names if name]
    defined = set().union(*map(classes_of, dex_files(apk)))
    classes = {f"L{name.replace('.', '/')};" for name in full}
    assert {"Ldev/edgetag/demo/MainActivity;", "Landroidx/core/content/FileProvider;"} <= classes
    assert classes <= defined


def test_dex_files_hold_the_app_the_tagger_and_the_runtime(apk: Path) -> None:
    defined = set().union(*map(classes_of, dex_files(apk)))
    assert {
        "Ldev/edgetag/demo/Headless;",
        "Ldev/edgetag/demo/MainActivity;",
        "Ldev/edgetag/tagger/android/InterpreterEngineFactory;",
        "Ldev/edgetag/tagger/Tagger;",
        "Lorg/tensorflow/lite/Interpreter;",
        "Lorg/tensorflow/lite/gpu/GpuDelegateFactory$Options;",
        "Lkotlin/Unit;",
        "Lkotlinx/serialization/json/Json;",
    } <= defined


def test_headless_entry_is_declared_as_adb_starts_it(apk: Path, aapt2: Path) -> None:
    tree = dump(aapt2, "xmltree", "--file", "AndroidManifest.xml", apk)
    block = tree.split("E: instrumentation", 1)[1].split("E: application", 1)[0]
    assert '"dev.edgetag.demo.Headless"' in block or '".Headless"' in block
    assert re.search(r'targetPackage\(0x[0-9a-f]+\)="dev\.edgetag\.demo"', block)


def test_versions_are_those_of_the_catalogue(apk: Path, aapt2: Path) -> None:
    badging = dump(aapt2, "badging", apk)
    for key, pattern in (
        ("app-min-sdk", "minSdkVersion:'{}'"),
        ("app-target-sdk", "targetSdkVersion:'{}'"),
        ("app-compile-sdk", "compileSdkVersion='{}'"),
        ("app-version-name", "versionName='{}'"),
    ):
        assert pattern.format(versions()[key]) in badging


def strings(language: str) -> dict[str, str]:
    text = (PROJECT / f"app/src/main/res/{language}/strings.xml").read_text(encoding="utf-8")
    return dict(re.findall(r'<string name="(\w+)">(.*)</string>', text))


def test_japanese_has_every_text_with_the_same_values() -> None:
    english, japanese = strings("values"), strings("values-ja")
    assert english.keys() == japanese.keys()
    value = re.compile(r"%\d\$[.\d]*[sdf]")
    for name, text in english.items():
        assert sorted(value.findall(text)) == sorted(value.findall(japanese[name])), name


@pytest.fixture(scope="module")
def pictures(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures that the tests of the screens tag."""
    folder = tmp_path_factory.mktemp("pictures")
    with zipfile.ZipFile(bundle) as file:
        for name in file.namelist():
            if name.endswith(".png"):
                file.extract(name, folder)
    return folder


def run_script(apk: Path, name: str, *arguments: str | Path) -> None:
    script = apk.parent / "android-demo/ci" / name
    done = captured([sys.executable, str(script), *map(str, arguments)])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_every_public_class_of_the_library_has_a_page(apk: Path, tmp_path: Path) -> None:
    run_script(apk, "write_api.py", tmp_path)
    for module in ("tagger", "tagger-android", "tagger-litert2"):
        text = (tmp_path / module / "scripts/pages.json").read_text("utf-8")
        pages = {page["description"]: page["location"] for page in json.loads(text)}
        accepted = (PROJECT / module / f"api/{module}.api").read_text("utf-8")
        classes = re.findall(r"^public .*?(?:class|interface) ([a-z]\w+/[\w/]+) ", accepted, re.M)
        # A file's own functions have a page each, and none for what Java calls a class of them.
        named = {name.replace("/", ".") for name in classes if not name.endswith("Kt")}
        assert named
        assert named <= pages.keys()
        for name in named:
            assert (tmp_path / module / pages[name]).is_file(), name


@pytest.fixture(scope="module")
def screens(
    apk: Path, pictures: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What the tests of the screens, which pass, have left."""
    folder = tmp_path_factory.mktemp("later")
    write_later(folder, bundle)
    write_pictures(folder)
    run_script(apk, "run_screens.py", pictures, "--later", folder, "--golden", folder)
    return apk.parent / "android-demo/screens/target/screens"


def test_screens_work_on_a_jvm_and_look_as_accepted(apk: Path, screens: Path) -> None:
    assert len(list(screens.glob("*.png"))) == 33
    run_script(apk, "screenshots.py")


def test_corrections_of_the_app_are_labels_that_edgetag_reads(
    screens: Path, pictures: Path
) -> None:
    section = DataSection(
        source=screens / "corrections.csv", format="auto", tags=("face", "illust")
    )
    listing = read_listing(section)
    assert [entry.labels.count(0) for entry in listing.entries] == [1]
    (entry,) = listing.entries
    (answer,) = read_answers(section.source, section.vocabulary())
    assert (answer.path, answer.label) == (entry.path, 0)
    assert answer.identity == digest_file(pictures / entry.path)


def test_what_shrinking_leaves_of_the_app_still_tags(apk: Path, pictures: Path) -> None:
    run_script(apk, "run_screens.py", pictures, "--shrunk")


def scopes(pom: Path) -> dict[str, str]:
    """Return what a POM hands on: artifact and version, and who sees it."""
    space = "{http://maven.apache.org/POM/4.0.0}"
    nodes = ET.parse(pom).iterfind(f"{space}dependencies/{space}dependency")  # noqa: S314 ours
    return {
        ":".join(node.findtext(f"{space}{name}", "") for name in ("artifactId", "version")): (
            node.findtext(f"{space}scope", "")
        )
        for node in nodes
    }


def test_published_poms_say_what_apps_see_and_what_they_only_run(published: Path) -> None:
    version = versions()["edgetag"]
    plain = published / f"tagger/{version}/tagger-{version}.pom"
    assert scopes(plain) == {
        f"kotlin-stdlib:{versions()['kotlin-library']}": "compile",
        f"kotlinx-coroutines-core:{versions()['coroutines']}": "compile",
        f"kotlinx-serialization-json:{versions()['serialization']}": "runtime",
    }
    android = published / f"tagger-android/{version}/tagger-android-{version}.pom"
    litert = dict.fromkeys(("litert", "litert-gpu", "litert-gpu-api"), "runtime")
    assert scopes(android) == {
        f"tagger:{version}": "compile",
        **{f"{name}:{versions()['litert']}": scope for name, scope in litert.items()},
    }
    litert2 = published / f"tagger-litert2/{version}/tagger-litert2-{version}.pom"
    assert scopes(litert2) == {
        f"tagger:{version}": "compile",
        **{f"{name}:{versions()['litert2']}": "runtime" for name in ("litert", "litert-gpu")},
    }
    for pom in (plain, android, litert2):
        text = pom.read_text(encoding="utf-8")
        assert "<name>Apache-2.0</name>" in text
        assert "<connection>scm:git:https://example.org/edgetag.git</connection>" in text
        digest = hashlib.sha1(pom.read_bytes(), usedforsecurity=False).hexdigest()
        assert pom.with_name(f"{pom.name}.sha1").read_text(encoding="ascii") == digest


@pytest.mark.parametrize(
    ("module", "source", "rules"),
    [
        ("tagger-android", "dev/edgetag/tagger/android/AssetSource", "consumer-rules.pro"),
        ("tagger-litert2", "dev/edgetag/tagger/litert2/CompiledModelEngine", None),
    ],
)
def test_a_published_aar_has_what_the_android_plugin_reads(
    published: Path, module: str, source: str, rules: str | None
) -> None:
    version = versions()["edgetag"]
    folder = published / f"{module}/{version}"
    package = source.rpartition("/")[0]
    with zipfile.ZipFile(folder / f"{module}-{version}.aar") as aar:
        packed = {name: aar.read(name) for name in aar.namelist()}
        with zipfile.ZipFile(aar.open("classes.jar")) as jar:
            names = [name for name in jar.namelist() if not name.endswith("/")]
    if rules:
        assert packed.pop("proguard.txt") == (PROJECT / module / rules).read_bytes()
    assert set(packed) == {
        "AndroidManifest.xml",
        "classes.jar",
        "R.txt",
        "META-INF/com/android/build/gradle/aar-metadata.properties",
    }
    manifest = packed["AndroidManifest.xml"].decode()
    assert f'package="{package.replace("/", ".")}"' in manifest
    assert f'minSdkVersion="{versions()["app-min-sdk"]}"' in manifest
    assert f"{source}.class" in names
    others = [name for name in names if not name.startswith(f"{package}/")]
    assert sorted(others) == ["META-INF/MANIFEST.MF", f"META-INF/{module}.kotlin_module"]
    with zipfile.ZipFile(folder / f"{module}-{version}-sources.jar") as sources:
        assert f"{source}.kt" in sources.namelist()


def isolated_cache(folder: Path) -> Path:
    """Return a cache of Maven's that has all of the user's but for what CI publishes."""
    kept = Path.home() / ".m2/repository"
    for child in kept.iterdir() if kept.is_dir() else ():
        if child.name != "dev":
            (folder / child.name).symlink_to(child)
    return folder


def test_an_app_is_compiled_from_the_published_library_alone(
    published: Path, bundle: Path, tmp_path: Path
) -> None:
    app = tmp_path / "consumer"
    shutil.copytree(ROOT / "tests/android/consumer", app, ignore=shutil.ignore_patterns("target"))
    placing = ["bundle", "android", str(bundle), "--project", str(app)]
    package = ["--package", "com.example.tagging"]
    subprocess.run(
        [sys.executable, "-m", "edgetag", *placing, *package], check=True, capture_output=True
    )
    version = versions()["edgetag"]
    library = published / f"tagger-android/{version}/tagger-android-{version}.aar"
    with zipfile.ZipFile(library) as aar:
        aar.extract("classes.jar", app / "app/target/aar")
    cache = tmp_path / "cache"
    cache.mkdir()
    done = subprocess.run(
        [
            *("mvn", "-q", "-B", "-f", str(app / "app/pom.xml"), "compile"),
            f"-Dmaven.repo.local={isolated_cache(cache)}",
            f"-Dpublished={published.parents[1].as_uri()}",
            f"-Dedgetag.version={version}",
            f"-Dandroid-all.version={versions()['android-all']}",
        ],
        # It ends before better machine code has paid.
        env=os.environ | {"MAVEN_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert (app / "app/target/classes/com/example/tagging/TagPicturesKt.class").is_file()
    assert (cache / "dev/edgetag/tagger").is_dir(), "the POM did not bring tagger"


LATE = """
class Late {
    static byte[] read(java.io.InputStream stream) throws java.io.IOException {
        return stream.readAllBytes();
    }
    static String chip() { return android.os.Build.SOC_MODEL; }
}
"""
"""Calls of Java's own classes and of Android's, which came with API 33 and 31."""


def test_calls_that_the_oldest_phone_lacks_break_the_build(apk: Path, tmp_path: Path) -> None:
    assert versions()["app-min-sdk"] == "26", "pom.xml has the signature of API 26"
    (tmp_path / "android/os").mkdir(parents=True)
    (tmp_path / "android/os/Build.java").write_text(
        "package android.os; public class Build { public static String SOC_MODEL; }"
    )
    source = tmp_path / "Late.java"
    source.write_text(LATE)
    project = apk.parent / "android-demo"
    classes = project / "tagger-android/target/classes"
    options = ["--release", "11", "-implicit:none", "-sourcepath", str(tmp_path)]
    subprocess.run(["javac", *options, "-d", str(classes), str(source)], check=True)
    try:
        done = captured(
            ["mvn", "-q", "-B", "-Papp", "-pl", "tagger,tagger-android", "process-classes"],
            cwd=project,
        )
    finally:
        (classes / "Late.class").unlink()
    assert done.returncode == 1
    assert re.findall(r"Late\.class:\d: Undefined reference: (.+)", done.stdout) == [
        "byte[] java.io.InputStream.readAllBytes()",
        "String android.os.Build.SOC_MODEL",
    ]
