"""Bundles built to do harm, for readers in every language."""

import io
import json
import math
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgetag.bundling.archive import pack
from edgetag.bundling.contents import MANIFEST
from tests.support.made_bundle import resealed, with_json
from tests.support.old_runtime import HAS_TFLITE_RUNTIME

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def moved(packed: bytes, at: int, inserted: bytes) -> bytes:
    """Insert bytes and mend every offset behind them, as a careful forger would."""
    changed = bytearray(packed[:at] + inserted + packed[at:])
    end = changed.rindex(END)
    (directory,) = struct.unpack_from("<I", changed, end + 16)
    if directory >= at:
        directory += len(inserted)
        struct.pack_into("<I", changed, end + 16, directory)
    place = directory
    while changed[place : place + 4] == CENTRAL:
        (header,) = struct.unpack_from("<I", changed, place + 42)
        if header >= at:
            struct.pack_into("<I", changed, place + 42, header + len(inserted))
        place += 46 + sum(struct.unpack_from("<HHH", changed, place + 28))
    return bytes(changed)


def before(packed: bytes) -> bytes:
    return b"#!/bin/sh\n" + packed


def before_with_offsets_mended(packed: bytes) -> bytes:
    return moved(packed, 0, b"#!/bin/sh\n")


def between(packed: bytes) -> bytes:
    return moved(packed, packed.index(LOCAL, 4), b"hidden")


def before_the_directory(packed: bytes) -> bytes:
    return moved(packed, packed.index(CENTRAL), b"hidden")


def after(packed: bytes) -> bytes:
    return packed + b"\n"


def comment(packed: bytes) -> bytes:
    return packed[:-2] + struct.pack("<H", 6) + b"hidden"


def comment_of_a_file(packed: bytes) -> bytes:
    changed = bytearray(packed)
    place = changed.index(CENTRAL)
    struct.pack_into("<H", changed, place + 32, 6)
    at = place + 46 + struct.unpack_from("<H", changed, place + 28)[0]
    changed[at:at] = b"hidden"
    end = changed.rindex(END)
    (size,) = struct.unpack_from("<I", changed, end + 12)
    struct.pack_into("<I", changed, end + 12, size + 6)
    return bytes(changed)


def extra_field(packed: bytes) -> bytes:
    field = struct.pack("<HH", 0xCAFE, 6) + b"hidden"
    (name,) = struct.unpack_from("<H", packed, 26)
    changed = bytearray(moved(packed, 30 + name, field))
    struct.pack_into("<H", changed, 28, len(field))
    return bytes(changed)


def time_of_day(packed: bytes) -> bytes:
    changed = bytearray(packed)
    for sign, place in ((LOCAL, 10), (CENTRAL, 12)):
        struct.pack_into("<H", changed, changed.index(sign) + place, 0x6000)
    return bytes(changed)


def flag_of_the_local_header(packed: bytes) -> bytes:
    changed = bytearray(packed)
    changed[7] |= 0x08  # the name is UTF-8
    return bytes(changed)


def attribute(packed: bytes) -> bytes:
    changed = bytearray(packed)
    changed[changed.index(CENTRAL) + 36] ^= 1  # internal attributes: text
    return bytes(changed)


def other_mode(packed: bytes) -> bytes:
    changed = bytearray(packed)
    changed[changed.index(CENTRAL) + 40] ^= 0x49  # executable
    return bytes(changed)


def rezipped(packed: bytes, names: Callable[[list[str]], list[str]]) -> bytes:
    to = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(to, "w") as new:
        for name in names(old.namelist()):
            entry = old.getinfo(name)
            new.writestr(zipfile.ZipInfo(name, entry.date_time), old.read(name))
    return to.getvalue()


def other_order(packed: bytes) -> bytes:
    return rezipped(packed, lambda names: [names[0], *reversed(names[1:])])


def packed_by_another_tool(packed: bytes) -> bytes:
    return rezipped(packed, list)


def twice(packed: bytes) -> bytes:
    return packed + packed


PACKED_OTHERWISE: tuple[Callable[[bytes], bytes], ...] = (
    before,
    before_with_offsets_mended,
    between,
    before_the_directory,
    after,
    comment,
    comment_of_a_file,
    extra_field,
    time_of_day,
    flag_of_the_local_header,
    attribute,
    other_mode,
    other_order,
    packed_by_another_tool,
    twice,
)
"""Changes after which every file is whole, and something else is not."""

MANIFEST_WRITTEN_OTHERWISE: dict[str, Callable[[str], str]] = {
    "one line": lambda text: json.dumps(json.loads(text)),
    "a space": lambda text: text + " ",
    "a key twice": lambda text: text.replace('"name": "b', '"name": "x", "name": "b'),
    "another order": lambda text: (
        json.dumps(dict(reversed(json.loads(text).items())), indent=2) + "\n"
    ),
}


def zeros_deflated(archive: zipfile.ZipFile) -> None:
    archive.writestr("bomb.txt", bytes(50_000_000), zipfile.ZIP_DEFLATED)


