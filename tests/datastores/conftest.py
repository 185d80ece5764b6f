"""What transfers need: a run's folder, and a web server of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from transfers import Mover
from web_store import WebStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def mover(tmp_path: Path) -> Mover:
    return Mover(tmp_path)


@pytest.fixture
def web() -> Iterator[WebStore]:
    store = WebStore({})
    yield store
    store.close()
