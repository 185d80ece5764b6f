"""Plays the Azure ML services that are not ours: discovery, run history, content, artifacts.

azureml-core tells them about every run, and is not content without them. They know nothing of runs;
only `cancelUri` points to our server.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

ROOT = {
    "name": "",
    "hash": None,
    "type": "Directory",
    "timestamp": "0001-01-01T00:00:00+00:00",
    "sasUrl": None,
    "absoluteUrl": None,
    "children": {},
}
SERVICES = ("api", "experimentation", "history", "hyperdrive", "modelmanagement", "studio")


class Side:
    """The services on a port of their own.

    Args:
        execution: address of our server, without a slash at its end.
    """

    def __init__(self, execution: str) -> None:
        self.execution = execution
        side = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                said = json.dumps(side.answer(urlsplit(self.path).path)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_POST = do_PATCH = do_GET  # noqa: N815 - the base class asks for these names

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> Any:
        """Return the least that azureml-core is content with."""
        if path == "/discovery":
            return dict.fromkeys(SERVICES, self.url)
        if path.endswith("/snapshots/latest/metadata"):
            return {"id": str(uuid.UUID(int=0)), "root": ROOT}
        if path.endswith("/snapshots/getblob"):
            return {"fileNodes": []}
        run = re.search(r"(/subscriptions/.*/experiments/[^/]+)/runs/([^/]+)$", path)
        if run:
            return {
                "runNumber": 1,
                "rootRunId": run[2],
                "runId": run[2],
                "status": "Running",
                "cancelUri": f"{self.execution}/execution/v1.0{run[1]}/runId/{run[2]}/cancel",
            }
        experiment = re.search(r"/experiments/([^/]+)$", path)
        if experiment:
            return {"experimentId": str(uuid.UUID(int=1)), "name": experiment[1]}
        return {"value": []}
