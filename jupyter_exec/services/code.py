"""Code that a run fetches before it starts: a git repository (floor: services)."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import RunFailed
from jupyter_exec.model.experiment import CREDENTIALS
from jupyter_exec.model.git_url import without_userinfo
from jupyter_exec.sources.code_request import CodeRequest
from jupyter_exec.store import runs
from jupyter_exec.targets.clean_environment import clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jupyter_exec.model.experiment import CodeSpec
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.execution import Engine
    from jupyter_exec.store.paths import RunPaths

TIME_LIMIT_S = 1800.0
_CODE = "CodeFailed"
_PROGRAM = "jupyter_exec.sources.git_code"


async def fetch(
    engine: Engine, run: Run, code: CodeSpec, paths: RunPaths, secrets: Mapping[str, str]
) -> None:
    """Check the code out at `work/code/current`, and note its commit as the run's `git`.

    A run that has noted one, for the same URL and branch, gets that commit again: a retry, or the
    repetition of a run. Cancelling it kills whatever fetches.

    Args:
        secrets: the values of `CREDENTIALS`, as far as there are any.

    Raises:
        RunFailed: `CodeFailed`, naming the URL and the cause.
    """
    url = without_userinfo(code.address or "")
    known = run.git or {}
    same = known.get("url") == url and known.get("ref") == code.branch
    username, password = (secrets.get(name) for name in CREDENTIALS)
    request = CodeRequest(
        url=url,
        folder=str(await asyncio.to_thread(_make_room, paths.work)),
        log=str(paths.environment_log),
        ref=code.branch,
        commit=known.get("commit") if same else None,
        username=username or (code.git.username if code.git else None),
        password=password,
        trust_certs=bool(code.git and code.git.trust_certs),
    )
    _say(paths, f"fetching {url}" + (f", {code.branch}" if code.branch else ""))
    answer = await _served(request, paths.root)
    if "error" in answer:
        _say(paths, answer["error"])
        raise RunFailed(_CODE, f"the code of {url} cannot be fetched: {answer['error']}")
    _say(paths, f"checked out {answer['commit']}")
    git = {**answer, "dirty": False, "url": url, "ref": code.branch}
    await engine.journal.write(runs.save_git, run.run_id, git)


def _make_room(work: Path) -> Path:
    """Return where the code goes, which does not exist; blocks.

    Raises:
        RunFailed: the folder of the run has a link in its place; whatever it shows is not ours.
    """
    folder = work / "code"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        message = (
            "the code goes to the folder 'code', but the run's source has a link or file there"
        )
        raise RunFailed(_CODE, message)
    folder.mkdir(exist_ok=True)
    current = folder / "current"
    if current.is_symlink() or current.is_file():
        current.unlink()
    shutil.rmtree(current, ignore_errors=True)  # of an attempt before this one
    return current


async def _served(request: CodeRequest, folder: Path) -> dict[str, Any]:
    """Return the answer of `sources/git_code.py`, run as a program."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _PROGRAM,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={
            **clean_environment(os.environ),
            "GIT_TERMINAL_PROMPT": "0",
            "SSH_ASKPASS_REQUIRE": "never",
        },
        start_new_session=True,  # no terminal that ssh could ask
    )
    try:
        return await asyncio.wait_for(_talk(process, request), TIME_LIMIT_S)
    except asyncio.TimeoutError:
        return {"error": f"it took longer than {TIME_LIMIT_S:g} s"}
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await asyncio.shield(process.wait())


async def _talk(process: asyncio.subprocess.Process, request: CodeRequest) -> dict[str, Any]:
    """Send the request, keeping stdin open, whose end is the program's, and return the answer."""
    if process.stdin is None or process.stdout is None or process.stderr is None:
        message = "a program without pipes"
        raise TypeError(message)
    with suppress(ConnectionError):
        process.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
        await process.stdin.drain()
    line, words = await asyncio.gather(process.stdout.read(), process.stderr.read())
    process.stdin.close()
    await process.wait()
    try:
        answer: dict[str, Any] = json.loads(line)
    except ValueError:
        last = words.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return {"error": f"the program that fetches it ended without an answer: {last[:300]}"}
    return answer


def _say(paths: RunPaths, line: str) -> None:
    """Write a line of ours into the log."""
    with paths.environment_log.open("a", encoding="utf-8", errors="replace") as file:
        file.write(f"{line}\n")
