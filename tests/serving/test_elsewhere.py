"""Pictures in an object store, answered by an ensemble."""

from pathlib import Path

import boto3
import pytest

from edgetag.tagging.ensemble import open_tagger
from tests.serving.conftest import PATIENT
from tests.support.made_bundle import make_two_variants
from tests.support.object_store import object_store
from tests.support.served import served

pytestmark = [pytest.mark.slow]


def test_an_ensemble_tags_what_lies_under_an_open_prefix_of_an_object_store(
    place: Path, cat: bytes, tmp_path: Path
) -> None:
    ensemble = place / "both.toml"
    bundle = make_two_variants(tmp_path)
    models = (
        f'[[models]]\nfile = "{bundle}"\nvariant = "{variant}"\nweight = {weight}\n'
        for weight, variant in enumerate(("int8", "fp32"), 1)
    )
    ensemble.write_text("".join(models))
    with open_tagger(ensemble) as tagger:
        expected = [(row.tag, row.score) for row in tagger.tag(cat).all]
    with object_store():
        client = boto3.client("s3")
        client.create_bucket(Bucket="photos")
        for key in ("open/a b/cat.jpg", "closed/cat.jpg"):
            client.put_object(Bucket="photos", Key=key, Body=cat)
        settings = f"{PATIENT}\nworkers = 1\nmax_bytes = {len(cat)}"
        options = ("--prefix", "s3://photos/open/")
        with served(ensemble, place / "elsewhere", *options, settings=settings) as server:

            def ask(address: str) -> tuple[int, str]:
                answer = server.client.get("/v1/tags", params={"address": address})
                return answer.status_code, answer.text

            status, text = ask("s3://photos/open/a b/cat.jpg")
            assert status == 200, text
            answer = server.client.get("/v1/tags?address=s3://photos/open/a%20b/cat.jpg").json()
            assert [(row["tag"], row["score"]) for row in answer["tags"]] == expected
            assert ask("s3://photos/open/none.jpg")[0] == 404
            assert ask("s3://photos/closed/cat.jpg")[0] == 403
            client.put_object(Bucket="photos", Key="open/large.jpg", Body=cat + b"\0")
            assert ask("s3://photos/open/large.jpg")[0] == 413
            assert server.metric("edgetag_held_bytes") == 0
