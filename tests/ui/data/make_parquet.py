"""Writes the Parquet files of this folder: `python make_parquet.py`.

It needs pyarrow, which the tests that read the files do not.
"""

from __future__ import annotations

import datetime as dt
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
KINDS = {
    "number": pa.array([1, None, -(2**53) - 1]),
    "real": pa.array([0.5, float("nan"), 1e300]),
    "text": pa.array(["plain", 'with "quotes", and comma', "two\nlines"]),
    "<b>markup</b>": pa.array(["<img src=x onerror=alert(1)>", "", None]),
    "flag": pa.array([True, False, None]),
    "time": pa.array([dt.datetime(2026, 1, 31, 12, 30, tzinfo=dt.timezone.utc), None, None]),
    "price": pa.array([decimal.Decimal("1.50"), None, None]),
    "bytes": pa.array([b"\xff\x00", None, b""]),
    "list": pa.array([[1, 2], [], None]),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}]),
}

if __name__ == "__main__":
    kinds = pa.table(KINDS)
    for codec in ("snappy", "zstd", "gzip", "brotli", "lz4", "none"):
        pq.write_table(kinds, HERE / f"kinds-{codec}.parquet", compression=codec)
    many = pa.table({"step": pa.array(range(12_345)), "loss": pa.array([0.25] * 12_345)})
    pq.write_table(many, HERE / "many.parquet", row_group_size=4000)
    pq.write_table(kinds.slice(0, 0), HERE / "empty.parquet")
