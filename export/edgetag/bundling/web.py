"""A folder that any web server serves: a page that tags pictures by a bundle, in the browser."""

import base64
import hashlib
import html
import json
import shutil
from pathlib import Path
from typing import ClassVar

from edgetag.bundling import contents
from edgetag.bundling.archive import MAX_BUNDLE_BYTES
from edgetag.bundling.checking import require_pictures
from edgetag.bundling.models import ends_of
from edgetag.bundling.opening import Bundle, open_bundle
from edgetag.bundling.result import Sha256
from edgetag.conversion.boundary import End
from edgetag.errors import InputError
from edgetag.records import Record
from edgetag.replacing import MadeFolder, check_replaceable, digests_of, replacing
from edgetag.runtimes.browser import MODULES, PROGRAMS, SCRIPTS, Browser
from edgetag.text_templates import template
from edgetag.writing import write_bytes, write_text

HERE = Path(__file__).with_name("web")
INDEX = "index.html"
OWN = ("app.mjs", "header.mjs", "page.css", "preprocess.mjs", "tagger.mjs")
IN_BUNDLE, OURS, LITERT = "bundle", "edgetag", "litert"


class WebEnd(Record):
    """What a model takes or gives; see `runtimes.session.Tensor`."""

    dtype: str
    scale: float
    zeroPoint: int  # noqa: N815 - read by JavaScript


class WebModel(Record):
    """The model file in `bundle/`, with its digest."""

    file: str
    sha256: Sha256
    input: WebEnd
    output: WebEnd


class WebFolder(MadeFolder):
    """`edgetag-web.json`: what the folder holds, which `tagger.js` reads too.

    Attributes:
        name: The bundle's name.
        version: Its version.
        manifest_sha256: Digest of its manifest.
        variant: Which of its model files.
        model: The file.
        litert: Version of LiteRT.js.
    """

    SCHEMA: ClassVar[str] = "edgetag.web-folder/1.0"
    MARKER: ClassVar[str] = "edgetag-web.json"
    COMMAND: ClassVar[str] = "bundle web"
    name: str
    version: str
    manifest_sha256: Sha256
    variant: str
    model: WebModel
    litert: str


def write_site(
    path: Path, folder: Path, variant: str | None = None, cache: Path | None = None
) -> WebFolder:
    """Check a bundle, and write the page.

    Args:
        path: The bundle.
        folder: A new one, or one that was written before.
        variant: Which model file; None for the first.
        cache: Where LiteRT.js was fetched to; None for the default.

    Raises:
        InputError: The bundle is damaged, has no such variant or no golden scores of LiteRT,
            LiteRT.js is not set up, or something is in the way.
    """
    check_replaceable(folder, WebFolder)
    require_pictures(path)
    with open_bundle(path) as bundle:
        chosen = _testable(bundle, variant)
        browser = Browser(cache)
        modules = browser.package.installed(browser.cache_folder)
        if modules is None:
            raise InputError(
                "LiteRT.js is not there, or damaged; run: edgetag target setup browser"
            )
        return _write(bundle, chosen, browser.version(), modules, folder)


def _testable(bundle: Bundle, variant: str | None) -> str:
    """Return the variant that was asked for, if the page can test itself with it."""
    chosen = bundle.variant(variant).variant
    if (chosen, "litert") not in {(k.variant, k.family) for k in bundle.golden.expected}:
        raise InputError(
            f"{bundle.archive.path}: {chosen} has no golden scores of LiteRT, with which the "
            "page tests itself"
        )
    return chosen


def _write(bundle: Bundle, variant: str, litert: str, modules: Path, folder: Path) -> WebFolder:
    with replacing(folder, WebFolder) as new:
        model = _write_bundle(bundle, variant, new / IN_BUNDLE)
        _write_scripts(modules, new)
        _write_index(bundle, new)
        made = WebFolder(
            name=bundle.manifest.name,
            version=bundle.manifest.version,
            manifest_sha256=bundle.archive.manifest_sha256,
            variant=variant,
            model=model,
            litert=litert,
            files=digests_of(new),
        )
        made.write(new / made.MARKER)
    return made


def _write_bundle(bundle: Bundle, variant: str, folder: Path) -> WebModel:
    manifest = bundle.cut((variant,))
    manifest.write(folder / contents.MANIFEST)
    for file in manifest.files:
        write_bytes(folder / file.name, bundle.archive.read(file.name, MAX_BUNDLE_BYTES))
    (chosen,) = manifest.variants
    takes, gives = ends_of(folder / chosen.file, len(manifest.tags), bundle.archive.path)
    return WebModel(
        file=chosen.file, sha256=chosen.sha256, input=_web_end(takes), output=_web_end(gives)
    )


def _web_end(end: End) -> WebEnd:
    return WebEnd(dtype=end.dtype, scale=end.scale, zeroPoint=end.zero_point)


def _write_scripts(modules: Path, folder: Path) -> None:
    for script in (*SCRIPTS, *(HERE / name for name in OWN)):
        # nginx gives `.mjs` out as nothing in particular, of which browsers make no script.
        text = script.read_text("utf-8").replace(".mjs", ".js")
        write_text(folder / OURS / script.name.replace(".mjs", ".js"), text)
    for name in (*MODULES.values(), *PROGRAMS):
        target = folder / LITERT / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(modules / name, target)


def _write_index(bundle: Bundle, folder: Path) -> None:
    imports = {name: f"./{LITERT}/{file}" for name, file in MODULES.items()}
    import_map = json.dumps({"imports": imports})
    digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode("ascii")
    text = template(HERE / INDEX).render(
        name=html.escape(bundle.manifest.name),
        version=html.escape(bundle.manifest.version),
        import_map=import_map,
        import_map_sha256=digest,
    )
    write_text(folder / INDEX, text)
