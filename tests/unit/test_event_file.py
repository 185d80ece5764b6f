"""TensorBoard's event files, byte by byte."""

from __future__ import annotations

import struct
from pathlib import PurePath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_exec.services.scalars.event_file import Broken, read_scalars
from jupyter_exec.services.scalars.tail import metric_name


def varint(number: int) -> bytes:
    data = b""
    number &= 2**64 - 1
    while number > 0x7F:
        data, number = data + bytes([number & 0x7F | 0x80]), number >> 7
    return data + bytes([number])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def record(event: bytes) -> bytes:
    return struct.pack("<QI", len(event), 0) + event + bytes(4)


def event(value: bytes, step: int = 3) -> bytes:
    head = varint(1 << 3 | 1) + struct.pack("<d", 12.5) + varint(2 << 3) + varint(step)
    return record(head + field(5, field(1, value)))


def simple(tag: str, number: float) -> bytes:
    return field(1, tag.encode()) + varint(2 << 3 | 5) + struct.pack("<f", number)


def tensor(tag: str, content: bytes) -> bytes:
    return field(1, tag.encode()) + field(8, content)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (simple("a/b", 0.5), 0.5),
        (tensor("t", b"\x08\x01" + field(2, b"") + field(4, struct.pack("<f", 1.5))), 1.5),
        (tensor("t", b"\x08\x02" + field(6, struct.pack("<d", 2.5))), 2.5),
        (tensor("t", b"\x08\x09" + field(10, varint(-7))), -7),
        (tensor("t", b"\x08\x01" + field(5, struct.pack("<f", 4.0))), 4),
    ],
)
def test_numbers(tmp_path, value, expected):
    path = tmp_path / "events"
    path.write_bytes(event(value, -1) + event(field(1, b"image") + field(4, b"png")))
    (found,), end = read_scalars(path, 0)
    assert (found.value, found.step, found.time) == (expected, -1, 12.5)
    assert end == path.stat().st_size


def test_a_vector_is_no_scalar(tmp_path):
    shape = field(2, field(2, b"\x08\x02"))
    path = tmp_path / "events"
    path.write_bytes(event(tensor("v", b"\x08\x01" + shape + field(4, bytes(8)))))
    assert read_scalars(path, 0) == ([], path.stat().st_size)


def test_a_record_that_is_being_written_is_read_later(tmp_path):
    path = tmp_path / "events"
    whole = event(simple("a", 1)) + event(simple("b", 2))
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        found, end = read_scalars(path, 0)
        path.write_bytes(whole)
        rest, last = read_scalars(path, end)
        assert [one.tag for one in found + rest] == ["a", "b"]
        assert last == len(whole)


@given(st.binary(max_size=200))
def test_anything_else_is_refused_or_has_no_scalars(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "events"
    path.write_bytes(record(data))
    try:
        found, end = read_scalars(path, 0)
    except Broken:
        return
    assert end == len(data) + 16
    assert all(isinstance(one.value, float) for one in found)


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("outputs", "loss"),
        ("runs/Nov23_14-02-05_host", "loss"),
        ("logs/fit/20261123-140205/train", "fit/train/loss"),
        ("lightning_logs/version_0", "loss"),
        ("outputs/tb/validation", "validation/loss"),
    ],
)
def test_names(folder, name):
    assert metric_name(PurePath(folder), "loss") == name
