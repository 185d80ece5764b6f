"""What one replica needs, in the words of Kubernetes (floor: model; pure).

Source: Kubernetes' quantities (`500m`, `1Gi`), as `resources` and `resourceMap` of Submarine hold
them.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from jupyter_exec.model.job import Resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

GPU = "nvidia.com/gpu"
_GPU_WORDS = {GPU, "gpu", "yarn.io/gpu"}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([a-z]*)", re.IGNORECASE)
_UNITS = {
    "": 1,
    "k": 10**3,
    "m": 10**6,
    "g": 10**9,
    "t": 10**12,
    "ki": 2**10,
    "mi": 2**20,
    "gi": 2**30,
    "ti": 2**40,
}
_LARGEST = 10**15


def parse_cpus(text: str) -> float:
    """Read processors as Kubernetes does: "2", "0.5", "500m".

    Raises:
        ValueError: with examples.
    """
    number, thousandth = (text[:-1], 1000) if text.endswith("m") else (text, 1)
    try:
        cpus = Decimal(number) / thousandth
    except InvalidOperation:
        cpus = Decimal(0)
    if not (cpus.is_finite() and 0 < cpus < _LARGEST):
        message = (
            f"cpu={text[:80]!r} is not a number of processors: give for example 1, 0.5 or 500m"
        )
        raise ValueError(message)
    return float(cpus)


def parse_memory(text: str) -> int:
    """Read bytes as Kubernetes does: "1024M" (powers of 1000), "1Gi" (powers of 1024).

    Raises:
        ValueError: with examples.
    """
    found = _QUANTITY.fullmatch(text)
    unit = _UNITS.get(found[2].lower()) if found else None
    if not found or unit is None or not 0 < float(found[1]) * unit < _LARGEST:
        message = f"memory={text[:80]!r} is not a size: give for example 1024M, 2G or 1Gi"
        raise ValueError(message)
    return int(float(found[1]) * unit)


def parse_gpus(text: str) -> int:
    """Read a number of devices.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        message = f"{GPU}={text[:80]!r} is not a number of devices"
        raise ValueError(message)
    return int(text)


_READERS: dict[str, Callable[[str], Any]] = {
    "cpu": parse_cpus,
    "memory": parse_memory,
    GPU: parse_gpus,
}


def amount_problem(name: str, text: str) -> str | None:
    """Say what is wrong with the amount of a resource; None if nothing is, or it is not known."""
    reader = _READERS.get(GPU if name in _GPU_WORDS else name)
    try:
        if reader is not None:
            reader(text)
    except ValueError as error:
        return str(error)
    return None


def known_resources(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return resources by the names that they have here.

    Raises:
        ValueError: a name is not one of the three, or stands there twice; with all of them.
    """
    known: dict[str, str] = {}
    problems: list[str] = []
    for given, value in pairs:
        name = GPU if given in _GPU_WORDS else given
        if name not in _READERS:
            problems.append(f"{name[:80]!r} is not a resource: there are cpu, memory and {GPU}")
        elif name in known:
            problems.append(f"{name} is given twice")
        known[name] = value
    if problems:
        raise ValueError("; ".join(problems[:10]))
    return known


def needed(parts: Mapping[str, str]) -> Resources:
    """Return the need of one replica.

    Raises:
        ValueError: values that do not fit, all of them.
    """
    problems = [amount_problem(name, text) for name, text in parts.items()]
    if any(problems):
        raise ValueError("; ".join(filter(None, problems)))
    return Resources(
        parse_cpus(parts["cpu"]) if "cpu" in parts else 1.0,
        parse_memory(parts["memory"]) if "memory" in parts else None,
        parse_gpus(parts[GPU]) if GPU in parts else 0,
    )
