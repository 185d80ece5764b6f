"""One run, as its user holds it (floor: client)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import quote, urljoin

from jupyter_exec.client.logs import Log
from jupyter_exec.client.sse import EventStream, Patience
from jupyter_exec.client.values import Output, RunError, fetch, load_values, parse_time
from jupyter_exec.errors import NotFound, RunFailed
from jupyter_exec.model.lifecycle import TERMINAL, RunStatus

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from jupyter_exec.client.api import ExecClient

RESULT = "result.pkl"
"""Where a cell leaves the values of `--out`, among the outputs."""
_STATE_KEYS = ("status", "startedAt", "endedAt", "exitCode", "error", "attempt", "queuePosition")
_CHANGED_KEYS = ("displayName", "tags", "pinned", "parentRunId")
_REST_S = 0.2
_FEW_POINTS = 10  # of a metric whose last value is wanted; the server keeps the last one
_ENDED = {status.value for status in TERMINAL}


class Run:
    """A run on the server, as it was when last looked at; `refresh` and `wait` look again.

    Made by `ExecClient.submit`, `ExecClient.run` and `ExecClient.runs`.

    Attributes:
        json: everything the server says about it.
    """

    def __init__(self, client: ExecClient, json: Mapping[str, Any]) -> None:
        self._client = client
        self.json: dict[str, Any] = dict(json)
        self._told = False  # what events have told since is not all that there is

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self.json["runId"])

    @property
    def name(self) -> str:
        """What a person calls it."""
        return str(self.json.get("displayName") or self.run_id)

    @property
    def experiment(self) -> str:
        """The experiment it belongs to."""
        return str(self.json.get("experiment") or "")

    @property
    def status(self) -> str:
        """Its state when last looked at: Queued, Running, Completed, Failed, Canceled, ..."""
        return str(self.json["status"])

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in _ENDED

    @property
    def error(self) -> RunError | None:
        """Why it failed."""
        error = self.json.get("error")
        return RunError(str(error["code"]), str(error["message"])) if error else None

    @property
    def exit_code(self) -> int | None:
        """Exit code of its program, once there is one."""
        code = self.json.get("exitCode")
        return None if code is None else int(code)

    @property
    def target(self) -> str:
        """The compute target that executes it."""
        return str(self.json.get("target") or "")

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.json.get("tags") or {})

    @property
    def progress(self) -> dict[str, Any] | None:
        """What it says about its progress: `done`, `total`, `label`."""
        return self.json.get("progress")

    @property
    def queue_position(self) -> int | None:
        """Its place in the queue while it is Queued."""
        return self.json.get("queuePosition") if self.status == RunStatus.QUEUED.value else None

    @property
    def created_at(self) -> datetime | None:
        """When it was submitted, in UTC."""
        return parse_time(self.json.get("createdAt"))

    @property
    def started_at(self) -> datetime | None:
        """When its program was started, in UTC."""
        return parse_time(self.json.get("startedAt"))

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, in UTC."""
        return parse_time(self.json.get("endedAt"))

    def __repr__(self) -> str:
        parts = [f"Run {self.run_id!r}", self.status]
        if self.name != self.run_id:
            parts.insert(1, repr(self.name))
        if self.progress and self.progress.get("total") and not self.ended:
            parts.append(f"{self.progress.get('done')}/{self.progress['total']}")
        if self.error:
            parts.append(self.error.message)
        return f"<{' · '.join(parts)}>"

    def refresh(self) -> Run:
        """Look again, and return the run itself."""
        taken = {key: self.json[key] for key in ("snapshot",) if key in self.json}
        self.json = {**taken, **self._json("GET")}
        self._told = False
        return self

    def events(self, timeout: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield what happens to the run, from its begin to its end; keeps attributes up to date.

        Survives broken connections and restarts of the server.

        Args:
            timeout: seconds.

        Raises:
            TimeoutError: the run has not ended by then.
            ExecError: the run is gone, or the server for too long.
        """
        patience = Patience(timeout)
        stream = EventStream(self._client.session, f"runs/{self._quoted}/events", patience=patience)
        while True:
            for event in stream:
                self.apply(event)
                yield event
                if event.get("type") == "deleted" or event.get("status") in _ENDED:
                    return
            if patience.persist(self.refresh).ended:
                return
            patience.rest(_REST_S)

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take over what an event says about this run."""
        if event.get("type") == "state":
            self._told = True
            self.json.update({key: event[key] for key in _STATE_KEYS if key in event})
        elif event.get("type") == "progress":
            self.json["progress"] = event.get("progress")
        elif event.get("type") == "changed":
            self.json.update({key: event[key] for key in _CHANGED_KEYS if key in event})

    def wait(self, timeout: float | None = None) -> Run:
        """Wait until the run has ended; Ctrl-C ends the waiting and leaves the run alone.

        Args:
            timeout: seconds.

        Returns:
            The run itself; `raise_for_status` tells success from failure.

        Raises:
            TimeoutError: it has not ended by then.
        """
        if self.ended and not self._told:
            return self
        try:
            for _ in () if self.ended else self.events(timeout):
                pass
        except TimeoutError:
            raise TimeoutError(f"{self.run_id} is {self.status} after {timeout} s") from None
        return Patience().persist(self.refresh)

    def raise_for_status(self) -> Run:
        """Return the run itself, unless it failed or was cancelled.

        Raises:
            RunFailed: it did; with the cause.
        """
        if self.status == RunStatus.FAILED.value:
            error = self.error or RunError("Failed", "the run failed")
            raise RunFailed(error.code, f"{self.run_id}: {error.message}")
        if self.status == RunStatus.CANCELED.value:
            raise RunFailed("Canceled", f"{self.run_id} was cancelled")
        return self

    @overload
    def logs(
        self, follow: Literal[False] = ..., name: str | None = None, *, replica: str | None = None
    ) -> str: ...
    @overload
    def logs(
        self, follow: Literal[True], name: str | None = None, *, replica: str | None = None
    ) -> Iterator[str]: ...
    @overload
    def logs(
        self,
        follow: bool,  # noqa: FBT001
        name: str | None = None,
        *,
        replica: str | None = None,
    ) -> str | Iterator[str]: ...
    def logs(
        self,
        follow: bool = False,  # noqa: FBT001, FBT002
        name: str | None = None,
        *,
        replica: str | None = None,
    ) -> str | Iterator[str]:
        """Return the run's log, or an iterator over it that goes on until the run ends.

        Of a run with several replicas or ranks it is all of theirs by time, as far as the server
        could see, each line behind the name: `worker-1 | text`.

        Args:
            follow: whether to wait for what is still to come.
            name: which log (see `log_names`).
            replica: whose log, for example `worker-1` or `rank-3`; in the newest attempt.
        """
        # Another object looks, so that nothing here changes while somebody iterates elsewhere.
        looked_at = Run(self._client, self.json)
        log = Log(self._client.session, self._quoted, lambda: looked_at.refresh().ended)
        if name is None and replica is not None:
            name = log.of_replica(replica)
        quoted = None if name is None else quote(name)
        return log.follow(quoted) if follow else log.text(quoted)

    def log_names(self) -> list[str]:
        """Return the names of all logs: replicas', attempts', and that of the environment."""
        entries = self._client.session.json("GET", f"runs/{self._quoted}/logs")["logs"]
        return [str(entry["name"]) for entry in entries]

    def outputs(self) -> list[Output]:
        """List the files that the run has left in `outputs` so far."""
        entries = self._client.session.json("GET", f"runs/{self._quoted}/outputs")["outputs"]
        return [
            Output(entry["path"], int(entry["sizeBytes"]), parse_time(entry.get("modifiedAt")))
            for entry in entries
        ]

    def output(self, path: str) -> bytes:
        """Return the content of one output.

        Raises:
            NotFound: there is none of that path.
        """
        return self._client.session.request("GET", self._output(path)).content

    def download(self, folder: str | os.PathLike[str] = ".", path: str | None = None) -> list[Path]:
        """Fetch outputs into a folder and return the files written; existing ones are replaced.

        Args:
            folder: made where it does not exist.
            path: one output; None = all.
        """
        paths = [path] if path is not None else [output.path for output in self.outputs()]
        session = self._client.session
        return [fetch(session, self._output(name), Path(folder), name) for name in paths]

    def metrics(self) -> dict[str, list[dict[str, Any]]]:
        """Return what the run has logged: name -> points of `value`, `step` and `time`."""
        metrics: dict[str, list[dict[str, Any]]] = self._client.session.json(
            "GET", f"runs/{self._quoted}/metrics"
        )["metrics"]
        return metrics

    def last_metric(self, name: str) -> float | None:
        """Return the last value that the run has logged of a metric; None where there is none."""
        found = self._client.session.json(
            "GET", f"runs/{self._quoted}/metrics", params={"name": name, "points": _FEW_POINTS}
        )
        points = found["metrics"].get(name)
        return float(points[-1]["value"]) if points else None

    def tensorboard(self) -> str:
        """Start TensorBoard on what the run has written, or find it, and return its address.

        It listens on the server's machine only; jupyter-server-proxy, where the server has it, lets
        who is logged in there in.

        Raises:
            Conflict: the run has left no event files, or there is no tensorboard to start.
        """
        answer = self._client.writing(lambda: self._json("POST", "/tensorboard"))
        return urljoin(self._client.server.url, str(answer["url"]))

    def result(self, timeout: float | None = None) -> dict[str, Any]:
        """Wait for the run and return the values that it left by `--out`, by name.

        They are unpickled, which executes what the run put there: runs of our own server only.

        Raises:
            RunFailed: the run did not complete.
            NotFound: it left no values.
            ExecError: they cannot be read here.
            TimeoutError: see `wait`.
        """
        self.wait(timeout).raise_for_status()
        try:
            content = self.output(RESULT)
        except NotFound:
            raise NotFound(f"{self.run_id} left no values; name them with --out", "out") from None
        return load_values(content, self.run_id)

    def cancel(self) -> Run:
        """Ask the server to end the run, and return the run itself; `wait` sees it end."""
        self.json.update(self._client.writing(lambda: self._json("POST", "/cancel")))
        return self

    def rerun(
        self,
        *,
        run_id: str | None = None,
        name: str | None = None,
        tags: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        wait: bool = False,
        **changes: Any,
    ) -> Run:
        """Run the same once more: same snapshot, definition, environment, but for the changes.

        Args:
            run_id: of the new run.
            name: of the new run.
            tags: instead of this run's.
            secrets: those that this run had, which are stored nowhere: variable -> value.
            wait: return when it has ended.
            changes: options of `submit` that the configuration has, for example `parameters={"lr":
                0.1}` (merged by name), `arguments=["--epochs", "3"]`, `time_limit="2h"`.
        """
        from jupyter_exec.client.options import configuration

        head = {"runId": run_id, "displayName": name, "tags": None if tags is None else dict(tags)}
        body: dict[str, Any] = {key: value for key, value in head.items() if value is not None}
        if secrets:
            body["secrets"] = dict(secrets)
        if changes:
            before = self.json["definition"].get("configuration", {})
            counts = {"communicator", "processes", "nodes"} & changes.keys()
            if counts and "framework" in before:
                changes.setdefault("framework", before["framework"])
            body["definition"] = {"configuration": configuration(**changes)}
        answer = self._client.writing(lambda: self._json("POST", "/rerun", json=body))
        again = Run(self._client, answer)
        return again.wait() if wait else again

    def update(self, name: str | None = None, tags: Mapping[str, str | None] | None = None) -> Run:
        """Rename the run, add or change tags, or take them away, and return the run itself.

        Args:
            name: what to call it from now on.
            tags: name -> text; None takes a tag away. Those that are not named stay.
        """
        body: dict[str, Any] = {} if name is None else {"displayName": name}
        if tags:
            body["tags"] = dict(tags)
        self.json.update(self._client.writing(lambda: self._json("PATCH", json=body)))
        return self

    def delete(self) -> None:
        """Delete the run with its logs and outputs.

        Raises:
            Conflict: it has not ended.
        """
        session = self._client.session
        self._client.writing(lambda: session.request("DELETE", f"runs/{self._quoted}"))

    @property
    def _quoted(self) -> str:
        return quote(self.run_id, safe="")

    def _output(self, path: str) -> str:
        return f"runs/{self._quoted}/outputs/{quote(path)}"

    def _json(self, method: str, path: str = "", **options: Any) -> dict[str, Any]:
        return self._client.session.json(method, f"runs/{self._quoted}{path}", **options)


def made_of(client: ExecClient, json: Mapping[str, Any]) -> Run:
    """Return the run of what the server says: a `Sweep` for the parent of trials."""
    if (json.get("definition") or {}).get("sweep"):
        from jupyter_exec.client.sweep import Sweep

        return Sweep(client, json)
    return Run(client, json)
