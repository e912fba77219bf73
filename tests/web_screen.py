"""Draws the picture of docs/web.md: `python tests/web_screen.py`, after `target setup browser`."""

import io
import tempfile
from pathlib import Path

from PIL import Image

from edgetag.bundling.web import write_site
from tests.bundling.test_web import opened
from tests.support.made_bundle import unpack
from tests.support.paths import ROOT

BUNDLE = ROOT / "models" / "demo" / "demo-0.2.0.zip"
PICTURE = "golden-13.png"


def main() -> None:
    """Tag a golden picture of the released bundle in the page."""
    with tempfile.TemporaryDirectory() as folder:
        site, picture = Path(folder, "site"), Path(folder, PICTURE)
        write_site(BUNDLE, site)
        picture.write_bytes(unpack(BUNDLE)[PICTURE])
        with opened(site, Path(folder, "profile")) as tab:
            size = {"width": 760, "height": 660, "deviceScaleFactor": 1, "mobile": False}
            tab.do("Emulation.setDeviceMetricsOverride", **size)
            tab.choose("#file", picture)
            tab.wait_for("document.body.dataset.done === '1'")
            tab.wait_for("document.getElementById('picture').naturalWidth")
            image = Image.open(io.BytesIO(tab.shot()))
    image.save(ROOT / "docs" / "web.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
