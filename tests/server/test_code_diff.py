"""What has changed in the code of a run, over REST."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.model.answers import ANSWERS

if TYPE_CHECKING:
    from servers import RunningServer

API = "jupyter-exec/v1/"


def start(server: RunningServer, **body: Any) -> str:
    body.setdefault("definition", {"configuration": {"command": "true"}})
    answer = server.client.post(API + "runs", json=body)
    assert answer.status_code == 201, answer.text
    run_id = str(answer.json()["runId"])
    server.wait_for_end(run_id)
    return run_id


def differences(server: RunningServer, run_id: str, **query: str) -> dict[str, Any]:
    answer = server.client.get(API + f"runs/{run_id}/code-diff", params=query)
    assert answer.status_code == 200, answer.text
    ANSWERS["CodeDiff"].model_validate_json(answer.content, extra="forbid")
    found: dict[str, Any] = answer.json()
    return found


def refused(server: RunningServer, run_id: str, status: int, **query: str) -> str:
    answer = server.client.get(API + f"runs/{run_id}/code-diff", params=query)
    assert answer.status_code == status, answer.text
    ANSWERS["ErrorResponse"].model_validate_json(answer.content, extra="forbid")
    return str(answer.json()["error"]["message"])


def shown(found: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    return {file["path"]: (file["change"], file["reason"]) for file in found["files"]}


@pytest.fixture
def project(server: RunningServer, request: pytest.FixtureRequest) -> Path:
    folder = server.root_dir / request.node.name.replace("[", "-").replace("]", "")
    (folder / "data").mkdir(parents=True)
    (folder / "train.py").write_text("import os\nprint(1)\n")
    (folder / "same.txt").write_text("same\n")
    (folder / "gone.txt").write_text("gone\n")
    (folder / "blob.bin").write_bytes(bytes(range(256)))
    (folder / "large.txt").write_text("x" * (1 << 20))
    (folder / "tool.sh").write_text("true\n")
    (folder / "link").symlink_to("same.txt")
    (folder / ".execignore").write_text("*.log\n/data/\n")
    return folder


def change(folder: Path) -> None:
    (folder / "train.py").write_text("import os\nprint(2)\n")
    (folder / "gone.txt").unlink()
    (folder / "new.txt").write_text("new\n")
    (folder / "blob.bin").write_bytes(bytes(range(255, -1, -1)))
    (folder / "large.txt").write_text("y" * (1 << 20) + "y")
    (folder / "tool.sh").chmod(0o755)
    (folder / "link").unlink()
    (folder / "link").symlink_to("train.py")
    (folder / "trace.log").write_text("left out")
    (folder / "data" / "x.txt").write_text("left out")
    (folder / "outside").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")


CHANGED = {
    "blob.bin": ("changed", "binary"),
    "gone.txt": ("removed", None),
    "large.txt": ("changed", "larger than 1 MiB"),
    "link": ("changed", "a symbolic link"),
    "new.txt": ("added", None),
    "tool.sh": ("changed", "only the mode differs: executable now"),
    "train.py": ("changed", None),
}


def test_since_the_run(server, project):
    run_id = start(server, source={"path": project.name})
    assert server.run(run_id)["sourcePath"] == project.name
    nothing = differences(server, run_id)
    assert nothing == {"from": run_id, "to": project.name, "files": [], "more": 0}
    change(project)
    snapshots = sorted(server.data_dir.glob("snapshots/blobs/*/*"))
    found = differences(server, run_id)
    assert shown(found) == CHANGED
    diffs = {file["path"]: file["diff"] for file in found["files"] if file["diff"]}
    assert diffs == {
        "gone.txt": "--- a/gone.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n",
        "new.txt": "--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+new\n",
        "train.py": "--- a/train.py\n+++ b/train.py\n"
        "@@ -1,2 +1,2 @@\n import os\n-print(1)\n+print(2)\n",
    }
    assert sorted(server.data_dir.glob("snapshots/blobs/*/*")) == snapshots  # nothing was kept
    again = server.client.post(API + f"runs/{run_id}/rerun", json={}).json()["runId"]
    server.wait_for_end(again)
    assert differences(server, again)["files"] == found["files"]


def test_with_another_run(server, project):
    first = start(server, source={"path": project.name})
    change(project)
    second = start(server, source={"path": project.name})
    found = differences(server, first, **{"with": second})
    assert (found["from"], found["to"]) == (first, second)
    assert shown(found) == CHANGED
    back = shown(differences(server, second, **{"with": first}))
    assert back["gone.txt"] == ("added", None)
    assert back["tool.sh"] == ("changed", "only the mode differs: executable before")
    refused(server, first, 404, **{"with": "nothing"})


def test_only_what_was_asked_for(server, project):
    run_id = start(
        server,
        source={"path": f"{project.name}/train.py", "files": ["*.txt", "gone.txt"], "link": []},
        overlay={"same.txt": {"text": "on top\n"}, "cell.py": {"text": "1"}},
    )
    assert server.run(run_id)["sourcePath"] == f"{project.name}/train.py"
    assert shown(differences(server, run_id)) == {"same.txt": ("changed", None)}
    change(project)
    assert shown(differences(server, run_id)) == {
        path: CHANGED[path] for path in ("gone.txt", "large.txt", "new.txt", "train.py")
    } | {"same.txt": ("changed", None)}


def test_what_cannot_be_compared(server, project):
    sent = start(server, overlay={"a.py": {"text": "1"}})
    assert server.run(sent)["sourcePath"] is None
    assert "?with=" in refused(server, sent, 409)
    assert differences(server, sent, **{"with": sent})["files"] == []
    run_id = start(server, source={"path": project.name})
    moved = project.rename(project.with_name("moved"))
    assert "is gone" in refused(server, run_id, 409)
    project.symlink_to("/etc")
    assert "outside" in refused(server, run_id, 400)
    project.unlink()
    moved.rename(project)
    refused(server, "nothing", 404)


def test_names_that_are_no_text(server, project):
    odd = os.fsencode(project) + b"/\xff"
    Path(os.fsdecode(odd)).mkdir()
    (project / "odd").symlink_to(os.fsdecode(odd))
    run_id = start(server, source={"path": f"{project.name}/odd"})
    assert server.run(run_id)["sourcePath"] is None
    run_id = start(server, source={"path": project.name})
    with open(odd + b"/\xfe.txt", "w") as file:  # noqa: PTH123 - its name is bytes
        file.write("new\n")
    (change,) = differences(server, run_id)["files"]
    assert change["path"] == "\\udcff/\\udcfe.txt"
    assert change["diff"].endswith("+new\n")


def test_very_many_files(server, project):
    run_id = start(server, source={"path": project.name})
    for number in range(600):
        (project / f"{number:03}.txt").write_text("new\n")
    found = differences(server, run_id)
    assert (len(found["files"]), found["more"]) == (500, 100)
    assert found["files"][0]["diff"].endswith("+new\n")
