"""The client: finds the server, submits runs, looks at them (floor: client)."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from jupyter_exec.client.discovery import Server, candidates, named_server
from jupyter_exec.client.listing import Runs
from jupyter_exec.client.options import (
    configuration,
    environment_section,
    experiment_of,
    split_words,
)
from jupyter_exec.client.run import Run, made_of
from jupyter_exec.client.session import NoServer, Session, answers
from jupyter_exec.client.source import (
    Content,
    Prepared,
    Source,
    Wanted,
    overlay_json,
    prepare,
)
from jupyter_exec.client.sse import EventStream
from jupyter_exec.errors import ReadOnly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

    from jupyter_exec.client.templates import Templates

T = TypeVar("T")
_REST_S = 0.2


class ExecClient:
    """Submits runs to a Jupyter server with the extension, and looks at them.

    Without arguments it finds the server by itself: the one that JUPYTER_EXEC_URL and
    JUPYTER_EXEC_TOKEN name; else this kernel's; else one whose root folder holds the working
    folder; else the newest of this user; else it starts one in the background. Threads may share a
    client.

    Args:
        url: base URL of a server.
        token: its token; not needed for a server of this user on this machine.
        start: whether a server may be started where there is none.

    Raises:
        NoServer: there is none, and none could be started.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, *, start: bool = True
    ) -> None:
        named = named_server(url, token)
        self._named = named is not None
        server = named or _find()
        if server is None and start:
            from jupyter_exec.client.background import start_server

            server = start_server(_find, answers)
        if server is None:
            raise NoServer("no Jupyter server with jupyter_exec is running; start one: jupyter lab")
        self.session = Session(server, None if named else _find)

    @property
    def server(self) -> Server:
        """Where the server is."""
        return self.session.server

    @property
    def templates(self) -> Templates:
        """The templates on the server."""
        from jupyter_exec.client.templates import Templates

        return Templates(self)

    def __repr__(self) -> str:
        return f"<ExecClient {self.server.shown}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; runs go on."""
        self.session.close()

    def submit(  # noqa: PLR0913 - a run has that many sides
        self,
        source: Source = None,
        *,
        script: str | None = None,
        command: Sequence[str] | str | None = None,
        arguments: Sequence[Any] = (),
        parameters: Mapping[str, Any] | None = None,
        name: str | None = None,
        experiment: str | None = None,
        run_id: str | None = None,
        target: str | None = None,
        env: Any = None,
        python: str | None = None,
        cpus: float | str | None = None,
        memory: int | str | None = None,
        gpus: int | str | None = None,
        time_limit: str | float | None = None,
        retries: int | str | None = None,
        tags: Mapping[str, str] | None = None,
        files: Sequence[str] | str | None = None,
        link: Sequence[str] | str | None = (),
        snapshot: bool = True,
        limit: bool | None = None,
        overlay: Mapping[str, Content] | None = None,
        kernel: str | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        secrets: Mapping[str, str] | None = None,
        image: str | None = None,
        docker_arguments: Sequence[str] | None = None,
        framework: str | None = None,
        communicator: str | None = None,
        processes: int | str | None = None,
        nodes: int | str | None = None,
        wait: bool = False,
    ) -> Run:
        """Make a run.

        Args:
            source: path of a notebook, of a script (its folder comes along) or of a folder; or a
                notebook's content.
            script: which file of a folder to run.
            command: instead of a script: argv, or one line for the shell.
            arguments: of the script.
            parameters: of a notebook.
            name: what to call it.
            experiment: to which it belongs; by default the folder's name.
            run_id: by default the server makes one.
            target: compute target; by default `local`.
            env: requirements.txt, conda.yml, an interpreter or an environment's folder.
            python: interpreter; by default this one, for a server on this machine.
            cpus: processors; fractions are fine.
            memory: upper bound, for example "2G"; a run that uses more is ended.
            gpus: whole devices.
            time_limit: seconds, or for example "2h"; a run that takes longer is ended.
            retries: how often it is tried again when it fails.
            tags: name -> text.
            files: only these files of the folder (patterns).
            link: big folders inside the folder, shown to the run without being copied.
            snapshot: False = nothing of the folder but the script itself.
            limit: refuse a folder of more than 2,000 files or 50 MB; by default where it only came
                along with its script.
            overlay: further files: relative path -> text or bytes.
            kernel: kernelspec of a notebook, instead of an interpreter.
            environment_variables: set for the run.
            secrets: variables too, whose values are stored nowhere.
            image: of the container that it runs in, with that image's Python.
            docker_arguments: options of `docker run`, for example `["--shm-size", "2g"]`.
            framework: Python, PyTorch, TensorFlow, PySpark, XGBoost or Cntk.
            communicator: how processes find each other; by default what the framework's use.
            processes: of the whole job, each with `cpus`, `memory` and `gpus`.
            nodes: machines, or groups of processes on one.
            wait: return when it has ended.

        Raises:
            InvalidRequest: something is wrong with it; `faults` names every field.
            Conflict: the run id is taken.
            TooLarge: the folder is; the message lists the largest files.
            NoServer: the server does not answer.
        """
        wanted = Wanted(tuple(split_words(files)), tuple(split_words(link)), snapshot, limit)
        head: dict[str, Any] = {
            "experiment": experiment or experiment_of(source),
            "runId": run_id,
            "displayName": name,
            "tags": dict(tags) if tags else None,
            "secrets": dict(secrets) if secrets else None,
        }
        # Made first, so that what is wrong with it is known before anything is packed.
        section = configuration(
            arguments=arguments,
            parameters=parameters,
            target=target,
            env=env,
            kernel=kernel,
            cpus=cpus,
            memory=memory,
            gpus=gpus,
            time_limit=time_limit,
            retries=retries,
            environment_variables=environment_variables,
            image=image,
            docker_arguments=docker_arguments,
            framework=framework,
            communicator=communicator,
            processes=processes,
            nodes=nodes,
        )

        def post() -> Run:
            prepared = prepare(
                source, script, wanted, overlay or {}, self.server, partial(_upload, self.session)
            )
            body: dict[str, Any] = {
                **{key: value for key, value in head.items() if value is not None},
                "definition": {"configuration": _what(section, prepared, command)},
                "source": prepared.body,
                "overlay": overlay_json(prepared.overlay),
            }
            if prepared.name:
                body.setdefault("displayName", prepared.name)
            if env is None and kernel is None and image is None:
                self._set_python(body["definition"]["configuration"], prepared, python)
            answer = self.session.json("POST", "runs", json=body)
            if prepared.uploaded:
                answer["snapshot"] = prepared.uploaded | answer.get("snapshot", {})
            return Run(self, answer)

        run = self.writing(post)
        return run.wait() if wait else run

    def runs(
        self,
        *,
        experiment: str | None = None,
        status: str | None = None,
        target: str | None = None,
        tag: str | None = None,
        q: str | None = None,
        template: str | None = None,
        limit: int | None = None,
    ) -> Runs:
        """Return runs, newest first; they are fetched as they are looked at.

        Args:
            experiment: of this experiment.
            status: in this state.
            target: on this compute target.
            tag: with this tag: `name` or `name=value`.
            q: with this text in its id or name.
            template: made from the template of this name, whichever version.
            limit: at most so many.
        """
        filters = {
            "experiment": experiment,
            "status": status,
            "target": target,
            "tag": tag,
            "q": q,
            "template": template,
        }
        given = {key: value for key, value in filters.items() if value is not None}
        return Runs(self, given, limit)

    def run(self, run_id: str) -> Run:
        """Return one run; the parent of a sweep is a `Sweep`.

        Raises:
            NotFound: there is none of that id.
        """
        return made_of(self, self.session.json("GET", f"runs/{quote(run_id, safe='')}"))

    def targets(self) -> list[dict[str, Any]]:
        """Return the compute targets with their capacity, load and queue."""
        targets: list[dict[str, Any]] = self.session.json("GET", "targets")["targets"]
        return targets

    def environments(self) -> dict[str, list[dict[str, Any]]]:
        """Return the environments: those that have a name (`named`), those that are `built`."""
        return self.session.json("GET", "environments")

    def collect_environments(
        self, max_age_days: float | None = None, *, dry_run: bool = False
    ) -> list[dict[str, Any]]:
        """Remove built environments that nobody uses, and return them.

        Args:
            max_age_days: since the last use of those that stay; None = as the server is set.
            dry_run: only tell which would go.
        """
        wanted = {"maxAgeDays": max_age_days, "dryRun": dry_run}

        def post() -> list[dict[str, Any]]:
            answer = self.session.json("POST", "environments/collect", json=wanted)
            gone: list[dict[str, Any]] = answer["environments"]
            return gone

        return self.writing(post)

    def events(self, last_event_id: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield what happens to all runs, without end, across restarts of the server.

        Args:
            last_event_id: from after this event; None = from now on.

        Raises:
            ExecError: the server refuses, or is gone for ten minutes.
        """
        stream = EventStream(self.session, "events", last_event_id)
        while True:
            yield from stream
            stream.patience.rest(_REST_S)

    def writing(self, action: Callable[[], T]) -> T:
        """Change runs; where this server only shows them, at the one that owns them."""
        try:
            return action()
        except ReadOnly:
            before = self.server
            refused = {before.url}
            for server in [] if self._named else candidates():
                if server.url not in refused and answers(server):
                    self.session.use(server)
                    try:
                        return action()
                    except ReadOnly:
                        refused.add(server.url)
            self.session.use(before)
            raise

    def _set_python(self, section: dict[str, Any], prepared: Prepared, python: str | None) -> None:
        """Name the interpreter: the given one; else ours, which means nothing on another machine.

        A notebook that asks for a kernel other than Jupyter's usual one keeps it.
        """
        other = prepared.kernel not in {None, "python3"} or prepared.language not in {
            None,
            "python",
        }
        if python is None and self.server.local and not other:
            python = sys.executable
        environment = {**environment_section(None, python), **section.get("environment", {})}
        if environment:
            section["environment"] = environment


def connect(url: str | None = None, token: str | None = None) -> ExecClient:
    """Return a client; see `ExecClient`."""
    return ExecClient(url, token)


def _what(
    section: dict[str, Any], prepared: Prepared, command: Sequence[str] | str | None
) -> dict[str, Any]:
    """Return a configuration with what is to be run in it."""
    if command is not None:
        return {**section, "command": command if isinstance(command, str) else list(command)}
    if prepared.command is not None:
        rest = {key: value for key, value in section.items() if key != "arguments"}
        return {**rest, "command": [*prepared.command, *section.get("arguments", [])]}
    return {**section, "script": prepared.script} if prepared.script else dict(section)


def _upload(
    session: Session, folder: Path, wanted: Wanted, overlay: Mapping[str, Content]
) -> dict[str, Any]:
    # Imported when there is something to pack: the walk through folders needs pathspec.
    from jupyter_exec.client.upload import upload

    return upload(session, folder, wanted, overlay)


def _find() -> Server | None:
    """Return the first of this user's servers that has the extension."""
    return next(filter(answers, candidates()), None)
