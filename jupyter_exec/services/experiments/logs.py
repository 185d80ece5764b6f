"""What the processes of experiments printed, pod by pod (floor: services; blocking).

A log is answered from its end, within bounds, so that a huge one does not fill the memory; `GET
runs/{runId}/logs/{name}` has all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jupyter_exec.model.run import Run
    from jupyter_exec.services.files import RunFiles

MAX_LINES = 10_000
"""Lines of a pod that are answered."""
MAX_BYTES = 32 * 2**20
"""Of all pods in one answer together; each has an equal share, of at most MAX_POD_BYTES."""
MAX_POD_BYTES = 4 * 2**20
_FIRST = ("master", "chief", "worker")


def _order(entry: dict[str, Any]) -> tuple[int, str, int]:
    """Put first what clients show first: who leads, then the workers."""
    role = str(entry["role"]).casefold()
    return (_FIRST.index(role) if role in _FIRST else len(_FIRST)), role, entry["index"]


def _entries(files: RunFiles, run: Run) -> list[dict[str, Any]]:
    found = [log for log in files.logs(run) if log["role"] and log["attempt"] == run.attempt]
    return sorted(found, key=_order)


def read_logs(files: RunFiles, experiments: Sequence[Run]) -> list[dict[str, Any]]:
    """Return `{experimentId, logContent: [{podName, podLog: [lines]}]}` of each."""
    found = [(run, _entries(files, run)) for run in experiments]
    pods = sum(len(entries) for _, entries in found)
    share = min(MAX_POD_BYTES, MAX_BYTES // max(1, pods))
    return [
        {
            "experimentId": run.run_id,
            "logContent": [
                {
                    "podName": f"{run.run_id}-{entry['role'].lower()}-{entry['index']}",
                    "podLog": last_lines(files.log(run, entry["name"]), share),
                }
                for entry in entries
            ],
        }
        for run, entries in found
    ]


def last_lines(path: Path, limit_bytes: int) -> list[str]:
    """Return the end of a log, at most MAX_LINES; where some is left out, the first line says so.

    Args:
        limit_bytes: how much is read at most.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit_bytes))
            text = file.read(limit_bytes).decode(errors="replace")
    except FileNotFoundError:
        return []
    lines = text.removesuffix("\n").split("\n") if text else []
    cut = size > limit_bytes
    if cut:
        lines = lines[1:] or lines  # the first one is not whole
    if len(lines) > MAX_LINES:
        lines, cut = lines[-MAX_LINES:], True
    notice = f"[{path.name} has {size:,} bytes; this is its end]"
    return [notice, *lines] if cut else lines