def labels_twice(archive: zipfile.ZipFile) -> None:
    archive.writestr("labels.txt", "other\n")


TRICKS: tuple[tuple[Callable[[zipfile.ZipFile], None], str], ...] = (
    (zeros_deflated, "compressed"),
    (labels_twice, "twice"),
    (lambda archive: archive.writestr("../../evil.kt", "x"), "not a name"),
    (lambda archive: archive.writestr("/etc/cron.d/evil", "x"), "not a name"),
    (lambda archive: archive.writestr("a/b.txt", "x"), "not a name"),
    (lambda archive: archive.writestr("evil\x00.txt", "x"), "not in manifest|not a name"),
    (lambda archive: archive.writestr("extra.txt", "x"), "not in manifest"),
)
"""What is added to a bundle, and the words that refuse it."""


def with_trick(packed: bytes, trick: Callable[[zipfile.ZipFile], None]) -> bytes:
    """Return a bundle to whose zip something is added."""
    changed = io.BytesIO(packed)
    with zipfile.ZipFile(changed, "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the duplicate that is wanted
        trick(archive)
    return changed.getvalue()


def overlapping(packed: bytes) -> bytes:
    """Return a bundle whose second file lies on the first."""
    changed = bytearray(packed)
    second = changed.index(CENTRAL, changed.index(CENTRAL) + 4)
    struct.pack_into("<I", changed, second + 42, 0)  # its header's offset, APPNOTE 4.3.12
    return bytes(changed)


def no_path(manifest: Any) -> None:
    manifest["variants"][0]["file"] = "../int8.tflite"


def huge(manifest: Any) -> None:
    manifest["input_size"] = 10**30


def negative(manifest: Any) -> None:
    manifest["files"][0]["size_bytes"] = -1


def path_in_name(manifest: Any) -> None:
    manifest["name"] = "../../evil"


def hidden_tag(manifest: Any) -> None:
    manifest["tags"][0] = "cat\u202e"


def two_variants(manifest: Any) -> None:
    manifest["variants"] *= 2


def unknown_key(manifest: Any) -> None:
    manifest["run"] = "rm"


def foreign_digits(manifest: Any) -> None:
    manifest["version"] = "1.٢.0"


def limit_of_no_tag(manifest: Any) -> None:
    manifest["variants"][0]["limits"][0]["tag"] = "bird"


def limits_of_nothing(manifest: Any) -> None:
    manifest["variants"][0]["limits"] = None


def figure_with_words(manifest: Any) -> None:
    manifest["variants"][0]["limits"][0]["limit"] = "1.00 or more"


def half_an_interval(manifest: Any) -> None:
    manifest["variants"][0]["limits"][0]["interval"] = ["0.10"]


def foreign_unit(manifest: Any) -> None:
    manifest["variants"][0]["limits"][0]["unit"] = "parsecs"


MANIFEST_LIES: tuple[tuple[Callable[[Any], None], str], ...] = (
    (no_path, "no model file of its name"),
    (huge, "input_size"),
    (negative, "size_bytes"),
    (path_in_name, "name"),
    (hidden_tag, "not a tag name"),
    (two_variants, "a variant twice"),
    (unknown_key, "run"),
    (foreign_digits, "version"),
    (limit_of_no_tag, "a limit of a tag that is none"),
    (limits_of_nothing, "not written as edgetag writes it"),
    (figure_with_words, "limit"),
    (half_an_interval, "interval"),
    (foreign_unit, "unit"),
)


def foreign_vocabulary(manifest: Any) -> None:
    manifest["tags"] = ["bird", "fish", "tree"]


def set_at(*path: Any, to: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for part in path[:-1]:
            value = value[part]
        value[path[-1]] = to

    return change


SCORE = ("expected", 0, "scores", 0, 0)


GOLDEN_LIES: tuple[Callable[[Any], None], ...] = (
    set_at(*SCORE, to=math.nan),
    set_at(*SCORE, to=math.inf),
    set_at(*SCORE, to=1e308),
    set_at(*SCORE, to=-0.1),
    set_at(*SCORE, to=10**400),
    set_at(*SCORE, to="0.5"),
    set_at("expected", 0, "scores", to=[]),
    set_at("expected", 0, "scores", 3, to=[0.5, 0.5]),
    set_at("expected", 0, "variant", to="fp32"),
    set_at("expected", 0, "family", to="nobody"),
    set_at("expected", 0, "tolerance", to=math.nan),
    set_at("expected", 0, "tolerance", to=2),
    *([set_at("expected", 1, "family", to="litert")] if HAS_TFLITE_RUNTIME else []),
    set_at("expected", to=[]),
    set_at("shape", to=[16, 64, 64]),
    set_at("shape", to=[15, 64, 64, 3]),
    set_at("shape", 0, to=10**12),
    set_at("shape", 1, to=65),
    set_at("inputs", to="int8.tflite"),
    set_at("pictures", to=[]),
    set_at("pictures", 0, "file", to="../golden-00.png"),
    set_at("pictures", 0, "file", to="int8.tflite"),
    set_at("pictures", 0, "file", to="golden-01.png"),
    set_at("pictures", 0, "width", to=0),
    set_at("maps", to=None),
    set_at("maps", to="golden-inputs.bin"),
    set_at("expected", 0, "maps", to=None),
    set_at("expected", 0, "maps", "height", to=15),
    set_at("expected", 0, "maps", "width", to=0),
    set_at("expected", 0, "maps", "height", to="16"),
    set_at("expected", 0, "maps", "tolerance", to=2),
    set_at("expected", 0, "maps", "tolerance", to=math.nan),
)

CONTRACT_LIES: tuple[Callable[[Any], None], ...] = (
    set_at("mean", to=math.nan),
    set_at("std", to=0),
    set_at("input_size", to=96),
    set_at("filter", to="nearest; rm"),
    set_at("fill", to=[0, 0]),
    set_at("fill", 0, to=300),
    set_at("background", 1, to=-1),
    set_at("std", to=math.inf),
)


def without(*path: Any) -> Callable[[Any], None]:
    """Return a change that takes a key away."""

    def change(value: Any) -> None:
        for part in path[:-1]:
            value = value[part]
        del value[path[-1]]

    return change


def forgeries(files: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Return what each change above makes of a bundle with the variant int8, with its name."""
    packed = pack(files)
    for tamper in PACKED_OTHERWISE:
        yield tamper.__name__, tamper(packed)
    for name, rewrite in MANIFEST_WRITTEN_OTHERWISE.items():
        yield name, pack({**files, MANIFEST: rewrite(files[MANIFEST].decode()).encode()})
    for number, (trick, _) in enumerate(TRICKS):
        yield f"trick {number}", with_trick(packed, trick)
    yield "overlapping", overlapping(packed)
    for lie in (*(lie for lie, _ in MANIFEST_LIES), foreign_vocabulary):
        yield lie.__name__, resealed(files, lie)
    for number, lie in enumerate(GOLDEN_LIES):
        yield f"golden {number}", with_json(files, "golden.json", lie)
    for number, lie in enumerate(CONTRACT_LIES):
        yield f"contract {number}", with_json(files, "preprocessing.json", lie)
    yield "labels reversed", with_json(files, "labels.json", lambda it: it["labels"].reverse())
    yield "a label's key", with_json(files, "labels.json", set_at("labels", 0, "fr", to="chat"))
    for key in json.loads(files["preprocessing.json"]):
        yield f"without {key}", with_json(files, "preprocessing.json", without(key))
    for name in (MANIFEST, "labels.json", "thresholds.json", "golden.json"):
        yield f"{name} without a schema", with_json(files, name, without("schema"))
        yield f"{name} with an empty schema", with_json(files, name, set_at("schema", to=""))
    for value in (64.0, "64", True):
        yield (
            f"input_size {value!r}",
            with_json(files, "preprocessing.json", set_at("input_size", to=value)),
        )
    for place, value in (("lossless", 1), ("width", "64"), ("height", 64.0)):
        other_type = set_at("pictures", 0, place, to=value)
        yield f"{place} {value!r}", with_json(files, "golden.json", other_type)
    text_for_a_flag = set_at("labels", 0, "sensitive", to="true")
    yield "a text for a flag", with_json(files, "labels.json", text_for_a_flag)
    without_the_cat = without("thresholds", "int8", "cat")
    yield "a threshold less", with_json(files, "thresholds.json", without_the_cat)
    yield "a file more", resealed({**files, "run.sh": b"x"})
    for name in files:
        if name != MANIFEST:
            lacking = {other: data for other, data in files.items() if other != name}
            yield f"without {name}", resealed(lacking)
            yield f"changed {name}", pack({**files, name: files[name][:-1] + b"~"})
    yield "inputs cut off", resealed({**files, "golden-inputs.bin": files["golden-inputs.bin"][1:]})
    maps = files["golden-maps.bin"]
    for name, cell in (("above 1", 1.5), ("below 0", -0.5), ("no number", math.nan)):
        content = struct.pack("<f", cell) + maps[4:]
        yield f"a cell that is {name}", resealed({**files, "golden-maps.bin": content})
    yield "maps cut off", resealed({**files, "golden-maps.bin": maps[:-4]})
    yield "maps twice", resealed({**files, "golden-maps.bin": 2 * maps})
    yield "a huge picture", resealed({**files, "golden-00.png": bytes(2_000_001)})
    for end in (0, 1, 21, 22, len(packed) // 2, len(packed) - 1):
        yield f"cut off at {end}", packed[:end]
    for text in (b"", b"\xff\xfe", b"[" * 5000, b"{}", b"null"):
        yield f"manifest {text[:4]!r}", pack({**files, MANIFEST: text})
        yield f"labels {text[:4]!r}", resealed({**files, "labels.json": text})
