"""What this machine has to share out: processors, memory, GPUs (floor: targets)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CGROUP = Path("/sys/fs/cgroup")
_NVIDIA_SMI_S = 20.0


def visible_gpus(environ: Mapping[str, str]) -> list[str]:
    """Return CUDA's names of the GPUs: their numbers, or what CUDA_VISIBLE_DEVICES lists.

    Blocks for as long as nvidia-smi takes.

    Args:
        environ: the server's environment.
    """
    count = _gpus()
    listed = environ.get("CUDA_VISIBLE_DEVICES")
    if listed is None or not count:
        return [str(number) for number in range(count)]
    names = [name.strip() for name in listed.split(",") if name.strip()]
    return names[: names.index("-1")] if "-1" in names else names


def cpus() -> float:
    """Return the processors that the scheduler and the cgroup leave to us."""
    try:
        count = float(len(os.sched_getaffinity(0)))
    except AttributeError:  # macOS
        count = float(os.cpu_count() or 1)
    quota, period = _words(_CGROUP / "cpu.max", 2) or (
        *(_words(_CGROUP / "cpu/cpu.cfs_quota_us", 1) or ("max",)),
        *(_words(_CGROUP / "cpu/cpu.cfs_period_us", 1) or ("100000",)),
    )
    if quota.isdigit() and int(quota) > 0:
        count = min(count, int(quota) / int(period))
    return count


def memory_bytes() -> int:
    """Return the memory of the machine, or of the cgroup where that is less."""
    import psutil

    total = int(psutil.virtual_memory().total)
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        words = _words(_CGROUP / name, 1)
        if words and words[0].isdigit():
            total = min(total, int(words[0]))
    return total


def _gpus() -> int:
    """Return how many GPUs nvidia-smi lists; 0 without it."""
    try:
        done = subprocess.run(
            ["nvidia-smi", "-L"],
            capture_output=True,
            text=True,
            timeout=_NVIDIA_SMI_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in done.stdout.splitlines())


def _words(path: Path, count: int) -> tuple[str, ...] | None:
    """Return the words of a one-line file if there are `count` of them."""
    try:
        words = tuple(path.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    return words if len(words) == count else None
