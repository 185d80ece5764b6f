"""The server's end of a shim: starting it, its lines, its files (floor: targets)."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHIM = Path(__file__).with_name("shim") / "main.py"
_READ_BYTES = 65536


class ShimLink:
    """The pipes of one shim.

    Args:
        python: interpreter that runs the shim.
        env: of the shim itself.
        cwd: a folder that stays.

    Raises:
        OSError: the interpreter cannot be started.
    """

    def __init__(self, python: str, env: Mapping[str, str], cwd: Path) -> None:
        theirs_in, self._stdin = os.pipe()
        self._stdout, theirs_out = os.pipe()
        try:
            process = subprocess.Popen(
                [python, "-I", "-S", str(SHIM)],
                stdin=theirs_in,
                stdout=theirs_out,
                stderr=theirs_out,  # a shim that cannot even start says why
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )
        except OSError:
            self.close()
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        os.set_blocking(self._stdout, False)
        self.pid = process.pid
        # ProcessWatch reaps it; without this Popen would warn about a child that outlives it.
        process.returncode = 0

    def send(self, message: Mapping[str, Any]) -> None:
        """Write one line; blocks while a long one goes through. `answer` tells of a dead shim."""
        # In pieces: for hundreds of replicas `dumps` would hold up all threads of the server.
        pieces = json.JSONEncoder().iterencode(message)
        data = memoryview("".join(pieces).encode() + b"\n")
        with contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._stdin, data) :]

    async def answer(self, timeout_s: float) -> dict[str, Any]:
        """Return the shim's answer; where it gave none, an error `ShimFailed` with its last words.

        Raises:
            asyncio.TimeoutError: it is silent.
        """
        loop = asyncio.get_running_loop()
        line: asyncio.Future[bytes] = loop.create_future()
        received = bytearray()

        def read() -> None:
            data = os.read(self._stdout, _READ_BYTES)
            received.extend(data)
            whole = b"\n{" in b"\n" + received and received.endswith(b"\n")
            if (whole or not data) and not line.done():
                line.set_result(bytes(received))

        loop.add_reader(self._stdout, read)
        try:
            text = (await asyncio.wait_for(line, timeout_s)).decode("utf-8", "replace")
        finally:
            loop.remove_reader(self._stdout)
        last = text.strip().rpartition("\n")[2]
        try:
            answer: dict[str, Any] = json.loads(last)
        except ValueError:
            words = last or "it ended without a word"
            message = f"the process that supervises the run could not start: {words}"
            return {"error": {"code": "ShimFailed", "message": message}}
        return answer

    def close(self) -> None:
        """Close the pipes; a shim that has no job ends."""
        for name in ("_stdin", "_stdout"):
            fd = getattr(self, name)
            setattr(self, name, -1)
            if fd >= 0:
                os.close(fd)


def read_record(attempt_dir: Path, name: str) -> dict[str, Any] | None:
    """Return a record of an attempt (`exit.json`); None where it is not there or not whole."""
    try:
        record: dict[str, Any] = json.loads((attempt_dir / name).read_bytes())
    except (OSError, ValueError):
        return None
    return record


def write_record(attempt_dir: Path, name: str, value: Mapping[str, Any]) -> None:
    """Make a record of an attempt appear as a whole.

    Raises:
        OSError: the disk is full, the folder is not ours.
    """
    draft = attempt_dir / f"{name}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(value) + "\n", encoding="utf-8")
    draft.replace(attempt_dir / name)


def has_shim(attempt_dir: Path) -> bool:
    """Say whether a shim holds the lock of an attempt."""
    try:
        fd = os.open(attempt_dir / "shim.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(fd)


@contextlib.contextmanager
def shut_out(attempt_dir: Path) -> Iterator[bool]:
    """Keep shims from beginning an attempt; False where one has begun.

    A shim tries for an instant, so this must not take longer than a few milliseconds unless it
    ends the shims that might come.
    """
    fd = os.open(attempt_dir / "shim.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(fd)
