"""What an app's compiled `AndroidManifest.xml` says about native libraries.

The format is that of Android's ResourceTypes.h: chunks, of which two matter here. The resource map
says which attribute a name stands for, and elements have attributes with typed values.
"""

import struct
from collections.abc import Iterator

MOST_BYTES = 4_000_000

_CHUNK = struct.Struct("<HHI")  # type, size of its header, size
_ELEMENT = struct.Struct("<8x3H")  # ResXMLTree_attrExt: start, size and count of attributes
_ATTRIBUTE = struct.Struct("<4xI7xBI")  # ResXMLTree_attribute: name, type and value

_XML = 0x0003
_RESOURCE_MAP = 0x0180
_START_ELEMENT = 0x0102
_BOOLEAN = 0x12
_EXTRACT_NATIVE_LIBS = 0x010104EA  # android.R.attr.extractNativeLibs


def extracts_native_libraries(content: bytes) -> bool | None:
    """Return whether Android unpacks native libraries when it installs the app.

    If not, it maps them from the APK. It does where the manifest does not say, and None is where
    the manifest says so by a resource, which is not looked up.

    Raises:
        ValueError: This is no compiled manifest.
    """
    attributes: tuple[int, ...] = ()
    for kind, chunk, header_bytes in _chunks(content):
        if kind == _RESOURCE_MAP:
            ids = chunk[header_bytes : header_bytes + (len(chunk) - header_bytes) // 4 * 4]
            attributes = tuple(number for (number,) in struct.iter_unpack("<I", ids))
        elif kind == _START_ELEMENT:
            for name, value_kind, value in _attributes(chunk[header_bytes:]):
                if name < len(attributes) and attributes[name] == _EXTRACT_NATIVE_LIBS:
                    return bool(value) if value_kind == _BOOLEAN else None
    return True


def _chunks(content: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield type, bytes and size of the header of each chunk in the document."""
    if len(content) < _CHUNK.size or _CHUNK.unpack_from(content)[0] != _XML:
        raise ValueError("no compiled AndroidManifest.xml")
    at = _CHUNK.size
    while at + _CHUNK.size <= len(content):
        kind, header_bytes, size = _CHUNK.unpack_from(content, at)
        if not _CHUNK.size <= header_bytes <= size <= len(content) - at:
            raise ValueError(f"damaged AndroidManifest.xml: a part at byte {at} has a wrong size")
        yield kind, content[at : at + size], header_bytes
        at += size


def _attributes(element: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield name, type of value and value of each attribute."""
    if len(element) < _ELEMENT.size:
        raise ValueError("damaged AndroidManifest.xml: an element is cut short")
    start, size, count = _ELEMENT.unpack_from(element)
    if size < _ATTRIBUTE.size or start + size * count > len(element):
        raise ValueError("damaged AndroidManifest.xml: attributes are cut short")
    for place in range(count):
        yield _ATTRIBUTE.unpack_from(element, start + place * size)
