"""The labextension's types are those of what the server takes and answers."""

from __future__ import annotations

import subprocess
from pathlib import Path

from needs import need

ROOT = Path(__file__).parents[2]


def test_the_types_are_those_of_the_openapi_document() -> None:
    need("bash", "apt-get install bash")
    check = subprocess.run(
        [ROOT / "scripts" / "wire", "--check"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stdout + check.stderr
