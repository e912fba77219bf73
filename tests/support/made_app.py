"""Small APKs with a bundle: zip, manifest and libraries are real, their contents made up."""

import base64
import gzip
import hashlib
import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

from edgetag.bundling.apk.signatures import MAGIC
from edgetag.bundling.contents import MANIFEST, ON_DEVICES
from edgetag.bundling.result import BundledVariant, BundleFile, BundleManifest

ASSETS = "assets/edgetag"
MODEL = "int8.tflite"
CONTENT = {**{name: name.encode() for name in ON_DEVICES}, MODEL: bytes(range(256)) * 8}
V2 = 0x7109871A
PAGE_BYTES = 16_384
ALIGNMENT = 0xD935  # the extra field that zipalign pads
EXTRA_BYTES = 4  # of its header

# What aapt2 2.20 writes for `<application android:extractNativeLibs="false"/>`, and without it.
MAPPED_XML = gzip.decompress(
    base64.b64decode(
        "H4sIAAAAAAACA5WSyy4EQRSG/+o2tPsQC0SsrCSIjYgl24kNEbFjxmUyM63T3cTS0srTeARLa88w8QwSvirFtM5MQ"
        "lX+PlX/udbpEyrSeygZLekwkKbVW8eF8zLYBVfgETyDF/AKuiAw0gmIwT14Al0wqY6ainWghlo60rlSZTDXcFJVuU"
        "5hLuHzATYz3O/QpljWkfvIHO0tfA15hq21qmPfUQLTRtM/1sIfrPb4NmBi8nSQvE2b2kKGMOvkk0Y4xVil2DaR0jh"
        "Mwm5zr/sKv3Ku0rOcnWhHG+wM/RVxO1hlxPsdad1XuOHitZAptpm7/84YuQgxtwtnkbu6EtelFt9LV/u8q8nWc4Fn"
        "is+ubtzrGwPe/R+f/Z8eRVhkro41YLtq5yBiqqSJwJgEvA0Zk1aMyYBMlTx27qQP1ghy1M1RVQ8F3q4xznPsip/FU"
        "fcvvvQRQ7TiuSFQcbUorHj9OHLYc8Oemyj52vNkgav6Omo+33cdU76OoFCHCn6LnjOl+KF/azmWzbFdemvkc5hCjq"
        "AXb1aFeGW/frztnRnQ60+Xo0t2/AMAAA=="
    )
)
EXTRACTED_XML = gzip.decompress(
    base64.b64decode(
        "H4sIAAAAAAACA5WSvU4CQRSFz7Agq4DBxEKNsaIyCjExFpbYWBgbjYUdggjhx83u2lta+QiW1j6AFc/hu+i344DLR"
        "hK9k8PcOXPuz1zWk693TzLa1l5OWtWPXab8HdAEPfACXsEbmIAPcGikU3ANnsEEVDRSX2NdqKOBrnSrUBHMPZxUVa"
        "wWzB18vECzpjbeSAHMkLvfVZt/UJ3w24EZU3PELuV0oCN2D6auG7wi3hhViLbPLpVgAtaQcxs/ntXcZRIxK9CxGqy"
        "I+x55R6gi8s1nqrsOGzbfgD1EG9nzfEXfZhhz6lpFbPsK4NrEtey0pA3bU9JPl8iQmKYe7Os7C979n5jz2Yx8FJHt"
        "Yx8kU03s0fhkk8o5YwIQFoyJgEzV8vz1+sSWbAYmDf+U4hNbxl9nFdz3ZXXuHr9acxyfpvLfvpd39yvsBccVHFfKx"
        "CZ+OcVVXR9nrt60j4rrI5fqQ6m4LceZTH7PvTWbK6lRy7y16GpMzcvMaar5jU/mZBbM9QtTPtK7vAMAAA=="
    )
)


def manifest_of(files: Mapping[str, bytes]) -> BundleManifest:
    """Return the manifest of a bundle with one model."""
    described = tuple(
        BundleFile(name=name, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
        for name, data in sorted(files.items())
    )
    model = next(file for file in described if file.name == MODEL)
    variant = BundledVariant(
        variant="int8",
        file=MODEL,
        sha256=model.sha256,
        size_bytes=model.size_bytes,
        input_type="uint8",
        output_type="uint8",
        min_runtime_version="2.5.0",
        verdict="pass",
        explain=None,
    )
    return BundleManifest(
        name="demo",
        version="1.2.3",
        tags=("cat", "dog"),
        input_size=64,
        variants=(variant,),
        recipe_sha256="0",
        versions={},
        files=described,
    )


def library(alignment: int = PAGE_BYTES, bits: int = 64) -> bytes:
    """Return the headers of a shared library with two segments to load."""
    if bits == 64:
        head = struct.pack(
            "<16s2HI3QI6H", b"\x7fELF\2\1\1", 3, 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
        )
        segments = [
            struct.pack("<2I6Q", 1, 5, at, at, at, 8, 8, alignment) for at in (0, alignment)
        ]
    else:
        head = struct.pack(
            "<16s2H5I6H", b"\x7fELF\1\1\1", 3, 40, 1, 0, 52, 0, 0, 52, 32, 2, 0, 0, 0
        )
        segments = [struct.pack("<8I", 1, at, at, at, 8, 8, 5, alignment) for at in (0, alignment)]
    return head + b"".join(segments)


def app_files(content: Mapping[str, bytes] = CONTENT, root: str = "") -> dict[str, bytes]:
    """Return the files of an app with a bundle and two libraries; one class has its digest."""
    manifest = manifest_of(content).to_json().encode()
    digest = hashlib.sha256(manifest).hexdigest().encode()
    code = "dex/" if root else ""
    return {
        f"{root}manifest/AndroidManifest.xml" if root else "AndroidManifest.xml": MAPPED_XML,
        f"{root}{ASSETS}/{MANIFEST}": manifest,
        **{f"{root}{ASSETS}/{name}": data for name, data in content.items()},
        f"{root}{code}classes.dex": b"dex\n039\0" + digest,
        f"{root}lib/arm64-v8a/libengine.so": library(),
        f"{root}lib/armeabi-v7a/libengine.so": library(4096, bits=32),
    }


def packed_app(
    files: Mapping[str, bytes],
    compressed: Sequence[str] = (),
    shift: int = 0,
    schemes: Sequence[int] = (V2,),
) -> bytes:
    """Return an APK; its stored files are aligned, and its signing block signs nothing.

    Args:
        files: Content by name.
        compressed: Which are.
        shift: How many bytes behind the beginning of a page each stored file begins.
        schemes: Kinds in the signing block; no block where there are none.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            if name in compressed:
                info.compress_type = zipfile.ZIP_DEFLATED
            else:
                begins = packed.tell() + 30 + len(name.encode())
                padding = (shift - begins - EXTRA_BYTES) % PAGE_BYTES
                info.extra = struct.pack("<HH", ALIGNMENT, padding) + bytes(padding)
            archive.writestr(info, content)
    return with_signing_block(packed.getvalue(), schemes) if schemes else packed.getvalue()


def with_signing_block(packed: bytes, schemes: Sequence[int]) -> bytes:
    """Return a zip with a signing block before its central directory."""
    (directory,) = struct.unpack_from("<I", packed, len(packed) - 6)
    pairs = b"".join(struct.pack("<QI", 12, kind) + b"no proof" for kind in schemes)
    size = struct.pack("<Q", len(pairs) + 24)
    block = size + pairs + size + MAGIC
    end = bytearray(packed[directory:])
    struct.pack_into("<I", end, len(end) - 6, directory + len(block))
    return packed[:directory] + block + bytes(end)
