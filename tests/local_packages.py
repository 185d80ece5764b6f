"""Packages that tests make on the spot, so that no registry is needed: wheels."""

from __future__ import annotations

import hashlib
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def make_wheel(folder: Path, name: str = "demo", version: str = "1.0", requires: str = "") -> str:
    """Make a wheel that holds one module; return the requirement that installs it."""
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires.split(",") if one)
    tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", f"version = {version!r}\n")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", tags)
        archive.writestr(f"{info}/RECORD", "")
    return f"{name} @ {path.as_uri()}"


def sha256_of(path: Path) -> str:
    """Return the digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def index_variables(folder: Path) -> dict[str, str]:
    """Make an index of no packages beside a folder of wheels; what an operator would set for uv."""
    index, wheels = folder / "index", folder / "wheels"
    index.mkdir(parents=True, exist_ok=True)
    wheels.mkdir(exist_ok=True)
    return {
        "UV_DEFAULT_INDEX": str(index),
        "UV_FIND_LINKS": str(wheels),
        "UV_CACHE_DIR": str(folder / "uv-cache"),
        "UV_NO_CONFIG": "1",
    }
