"""Channels of a web server: whose passwords and tokens stay with the operator, and plain http."""

from __future__ import annotations

import functools
import json
import threading
from http.server import SimpleHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest
from local_packages import CondaChannel
from web_store import QuietServer

from jupyter_exec.environments.addresses import secret_faults
from jupyter_exec.environments.base import EnvironmentRequest
from jupyter_exec.environments.conda import CondaEnvironment
from jupyter_exec.errors import RunFailed
from jupyter_exec.model.environment import EnvironmentDefinition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONDA = "configuration.environment.python.condaDependencies"
TOKEN = "tk-5ecr3t-of-a-channel"


class Guarded(SimpleHTTPRequestHandler):
    """Gives files to who has the token in the path, as Anaconda's servers want it."""

    def log_message(self, *args: Any) -> None:
        pass

    def send_head(self) -> Any:
        before = f"/t/{TOKEN}/"
        if not self.path.startswith(before):
            self.send_error(401)
            return None
        self.path = self.path[len(before) - 1 :]
        return super().send_head()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Address of a channel that wants a token."""
    channel = CondaChannel(tmp_path / "web" / "channel")
    channel.add_python()
    channel.add_module("tool", "1.0")
    handler = functools.partial(Guarded, directory=str(tmp_path / "web"))
    server = QuietServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/channel"
    server.shutdown()
    server.server_close()


def definition(channel: str, *lines: Any) -> EnvironmentDefinition:
    conda = {"channels": [channel], "dependencies": list(lines)}
    section = {"userManagedDependencies": False, "condaDependencies": conda}
    return EnvironmentDefinition.model_validate({"python": section})


async def test_the_operator_gives_the_token(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "rattler"))
    login = tmp_path / "login.json"
    monkeypatch.setenv("RATTLER_AUTH_FILE", str(login))
    login.write_text("{}")
    environment = CondaEnvironment(tmp_path / "environments")
    request = EnvironmentRequest(definition(address, "tool"), tmp_path / "log")
    assert environment.faults(request.definition) == []
    with pytest.raises(RunFailed, match="401"):
        await environment.prepare(request)
    login.write_text(json.dumps({"127.0.0.1": {"CondaToken": TOKEN}}))
    made = await environment.prepare(request)
    assert f"{address}/noarch/tool-1.0-0.tar.bz2" in made.record["lock"]
    missing = EnvironmentRequest(definition(f"{address}-gone", "tool"), tmp_path / "log")
    with pytest.raises(RunFailed) as failure:
        await environment.prepare(missing)
    assert TOKEN not in failure.value.message
    kept = [*(tmp_path / "environments").rglob("*.json"), tmp_path / "log"]
    assert all(TOKEN not in path.read_text() for path in kept)


@pytest.mark.parametrize(
    ("conda", "place"),
    [
        ({"channels": ["conda-forge", f"https://h/t/{TOKEN}/c"]}, "channels[1]"),
        ({"channels": [f"https://h/%74/{TOKEN}/c"]}, "channels[0]"),
        ({"channels": [f"t/{TOKEN}/c"]}, "channels[0]"),
        ({"Channels": [f"https://me:{TOKEN}@h/c"]}, "channels[0]"),
        ({"channels": [f"HTTPS://{TOKEN}@h/c"]}, "channels[0]"),
        ({"dependencies": ["python", f"https://h/t/{TOKEN}/c::tool=1"]}, "dependencies[1]"),
        ({"dependencies": [f"https://me:{TOKEN}@h/c::python"]}, "dependencies[0]"),
    ],
)
def test_secrets_of_channels_are_found(conda: dict[str, Any], place: str):
    (fault,) = secret_faults(conda)
    assert fault.target == f"{CONDA}.{place}"
    assert "RATTLER_AUTH_FILE" in fault.message
    assert TOKEN not in fault.message


@pytest.mark.parametrize(
    "channel", ["file:///t/x/c", "conda-forge", "https://h/tt/x", "https://h/c/t"]
)
def test_what_is_no_secret(channel: str):
    assert secret_faults({"channels": [channel], "dependencies": ["c::tool", "python=3"]}) == []
    assert secret_faults(None) == secret_faults({"channels": 7, "dependencies": [7]}) == []


@pytest.mark.parametrize(
    ("channel", "taken"),
    [
        ("http://mirror.example/c", False),
        ("HTTP://127.0.0.1.example/c", False),
        ("http://localhost:8000/c", True),
        ("http://127.0.0.1/c", True),
        ("https://mirror.example/c", True),
    ],
)
def test_plain_http_is_for_this_machine(tmp_path: Path, channel: str, taken: bool):
    faults = CondaEnvironment(tmp_path).faults(definition(channel, "tool"))
    assert [fault.target for fault in faults] == ([] if taken else [f"{CONDA}.channels[0]"])
    assert all("give the https:// or file:// address" in fault.message for fault in faults)
