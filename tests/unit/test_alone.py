from __future__ import annotations

import fcntl
import threading
import time
from typing import TYPE_CHECKING

from alone import turn

if TYPE_CHECKING:
    from pathlib import Path

LONG_S = 10.0
SHORT_S = 0.2


class Held:
    """A turn that another thread has, or waits for."""

    def __init__(self, folder: Path, *, alone: bool) -> None:
        self.came, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(folder, alone), daemon=True)
        self._thread.start()

    def _hold(self, folder: Path, alone: bool) -> None:
        with turn(folder, alone=alone):
            self.came.set()
            self._end.wait(LONG_S)

    def end(self) -> None:
        self._end.set()
        self._thread.join(LONG_S)


def is_locked(path: Path) -> bool:
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_others_run_together(tmp_path: Path) -> None:
    held = [Held(tmp_path, alone=False) for _ in range(2)]
    assert all(one.came.wait(LONG_S) for one in held)
    for one in held:
        one.end()


def test_whoever_measures_waits_for_all_and_is_not_overtaken(tmp_path: Path) -> None:
    first = Held(tmp_path, alone=False)
    assert first.came.wait(LONG_S)
    alone = Held(tmp_path, alone=True)
    while not is_locked(tmp_path / "next"):
        time.sleep(0.01)
    later = Held(tmp_path, alone=False)
    assert not later.came.wait(SHORT_S)
    assert not alone.came.is_set()
    first.end()
    assert alone.came.wait(LONG_S)
    assert not later.came.is_set()
    alone.end()
    assert later.came.wait(LONG_S)
    later.end()
