"""A server answers what the commands would write, and says by what and from where."""

import base64
import hashlib
import io
import re
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from edgetag import Tagger
from edgetag.editing.batch import Edit
from edgetag.editing.edits import crop_of, heat_of, mosaic_of
from edgetag.editing.saving import encode, open_picture
from tests.support.served import Served

pytestmark = pytest.mark.slow

CROP = {"tag": "face", "shape": "100x80"}


def made(tagger: Tagger, edit: Edit, picture: bytes) -> bytes:
    """Return what a command would write."""
    opened = open_picture(picture)
    image = edit(opened.image, tagger.tag(picture, maps=True))
    assert image is not None
    return encode(image, opened)


def test_tags_have_the_scores_of_the_tagger_bit_for_bit(
    server: Served, tagger: Tagger, cat: bytes
) -> None:
    answer = server.client.post("/v1/tags", content=cat)
    assert answer.status_code == 200
    told = answer.json()
    assert told["picture"] == hashlib.sha256(cat).hexdigest()
    assert [(row["tag"], row["score"], row["set"]) for row in told["tags"]] == [
        (row.tag, row.score, row.is_set) for row in tagger.tag(cat).all
    ]


def test_pictures_have_the_bytes_that_the_commands_write(
    server: Served, tagger: Tagger, cat: bytes
) -> None:
    for name, query, edit in (
        ("heatmap", {"tag": "face"}, heat_of(tagger, "face")),
        ("mosaic", {"tag": "original_art"}, mosaic_of(tagger, ["original_art"])),
        ("mosaic", {}, mosaic_of(tagger, [])),
        ("crop", CROP, crop_of(tagger, ["face"], "100x80")),
        ("crop", {"tag": ["face", "cat"], "shape": "1:1"}, crop_of(tagger, ["face", "cat"], "1:1")),
    ):
        answer = server.client.post(f"/v1/{name}", params=query, content=cat)
        assert answer.status_code == 200, answer.text
        assert answer.content == made(tagger, edit, cat), (name, query)
        assert answer.headers["content-type"] == "image/jpeg"


def test_a_misspelt_question_is_refused_and_nothing_is_left_uncovered(
    server: Served, cat: bytes
) -> None:
    for name, query, known in (
        ("mosaic", {"tags": "face"}, "tag, how, level, exif"),
        ("tags", {"threshold": "0.7"}, "nothing"),
        ("tags", {"path": "cat.jpg"}, "nothing"),
    ):
        answer = server.client.post(f"/v1/{name}", params=query, content=cat)
        assert answer.status_code == 422, name
        assert answer.json()["detail"].endswith(f"nothing is asked by it; known: {known}")
    named = server.client.get("/v1/tags", params={"threshold": "0.7"})
    assert named.json()["detail"].endswith("nothing is asked by it; known: path, address")


def test_what_nobody_reads_in_a_form_or_a_second_time_is_refused(
    server: Served, cat: bytes
) -> None:
    answer = server.client.post("/v1/mosaic", files={"picture": cat}, data={"tag": "face"})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "the form has 'tag', which nobody reads; ask in the query",
    )
    twice = server.client.post("/v1/heatmap", params={"tag": ["face", "cat"]}, content=cat)
    assert (twice.status_code, twice.json()["detail"]) == (422, "tag: given 2 times; give it once")


def test_a_crop_that_its_format_cannot_hold_is_refused_and_costs_no_worker(
    server: Served, cat: bytes
) -> None:
    ended = server.metric("edgetag_workers_ended_total")
    answer = server.client.post("/v1/crop", params={"tag": "face", "shape": "65501x1"}, content=cat)
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "request: 65501x1: a side of JPEG has at most 65500 pixels",
    )
    assert server.metric("edgetag_workers_ended_total") == ended


def test_a_crop_made_from_what_is_known_is_the_same(
    server: Served, tagger: Tagger, cat: bytes
) -> None:
    other = cat + b"\0"  # another digest, the same picture
    first = server.client.post("/v1/tags", content=other)
    assert first.headers["edgetag-source"] == "computed"
    looks = server.metric("edgetag_looks_total")
    crop = server.client.post("/v1/crop", params=CROP, content=other)
    assert server.metric("edgetag_looks_total") == looks, "the model did not look again"
    assert crop.headers["edgetag-source"] == "computed"
    assert crop.content == made(tagger, crop_of(tagger, ["face"], "100x80"), cat)
    again = server.client.post("/v1/crop", params=CROP, content=other)
    assert again.headers["edgetag-source"] == "cache"
    assert again.content == crop.content


