"""The server extension as a whole: Jupyter's event bus, idle culling, a start without cost."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

API = "jupyter-exec/v1/"

LISTENER = """
import json, os
def _jupyter_server_extension_points():
    return [{"module": "bus_listener"}]
def _load_jupyter_server_extension(serverapp):
    async def listen(logger, schema_id, data):
        with open(os.environ["HEARD"], "a") as file:
            file.write(json.dumps(data) + "\\n")
    from jupyter_exec.handlers.bus import SCHEMA, SCHEMA_ID
    serverapp.event_logger.register_event_schema(SCHEMA)
    serverapp.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listen)
"""

# jupyter_server looks for idleness once a minute; this asks it to look each second.
CULLING = """
import os
from tornado.ioloop import PeriodicCallback
def _jupyter_server_extension_points():
    return [{"module": "culling"}]
def _load_jupyter_server_extension(serverapp):
    def look():
        if os.path.exists(os.environ["WANTED"]):
            serverapp.shutdown_no_activity()
            serverapp.log.warning("LOOKS")
    PeriodicCallback(look, 1000).start()
"""


def command(server, text: str) -> dict:
    body = {"source": {}, "definition": {"configuration": {"command": text}}}
    return server.client.post(API + "runs", json=body).raise_for_status().json()


def test_states_on_jupyters_own_event_bus(make_server, tmp_path: Path):
    (tmp_path / "bus_listener.py").write_text(LISTENER)
    heard = tmp_path / "heard.jsonl"
    server = make_server(
        env={"PYTHONPATH": str(tmp_path), "HEARD": str(heard)},
        config={"ServerApp": {"jpserver_extensions": {"jupyter_exec": True, "bus_listener": True}}},
    )
    run = command(server, "true")
    server.wait_for_end(run["runId"])
    deadline = time.monotonic() + 5
    while not heard.exists() or "Completed" not in heard.read_text():
        assert time.monotonic() < deadline, server.log_text()
        time.sleep(0.02)
    said = [json.loads(line) for line in heard.read_text().splitlines()]
    assert {line["run_id"] for line in said} == {run["runId"]}
    assert [line["status"] for line in said][-1] == "Completed"


def test_a_going_run_keeps_the_server_from_idle_culling(make_server, tmp_path: Path):
    (tmp_path / "culling.py").write_text(CULLING)
    wanted = tmp_path / "wanted"
    extensions = {"jupyter_exec": True, "culling": True}
    settings = {
        "env": {"PYTHONPATH": str(tmp_path), "WANTED": str(wanted)},
        "config": {
            "ServerApp": {"shutdown_no_activity_timeout": 1, "jpserver_extensions": extensions}
        },
    }
    busy, idle = make_server(**settings), make_server(**settings)
    run = command(busy, "sleep 600")
    busy.wait_for_status(run["runId"], "Running")
    wanted.touch()
    assert idle.process is not None
    idle.process.wait(60)
    assert "No kernels for" in idle.log_text()
    deadline = time.monotonic() + 60
    while busy.log_text().count("LOOKS") < 6:  # 5 s after the first
        assert time.monotonic() < deadline, busy.log_text()
        time.sleep(0.02)
    assert busy.process is not None
    assert busy.process.poll() is None
    assert busy.run(run["runId"])["status"] == "Running"


def test_a_start_imports_neither_pydantic_nor_the_services(make_server, tmp_path: Path):
    spy = tmp_path / "import_spy.py"
    spy.write_text(
        "import sys\n"
        "def _jupyter_server_extension_points():\n    return [{'module': 'import_spy'}]\n"
        "def _load_jupyter_server_extension(serverapp):\n"
        "    async def later():\n"
        "        names = [n for n in sys.modules if n.startswith(('pydantic', 'jupyter_exec'))]\n"
        "        serverapp.log.warning('LOADED %s END', ' '.join(sorted(names)))\n"
        "    serverapp.io_loop.add_callback(later)\n"
    )
    server = make_server(
        env={"PYTHONPATH": str(tmp_path)},
        config={
            "ServerApp": {
                "jpserver_extensions": {
                    "jupyter_exec": True,
                    "import_spy": True,
                    "jupyter_scheduler": False,  # imports pydantic, where it is installed
                }
            }
        },
    )
    deadline = time.monotonic() + 10
    while "LOADED" not in server.log_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    loaded = server.log_text().split("LOADED ")[1].split(" END")[0].split()
    assert "jupyter_exec.app" in loaded
    assert not [name for name in loaded if name.startswith(("pydantic", "jupyter_exec.services"))]
