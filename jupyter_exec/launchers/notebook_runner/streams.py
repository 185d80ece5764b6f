"""What the cells print: bounded in the notebook, whole in the log.

Travels with runs (see `main`).
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from typing import TYPE_CHECKING

from jupyter_exec.launchers.notebook_runner.document import node

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbformat import NotebookNode

CELL_CHARACTERS = 1 << 20
_LEAST_CHARACTERS = 1 << 14

ends_line = True  # whether the log's next character is the first of a line


def echo(descriptor: int, text: str) -> None:
    """Write text to stdout (1) or stderr (2), which is the run's log."""
    global ends_line  # noqa: PLW0603 - as there is one log
    ends_line = text.endswith("\n") if text else ends_line
    data = memoryview(text.encode("utf-8", "replace"))
    with contextlib.suppress(OSError):  # a full disk or a closed pipe must not end the run
        while data:
            data = data[os.write(descriptor, data) :]


class StreamBlock:
    """Consecutive stream outputs of a cell: their beginning, and the end where it is too long.

    Args:
        outputs: the cell's outputs; those of the block are the last ones.
        limit: characters that are kept, half from the beginning and half from the end.
    """

    def __init__(self, outputs: list[NotebookNode], limit: int) -> None:
        self._outputs = outputs
        self._start = len(outputs)
        self._half = limit // 2
        self._head: list[tuple[str, str]] = []
        self._head_size = 0
        self._tail: deque[tuple[str, str]] = deque()
        self._tail_size = 0
        self._left_out = 0

    @property
    def size(self) -> int:
        """Characters that the block holds."""
        return self._head_size + self._tail_size

    def add(self, name: str, text: str) -> None:
        """Take text of `stdout` or `stderr`."""
        room = self._half - self._head_size
        if room > 0:
            self._head.append((name, text[:room]))
            self._head_size += min(room, len(text))
            text = text[room:]
        if not text:
            return
        self._left_out += max(0, len(text) - self._half)
        text = text[-self._half :]
        self._tail.append((name, text))
        self._tail_size += len(text)
        while self._tail_size > self._half:
            oldest, first = self._tail.popleft()
            surplus = self._tail_size - self._half
            dropped = min(surplus, len(first))
            self._tail_size -= dropped
            self._left_out += dropped
            if dropped < len(first):
                self._tail.appendleft((oldest, first[dropped:]))

    def show(self) -> None:
        """Bring the cell's outputs up to date."""
        self._head = _merged(self._head)
        texts = list(self._head)
        if self._left_out:
            note = f"\n[{self._left_out:,} characters are left out here; the run's log has all]\n"
            texts.append(("stderr", note))
        self._tail = deque(_merged(self._tail))
        texts += self._tail
        self._outputs[self._start :] = [
            node(output_type="stream", name=name, text=text) for name, text in _merged(texts)
        ]


def _merged(texts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join neighbours of the same stream."""
    groups: list[tuple[str, list[str]]] = []
    for name, text in texts:
        if not groups or groups[-1][0] != name:
            groups.append((name, []))
        groups[-1][1].append(text)
    return [(name, "".join(parts)) for name, parts in groups]


class CellStreams:
    """The stream blocks of one cell, which together stay small.

    Args:
        outputs: the cell's outputs.
    """

    def __init__(self, outputs: list[NotebookNode]) -> None:
        self._outputs = outputs
        self._used = 0
        self._block: StreamBlock | None = None

    def add(self, name: str, text: str) -> None:
        """Take text of a stream."""
        if self._block is None:
            limit = max(CELL_CHARACTERS - self._used, _LEAST_CHARACTERS)
            self._block = StreamBlock(self._outputs, limit)
        self._block.add(name, text)

    def show(self) -> None:
        """Bring the cell's outputs up to date."""
        if self._block is not None:
            self._block.show()

    def close(self) -> None:
        """End the block: an output of another kind follows."""
        if self._block is not None:
            self._block.show()
            self._used += self._block.size
            self._block = None

    def clear(self) -> None:
        """Forget the block: the cell's outputs are being cleared."""
        self._block = None
