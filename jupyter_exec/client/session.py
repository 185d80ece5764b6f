"""HTTP to one server: who we are, and errors as exceptions (floor: client)."""

from __future__ import annotations

import secrets
import weakref
from typing import TYPE_CHECKING, Any

import httpx

from jupyter_exec import errors
from jupyter_exec.errors import ExecError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.client.discovery import Server

API = "jupyter-exec/v1/"
_PROBE_TIMEOUT_S = 10.0
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)

_BY_STATUS: dict[int, type[ExecError]] = {
    kind.status: kind
    for kind in (
        errors.InvalidRequest,
        errors.Forbidden,
        errors.NotFound,
        errors.MethodNotAllowed,
        errors.Conflict,
        errors.TooLarge,
        errors.RangeNotSatisfiable,
        errors.ReadOnly,
    )
}
_BY_STATUS[401] = errors.Forbidden


class NoServer(ExecError):
    """No server answers: it could not be reached, or stopped answering."""

    status = 503
    code = "TransientError"


class Session:
    """Requests to one server below `jupyter-exec/v1/`. Threads may share it.

    Args:
        server: where to.
        find_again: called when the server cannot be reached; returns where it is now, or None.
    """

    def __init__(
        self, server: Server, find_again: Callable[[], Server | None] | None = None
    ) -> None:
        self._find_again = find_again
        self.use(server)

    def use(self, server: Server) -> None:
        """Talk to this server from now on."""
        self.server = server
        self._http = _client(server)
        # Sockets are closed with the session, also where nobody calls `close`.
        weakref.finalize(self, self._http.close)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request and return the whole answer.

        Args:
            method: of HTTP.
            path: below `jupyter-exec/v1/`.
            options: of `httpx.Client.request`: `params`, `json`, `content`, `headers`, `timeout`.

        Raises:
            NoServer: nothing answers.
            ExecError: the server says no; the class tells why.
        """
        response = self._send(method, path, stream=False, **options)
        if response.is_error:
            raise error_of(response)
        return response

    def json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Send a request and return the object it answers."""
        response = self.request(method, path, **options)
        try:
            content = response.json()
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise NoServer(
                f"{self.server.shown} answered {method} {path} with something else than JSON"
            )
        return content

    def stream(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET and return the answer with its body still to come; the caller closes it.

        Raises:
            NoServer: nothing answers.
            ExecError: the server says no.
        """
        response = self._send("GET", path, stream=True, **options)
        if response.is_error:
            try:
                response.read()
                raise error_of(response)
            finally:
                response.close()
        return response

    def look_again(self) -> bool:
        """Ask where the server is now, and go there; tell whether that is another place."""
        server = self._find_again() if self._find_again else None
        if server is None or (server.url, server.token) == (self.server.url, self.server.token):
            return False
        self.use(server)
        return True

    def _send(self, method: str, path: str, *, stream: bool, **options: Any) -> httpx.Response:
        try:
            response = self._send_once(method, path, stream=stream, **options)
            if response.status_code not in {401, 403} or not self.look_again():
                return response
            response.close()
        except httpx.ConnectError as error:
            if not self.look_again():
                raise self._gone(error) from error
        except httpx.TransportError as error:
            raise self._gone(error) from error
        # The server has moved or has another token, and did nothing yet: sending again is harmless.
        try:
            return self._send_once(method, path, stream=stream, **options)
        except httpx.TransportError as error:
            raise self._gone(error) from error

    def _send_once(self, method: str, path: str, *, stream: bool, **options: Any) -> httpx.Response:
        if hasattr(options.get("content"), "seek"):
            options["content"].seek(0)  # it may have been sent in part already
        return self._http.send(
            self._http.build_request(method, API + path, **options), stream=stream
        )

    def _gone(self, error: httpx.TransportError) -> NoServer:
        if isinstance(error, httpx.ConnectError):
            reason = "nothing listens there (is it still running?)"
        elif isinstance(error, httpx.TimeoutException):
            reason = "it did not answer in time"
        else:
            reason = f"the connection broke ({str(error) or type(error).__name__})"
        return NoServer(f"the Jupyter server {self.server.shown} cannot be reached: {reason}")


def _client(server: Server) -> httpx.Client:
    if not server.url.startswith(("http://", "https://")):
        raise NoServer(f"{server.url!r} is not the address of a server; it begins with http://")
    headers, cookies = {"Accept": "application/json"}, {}
    if server.token:
        headers["Authorization"] = f"token {server.token}"
    else:
        # Without a token Jupyter wants the same word in a cookie and in a header.
        headers["X-XSRFToken"] = cookies["_xsrf"] = secrets.token_hex(16)
    transport = httpx.HTTPTransport(uds=server.sock) if server.sock else None
    described = server.pid is not None
    try:
        return httpx.Client(
            base_url=server.url,
            headers=headers,
            cookies=cookies,
            timeout=_TIMEOUT,
            transport=transport,
            # It described itself in our own runtime folder: known by that, not by a certificate.
            verify=not described,
            trust_env=not server.local,
        )
    except (httpx.InvalidURL, UnicodeEncodeError) as error:
        raise NoServer(f"{server.url!r} and its token cannot be used: {error}") from error


def error_of(response: httpx.Response) -> ExecError:
    """Return the exception that an answer stands for: Azure's envelope, or Jupyter's own form."""
    kind = _BY_STATUS.get(response.status_code, ExecError)
    try:
        content = response.json()
    except ValueError:
        content = None
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict):
        return _from_envelope(kind, error)
    where = f"{response.request.method} {response.request.url.copy_with(query=None)}"
    said = content.get("message") if isinstance(content, dict) else None
    if kind is errors.Forbidden:
        message = f"{where}: the server refuses this token ({said or response.reason_phrase})"
    else:
        message = f"{where}: {said or response.reason_phrase} ({response.status_code})"
    return kind(message)


def _from_envelope(kind: type[ExecError], error: dict[str, Any]) -> ExecError:
    message = str(error.get("message") or kind.__doc__)
    faults = [
        Fault(detail.get("target"), str(detail.get("message") or ""))
        for detail in error.get("details") or []
        if isinstance(detail, dict)
    ]
    made = kind(message, error.get("target"), faults or None)
    made.code = str(error.get("code") or kind.code)
    return made


def answers(server: Server) -> bool:
    """Tell whether a server is there, knows our token, and has the extension."""
    try:
        session = Session(server)
    except NoServer:
        return False
    try:
        session.request("GET", "targets", timeout=_PROBE_TIMEOUT_S)
    except ExecError:
        return False
    finally:
        session.close()
    return True
