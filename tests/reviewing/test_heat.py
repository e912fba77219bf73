"""Heat maps on the page: drawn by an exported file of the run, or told why there are none."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.chromium import open_chromium
from tests.support.reviewed import ReviewedRun, make_reviewed, ready, reviewing
from tests.support.run_folders import give_maps
from tests.support.tiny_run import LIMITS, RECIPE, make_run_folder


@pytest.mark.slow
def test_a_file_with_maps_draws_heat_and_each_tags_own(tmp_path: Path) -> None:
    folder = make_run_folder(tmp_path)
    give_maps(folder.workspace, "fp32")
    run = ReviewedRun(tmp_path)
    run.recipe.write_text(RECIPE + LIMITS)
    with reviewing(run) as server:
        assert server.client.get("/v1/state").json()["no_heat"] == ""

        def drawn(path: str, **asked: str) -> bytes:
            answer = server.client.get(path, params={"identity": "id3", **asked})
            assert answer.status_code == 200, answer.text
            # A browser keeps no heat, which another export draws otherwise.
            assert ("no-store" in answer.headers["cache-control"]) == (path == "/v1/heat")
            return answer.content

        plain, cat, dog = (
            np.asarray(Image.open(io.BytesIO(data)), np.int16)
            for data in (
                drawn("/v1/thumbnails"),
                drawn("/v1/heat", tag="cat"),
                drawn("/v1/heat", tag="dog"),
            )
        )
        assert plain.shape == cat.shape == dog.shape == (64, 64, 3)
        assert abs(plain - cat).mean() > 5
        assert abs(cat - dog).mean() > 1
        unknown = server.client.get("/v1/heat", params={"identity": "id3", "tag": "unicorn"})
        assert unknown.status_code == 422
        with open_chromium(tmp_path / "profile").tab(server.url) as tab:
            for tag, said in (("", "Nothing is in question here"), ("cat", "Heat of cat.")):
                ready(tab)
                choose = f"const it = document.getElementById('tag'); it.value = '{tag}';"
                tab.value(f"{{{choose} it.dispatchEvent(new Event('change'))}}")
                ready(tab)
                tab.value("document.getElementById('see').click()")  # a finger has no key
                tab.wait_for(f"document.body.innerText.includes('{said}')")


@pytest.mark.slow
def test_without_such_a_file_the_page_says_what_to_do(tmp_path: Path) -> None:
    with reviewing(make_reviewed(tmp_path)) as server:
        words = server.client.get("/v1/state").json()["no_heat"]
        assert words.endswith("name one in export.explain, and run: edgetag export")
        asked = {"identity": f"{1:064x}", "tag": "cat"}
        refused = server.client.get("/v1/heat", params=asked)
        assert refused.status_code == 404
        assert refused.json()["detail"] == words
