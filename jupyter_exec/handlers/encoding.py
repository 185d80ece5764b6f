"""JSON of answers, large ones in pieces (floor: handlers).

The standard encoder lets no other thread run before it has finished, which takes seconds for a
million points; between pieces they have their turn.
"""

from __future__ import annotations

import json
from typing import Any

_PIECE = 200  # values of a list
_LARGE = 5000  # values and kilobytes of text


def encode(values: Any) -> bytes:
    """Return JSON values as JSON; text that UTF-8 cannot carry (lone surrogates) is escaped."""
    pieces: list[bytes] = []
    _encode(values, pieces)
    return b"".join(pieces)


def _encode(values: Any, pieces: list[bytes]) -> None:
    if not is_large(values):
        pieces.append(_dumps(values))
    elif isinstance(values, dict):
        start = b"{"
        for name, value in values.items():
            pieces.append(start + _dumps(name) + b": ")
            _encode(value, pieces)
            start = b", "
        pieces.append(b"}")
    elif isinstance(values, list | tuple):
        start = b"["
        for index in range(0, len(values), _PIECE):
            piece = values[index : index + _PIECE]
            pieces.append(start)
            if len(piece) > 1 and is_large(piece):
                for place, value in enumerate(piece):
                    pieces.append(b", " if place else b"")
                    _encode(value, pieces)
            else:
                pieces.append(_dumps(piece)[1:-1])
            start = b", "
        pieces.append(b"]")
    else:
        pieces.append(_dumps(values))


def _dumps(values: Any) -> bytes:
    text = json.dumps(values, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(values).encode()


def is_large(values: Any) -> bool:
    """Tell, in well below a millisecond, whether JSON values take long to encode."""
    left, size = [values], 0
    while left and size < _LARGE:
        value = left.pop()
        if isinstance(value, dict | list | tuple):
            size += len(value)
            if size < _LARGE:
                left.extend(value.values() if isinstance(value, dict) else value)
        elif isinstance(value, str):
            size += len(value) >> 10
    return size >= _LARGE
