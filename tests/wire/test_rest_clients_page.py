"""The curl examples of notebooks/rest-clients.md, executed as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from needs import need

if TYPE_CHECKING:
    from servers import RunningServer

PAGE = Path(__file__).parents[2] / "notebooks" / "rest-clients.md"


def test_the_page(server: RunningServer, tmp_path: Path) -> None:
    need("curl", "apt-get install curl")
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 7
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=tmp_path,
        env={**os.environ, "JUPYTER_URL": server.url.rstrip("/"), "JUPYTER_TOKEN": server.token},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    for said in (
        '{"runId": "tour_1"}',
        '"status": "Completed"',
        "epochs 3",
        "trained",
        '{"runId": "tour_2"}',
        "configuration.framework",
        "configuration.target",
    ):
        assert said in done.stdout
    assert server.run("tour_3")["status"] == "Completed"
    assert server.wait_for_end("tour_2")["status"] in {"Completed", "Canceled"}
