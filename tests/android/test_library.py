"""The library's Gradle files and the README's recipe, as far as no Gradle is needed for it."""

import itertools
import re
import textwrap
import tomllib

from tests.support.paths import ROOT

PROJECT = ROOT / "android-demo"
MODULES = ("tagger", "tagger-android", "tagger-litert2")
STUBS = "litert2-stubs"
CONSUMER = ROOT / "tests/android/consumer"


def script(module: str) -> str:
    return (PROJECT / module / "build.gradle.kts").read_text(encoding="utf-8")


def versions() -> dict[str, str]:
    text = (PROJECT / "gradle/libs.versions.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["versions"])


def words(text: str) -> str:
    return " ".join(text.split())


def recipe() -> list[str]:
    """Return the README's blocks of Kotlin: for the settings, for the app's build, for its code."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```kotlin\n(.*?)```", text, re.DOTALL)
    return [textwrap.dedent(block) for block in blocks]


def test_the_readme_s_recipe_is_the_app_that_is_compiled_from_the_published_library() -> None:
    settings, build, code = recipe()[:3]
    app = CONSUMER / "app"
    (source,) = (app / "src/main/kotlin").rglob("*.kt")
    line = settings.splitlines()[1]
    assert line.strip() in (CONSUMER / "settings.gradle.kts").read_text(encoding="utf-8")
    assert build in (app / "build.gradle.kts").read_text(encoding="utf-8")
    assert words(code) in words(source.read_text(encoding="utf-8"))


def test_the_library_has_edgetag_s_version_and_so_has_the_recipe() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert versions()["edgetag"] == project["version"]
    assert f'"dev.edgetag:tagger-android:{project["version"]}"' in recipe()[1]


def test_the_recipe_s_app_is_built_as_the_demo_is() -> None:
    app = (CONSUMER / "app/build.gradle.kts").read_text(encoding="utf-8")
    assert f'id("com.android.application") version "{versions()["agp"]}"' in app
    assert f"minSdk = {versions()['app-min-sdk']}\n" in app
    assert f"compileSdk = {versions()['app-compile-sdk']}\n" in app


def test_the_library_s_api_is_explicit_for_gradle_as_for_maven() -> None:
    for module in MODULES:
        mode = "explicitApi()" if module == "tagger" else "-Xexplicit-api=strict"
        assert mode in script(module), module
        pom = (PROJECT / module / "pom.xml").read_text(encoding="utf-8")
        assert "<arg>-Xexplicit-api=strict</arg>" in pom, module


def test_apps_with_the_android_plugin_s_own_kotlin_can_read_the_library() -> None:
    """A compiler reads the next version's classes at most; the consumer is compiled by 2.2.10."""
    for module in MODULES:
        assert "languageVersion.set(KotlinVersion.KOTLIN_2_2)" in script(module)
        pom = (PROJECT / module / "pom.xml").read_text(encoding="utf-8")
        assert "<languageVersion>2.2</languageVersion>" in pom
    assert versions()["kotlin-library"].startswith("2.2.")
    properties = (PROJECT / "gradle.properties").read_text(encoding="utf-8")
    assert "kotlin.stdlib.default.dependency=false" in properties


def test_the_library_s_namespaces_are_its_packages() -> None:
    for module in MODULES[1:]:
        namespace = re.search(r'namespace = "(.+)"', script(module))
        assert namespace is not None
        folder = PROJECT / module / "src/main/kotlin" / namespace[1].replace(".", "/")
        assert list(folder.glob("*.kt")), module


def test_stubs_are_compiled_against_and_neither_packed_nor_published() -> None:
    settings = (PROJECT / "settings.gradle.kts").read_text(encoding="utf-8")
    assert '":tagger-litert2"' in settings
    assert STUBS not in settings + "".join(map(script, (*MODULES, "app")))
    naming = {pom.parent.name for pom in PROJECT.glob("*/pom.xml") if STUBS in pom.read_text()}
    assert naming == {STUBS, "tagger-litert2"}
    pom = (PROJECT / "tagger-litert2/pom.xml").read_text(encoding="utf-8")
    assert "<scope>provided</scope>" in pom.split(STUBS)[1].split("</dependency>")[0]
    naming = {
        path.name for path in (PROJECT / "ci").glob("*.py") if STUBS in path.read_text("utf-8")
    }
    assert naming == {"litert2_stubs.py"}  # which writes them


def test_each_module_takes_one_runtime_and_says_its_version() -> None:
    assert "libs.bundles.litert2)" in script("tagger-litert2")
    assert "libs.bundles.litert)" in script("tagger-android")
    source = PROJECT / "tagger-litert2/src/main/kotlin/dev/edgetag/tagger/litert2"
    text = (source / "CompiledModelEngine.kt").read_text(encoding="utf-8")
    assert f'VERSION = "{versions()["litert2"]}"' in text


def test_the_library_does_not_stop_at_their_compiler_s_warnings_where_others_build_it() -> None:
    assert "allWarningsAsErrors" not in "".join(map(script, MODULES))


def test_every_public_declaration_of_the_library_says_what_it_is() -> None:
    """But for properties of constructors, which the class's own words describe."""
    silent = []
    for module in MODULES:
        for source in sorted((PROJECT / module / "src/main").rglob("*.kt")):
            lines = source.read_text(encoding="utf-8").splitlines()
            for before, line in itertools.pairwise(lines):
                declared = re.match(r"( {4})?public (?!companion)(?!val .*,$)", line)
                if declared and not before.rstrip().endswith("*/"):
                    silent.append(f"{source.name}: {line.strip()}")
    assert silent == []


def test_plain_kotlin_knows_nothing_of_android() -> None:
    for source in (PROJECT / "tagger/src").rglob("*.kt"):
        text = source.read_text(encoding="utf-8")
        assert not re.search(r"^import (android|androidx)\.", text, re.MULTILINE), source.name


def test_ci_publishes_what_gradle_does() -> None:
    root = (PROJECT / "build.gradle.kts").read_text(encoding="utf-8")
    ci = (PROJECT / "ci/publish.py").read_text(encoding="utf-8")
    for text in (
        "Tags pictures with an edgetag bundle as its validation did.",
        "Apache-2.0",
        "https://www.apache.org/licenses/LICENSE-2.0.txt",
    ):
        assert text in root, text
        assert text in ci, text
    for module in MODULES:
        assert "`maven-publish`" in script(module)
        assert "withSourcesJar()" in script(module)
