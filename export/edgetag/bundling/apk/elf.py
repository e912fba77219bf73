"""Native libraries: to what their segments are aligned.

The program headers of ELF files, by the System V ABI (gABI 4.1, chapters 4 and 5) and elf.h. A
library for it would bring all of ELF and DWARF; this is one table.
"""

import struct

HEAD_BYTES = 65_536
"""Linkers write program headers right behind the file's header."""

_HEADERS = {1: struct.Struct("<28xI10xHH"), 2: struct.Struct("<32xQ14xHH")}
"""By class, 32 or 64 bits: e_phoff, e_phentsize, e_phnum."""

_SEGMENTS = {1: struct.Struct("<III16xI"), 2: struct.Struct("<I4xQQ24xQ")}
"""By class: p_type, p_offset, p_vaddr, p_align; what lies between is passed over."""

_LOAD = 1


class NotElfError(ValueError):
    """Bytes are no native library that Android loads."""


def segment_alignment(head: bytes) -> int:
    """Return the smallest alignment in bytes of the segments that are loaded.

    Args:
        head: The first `HEAD_BYTES` of the library.

    Raises:
        NotElfError: It is none, or its headers contradict themselves.
    """
    if len(head) < 64 or not head.startswith(b"\x7fELF"):
        raise NotElfError("no ELF file")
    kind = head[4]
    if kind not in _HEADERS or head[5] != 1:
        raise NotElfError("no ELF file of 32 or 64 bits, little-endian")
    offset, entry_bytes, count = _HEADERS[kind].unpack_from(head)
    segment = _SEGMENTS[kind]
    if entry_bytes != segment.size or offset + count * segment.size > len(head):
        raise NotElfError("its program headers are not at its beginning")
    loaded = [
        values[1:]
        for values in segment.iter_unpack(head[offset : offset + count * segment.size])
        if values[0] == _LOAD
    ]
    if not loaded:
        raise NotElfError("it has no segment to load")
    for place, address, alignment in loaded:
        if alignment.bit_count() != 1 or (address - place) % alignment:
            raise NotElfError(f"a segment cannot be loaded: it claims alignment {alignment}")
    return int(min(alignment for _, _, alignment in loaded))
