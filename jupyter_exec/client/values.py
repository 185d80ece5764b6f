"""Values of the server's answers (floor: client)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from jupyter_exec.client.session import NoServer
from jupyter_exec.errors import ExecError

if TYPE_CHECKING:
    from jupyter_exec.client.session import Session


class RunError(NamedTuple):
    """Why a run failed: a short stable word, and one line that names the cause."""

    code: str
    message: str


class Output(NamedTuple):
    """One file that a run left."""

    path: str
    size_bytes: int
    modified_at: datetime | None


def parse_time(text: str | None) -> datetime | None:
    """Read a time of the server's answers: ISO 8601 in UTC with a Z, which Python 3.10 rejects."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def fetch(session: Session, address: str, folder: Path, name: str) -> Path:
    """Write one output into a folder; it takes its name there when it is whole.

    Args:
        session: to the server.
        address: of the output.
        folder: made where it does not exist.
        name: its path among the outputs, kept in the folder.

    Raises:
        ExecError: the name leads out of the folder, or the server refuses.
    """
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts:
        raise ExecError(f"the output {name!r} would lie outside of {folder}")
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    response = session.stream(address)
    try:
        with part.open("wb") as file:
            for block in response.iter_bytes(1 << 20):
                file.write(block)
    except httpx.TransportError as error:
        raise NoServer(f"the connection broke while {name} was fetched: {error}") from error
    finally:
        response.close()
    return part.replace(path)


def load_values(content: bytes, run_id: str) -> dict[str, Any]:
    """Unpickle the values that a run left; this executes what it put there.

    Raises:
        ExecError: they cannot be read here, for example without a module that the run had.
    """
    import cloudpickle

    try:
        values: dict[str, Any] = cloudpickle.loads(content)
    except Exception as error:  # whatever the objects' own code raises
        cause = f"{type(error).__name__}: {error}"
        raise ExecError(f"the values of {run_id} cannot be read here: {cause}") from error
    return values
