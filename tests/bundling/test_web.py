"""A page from a bundle: pixels and tags are Python's, in a real browser from a real web server."""

import base64
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from edgetag import Tagger
from edgetag.bundling.result import BundleResult
from edgetag.bundling.web import WebFolder, write_site
from edgetag.cli.app import app
from edgetag.errors import InputError
from edgetag.preprocess import IMAGE_SUFFIXES, Pixels, Preprocessing, preprocess
from edgetag.workspace import digest_file
from tests.support.chromium import Tab, open_chromium
from tests.support.made_bundle import resealed, unpack, without_golden_maps
from tests.support.old_runtime import needs_tflite_runtime

READY = "document.body.dataset.ready || document.getElementById('said').className === 'bad'"
FUNCTIONS = """(async () => {
  window.pixels = await import('/edgetag/preprocess.js');
  window.fetched = async (name) => (await fetch(`/${name}`)).blob();
  window.base64 = (bytes) => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 8192) {
      text += String.fromCharCode(...bytes.subarray(i, i + 8192));
    }
    return btoa(text);
  };
})()"""


def noisy(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Draw noise with large and small parts, so that every resampling shows."""
    random = np.random.default_rng(width)
    coarse = random.integers(0, 256, (9, 9, len(mode)), dtype=np.uint8)
    smooth = Image.fromarray(coarse, mode).resize((width, height), Image.Resampling.BICUBIC)
    fine = random.integers(-20, 20, (height, width, len(mode)))
    return Image.fromarray((np.asarray(smooth).astype(int) + fine).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def sensitive(rich: tuple[BundleResult, dict[str, bytes]], made: Path) -> Path:
    """A bundle of three tags, of which `cat` is sensitive."""
    return made.parent / "rich" / "run" / rich[0].file


@pytest.fixture(scope="module")
def site(sensitive: Path, browser_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a bundle, with a picture beside it."""
    folder = tmp_path_factory.mktemp("site") / "page"
    write_site(sensitive, folder, cache=browser_cache)
    (folder / "pictures").mkdir()
    noisy(151, 83).save(folder / "pictures" / "fine.jpg", quality=95, subsampling=0)
    return folder


def bundle_of(made: Path) -> Path:
    (bundle,) = (made / "run" / "bundle").glob("*.zip")
    return bundle


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder as the README says."""
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]
    with subprocess.Popen(
        [*command, "--directory", str(site)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        try:
            port = server.stdout.readline().split(" port ")[1].split()[0]
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.kill()


@contextmanager
def opened(site: Path, profile: Path) -> Iterator[Tab]:
    """Open the page, and wait until it has tested itself."""
    with served(site) as url, open_chromium(profile).tab(url) as tab:
        tab.wait_for(READY)
        yield tab


def pixels_in(tab: Tab, script: str) -> Pixels:
    answer: dict[str, Any] = tab.value(
        f"(async () => {{ const {{width, height, rgb}} = await ({script});"
        "return {shape: [height, width, 3], data: base64(rgb)}; })()"
    )
    flat = np.frombuffer(base64.b64decode(answer["data"]), dtype=np.uint8)
    return flat.reshape(answer["shape"])


@pytest.mark.slow
def test_the_page_has_the_pixels_tags_and_words_that_python_has(
    made: Path, sensitive: Path, site: Path, tmp_path: Path
) -> None:
    with opened(site, tmp_path / "profile") as tab:
        assert tab.value("document.body.dataset.ready") == "passed"
        assert "self-test passed on" in tab.value("document.getElementById('model').textContent")
        tab.value(FUNCTIONS)
        again = "import('/edgetag/tagger.js').then((own) => own.openTagger(location.origin + '/'))"
        assert tab.value(f"{again}.then((tagger) => tagger.selfTest())")["passed"], "a second one"

        path = site / "pictures" / "fine.jpg"
        for filtering in ("bilinear", "bicubic", "box", "lanczos", "nearest"):
            for size, anchor in ((64, "center"), (150, "top_left"), (333, "center")):
                other = Preprocessing(
                    input_size=size, filter=filtering, anchor=anchor, fill=(1, 2, 3)
                )
                script = (
                    f"fetched('pictures/{path.name}').then((blob) => pixels.preprocess(blob, "
                    f"{other.model_dump_json()})).then((rgb) => ({{width: {size}, height: {size}, "
                    "rgb}))"
                )
                assert np.array_equal(pixels_in(tab, script), preprocess(path, other)), other

        pictures = sorted(
            path for path in (made / "data").iterdir() if path.suffix in IMAGE_SUFFIXES
        )
        with Tagger(sensitive) as tagger:
            vocabulary = tagger.tags
            taggings = {path: tagger.tag(path) for path in pictures}
        by_cat = {"cat" in [row.tag for row in each.tags]: path for path, each in taggings.items()}
        assert by_cat.keys() == {True, False}
        for number, (is_sensitive, path) in enumerate(by_cat.items(), 1):
            tab.choose("#file", path)
            tab.wait_for(f"document.body.dataset.done === '{number}'")
            rows = tab.value(
                "[...document.querySelectorAll('tr')].map((row) => [row.dataset.tag, "
                "Number(row.dataset.score), row.className, row.cells[0].textContent])"
            )
            expected = dict(zip(vocabulary, taggings[path].scores, strict=True))
            assert {tag: score for tag, score, *_ in rows} == pytest.approx(expected, abs=1e-6)
            present = {tag for tag, _, name, _ in rows if name == "present"}
            assert present == {row.tag for row in taggings[path].tags}
            assert {label for *_, label in rows} == {"Cat", "Dog", "[bold]food"}
            shown = tab.value("document.getElementById('picture').className")
            assert shown == ("covered" if is_sensitive else "")

        whole = (site / "pictures" / "fine.jpg").read_bytes()
        Image.open(site / "pictures" / "fine.jpg").save(tmp_path / "later.avif")
        (tmp_path / "cut-off.jpg").write_bytes(whole[:-3000])
        for name, complaint in (
            ("later.avif", "is no JPEG, PNG, WebP, GIF or BMP"),
            ("cut-off.jpg", "is no picture that this browser reads"),
        ):
            tab.choose("#file", tmp_path / name)
            tab.wait_for(f"document.getElementById('said').textContent.startsWith('{name}')")
            assert tab.value("document.getElementById('said').textContent") == f"{name} {complaint}"
            assert tab.value("document.getElementById('said').className") == "bad"
            assert tab.value("document.getElementById('shown').hidden"), "tags of the one before"
        assert not [text for text in tab.complaints if "No available adapters" not in text]


@pytest.mark.slow
def test_a_page_of_other_bytes_says_so_instead_of_tagging(
    made: Path, browser_cache: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    made_site = write_site(bundle_of(made), site, cache=browser_cache)
    golden = site / "bundle" / "golden.json"
    values = json.loads(golden.read_text())
    for expected in values["expected"]:
        expected["scores"] = [[1 - score for score in row] for row in expected["scores"]]
    golden.write_text(json.dumps(values))
    marker = site / WebFolder.MARKER
    says = json.loads(marker.read_text())
    says["files"]["bundle/golden.json"] = digest_file(golden)
    marker.write_text(json.dumps(says))
    with opened(site, tmp_path / "profile") as tab:
        assert tab.value("document.body.dataset.ready") == "failed"
        assert "FAILED" in tab.value("document.getElementById('model').textContent")
        tab.do("Network.enable")
        tab.do("Network.setCacheDisabled", cacheDisabled=True)
        for name in (made_site.model.file, "thresholds.json"):
            path = site / "bundle" / name
            whole = path.read_bytes()
            path.write_bytes(whole + b" ")
            tab.open(tab.value("location.href"))
            tab.wait_for(READY)
            said = tab.value("document.getElementById('said').textContent")
            assert said == f"{name} is not the file of the bundle"
            path.write_bytes(whole)


def test_without_litert_js_the_command_to_fetch_it_is_named(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run: edgetag target setup browser"):
        write_site(bundle_of(made), tmp_path / "site", cache=tmp_path / "none")


@needs_tflite_runtime
def test_a_bundle_that_gets_no_page_is_refused_before_litert_js_is_asked_for(
    made: Path, tmp_path: Path
) -> None:
    whole = bundle_of(made).read_bytes()
    files = without_golden_maps(unpack(bundle_of(made)))
    golden = json.loads(files["golden.json"])
    golden["expected"] = [row for row in golden["expected"] if row["family"] != "litert"]
    files["golden.json"] = json.dumps(golden).encode()
    for data, variant, told in (
        (whole[:-100], None, "not a whole bundle"),
        (whole, "int16", "has no variant 'int16'"),
        (resealed(files), None, "has no golden scores of LiteRT"),
    ):
        (tmp_path / "wrong.zip").write_bytes(data)
        with pytest.raises(InputError, match=told):
            write_site(tmp_path / "wrong.zip", tmp_path / "site", variant, tmp_path / "none")
    assert not (tmp_path / "site").exists()


@pytest.mark.slow
def test_a_page_is_replaced_and_nothing_else(
    made: Path, browser_cache: Path, tmp_path: Path
) -> None:
    bundle, site = bundle_of(made), tmp_path / "site"
    first = write_site(bundle, site, cache=browser_cache)
    assert first.files.keys() == {
        path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()
    } - {WebFolder.MARKER}
    assert not [name for name in first.files if name.endswith(".mjs")], "nginx names no type for it"
    assert write_site(bundle, site, cache=browser_cache) == first, "the same bytes again"
    assert all(digest_file(site / name) == digest for name, digest in first.files.items())
    (site / "index.html").write_text("mine")
    with pytest.raises(InputError, match=r"index\.html: changed since it was exported"):
        write_site(bundle, site, cache=browser_cache)
    assert (site / "index.html").read_text() == "mine"


@pytest.mark.slow
def test_a_shell_takes_the_line_that_tries_a_page(
    made: Path, browser_cache: Path, tmp_path: Path
) -> None:
    site = tmp_path / "a page [1]"
    options = ["--out", str(site), "--cache", str(browser_cache)]
    done = CliRunner().invoke(app, ["bundle", "web", str(bundle_of(made)), *options])
    line = done.output.splitlines()[-1].removeprefix("try it: ").partition(", then ")[0]
    assert shlex.split(line) == ["python", "-m", "http.server", "--directory", str(site)]
