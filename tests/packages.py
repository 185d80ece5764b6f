"""A package that is in no index, for tests that install something."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SAY = "import greeting; print(greeting.said)"


def make_wheel(folder: Path, version: str) -> None:
    """Make a wheel of `jx-greeting`, whose module `greeting` has `said`."""
    info = f"jx_greeting-{version}.dist-info"
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / f"jx_greeting-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("greeting.py", f"said = 'hello {version}'")
        head = f"Metadata-Version: 2.1\nName: jx-greeting\nVersion: {version}\n"
        wheel.writestr(f"{info}/METADATA", head)
        wheel.writestr(f"{info}/WHEEL", kind)
        wheel.writestr(f"{info}/RECORD", "")
