"""Pictures as their files have them, beside the small ones that the network sees."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.chromium import open_chromium
from tests.support.commands import invoked
from tests.support.reviewed import Review, ReviewedRun, ready, reviewing

SIZES = {"plain.png": (300, 200), "wide.png": (2400, 300), "turned.jpg": (90, 60)}
REGION = "10 20 110 70"
RECIPE = """
name = "reviewed"
[data]
source = "labels.csv"
tags = ["cat", "dog"]
crop_column = "crop"
max_rejected_share = 1.0
[network]
input_size = 64
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ReviewedRun:
    """Data that were really built: three files, and a region of the first."""
    run = ReviewedRun(tmp_path_factory.mktemp("originals"), ("cat", "dog"))
    generator = np.random.default_rng(1)
    for name, (width, height) in SIZES.items():
        pixels = generator.integers(0, 256, (height // 10, width // 10, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((width, height))
        exif = image.getexif()
        exif[0x0112] = 6  # stored on its side
        image.save(run.folder / name, exif=exif if name == "turned.jpg" else None)
    rows = [f"{name},1,0,test," for name in SIZES] + [f"plain.png,0,1,test,{REGION}"]
    text = "\n".join(["path,cat,dog,split,crop", *rows, ""])
    (run.folder / "labels.csv").write_text(text)
    run.recipe.write_text(RECIPE)
    code, said = invoked("data", "build", str(run.recipe), "--out", str(run.workspace.root))
    assert code == 0, said
    return run


@pytest.fixture(scope="module")
def server(built: ReviewedRun) -> Iterator[Review]:
    with reviewing(built) as server:
        yield server


def identities(server: Review) -> dict[str, str]:
    """Return each picture's identity by its path, regions by `path#`."""
    views = server.pictures()["pictures"]
    return {v["path"] + "#" * ("#" in v["identity"]): v["identity"] for v in views}


def shown(server: Review, path: str) -> Image.Image:
    asked = {"identity": identities(server)[path]}
    answer = server.client.get("/v1/original", params=asked)
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content))


@pytest.mark.slow
def test_a_file_is_shown_whole_and_upright_and_a_region_alone(server: Review) -> None:
    assert shown(server, "plain.png").size == (300, 200)
    assert shown(server, "turned.jpg").size == (60, 90)
    assert shown(server, "plain.png#").size == (100, 50)


@pytest.mark.slow
def test_what_is_larger_than_a_screen_is_shrunk(server: Review) -> None:
    assert shown(server, "wide.png").size == (1600, 200)


@pytest.mark.slow
def test_small_pictures_come_in_one_answer_in_the_order_asked(server: Review) -> None:
    names = list(identities(server).values())

    def parts(asked: list[str]) -> list[bytes]:
        answer = server.client.get("/v1/thumbnails", params={"identity": asked})
        sizes = [int(size) for size in answer.headers["sizes"].split(",")]
        ends = np.cumsum(sizes).tolist()
        assert ends[-1] == len(answer.content)
        return [answer.content[end - size : end] for end, size in zip(ends, sizes, strict=True)]

    made = parts(names)
    assert all(Image.open(io.BytesIO(data)).size == (64, 64) for data in made)
    assert len(set(made)) == len(names)
    assert parts([*names[::-1], names[0]]) == [*made[::-1], made[0]]
    assert server.client.get("/v1/thumbnails").status_code == 422
    too_many = {"identity": names[:1] * 101}
    assert server.client.get("/v1/thumbnails", params=too_many).status_code == 422


@pytest.mark.slow
def test_a_file_that_changed_or_vanished_is_told_and_the_page_goes_on(
    built: ReviewedRun, server: Review
) -> None:
    file = built.folder / "wide.png"
    before = file.read_bytes()
    asked = {"identity": identities(server)["wide.png"]}
    for change, words in (
        (lambda: file.write_bytes(before + b"more"), "changed since the data were built"),
        (file.unlink, "no such file"),
    ):
        change()
        answer = server.client.get("/v1/original", params=asked)
        assert answer.status_code == 503
        assert words in answer.json()["detail"]
        assert "wide.png" in answer.json()["detail"]
    file.write_bytes(before)
    assert shown(server, "wide.png").size == (1600, 200)


@pytest.mark.slow
def test_plus_shows_the_file_large_follows_the_choice_and_escape_leads_back(
    built: ReviewedRun, server: Review, tmp_path: Path
) -> None:
    width = "document.getElementById('whole').naturalWidth"
    is_open = "document.getElementById('original').open"
    expected = [shown(server, path).width for path in identities(server)]
    with open_chromium(tmp_path / "profile").tab(server.url) as tab:
        ready(tab)
        tab.press(*"ann", "Enter", "+")
        for each in expected[:-1]:
            tab.wait_for(f"{is_open} && {width} === {each}")
            tab.press("l")
        tab.wait_for(f"{width} === {expected[-1]}")
        tab.press("Escape")
        tab.wait_for(f"!{is_open}")
        tab.press("+")
        tab.wait_for(is_open)
        tab.press("+")
        tab.wait_for(f"!{is_open}")
        assert tab.complaints == []
