"""A client that costs next to nothing, so that the servers are what is measured."""

from __future__ import annotations

import http.client
import json
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TIMEOUT_S = 300.0


class Connection:
    """One connection to a server on this machine, kept open.

    Args:
        port: of 127.0.0.1.
        token: for the Authorization header.
    """

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self._headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        self._connection.connect()

    def send(self, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
        """Send a request and return the answer, not read yet.

        Raises:
            RuntimeError: the answer tells of an error.
        """
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        if answer.status >= http.client.BAD_REQUEST:
            message = f"{method} {path}: {answer.status} {answer.read()[:2000].decode()}"
            raise RuntimeError(message)
        return answer

    def json(self, method: str, path: str, body: object = None) -> Any:
        """Send a request and return what the JSON of the answer says."""
        data = None if body is None else json.dumps(body).encode()
        content = self.send(method, path, data).read()
        return json.loads(content) if content else None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class EventStream:
    """`GET events`: everything that happens from now on."""

    def __init__(self, port: int, token: str, path: str) -> None:
        self._connection = Connection(port, token)
        self._answer = self._connection.send("GET", path)
        self._answer.readline()  # ": connected"

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while line := self._answer.readline():
            if line.startswith(b"data:"):
                yield json.loads(line[5:])

    def close(self) -> None:
        """Leave."""
        self._connection.close()


def at_once(connections: Sequence[Connection], path: str, body: object) -> list[float]:
    """POST the same on all connections at the same moment; return the seconds until each answer.

    Raises:
        RuntimeError: one of them was refused.
    """
    data = json.dumps(body).encode()
    together = threading.Barrier(len(connections))
    seconds: list[float] = []
    faults: list[BaseException] = []

    def post(connection: Connection) -> None:
        together.wait()
        begin = time.perf_counter()
        try:
            connection.send("POST", path, data).read()
        except (OSError, RuntimeError, http.client.HTTPException) as fault:
            faults.append(fault)
        seconds.append(time.perf_counter() - begin)

    threads = [threading.Thread(target=post, args=(each,)) for each in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        message = f"{len(faults)} of {len(connections)} were refused: {faults[0]}"
        raise RuntimeError(message)
    return seconds
