"""Environments that are built once, and used while they are unchanged (floor: environments).

    <root>/resolved/<key>.json      what a request came to: a recipe; its key is the request's hash
    <root>/resolved/<key>.lock      held while that is being found out
    <root>/<hash>.lock              held while the environment is being built
    <root>/<hash>/                  the environment, built where it stays: most cannot be moved
    <root>/<hash>/requirements.lock what is in it
    <root>/<hash>/complete.json     written last; a folder without it is removed and built anew.
                                    Its time of change is when the environment was last used
    <root>/<hash>.empty/            an environment without packages, made while the lock was sought
    <root>/<hash>.durable           says which build the disk has all of; the marker of another one
                                    counts until the machine is started again

Whatever makes a kind of environment (venv, conda, inside an image) asks `resolved` for the recipe,
unless a run brings one, and has `Build.ensure` follow it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.environments.build import locked, run_logged
from jupyter_exec.environments.failure import failure_of
from jupyter_exec.environments.folders import clear, size_of
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

MARKER = "complete.json"
LOCK_FILE = "requirements.lock"
RESOLVED = "resolved"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Recipe:
    """What exactly an environment is made of; equal recipes share one environment.

    Attributes:
        kind: entry point that makes it.
        python: version of its Python.
        base: what of this machine it stands on: an interpreter's real path, an image's id, or "".
        lock: every package with its version and hashes, as the tool that installs it reads it.
    """

    kind: str
    python: str
    base: str
    lock: str

    @property
    def hash(self) -> str:
        """Return the environment's name."""
        return content_hash(asdict(self))

    @property
    def record(self) -> dict[str, Any]:
        """Return what is kept with a run."""
        record = {"kind": self.kind, "hash": self.hash, "python": self.python}
        return {**record, "lock": self.lock}


def content_hash(content: Mapping[str, Any]) -> str:
    """Return a name for JSON values: equal for equal ones."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def lock_of(root: Path, environment: str) -> Path:
    """Return the file that is locked while an environment is built, or taken away."""
    return root / f"{environment}.lock"


def empty_of(root: Path, recipe: Recipe) -> Path:
    """Return where an empty environment waits for its packages; touched under `lock_of` only."""
    return root / f"{recipe.hash}.empty"


class BuildLog:
    """The log of a build, which grows while it goes on.

    Args:
        requirements: what was asked for; a failure names those that it is about.
    """

    def __init__(self, path: Path, requirements: Sequence[str] = ()) -> None:
        self._path = path
        self._requirements = requirements

    def say(self, line: str) -> None:
        """Write a line of ours."""
        self.write(f"{line}\n")

    def write(self, text: str) -> None:
        """Write what a program prints."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text)

    def say_waiting(self) -> None:
        """Tell why nothing happens yet."""
        self.say("another run is building the same environment; waiting for it")

    async def step(self, command: Sequence[str], lock: int, folder: Path) -> str:
        """Run a program of the build, and return what it has printed.

        Args:
            lock: descriptor of the lock that the program keeps while it lives.
            folder: its working folder.

        Raises:
            RunFailed: it cannot be started, or fails; in one line.
        """
        self.say("$ " + " ".join(command))
        try:
            status, printed = await run_logged(command, self._path, lock, folder)
        except OSError as error:
            message = f"{command[0]} cannot be started: {error.strerror}"
            raise RunFailed("EnvironmentFailed", message) from None
        if status != 0:
            raise failure_of(printed, self._requirements)
        return printed


async def resolved(
    root: Path,
    asked: Mapping[str, Any],
    log: BuildLog,
    resolve: Callable[[int, Path], Awaitable[Recipe]],
) -> Recipe:
    """Return what a request came to when it was first made, or find it out.

    Args:
        asked: the request in canonical form, as JSON values.
        resolve: gets the lock's descriptor and an empty folder to work in.

    Raises:
        RunFailed: it cannot be met.
    """
    place = root / RESOLVED / f"{content_hash(asked)}.json"
    found = _read(place)
    if found is None:
        async with locked(place.with_suffix(".lock"), log.say_waiting) as lock:
            found = _read(place) or await _resolve(place, lock, resolve)
    return found


