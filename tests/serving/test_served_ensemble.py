"""An ensemble's file is served as a bundle is."""

from pathlib import Path

import pytest

from edgetag.tagging.ensemble import open_tagger
from tests.serving.conftest import BUNDLE, PATIENT
from tests.support.served import served


@pytest.mark.slow
def test_tags_are_those_of_the_ensemble(place: Path, cat: bytes) -> None:
    file = place / "pair.toml"
    models = [
        f'[[models]]\nfile = "{BUNDLE}"\nvariant = "{name}"\n' for name in ("int8-qat", "fp16")
    ]
    file.write_text("".join(models))
    with served(file, place / "pair", "--workers", 1, settings=PATIENT) as running:
        answer = running.client.post("/v1/tags", content=cat).json()
    with open_tagger(file) as tagger:
        expected = [(row.tag, row.score, row.is_set) for row in tagger.tag(cat).all]
    assert [(row["tag"], row["score"], row["set"]) for row in answer["tags"]] == expected
