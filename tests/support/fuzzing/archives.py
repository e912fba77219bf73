"""Model files and bundles to fuzz their readers with."""

import contextlib
import json
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from edgetag.bundling import stage as bundle_stage
from edgetag.bundling.archive import pack
from edgetag.bundling.contents import MANIFEST, SCHEMA
from edgetag.bundling.opening import read_bundle
from edgetag.conversion.classifier import own_description
from edgetag.conversion.external import read_external
from edgetag.conversion.flatfile import pack_model, parse_model, read_model
from edgetag.preprocess import Preprocessing
from edgetag.progress import SilentProgress
from edgetag.tags import Vocabulary
from edgetag.targets.matrix.proof import read_needs
from tests.support.forged_bundles import CENTRAL
from tests.support.fuzzing.holding import Target
from tests.support.fuzzing.inputs import damaged, json_bytes
from tests.support.made_bundle import make_run, recipe_in, resealed, unpack
from tests.support.models_elsewhere import TAGS, described
from tests.support.paths import MODELS


@st.composite
def _altered_model(draw: st.DrawFn, originals: Sequence[bytes]) -> bytes:
    """Change numbers and lists of a model that is otherwise whole, so that offsets stay right."""
    model = parse_model(draw(st.sampled_from(originals)), "original")
    for _ in range(draw(st.integers(1, 3))):
        fields = list(_fields(model))
        owner, name = fields[draw(st.integers(0, len(fields) - 1))]
        value = getattr(owner, name)
        if isinstance(value, list) and draw(st.booleans()):
            size = draw(st.integers(0, len(value)))
            setattr(owner, name, value[:size] if draw(st.booleans()) else value + value[:size])
        elif isinstance(value, list):
            setattr(owner, name, draw(st.sampled_from((None, []))))
        else:
            setattr(owner, name, draw(st.sampled_from((-1, 1, 2, 7, 63, 64, 255, 2**31 - 1))))
    try:
        return pack_model(model)
    except (struct.error, TypeError, ValueError, AttributeError, OverflowError):
        reject()  # such a number does not fit into its field


def _fields(value: Any) -> Iterator[tuple[Any, str]]:
    """Yield every number and list of objects in a model, by its owner and name."""
    for name, inner in vars(value).items():
        objects = inner if isinstance(inner, list) else [inner]
        if type(inner) is int or (isinstance(inner, list) and inner):
            yield value, name
        for each in objects:
            if hasattr(each, "Pack"):
                yield from _fields(each)


@contextlib.contextmanager
def model_files(_: Path) -> Iterator[Target]:
    """`.tflite` files, of edgetag and of others, with and without metadata and labels."""
    names = ("tiny_fp32", "tiny_explain_fp32", "tiny_int8_uint8")
    originals = [described(), *((MODELS / f"{name}.tflite").read_bytes() for name in names)]
    contract, vocabulary = Preprocessing(input_size=64), Vocabulary(TAGS)
    readers: tuple[Callable[[Path], object], ...] = (
        read_model,
        own_description,
        read_needs,
        lambda path: read_external(path, contract, vocabulary),
    )

    def read(given: tuple[bytes, Callable[[Path], object]], folder: Path) -> None:
        data, reader = given
        path = folder / "model.tflite"
        path.write_bytes(data)
        reader(path)

    files = st.one_of(damaged(originals), _altered_model(originals))
    yield Target(st.tuples(files, st.sampled_from(readers)), read)


@contextlib.contextmanager
def bundles(place: Path) -> Iterator[Target]:
    """Bundles: damaged, or sealed again after a file in them was changed."""
    workspace = make_run(place)
    made = bundle_stage.run(recipe_in(place), workspace, SilentProgress())
    packed = (workspace.root / made.file).read_bytes()
    files = unpack(workspace.root / made.file)
    texts = [name for name in files if name.endswith(".json") and name != SCHEMA]

    def sealed(name: str, data: bytes) -> bytes:
        changed = {**files, name: data}
        return pack(changed) if name == MANIFEST else resealed(changed)

    changed = st.sampled_from(texts).flatmap(
        lambda name: json_bytes([json.loads(files[name])]).map(lambda data: sealed(name, data))
    )
    # Most of what decides lies in the directory at the end.
    directory = packed.index(CENTRAL)
    ends = damaged([packed[directory:]]).map(lambda end: packed[:directory] + end)

    def read(given: bytes, folder: Path) -> None:
        path = folder / "b.zip"
        path.write_bytes(given)
        read_bundle(path)

    yield Target(st.one_of(changed, changed, ends, damaged([packed])), read, examples=30)
