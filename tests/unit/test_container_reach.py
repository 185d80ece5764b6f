"""Which addresses of the server mean it inside a container."""

from __future__ import annotations

import pytest

from jupyter_exec.targets.container_reach import reaches


@pytest.mark.parametrize(
    ("url", "network", "reached"),
    [
        ("http://127.0.0.1:8888/", None, False),
        ("http://localhost:8888/", "bridge", False),
        ("http://[::1]:8888/base/", "mine", False),
        ("http://127.0.0.1:8888/", "container:other", False),
        ("http://127.0.0.1:8888/", "host", True),
        ("http+unix://%2Frun%2Fjupyter.sock/", "host", False),
        ("https://hub.example/user/ann/", None, True),
        ("http://10.1.2.3:8888/", "bridge", True),
        ("http://10.1.2.3:8888/", "none", False),
    ],
)
def test_reaches(url: str, network: str | None, reached: bool):
    assert reaches(url, network) is reached
