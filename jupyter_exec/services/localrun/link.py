"""The way back to the server: log, metrics, signs of life, outputs (floor: services).

Travels with local runs: Python 3.6, standard library only. One thread sends everything. It waits
longer and longer while the server does not answer, and stops for good when the server says that the
run is over. The run itself never waits for it.
"""

import json
import os
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Dict, List, Optional, Set

PERIOD_S = 1.0
LONGEST_WAIT_S = 30.0
BLOCK_BYTES = 1 << 20
POINTS = 1000
_TIMEOUT_S = 20
_INVALID, _ENDED, _BUSY, _BROKEN = 400, 409, 429, 500
_OVER = (401, 403, 404, _ENDED)


class Unreachable(Exception):
    """No server answered, or it could not serve us now."""


class Refused(Exception):
    """The server understood, and will not have it."""

    def __init__(self, status: int, target: Optional[str]) -> None:
        Exception.__init__(self, status)
        self.status = status
        self.target = target


def send(
    url: str, token: str, method: str, data: Any, kind: str, length: Optional[int] = None
) -> Dict[str, Any]:
    """Send one request and return the decoded answer.

    `data` is bytes, or an open file of `length` bytes.
    """
    headers = {"Authorization": "token " + token, "Content-Type": kind}
    if length is not None:
        headers["Content-Length"] = str(length)
    request = urllib.request.Request(  # noqa: S310 - the address that the order names
        url, data, headers, method=method
    )
    handlers: List[urllib.request.BaseHandler] = []
    if urllib.parse.urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1"):
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=_TIMEOUT_S) as answer:
            return dict(json.loads(answer.read().decode("utf-8")))
    except urllib.error.HTTPError as error:
        raise _meaning(error) from None
    except (OSError, ValueError) as error:
        raise Unreachable(str(error)) from None
    except Exception as error:  # noqa: BLE001 - http.client has errors of its own, all about the connection
        raise Unreachable(repr(error)) from None


def _meaning(error: urllib.error.HTTPError) -> Exception:
    """Tell a refusal by our server from everything else that may stand on the way."""
    try:
        said = json.loads(error.read().decode("utf-8"))["error"]
    except Exception:  # noqa: BLE001 - whatever it is, it is not our server's
        return Unreachable("HTTP %d" % error.code)
    if error.code == _BUSY or error.code >= _BROKEN:
        return Unreachable("HTTP %d" % error.code)
    return Refused(error.code, said.get("target"))


