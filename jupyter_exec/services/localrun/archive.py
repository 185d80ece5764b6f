"""Making the zip of a local run (floor: services).

    azureml-setup/Invocation.sh, Invocation.bat   find a Python and start the runner
    azureml-setup/runner.py, link.py              the runner
    azureml-setup/run.json (0600)                 definition, environment, server's address, token
    everything else                               the project, where the definition names a snapshot

Source: azureml-core extracts the answer over its own copy of the project and starts
`azureml-setup/Invocation.sh`.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import tempfile
import zipfile
from dataclasses import replace
from importlib import resources
from typing import IO, TYPE_CHECKING, Any

from jupyter_exec.errors import Conflict, NotFound
from jupyter_exec.services import tokens
from jupyter_exec.services.variables import run_variables
from jupyter_exec.services.workspace import kept_folders
from jupyter_exec.store import runs

if TYPE_CHECKING:
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.services.runs import RunService
    from jupyter_exec.services.submission import Submission
    from jupyter_exec.store.snapshots import SnapshotStore

SETUP = "azureml-setup"
_TEMPLATES = ("Invocation.sh", "Invocation.bat", "runner.py", "link.py")
_ZIP64_BYTES = 2**31
_FILE, _PROGRAM, _SECRET = 0o100644, 0o100755, 0o100600


class LocalRuns:
    """Hands runs out to the machines of those who ask."""

    def __init__(self, engine: Engine, service: RunService) -> None:
        self._engine = engine
        self._service = service

    async def start(self, submission: Submission, url: str) -> tuple[Run, IO[bytes]]:
        """Store a run that waits to be started elsewhere, and pack what the caller needs.

        Args:
            submission: a checked request; its snapshot may be empty: the caller has the project.
            url: the server's address, as the caller sees it.

        Returns:
            The run, and a zip that stands at its start; the caller closes it.

        Raises:
            InvalidRequest: the script is not in the snapshot.
            Conflict: the id is taken, or the run was started already.
        """
        scope = {**submission.scope, "executes": "client"}
        run = await self._service.start(replace(submission, scope=scope, queued=False))
        token = tokens.new()
        hashed = tokens.digest(token)
        if not await self._engine.journal.write(runs.save_token, run.run_id, hashed):
            message = f"run {run.run_id} was started already; choose another id"
            raise Conflict(message, "runId")
        configuration = submission.definition.configuration
        order = _order(run, configuration, url, token, self._engine.snapshots.max_bytes)
        archive = await asyncio.to_thread(
            _pack, order, configuration, self._engine.snapshots, run.snapshot_id
        )
        return run, archive


def _order(
    run: Run, configuration: RunConfiguration, url: str, token: str, max_bytes: int
) -> dict[str, Any]:
    """Return what the runner is told."""
    environment = configuration.environment
    env = run_variables(run, environment.environment_variables, "", url, token)
    return {
        "runId": run.run_id,
        "reportUrl": f"{url}jupyter-exec/v1/runs/{run.run_id}",
        "token": token,
        "script": configuration.script,
        "command": configuration.command,
        "arguments": configuration.arguments,
        "interpreterPath": environment.python.interpreter_path,
        "env": env,
        "timeLimitS": configuration.max_run_duration_seconds,
        "graceS": 10,
        "folders": kept_folders(configuration.history),
        "uploadBytes": max_bytes,
        "patienceS": 300,
        "definition": run.definition,
    }


def _pack(
    order: dict[str, Any],
    configuration: RunConfiguration,
    snapshots: SnapshotStore,
    snapshot_id: str | None,
) -> IO[bytes]:
    packed = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    templates = resources.files(__package__ or __name__)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in _TEMPLATES:
            text = (templates / name).read_text("utf-8")
            if name.startswith("Invocation"):
                text = _with_interpreter(text, name, configuration)
            mode = _PROGRAM if name.endswith(".sh") else _FILE
            archive.writestr(_entry(f"{SETUP}/{name}", mode), text)
        archive.writestr(_entry(f"{SETUP}/run.json", _SECRET), json.dumps(order, indent=1))
        if snapshot_id is not None:
            _add_project(archive, snapshots, snapshot_id)
    packed.seek(0)
    return packed


def _with_interpreter(text: str, name: str, configuration: RunConfiguration) -> str:
    """Put the interpreter into a template, so that it is no other program's text there."""
    interpreter = configuration.environment.python.interpreter_path or "python3"
    if name.endswith(".sh"):
        return text.replace("@INTERPRETER@", shlex.quote(interpreter))
    safe = all(character.isalnum() or character in " ._-:\\/()+" for character in interpreter)
    return text.replace("@INTERPRETER@", interpreter if safe else "python").replace("\n", "\r\n")


def _entry(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3  # Unix, so that the mode counts
    entry.external_attr = mode << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _add_project(archive: zipfile.ZipFile, snapshots: SnapshotStore, snapshot_id: str) -> None:
    """Add the files of a snapshot; a link becomes a copy, because zipfile cannot extract one."""
    for entry in snapshots.manifest(snapshot_id).entries:
        if entry.path.split("/")[0] == SETUP:
            continue
        mode = _PROGRAM if entry.executable else _FILE
        info = _entry(entry.path, mode)
        info.file_size = entry.size
        try:
            source = snapshots.open_file(snapshot_id, entry.path)
        except NotFound:
            if entry.link is None:
                raise
            continue  # a link to a folder: its files come by themselves
        with source, archive.open(info, "w", force_zip64=entry.size >= _ZIP64_BYTES) as target:
            shutil.copyfileobj(source, target)
