"""The shim's words: JSON, records on disk, the last line of a log, less secrets (floor: targets).

Standard library only, Python 3.6 and later. The `json` package costs half as much as starting
Python, because it imports `re`; the C parts below it are enough.
"""

import errno
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Sequence, Tuple

_FULL = (errno.ENOSPC, errno.EDQUOT)
_PATIENCE_S = 60.0
_TAIL_BYTES = 1 << 15
_LINE_CHARACTERS = 300
_RULES = "-=_~#+| "  # a line of these has no words
_MPIRUN = "mpirun-"  # the log of one
STARTED_AGAIN = "--- started again, number "
"""Beginning of the line before which a log is of an earlier start (`launchers/ranks.py`)."""
_GROUP = "| "  # how Python begins the lines of an exception in a group
_JAVA = ": "  # how Py4J begins Java's error, below its own
_MASK = "***"
_TRACE = ("Stack trace:", "[bt] (")  # of dmlc's libraries (XGBoost), below what they say
_SHORTEST_MASKED = 4  # fewer characters are found everywhere


class _Syntax:
    """What `_json.make_scanner` wants to know of a decoder."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    parse_constant = float
    memo: "dict[str, str]" = {}  # noqa: RUF012 - C code looks for it here


def loads(text: str) -> "Any":
    """Parse one JSON line."""
    try:
        from _json import make_scanner
    except ImportError:  # not CPython
        import json

        return json.loads(text)
    return make_scanner(_Syntax)(text.strip(), 0)[0]  # type: ignore[arg-type]  # a duck is enough


def dumps(value: "Any") -> str:
    """Return a value of JSON's own types as one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(dumps(key) + ": " + dumps(value[key]) for key in value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(dumps, value)) + "]"
    if isinstance(value, str):
        return _quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def _quoted(text: str) -> str:
    try:
        from _json import encode_basestring_ascii
    except ImportError:  # not CPython
        import json

        return json.dumps(text)
    return encode_basestring_ascii(text)


class Record:
    """A JSON file that appears whole or not at all, and takes its room on the disk at once.

    Args:
        path: where it will be.
        size_bytes: room to take now.

    Raises:
        OSError: there is no room, or no folder.
    """

    def __init__(self, path: str, size_bytes: int) -> None:
        self.path = path
        self._draft = path + ".new"
        fd = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write(fd, b" " * size_bytes)
        finally:
            os.close(fd)

    def discard(self) -> None:
        """Give the room back; nothing was recorded."""
        os.unlink(self._draft)

    def write(self, value: "Any") -> None:
        """Make the file appear; on a full disk wait up to a minute for room."""
        data = dumps(value).encode() + b"\n"
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._write(data)
            except OSError as problem:
                if problem.errno not in _FULL or time.monotonic() > until:
                    raise
            time.sleep(0.2)

    def _write(self, data: bytes) -> None:
        fd = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _write(fd, data)
            os.ftruncate(fd, len(data))
        finally:
            os.close(fd)
        os.replace(self._draft, self.path)


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def last_line(path: str, masked: "Sequence[str]" = ()) -> str:
    """Return the last line with words in it of a log's last 32 KiB, without colours, or nothing.

    Where it is not far below an exception, which may have several lines, or after which something
    else was printed, it has the exception's first line before it. A native stack trace has no
    words. Of a JVM's and mpirun's last words it is those that tell most (`jvm.py`, `messages.py`).

    Args:
        masked: values to leave out; also what the line holds of one that it begins or ends within.
    """
    # A run that succeeds need not pay for these.
    from jupyter_exec.targets.shim import messages
    from jupyter_exec.targets.shim.jvm import telling

    forms = _forms(masked)
    tail_bytes = _TAIL_BYTES + sum(4 * len(form) for form in forms[:1])  # UTF-8: up to 4 each
    text, size = _tail(path, tail_bytes)
    _, again, latest = ("\n" + _masked(text, forms)).rpartition("\n" + STARTED_AGAIN)
    lines = messages.without_farewell(latest.replace("\r", "\n").split("\n")[1:])
    is_cut = not again and size > tail_bytes

    def words(at: int) -> str:
        plain = _masked(_plain(lines[at]), forms)
        if not plain.strip(_RULES) or plain.startswith(_TRACE):
            return ""
        for before in (_JAVA, _GROUP):
            plain = plain[len(before) :] if plain.startswith(before) else plain
        return _masked_ends(plain, forms, is_cut=is_cut and at == 0)

    framed = messages.framed(lines) if os.path.basename(path).startswith(_MPIRUN) else ()
    last = next((at for at in (*framed, *telling(lines)) if words(at)), None)
    if last is None:
        return ""
    told = messages.exception(lines)
    said = words(last)
    if (
        told is not None
        and messages.is_near(lines, told, last)
        and not lines[last].startswith(_JAVA)
    ):
        said = f"{words(told)} … {said}"
    return said[:_LINE_CHARACTERS]


def _tail(path: str, tail_bytes: int) -> "Tuple[str, int]":
    """Return the end of a log, and the size of all of it; nothing where it is no file."""
    try:
        # Not to wait where the run has put a pipe in place of its log.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return "", 0
    try:
        size = os.lseek(fd, 0, os.SEEK_END)
        os.lseek(fd, max(0, size - tail_bytes), os.SEEK_SET)
        return os.read(fd, tail_bytes).decode("utf-8", "replace"), size
    except OSError:
        return "", 0
    finally:
        os.close(fd)


def mask(text: str, masked: "Sequence[str]") -> str:
    """Return text with `***` for these values, for their lines, and as Python and JSON write them.

    Values and lines of fewer than four characters stay.
    """
    return _masked(text, _forms(masked))


def _forms(masked: "Sequence[str]") -> "List[str]":
    """Return what stands for these values in messages, the longest first."""
    forms = set(masked)
    forms.update(line for value in masked for line in value.splitlines())
    forms.update([repr(form)[1:-1] for form in forms], [dumps(form)[1:-1] for form in forms])
    forms.update([_plain(form) for form in forms])
    return sorted((form for form in forms if len(form) >= _SHORTEST_MASKED), key=len, reverse=True)


def _masked(text: str, forms: "List[str]") -> str:
    for form in forms:
        text = text.replace(form, _MASK)
    return text


def _masked_ends(line: str, forms: "List[str]", *, is_cut: bool) -> str:
    """Mask the beginning of a value at the end of a line, and the end of one where it was cut."""
    for form in forms:
        for size in range(len(form) - 1, _SHORTEST_MASKED - 1, -1):
            if line.endswith(form[:size]):
                line = line[:-size] + _MASK
                break
        for size in range(len(form) - 1 if is_cut else 0, 0, -1):
            if line.startswith(form[-size:]):
                line = _MASK + line[size:]
                break
    return line


def _plain(line: str) -> str:
    """Drop colour codes (ECMA-48 control sequences) and whatever else does not print."""
    first, *others = line.split("\x1b[")
    for other in others:
        end = next((at for at, sign in enumerate(other) if "@" <= sign <= "~"), len(other))
        first += other[end + 1 :]
    return "".join(sign for sign in first if sign.isprintable()).strip()


def size_words(size_bytes: float) -> str:
    """Return a size as a person says it: `2 GiB`, `512 MiB`."""
    for unit, step in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size_bytes >= step:
            return f"{size_bytes / step:.4g} {unit}"
    return f"{size_bytes:.0f} bytes"
