"""The tracker's words about workers that do not come, by what it sees of those that have."""

from __future__ import annotations

import socket

import pytest

from jupyter_exec.launchers.xgboost_tracker.main import Meeting

HOSTS = {f"worker-{index}": f"10.0.0.{index + 2}" for index in range(3)}


def meeting(count: int = 3) -> Meeting:
    return Meeting(count, 4000, 6, set())


@pytest.mark.parametrize(
    ("peers", "said"),
    [
        ([("10.0.0.2", 1), ("10.0.0.4", 1)], "worker-1 did not come within 6 s after the first"),
        ([("10.0.0.3", 1)], "worker-0, worker-2 did not come"),
        ([("10.0.0.3", 1), ("10.9.9.9", 1)], "1 of 3 workers did not come"),
        ([], "worker-0, worker-1, worker-2 did not come within 6 s: the script has to open"),
    ],
)
def test_containers_are_known_by_their_addresses(
    monkeypatch: pytest.MonkeyPatch, peers: list[tuple[str, int]], said: str
) -> None:
    monkeypatch.setattr(socket, "gethostbyname", HOSTS.__getitem__)
    assert meeting()._missing(peers).startswith(said)


def test_many_are_counted() -> None:
    assert "worker-9 and 490 more did not" in meeting(500)._missing([])
