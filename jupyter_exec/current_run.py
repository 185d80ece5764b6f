"""What a run's own code uses to report on itself: `from jupyter_exec import current_run`.

    current_run.log_metric("loss", 0.1, step=3)
    current_run.progress(3, 10, "epoch 3")
    with open(os.path.join(current_run.output_dir, "model.bin"), "wb") as file: ...

Outside a run the functions do nothing. It travels with runs: standard library only, Python 3.6 and
later. Where this package is not installed, a program can do the same by appending JSON lines to
the file that $JUPYTER_EXEC_METRICS names:

    {"metric": name, "value": number or "NaN", "Infinity", "-Infinity", "step": int or null,
     "time": epoch seconds}
    {"progress": {"done": number, "total": number or null, "label": text or null},
     "time": epoch seconds}

Each line is one `write` to a file opened for appending, so threads, forked processes and other
programs may report at the same time. Everything is looked up when it is used, because a kernel may
be started before its run.
"""

import json
import math
import operator
import os
import sys
import time
import types
import warnings
from typing import Any, Dict, Optional

__all__ = ["log_metric", "log_metrics", "output_dir", "progress", "run_id"]

output_dir: str
"""Absolute path of the folder whose content is kept as the run's outputs."""

run_id: Optional[str]
"""The run's id; None outside a run."""


def log_metric(name: str, value: Any, step: Optional[int] = None) -> None:
    """Report one value of a metric.

    Args:
        name: for example `loss`.
        value: any real number, also of NumPy or PyTorch; NaN and infinities are kept.
        step: where it belongs: epoch, iteration, ...

    Raises:
        TypeError: an argument is of another type; the message names it.
    """
    log_metrics({name: value}, step)


def log_metrics(metrics: Dict[str, Any], step: Optional[int] = None) -> None:
    """Report values of several metrics for the same step.

    Args:
        metrics: name -> value.
        step: as for `log_metric`.

    Raises:
        TypeError: an argument is of another type; nothing is reported then.
    """
    if not hasattr(metrics, "items"):
        raise TypeError(f"metrics must be a dict of numbers, not {_kind(metrics)}")
    number = _step(step)
    now = time.time()
    lines = [
        {"metric": _text(name, "name"), "value": _number(value, name), "step": number, "time": now}
        for name, value in metrics.items()
    ]
    _append(lines)


def progress(done: Any, total: Any = None, label: Optional[str] = None) -> None:
    """Report how far the run is.

    Args:
        done: how much is done, in any unit.
        total: how much there is in all; None = not known.
        label: what is being done, for people.

    Raises:
        TypeError: an argument is of another type; the message names it.
    """
    state = {
        "done": _count(done, "done"),
        "total": None if total is None else _count(total, "total"),
        "label": None if label is None else _text(label, "label"),
    }
    _append([{"progress": state, "time": time.time()}])


def _kind(value: Any) -> str:
    return type(value).__name__


def _text(value: Any, argument: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{argument} must be a str, not {_kind(value)}")
    return value


def _step(value: Any) -> Optional[int]:
    if value is None:
        return None
    if not isinstance(value, bool) and hasattr(value, "__index__"):
        return operator.index(value)
    raise TypeError(f"step must be an int or None, not {_kind(value)}")


def _real(value: Any, argument: str) -> float:
    if hasattr(value, "__float__") or hasattr(value, "__index__"):  # text can be read as a float
        try:
            return float(value)
        except (TypeError, ValueError, RuntimeError, OverflowError):  # RuntimeError: PyTorch's
            pass
    raise TypeError(f"{argument} must be one number, not {_kind(value)}")


def _number(value: Any, name: str) -> Any:
    """Return a float, or the word for one that JSON has no number for."""
    number = _real(value, f"value of {name!r}")
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _count(value: Any, argument: str) -> Any:
    number = _real(value, argument)
    if not math.isfinite(number):
        raise TypeError(f"{argument} must be finite, not {number}")
    return int(number) if number == int(number) else number


def _append(lines: Any) -> None:
    """Append JSON lines to the run's metrics; a full disk is no reason to end a training."""
    path = os.environ.get("JUPYTER_EXEC_METRICS")
    if not path or not lines:
        return
    data = "".join(json.dumps(line) + "\n" for line in lines).encode("ascii")
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, data)
        finally:
            os.close(file)
    except OSError as error:
        warnings.warn(f"not reported: {path}: {error.strerror}", RuntimeWarning, stacklevel=4)


class _CurrentRun(types.ModuleType):
    """This module with attributes that are looked up (PEP 562 needs Python 3.7)."""

    @property
    def output_dir(self) -> str:
        return os.path.abspath(os.environ.get("AZUREML_OUTPUT_DIRECTORY") or "outputs")

    @property
    def run_id(self) -> Optional[str]:
        return os.environ.get("JUPYTER_EXEC_RUN_ID") or os.environ.get("AZUREML_RUN_ID")


sys.modules[__name__].__class__ = _CurrentRun
