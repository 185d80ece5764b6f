"""A server that passes requests on to programs of its machine, by jupyter-server-proxy."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from framework_environments import python_with

if TYPE_CHECKING:
    from servers import RunningServer


def put_proxy_before(server: RunningServer, *folders: Path) -> None:
    """Switch it on, before the start of a server.

    Args:
        folders: that its Python finds packages in besides.
    """
    (packages,) = Path(python_with("proxy")).parents[1].glob("lib/python3*/site-packages")
    server.env["PYTHONPATH"] = os.pathsep.join(map(str, (*folders, packages)))
    path = server.folder / "config" / "jupyter_server_config.json"
    config = json.loads(path.read_text())
    config["ServerApp"]["jpserver_extensions"]["jupyter_server_proxy"] = True
    path.write_text(json.dumps(config))