class Link(threading.Thread):
    """Sends what there is to send, until `finish` was called and everything is sent.

    Attributes:
        over: the server takes nothing more about this run.
        cancel: the server wants the run to end.
    """

    def __init__(self, order: Dict[str, Any], root: str, log: str, metrics: str) -> None:
        threading.Thread.__init__(self, name="link", daemon=True)
        self.over = False
        self.cancel = False
        self._order = order
        self._root = root
        self._log, self._log_sent = log, 0
        self._metrics, self._metrics_sent = metrics, 0
        self._announced = False
        self._reached = False
        self._end = None  # type: Optional[Dict[str, Any]]
        self._uploaded: Set[str] = set()
        self._wake = threading.Event()

    def announce(self) -> bool:
        """Say that the run begins. Returns False where the server says that it has ended."""
        try:
            self._report({"status": "Running"})
            self._announced = True
        except Unreachable:
            return True
        except Refused as refusal:
            self.over = True
            return refusal.status != _ENDED
        return not self.cancel

    def finish(self, end: Dict[str, Any]) -> None:
        """Send what is left, then how the run ended; returns when that is done, or is hopeless."""
        self._end = end
        self._wake.set()
        patience = self._order["patienceS"] if self._reached else min(10, self._order["patienceS"])
        self.join(patience)

    def run(self) -> None:
        """Send, again and again; started as a thread."""
        wait = PERIOD_S
        while not self.over:
            ending = self._end
            try:
                self._push(ending)
                if ending is not None:
                    return
                wait = PERIOD_S
            except Unreachable:
                wait = min(LONGEST_WAIT_S, wait * 2)
            except Refused as refusal:
                self.over = refusal.status in _OVER
                self.cancel = self.cancel or refusal.status == _ENDED  # while we were silent
            if self._wake.wait(wait) and ending is None:
                self._wake.clear()

    def _push(self, ending: Optional[Dict[str, Any]]) -> None:
        if not self._announced:
            self._report({"status": "Running"})
            self._announced = True
        sent = self._push_metrics()
        while self._push_log():
            sent = True
        if ending is not None:
            for folder in self._order["folders"]:
                self._push_folder(folder)
            self._report(ending)
        elif not sent:
            self._report({})

    def _call(
        self, method: str, path: str, data: Any, kind: str, length: Optional[int] = None
    ) -> None:
        answer = send(
            self._order["reportUrl"] + path, self._order["token"], method, data, kind, length
        )
        self._reached = True
        self.cancel = self.cancel or bool(answer.get("cancel"))

    def _report(self, values: Dict[str, Any]) -> None:
        self._call("POST", "/report", json.dumps(values).encode("utf-8"), "application/json")

    def _push_log(self) -> bool:
        """Send the next block of the log; the same block again does no harm."""
        try:
            with open(self._log, "rb") as file:
                file.seek(self._log_sent)
                block = file.read(BLOCK_BYTES)
        except OSError:
            return False
        if not block:
            return False
        path = "/logs/main-0.txt?offset=%d" % self._log_sent
        try:
            self._call("PUT", path, block, "application/octet-stream")
        except Refused as refusal:
            if refusal.target != "offset" or not self._log_sent:
                raise
            self._log_sent = 0  # the server lost what it had
            return True
        self._log_sent += len(block)
        return True

    def _push_metrics(self) -> bool:
        """Send whole lines of the metrics file."""
        try:
            with open(self._metrics, "rb") as file:
                file.seek(self._metrics_sent)
                block = file.read(BLOCK_BYTES)
        except OSError:
            return False
        whole = block.rpartition(b"\n")[0]
        if not whole:
            return False
        report = {"metrics": []}  # type: Dict[str, Any]
        for line in whole.split(b"\n"):
            _understand(line, report)
        for start in range(0, max(1, len(report["metrics"])), POINTS):
            part = dict(report, metrics=report["metrics"][start : start + POINTS])
            try:
                self._report(part)
            except Refused as refusal:
                if refusal.status != _INVALID:
                    raise
        self._metrics_sent += len(whole) + 1
        return True

    def _push_folder(self, folder: str) -> None:
        """Send the files of a folder that were not sent before, as far as the limit goes."""
        top = os.path.join(self._root, folder)
        for parent, _, names in os.walk(top):
            for name in names:
                path = os.path.join(parent, name)
                shown = os.path.relpath(path, top if folder == "outputs" else self._root)
                if path in self._uploaded or os.path.islink(path) or not os.path.isfile(path):
                    continue
                self._push_file(path, shown.replace(os.sep, "/"))
                self._uploaded.add(path)

    def _push_file(self, path: str, shown: str) -> None:
        address = "/outputs/" + urllib.parse.quote(shown)
        try:
            size = os.path.getsize(path)
            if size > self._order["uploadBytes"]:
                self._note(
                    "%s was not uploaded: %d bytes are more than the server takes" % (shown, size)
                )
                return
            self._order["uploadBytes"] -= size
            with open(path, "rb") as file:
                self._call("PUT", address, file if size else b"", "application/octet-stream", size)
        except Refused as refusal:
            if refusal.status in _OVER:
                raise
            self._note("%s was not uploaded: the server refused it (%d)" % (shown, refusal.status))
        except Unreachable:
            self._order["uploadBytes"] += size
            raise
        except OSError as error:
            self._note("%s was not uploaded: %s" % (shown, error))

    def _note(self, text: str) -> None:
        with open(self._log, "a") as file:
            file.write(text + "\n")
        while self._push_log():
            pass


def _understand(line: bytes, report: Dict[str, Any]) -> None:
    """Add what one line of the metrics file says to a report."""
    try:
        said = json.loads(line.decode("utf-8"))
    except ValueError:
        return
    if not isinstance(said, dict):
        return
    if isinstance(said.get("progress"), dict):
        report["progress"] = said["progress"]
    elif isinstance(said.get("metric"), str) and isinstance(said.get("value"), (int, float, str)):
        point = {  # type: Dict[str, Any]
            "name": said["metric"][:200],
            "value": said["value"],
            "time": time.time(),
        }
        for key in ("step", "time"):
            if isinstance(said.get(key), (int, float)):
                point[key] = said[key]
        report["metrics"].append(point)