async def _resolve(
    place: Path, lock: int, resolve: Callable[[int, Path], Awaitable[Recipe]]
) -> Recipe:
    folder = place.with_suffix(".work")
    await clear(folder)
    folder.mkdir(mode=0o700)
    try:
        recipe = await resolve(lock, folder)
    finally:
        await clear(folder)
    _write(place, {"hash": recipe.hash, "recipe": asdict(recipe)})
    return recipe


def _read(place: Path) -> Recipe | None:
    try:
        return Recipe(**json.loads(place.read_text(encoding="utf-8"))["recipe"])
    except (OSError, ValueError, TypeError, KeyError):  # not there, or of an older version of ours
        return None


def _write(place: Path, content: Mapping[str, Any]) -> None:
    incoming = place.with_suffix(".incoming")
    try:
        incoming.write_text(json.dumps(content, indent=1), encoding="utf-8")
        incoming.replace(place)
    except OSError:
        incoming.unlink(missing_ok=True)
        raise


class Build:
    """One environment: where it lies, and how it comes to be there whole.

    Attributes:
        folder: of all that belongs to it.
        prefix: the environment itself.
        python: its interpreter.
        lock_file: the recipe's lock, as a file.
    """

    def __init__(self, root: Path, recipe: Recipe, log: BuildLog) -> None:
        self.recipe = recipe
        self.log = log
        self.folder = root / recipe.hash
        self.prefix = self.folder / "env"
        self.python = self.prefix / "bin" / "python"
        self.lock_file = self.folder / LOCK_FILE
        self._guard = lock_of(root, recipe.hash)
        self._empty = empty_of(root, recipe)
        self._marker = self.folder / MARKER
        self._durable = self._guard.with_suffix(".durable")

    async def ensure(self, make: Callable[[int], Awaitable[None]]) -> None:
        """Build it unless it is there; all that need the same one wait for one build.

        Cancelling it kills the build; what it had written is removed.

        Args:
            make: fills `prefix`; gets the descriptor of the lock that its programs keep.

        Raises:
            RunFailed: `EnvironmentFailed`, naming the requirement at fault.
        """
        if self.complete():
            return
        async with locked(self._guard, self.log.say_waiting) as lock:
            if not self.complete():
                await self._run(lock, make)

    def complete(self) -> bool:
        """Tell whether it is built and its interpreter still there; notes that it is used."""
        try:
            os.utime(self._marker)
            marker = json.loads(self._marker.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        kept = marker["boot"] == _boot() or marker["build"] == self._on_disk()
        return kept and self.has_python()

    def has_python(self) -> bool:
        """Tell whether its interpreter can be started."""
        return os.access(self.python, os.X_OK)

    async def step(self, command: Sequence[str], lock: int) -> str:
        """Run a program of the build in its folder; see `BuildLog.step`."""
        return await self.log.step(command, lock, self.folder)

    async def _run(self, lock: int, make: Callable[[int], Awaitable[None]]) -> None:
        await clear(self.folder)
        try:
            self.folder.mkdir(mode=0o700)
            self.lock_file.write_text(self.recipe.lock, encoding="utf-8")
            await make(lock)
            await asyncio.to_thread(self._mark)
        except BaseException as error:
            for folder in (self.folder, self._empty):
                await clear(folder)
            if isinstance(error, OSError):
                raise failure_of(f"{error.strerror}: {error.filename}", ()) from error
            raise

    def _mark(self) -> None:
        """Write the marker that makes the environment complete, last and whole."""
        boot, build = _boot(), uuid.uuid4().hex
        if boot is None:
            self._make_durable(build)
        size = size_of(self.folder)
        content = {"builtAt": time.time(), "sizeBytes": size, "boot": boot, "build": build}
        _write(self._marker, {**asdict(self.recipe), **content})
        if boot is not None:  # nobody waits for the disk; after a power cut it is built again
            name = f"sync-{self.recipe.hash}"
            threading.Thread(
                target=self._make_durable, args=(build,), name=name, daemon=True
            ).start()

    def _make_durable(self, build: str) -> None:
        os.sync()
        with suppress(OSError):  # all environments were taken away meanwhile
            self._durable.write_text(build, encoding="ascii")

    def _on_disk(self) -> str:
        try:
            return self._durable.read_text(encoding="ascii")
        except OSError:
            return ""


def _boot() -> str | None:
    """Return what is the same until the machine is started again; None where nobody knows."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return None
