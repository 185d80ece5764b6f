"""Who listens on this machine."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING

import pytest
from local_runs import LINUX

from jupyter_exec.model.job import Address
from jupyter_exec.targets.listening import listening_ports, silent
from jupyter_exec.targets.shim import proctree

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = LINUX


@pytest.mark.parametrize(
    ("family", "host"),
    [
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET, "0.0.0.0"),
        (socket.AF_INET6, "::"),
    ],
)
def test_ports(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as one:
        one.bind((host, 0))
        port = one.getsockname()[1]
        assert port not in (listening_ports() or ())
        one.listen()
        assert port in (listening_ports() or ())
    assert port not in (listening_ports() or ())


def test_who_is_silent(tmp_path: Path) -> None:
    me = {"pid": os.getpid(), "started": proctree.identity(os.getpid())}
    gone = {"pid": os.getpid(), "started": "another boot/1"}
    replicas = [
        {"role": "worker", "index": 0, **me},
        {"role": "worker", "index": 1, **me},
        {"role": "tracker", "index": 0, **gone},
        {"role": "chief", "index": 0, **me},
    ]
    (tmp_path / "started.json").write_text(json.dumps({"replicas": replicas}))
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = Address("127.0.0.1", server.getsockname()[1])
        nowhere = Address("127.0.0.1", 1)
        asked = {("worker", 0): there, ("worker", 1): nowhere, ("tracker", 0): nowhere}
        assert silent(tmp_path, asked) == {("worker", 1): True, ("tracker", 0): False}
        assert silent(tmp_path, {("worker", 0): there}) == {}
