"""The program that is an IPython kernel for one run: `python boot.py -f CONNECTION_FILE`.

It stands in for `python -m ipykernel_launcher` with three differences. It starts in two thirds of
the time, because debugpy and jedi, which no run uses by itself, are not imported (code of the run
may still import them). What other programs write to the kernel's stdout and stderr goes to the
notebook only, for whoever shows the notebook's output in the log as well. And it ends as a script
does: exit hooks run, files are flushed, and that is all; ipykernel's own orderly end
(`IPKernelApp.close`) takes 80 ms, and its threads sometimes wait for each other for ever.

Standard library and ipykernel >= 5 only; Python 3.6 and later.
"""

import atexit
import codecs
import ctypes
import os
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NOT_NOW = ("debugpy", "jedi")


def main() -> None:
    """Be a kernel until it is asked to end."""
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [folder for folder in sys.path if folder != here]
    outputs = os.dup(1), os.dup(2)
    absent = [name for name in _NOT_NOW if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None = not found
    from ipykernel.iostream import OutStream
    from ipykernel.kernelapp import IPKernelApp

    if hasattr(OutStream, "_watch_pipe_fd"):
        setattr(OutStream, "_watch_pipe_fd", _watch_pipe_fd)  # noqa: B010 - it is a method
    app = IPKernelApp.instance()  # type: Any
    app.initialize(sys.argv[1:])
    for name in absent:
        if name in sys.modules and sys.modules[name] is None:
            del sys.modules[name]
    app.start()
    atexit.unregister(app.close)
    _keep_sockets(app)
    # What exit hooks print belongs to no cell any more.
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    os.dup2(outputs[0], 1)
    os.dup2(outputs[1], 2)


def _keep_sockets(app: "Any") -> None:
    """Leave the kernel's sockets open until the process has gone.

    Its threads use them to the last moment; if Python closed one below them while it takes itself
    apart, libzmq would abort: "Assertion failed: pfd.revents & POLLIN (src/signaler.cpp)".
    """
    contexts = [app.context, getattr(getattr(app, "heartbeat", None), "context", None)]
    for context in contexts:
        for socket in [context, *getattr(context, "_sockets", ())]:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(socket))


def _watch_pipe_fd(stream: "Any") -> None:
    """Publish what arrives at the kernel's stdout or stderr from outside of Python."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        data = os.read(stream._fid, 1 << 16)  # noqa: SLF001 - this is a method of it
        if not data:
            return
        text = decoder.decode(data)
        if text and stream.pub_thread is not None:
            stream.write(text)


if __name__ == "__main__":
    main()
