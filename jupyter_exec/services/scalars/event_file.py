"""Scalars of TensorBoard's event files, as they grow (floor: services; blocking, in threads).

An event file is TFRecords of `Event` messages. Sources: tensorflow/core/lib/io/record_writer.h
and the protocol buffers event.proto, summary.proto and tensor.proto of TensorFlow. A server should
not need that package, and the five messages that matter are small.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEAD_BYTES, _TAIL_BYTES = 12, 4  # length and its checksum; the data's checksum
_MOST_BYTES = 1 << 30
_BLOCK_BYTES = 1 << 20
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MORE, _SEVEN = 0x80, 0x7F
_SIGN, _WRAP = 1 << 63, 1 << 64

# TensorProto: dtype -> how a value of tensor_content is written; field -> how its own list is.
_CONTENT = {1: "<f", 2: "<d", 3: "<i", 9: "<q"}
_LISTS = {5: "<f", 6: "<d", 7: "", 10: ""}


class Broken(ValueError):
    """The bytes are no event file's."""


@dataclass(frozen=True)
class Scalar:
    """One value of a tag at a step; `time` in epoch seconds."""

    tag: str
    value: float
    step: int
    time: float


def read_scalars(path: Path, offset: int) -> tuple[list[Scalar], int]:
    """Return the scalars of the whole records from an offset on, and where they end.

    At most about a mebibyte is read at once, or one record: call it again until nothing is new.

    Raises:
        Broken: it is no event file, or is damaged there.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        data = file.read(_BLOCK_BYTES)
        if len(data) >= _HEAD_BYTES:
            missing = _size(data, 0) - len(data)
            if missing > 0:
                data += file.read(missing)
    found: list[Scalar] = []
    end = 0
    while len(data) - end >= _HEAD_BYTES:
        size = _size(data, end)
        if end + size > len(data):
            break  # it is still being written
        try:
            found += _scalars(data[end + _HEAD_BYTES : end + size - _TAIL_BYTES])
        except (IndexError, struct.error, UnicodeDecodeError) as problem:
            message = f"{path.name}: {problem}"
            raise Broken(message) from problem
        end += size
    return found, offset + end


def _size(data: bytes, at: int) -> int:
    """Return the length of a record with everything around it."""
    (length,) = struct.unpack_from("<Q", data, at)
    if length > _MOST_BYTES:
        message = f"a record of {length} bytes"
        raise Broken(message)
    return int(length) + _HEAD_BYTES + _TAIL_BYTES


def _scalars(event: bytes) -> Iterator[Scalar]:
    """Yield the scalars of an `Event`."""
    moment, step, summaries = 0.0, 0, []
    for field, value in _fields(event):
        if field == 1 and isinstance(value, bytes):
            (moment,) = struct.unpack("<d", value)
        elif field == 2 and isinstance(value, int):  # noqa: PLR2004 - the numbers are the schema's
            step = value - _WRAP if value & _SIGN else value
        elif field == 5 and isinstance(value, bytes):  # noqa: PLR2004
            summaries.append(value)
    for summary in summaries:
        for field, value in _fields(summary):
            if field == 1 and isinstance(value, bytes):
                tag, number = _value(value)
                if tag and number is not None:
                    yield Scalar(tag, number, step, moment)


def _value(data: bytes) -> tuple[str, float | None]:
    """Return tag and number of a `Summary.Value`; None where it is no scalar."""
    fields: dict[int, Any] = dict(_fields(data))
    tag = fields.get(1, b"").decode()
    if 2 in fields:  # noqa: PLR2004
        return tag, float(struct.unpack("<f", fields[2])[0])
    return tag, _number(fields[8]) if 8 in fields else None  # noqa: PLR2004


def _number(tensor: bytes) -> float | None:
    """Return the number of a `TensorProto` without dimensions; None for other tensors."""
    fields: dict[int, Any] = dict(_fields(tensor))
    if any(field == 2 for field, _ in _fields(fields.get(2, b""))):  # noqa: PLR2004
        return None
    form = _CONTENT.get(fields.get(1, 0))
    content = fields.get(4)
    if content and form and len(content) == struct.calcsize(form):
        return float(struct.unpack(form, content)[0])
    for field, written in _LISTS.items():
        packed = fields.get(field)
        if packed is None:
            continue
        if isinstance(packed, int):
            return float(packed)
        if written:
            return float(struct.unpack_from(written, packed)[0])
        number = _varint(packed, 0)[0]
        return float(number - _WRAP if number & _SIGN else number)
    return None


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message: a varint's number, or the bytes of anything else."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        field, kind = key >> 3, key & 7
        if kind == _VARINT:
            number, at = _varint(data, at)
            yield field, number
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if kind == _BYTES:
            size, at = _varint(data, at)
        if size is None or at + size > len(data):
            message = f"field {field} of kind {kind} at {at}"
            raise IndexError(message)
        yield field, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & _SEVEN) << shift
        at, shift = at + 1, shift + 7
        if not byte & _MORE:
            return number, at
        if shift > _SIGN.bit_length():
            message = "a number that is too long"
            raise IndexError(message)
