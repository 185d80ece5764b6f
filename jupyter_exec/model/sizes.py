"""Sizes in bytes, as people write them (floor: model; pure)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*$", re.IGNORECASE | re.ASCII)


def parse_size(value: Any) -> int:
    """Read a size in bytes: 2147483648, "2G", "2 GiB", "512MB" (all units are powers of 1024).

    Raises:
        ValueError: with examples of what is a size.
    """
    found = _SIZE.match(str(value))
    if isinstance(value, bool) or not found or float(found[1]) <= 0:
        message = f"{value!r} is not a size: give bytes, or for example '512M' or '2 GiB'"
        raise ValueError(message)
    return int(float(found[1]) * _UNITS[found[2].lower()])


Size = Annotated[int, BeforeValidator(parse_size, json_schema_input_type=int | str)]
