"""TFLite metadata as a flatbuffer: the part of the public schema that edgetag writes and reads.

The schema is `metadata_schema.fbs` of TensorFlow Lite Support (version 1.5.0, file identifier
M001). Its generated Python comes only in packages too heavy to depend on, so the tables stand here
as data, fields in the schema's order, and one writer and one reader walk them. A value is a `dict`
of fields; a union is a pair of a table's name and its dict.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
from flatbuffers import number_types
from flatbuffers.table import Table

IDENTIFIER = b"M001"
ROOT = "ModelMetadata"

Fields = Mapping[str, Any]

TABLES: dict[str, dict[str, str]] = {
    "ModelMetadata": {
        "name": "string",
        "description": "string",
        "version": "string",
        "subgraph_metadata": "[SubGraphMetadata]",
        "author": "string",
        "license": "string",
        "associated_files": "[AssociatedFile]",
        "min_parser_version": "string",
    },
    "SubGraphMetadata": {
        "name": "string",
        "description": "string",
        "input_tensor_metadata": "[TensorMetadata]",
        "output_tensor_metadata": "[TensorMetadata]",
    },
    "TensorMetadata": {
        "name": "string",
        "description": "string",
        "dimension_names": "[string]",
        "content": "Content",
        "process_units": "[ProcessUnit]",
        "stats": "Stats",
        "associated_files": "[AssociatedFile]",
    },
    "Content": {"content_properties": "ContentProperties"},
    "FeatureProperties": {},
    "ImageProperties": {"color_space": "byte", "default_size": "ImageSize"},
    "ImageSize": {"width": "uint", "height": "uint"},
    "ProcessUnit": {"options": "ProcessUnitOptions"},
    "NormalizationOptions": {"mean": "[float]", "std": "[float]"},
    "Stats": {"max": "[float]", "min": "[float]"},
    "AssociatedFile": {
        "name": "string",
        "description": "string",
        "type": "byte",
        "locale": "string",
    },
}
"""Table → field → type. Fields after the last one that edgetag uses are left out."""

UNIONS: dict[str, tuple[str, ...]] = {
    "ContentProperties": ("FeatureProperties", "ImageProperties"),
    "ProcessUnitOptions": ("NormalizationOptions",),
}
"""Union → its tables; the stored type is the position from 1."""

COLOR_SPACE_RGB = 1
COLOR_SPACE_GRAYSCALE = 2
TENSOR_AXIS_LABELS = 2
"""Of `AssociatedFile.type`: one label for each score."""

TENSOR_VALUE_LABELS = 3
"""Of `AssociatedFile.type`: one label for each value; some tools write it for scores too."""

MOST_READ_BYTES = 1 << 20
"""Descriptions take a few thousand. A hostile one names the same part over and over, so that a
small file would fill any memory."""

SCALARS: dict[str, Any] = {
    "byte": number_types.Int8Flags,
    "ubyte": number_types.Uint8Flags,
    "uint": number_types.Uint32Flags,
    "float": number_types.Float32Flags,
}


def encode(root: Fields) -> bytes:
    """Return a `ModelMetadata` as a flatbuffer with its identifier."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(_write_table(builder, ROOT, root), IDENTIFIER)
    return bytes(builder.Output())


def decode(data: bytes) -> dict[str, Any]:
    """Return what `encode` was given; fields that are not stored are left out.

    Raises:
        ValueError: It is not such a flatbuffer, or unfolds to far more than one.
        Exception: Damaged offsets raise nearly anything; catch all of it.
    """
    if data[4:8] != IDENTIFIER:
        raise ValueError(f"metadata lacks the mark {IDENTIFIER.decode()}")
    root = flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0)
    return _Reader().table(Table(data, root), ROOT)


def _slots(table: str) -> dict[str, int]:
    """Return each field's slot; a union takes two, its type before its value."""
    slots, next_slot = {}, 0
    for field, kind in TABLES[table].items():
        next_slot += kind in UNIONS
        slots[field] = next_slot
        next_slot += 1
    return slots


def _write_table(builder: Any, table: str, fields: Fields) -> int:
    unknown = set(fields) - set(TABLES[table])
    if unknown:
        raise ValueError(f"{table} has no field {', '.join(sorted(unknown))}")
    kinds = TABLES[table]
    # What a table points at must be written before the table itself.
    written = {
        field: value if kinds[field] in SCALARS else _write_value(builder, kinds[field], value)
        for field, value in fields.items()
    }
    slots = _slots(table)
    builder.StartObject(len(kinds) + sum(kind in UNIONS for kind in kinds.values()))
    for field, value in written.items():
        kind, slot = kinds[field], slots[field]
        if kind in SCALARS:
            builder.PrependSlot(SCALARS[kind], slot, value, 0)
            continue
        if kind in UNIONS:
            type_code = UNIONS[kind].index(fields[field][0]) + 1
            builder.PrependUint8Slot(slot - 1, type_code, 0)
        builder.PrependUOffsetTRelativeSlot(slot, value, 0)
    return int(builder.EndObject())


def _write_value(builder: Any, kind: str, value: Any) -> int:
    if kind == "string":
        return int(builder.CreateString(value))
    if kind in UNIONS:
        return _write_table(builder, *value)
    if kind.startswith("["):
        return _write_vector(builder, kind[1:-1], value)
    return _write_table(builder, kind, value)


def _write_vector(builder: Any, kind: str, values: Sequence[Any]) -> int:
    if kind in SCALARS:
        flags = SCALARS[kind]
        builder.StartVector(flags.bytewidth, len(values), flags.bytewidth)
        for value in reversed(values):
            builder.Prepend(flags, value)
    else:
        offsets = [_write_value(builder, kind, value) for value in values]
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


class _Reader:
    """Reads tables, and counts what it reads."""

    def __init__(self) -> None:
        self._left = MOST_READ_BYTES

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ValueError(f"it unfolds to more than {MOST_READ_BYTES} bytes")

    def table(self, table: Any, name: str) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        slots = _slots(name)
        self._count(4 * (1 + len(slots)))
        for field, slot in slots.items():
            offset = table.Offset(4 + 2 * slot)
            if not offset:
                continue
            kind, position = TABLES[name][field], table.Pos + offset
            if kind in SCALARS:
                fields[field] = table.Get(SCALARS[kind], position)
            elif kind in UNIONS:
                type_offset = table.Offset(4 + 2 * (slot - 1))
                code = table.Get(SCALARS["ubyte"], table.Pos + type_offset) if type_offset else 0
                if 0 < code <= len(UNIONS[kind]):  # other members are not ours to read
                    member = UNIONS[kind][code - 1]
                    fields[field] = (member, self._value(table, member, position))
            elif kind.startswith("["):
                fields[field] = self._vector(table, kind[1:-1], offset)
            else:
                fields[field] = self._value(table, kind, position)
        return fields

    def _value(self, table: Any, kind: str, position: int) -> Any:
        start = table.Indirect(position)
        if kind == "string":
            self._count(table.Get(SCALARS["uint"], start))
            return table.String(position).decode()
        return self.table(Table(table.Bytes, start), kind)

    def _vector(self, table: Any, kind: str, offset: int) -> list[Any]:
        start, length = table.Vector(offset), table.VectorLen(offset)
        width = SCALARS[kind].bytewidth if kind in SCALARS else 4
        self._count(length * width)
        if kind in SCALARS:
            return [table.Get(SCALARS[kind], start + i * width) for i in range(length)]
        return [self._value(table, kind, start + i * width) for i in range(length)]
