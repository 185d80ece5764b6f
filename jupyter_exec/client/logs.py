"""A run's log, whole or as it grows (floor: client)."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

from jupyter_exec.client.session import NoServer
from jupyter_exec.client.sse import SILENCE_S, Patience, ended_after
from jupyter_exec.errors import ExecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_exec.client.session import Session

_MERGED = "merged"
_REST_S = 0.5


class Log:
    """Reads the logs of one run.

    Args:
        session: to the server.
        run_id: whose.
        ended: asks whether the run has ended.
    """

    def __init__(self, session: Session, run_id: str, ended: Callable[[], bool]) -> None:
        self._session = session
        self._path = f"runs/{run_id}/logs"
        self._ended = ended

    def entries(self) -> list[dict[str, Any]]:
        """List the logs of the replicas, the newest attempt first; then `environment.txt`."""
        return self._sorted(self._list())

    def text(self, name: str | None = None) -> str:
        """Return a log as it is now; without a name, that of the last attempt.

        Of a run with several replicas that is all of them by time.

        Raises:
            NotFound: the run has no log of that name.
        """
        if name is None:
            answer = self._list()
            entries = self._sorted(answer)
            if not entries:
                return ""
            is_merged = answer.get("mergedBytes") is not None
            name = _MERGED if is_merged else quote(str(entries[0]["name"]))
        response = self._session.request("GET", f"{self._path}/{name}")
        return response.content.decode("utf-8", errors="replace")

    def of_replica(self, replica: str) -> str:
        """Return the name of a replica's log in the newest attempt that has one.

        Args:
            replica: `worker-1`, `rank-3`.
        """
        for entry in self.entries():
            if f"{entry['role']}-{entry['index']}" == replica:
                return str(entry["name"])
        return f"{replica}.txt"

    def follow(self, name: str | None = None, timeout_s: float | None = None) -> Iterator[str]:
        """Yield a log as it grows, until the run ends; survives restarts of the server.

        Without a name, all replicas' by time, or the one replica's; attempt after attempt.

        Raises:
            TimeoutError: after `timeout_s`.
            ExecError: the run is gone, or the server for too long.
        """
        return self._grow(name or _MERGED, Patience(timeout_s))

    def _list(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._session.json("GET", self._path)
        return answer

    @staticmethod
    def _sorted(answer: dict[str, Any]) -> list[dict[str, Any]]:
        return sorted(answer["logs"], key=lambda entry: entry["role"] is None)

    def _grow(self, name: str, patience: Patience) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        offset, finished = 0, False
        while not finished:
            try:
                # Asked before, so that what is read afterwards is the whole.
                finished = self._ended()
                for block in self._connection(name, offset, patience):
                    offset += len(block)
                    yield decoder.decode(block)
                finished = finished or (name != _MERGED and self._superseded(name))
                if not finished and not self._ended():
                    patience.rest(_REST_S)
            except httpx.TransportError as error:
                finished = False
                patience.left_s()
                if not isinstance(error, httpx.ReadTimeout):  # else it is only quiet
                    patience.pause(NoServer(f"the log's connection broke: {error}"))
            except ExecError as error:
                finished = False
                patience.pause(error)
        yield decoder.decode(b"", final=True)

    def _superseded(self, name: str) -> bool:
        """Tell whether a newer attempt writes another log than this one."""
        entries = self.entries()
        mine = next((entry for entry in entries if entry["name"] == name), None)
        return (
            mine is not None
            and mine["role"] is not None
            and any((entry["attempt"] or 0) > mine["attempt"] for entry in entries)
        )

    def _connection(self, name: str, offset: int, patience: Patience) -> Iterator[bytes]:
        parameters = {"offset": offset, "follow": 1}
        timeout = httpx.Timeout(10.0, read=SILENCE_S)
        response = self._session.stream(f"{self._path}/{name}", params=parameters, timeout=timeout)
        patience.success()
        try:
            with ended_after(response, patience.left_s()):
                yield from response.iter_bytes()
        finally:
            response.close()