def test_a_form_a_body_and_a_path_are_answered_alike(server: Served, cat: bytes) -> None:
    answers = [
        server.client.post("/v1/crop", params=CROP, content=cat),
        server.client.post("/v1/crop", params=CROP, files={"picture": ("any\nname", cat)}),
        server.client.get("/v1/crop", params={**CROP, "path": "cat.jpg"}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1


def test_an_answer_says_what_it_is_and_by_which_bundle(
    server: Served, tagger: Tagger, cat: bytes
) -> None:
    answer = server.client.post("/v1/crop", params=CROP, content=cat)
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["repr-digest"] == f"sha-256=:{digest}:"
    assert answer.headers["edgetag-model"] == tagger.model.source_sha256
    assert "edgetag-degraded" not in answer.headers
    model = server.client.get("/v1/model").json()
    assert model["bundle"] == tagger.model.source_sha256
    assert tuple(model["tags"]) == tagger.tags


def test_who_has_an_answer_is_not_sent_it_again(server: Served) -> None:
    query = {**CROP, "path": "cat.jpg"}
    first = server.client.get("/v1/crop", params=query)
    known = {"if-none-match": first.headers["etag"]}
    again = server.client.get("/v1/crop", params=query, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_a_file_that_has_changed_is_answered_anew(server: Served, place: Path) -> None:
    query = {**CROP, "path": "changing.png"}
    path = place / "root" / "changing.png"
    bodies = []
    for shade in (0, 255):
        Image.new("RGB", (300, 200), (shade, 90, 20)).save(path)
        bodies.append(server.client.get("/v1/crop", params=query).content)
    assert bodies[0] != bodies[1]


def test_pictures_are_upright_and_tell_no_place_unless_it_is_wished(
    server: Served, cat: bytes
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (35.0, 0.0, 0.0)})
    file = io.BytesIO()
    Image.open(io.BytesIO(cat)).save(file, "JPEG", exif=exif)
    for kept in (None, "keep"):
        query = {"tag": "comic", **({"exif": kept} if kept else {})}
        answer = server.client.post("/v1/mosaic", params=query, content=file.getvalue())
        image = Image.open(io.BytesIO(answer.content))
        assert image.size == (300, 451)
        assert bool(image.getexif().get_ifd(ExifTags.IFD.GPSInfo)) is (kept == "keep")


@pytest.mark.parametrize(
    ("route", "query", "reason"),
    [
        ("heatmap", {"tag": "bird"}, "has no tag 'bird'"),
        ("heatmap", {}, "tag: Field required"),
        ("crop", {"tag": "face"}, "shape: Field required"),
        ("crop", {"shape": "1:1"}, "give tag="),
        ("crop", {"tag": "face", "shape": "0:1"}, "is no shape"),
        ("crop", {"tag": "face", "shape": "99999x99999"}, "is over 50000000 pixels"),
        ("mosaic", {"how": "smear"}, "how: Input should be"),
        ("mosaic", {"level": "nan"}, "level: Input should be"),
        ("mosaic", {"level": "2"}, "level: Input should be"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(
    server: Served, cat: bytes, route: str, query: dict[str, str], reason: str
) -> None:
    answer = server.client.post(f"/v1/{route}", params=query, content=cat)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert reason in answer.json()["detail"]


def test_the_interface_is_described(server: Served) -> None:
    described = server.client.get("/openapi.json").json()
    for name in ("tags", "heatmap", "mosaic", "crop"):
        get, post = (described["paths"][f"/v1/{name}"][method] for method in ("get", "post"))
        assert {"path", "address"} <= {each["name"] for each in get["parameters"]}
        assert "multipart/form-data" in post["requestBody"]["content"]
        assert "503" in post["responses"]
        for method, statuses in ((get, "403 404 502 504"), (post, "408 413")):
            for status in ["401", "422", "503", *statuses.split()]:
                assert "application/problem+json" in method["responses"][status]["content"]


def test_a_method_that_nothing_answers_is_told_which_do(server: Served) -> None:
    for path, methods in (("v1/tags", "GET, POST"), ("v1/model", "GET"), ("readyz", "GET, HEAD")):
        answer = server.client.put(f"/{path}")
        assert answer.status_code == 405
        assert answer.headers["allow"] == methods


def test_nothing_leads_out_of_the_place_that_a_proxy_gives_a_server(server: Served) -> None:
    """Such as `https://example.org/tagger/`, of which the server knows nothing."""
    assert server.client.post("/v1/tags/").status_code == 404, "no redirection to an address"
    asked = re.findall(r"ask\(.v1/", server.client.get("/").text)
    assert len(asked) == 3
    assert "/v1/" not in server.client.get("/").text
