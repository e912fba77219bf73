"""The vocabulary keeps its order and labels keep their three states."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetag.dataset.view import Dataset
from edgetag.errors import InputError
from edgetag.image_cache import ImageCache, Shards
from edgetag.labels import known
from edgetag.tags import DEFAULT_TAGS, Vocabulary

names = st.lists(
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8), min_size=1, unique=True
)

NO_PICTURES = ImageCache(
    Shards(folder=Path("none"), images=0, input_size=32, shard_images=1, fingerprint="")
)


@given(names)
def test_every_tag_is_found_at_its_place(tags: list[str]) -> None:
    vocabulary = Vocabulary(tuple(tags))
    assert len(vocabulary) == len(tags)
    assert [vocabulary.index(tag) for tag in tags] == list(range(len(tags)))


def test_the_default_has_the_twenty_tags() -> None:
    assert len(Vocabulary(DEFAULT_TAGS)) == 20
    assert DEFAULT_TAGS[0] == "original_art"
    assert DEFAULT_TAGS[-1] == "dislike"


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ((), "the list is empty"),
        (("",), "'' is not a tag name"),
        ((" cat",), "' cat' is not a tag name"),
        (("a\nb",), "is not a tag name"),
        (("cat", "cat"), "'cat' is listed twice"),
    ],
)
def test_a_bad_vocabulary_is_refused(tags: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Vocabulary(tags)


def test_a_tag_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(InputError, match="tag 'bird' is not one of: cat, dog"):
        Vocabulary(("cat", "dog")).index("bird")


@pytest.mark.slow
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([0, 1, None]), min_size=n, max_size=n), min_size=1
        )
    )
)
def test_labels_keep_their_three_states(rows: list[list[int | None]]) -> None:
    names = tuple(f"tag {number}" for number in range(len(rows[0])))
    columns = {f"tag:{name}": pl.Int8 for name in names}
    manifest = pl.DataFrame(rows, schema=columns, orient="row")
    labels = Dataset(manifest, Vocabulary(names), NO_PICTURES).labels(np.arange(len(rows)))
    assert labels.dtype == np.int8
    back = [[None if value == -1 else value for value in row] for row in labels.tolist()]
    assert back == rows
    assert known(labels).tolist() == [[value is not None for value in row] for row in rows]
