"""`%%submit`, `%submit` and `%runs` (floor: magics)."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class

from jupyter_exec.client.frameworks import several_words
from jupyter_exec.errors import ExecError
from jupyter_exec.magics import cells, listing
from jupyter_exec.magics.arguments import (
    CELL,
    LINE,
    RUNS_HELP,
    UsageFault,
    runs_parser,
    submit_help,
    submit_parser,
)
from jupyter_exec.magics.waiting import tell_goes_on, wait_here
from jupyter_exec.model.lifecycle import RunStatus

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_exec.client import ExecClient, Run

T = TypeVar("T")
_PASSED_ON = (
    "name",
    "target",
    "env",
    "cpus",
    "memory",
    "gpus",
    "time_limit",
    "retries",
    "image",
    "framework",
    "communicator",
    "processes",
    "nodes",
)
_SEVERAL = ("framework", "communicator", "processes", "nodes")


class RunUnsuccessful(Exception):
    """A run that `--wait` waited for did not complete; the cell counts as failed, in one line.

    Args:
        run: which has ended.
    """

    def __init__(self, run: Run) -> None:
        canceled = run.status == RunStatus.CANCELED.value
        cause = f": {run.error.message}" if run.error else ""
        how = "was cancelled" if canceled else f"failed{cause}"
        super().__init__(" ".join(f"The run {run.name!r} {how}".split()))

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback."""
        return [str(self)]


@magics_class
class ExecMagics(Magics):
    """The magics, with one client for all of them."""

    _client: ExecClient | None = None

    @property
    def _shell(self) -> InteractiveShell:
        assert self.shell is not None  # noqa: S101 - magics without a shell cannot be called
        return self.shell

    def client(self) -> ExecClient:
        """Return the client; it is made when it is first needed, and may start a server."""
        if self._client is None:
            from jupyter_exec.client import ExecClient

            self._client = ExecClient()
        return self._client

    @line_cell_magic
    def submit(self, line: str, cell: str | None = None) -> None:  # noqa: D102 - generated below
        magic = LINE if cell is None else CELL
        self.guarded(magic, lambda: self._submit(magic, line, cell))

    submit.__doc__ = submit_help()

    @line_magic
    def runs(self, line: str) -> listing.RunTable | None:  # noqa: D102 - generated below
        return self.guarded("%runs", lambda: self._runs(line))

    runs.__doc__ = RUNS_HELP

    def guarded(self, magic: str, action: Callable[[], T]) -> T:
        """Do it; what goes wrong is shown in one clear line, and the cell counts as failed."""
        # IPython prints a UsageError, and no class derived from it, on stderr without traceback.
        try:
            return action()
        except UsageFault as error:
            raise UsageError(error.message) from None
        except ExecError as error:
            raise UsageError(f"{magic}: {explain(error)}") from None
        except FileNotFoundError:
            if _in_a_folder():
                raise
            message = f"{magic}: this kernel's folder no longer exists; go to another one with %cd"
            raise UsageError(message) from None
        except KeyboardInterrupt:
            message = f"{magic}: interrupted; %runs shows whether the run was submitted already"
            raise UsageError(message) from None

    def _submit(self, magic: str, line: str, cell: str | None) -> None:
        values = submit_parser(magic).read(line)
        if values.help:
            print(submit_help())  # noqa: T201 - it was asked for
            return
        run = self._submit_source(values) if cell is None else self._submit_cell(values, cell)
        several = several_words((run.json.get("definition") or {}).get("configuration") or {})
        if several:
            print(several)  # noqa: T201 - what was chosen of that which nobody has named
        completed = self.follow(run, wait=values.wait)
        if completed and cell is not None and values.outputs:
            self._shell.user_ns.update(run.result())

    def follow(self, run: Run, *, wait: bool) -> bool:
        """Name a run `run`, show it, and wait for it if that is wanted.

        Returns:
            Whether it was waited for, and has completed; Ctrl-C leaves it going.

        Raises:
            RunUnsuccessful: it was waited for, and failed or was cancelled.
        """
        self._shell.user_ns["run"] = run
        try:
            show(run)
            if not wait:
                return False
            wait_here(run, in_terminal=not hasattr(self._shell, "kernel"))
        except KeyboardInterrupt:
            tell_goes_on(run)
            return False
        if run.status != RunStatus.COMPLETED.value:
            raise RunUnsuccessful(run)
        return True

    def _submit_cell(self, values: Namespace, cell: str) -> Run:
        if not cell.strip():
            raise UsageFault(f"{CELL}: the cell is empty")
        if values.arguments:
            raise UsageFault(f"{CELL}: a cell takes no arguments after '--'")
        inputs = cells.select_variables(_names(values.inputs, "--in"), self._shell.user_ns)
        outputs = _names(values.outputs, "--out")
        # A notebook has one kernel; several processes share a script.
        plain = values.script or any(getattr(values, name) for name in _SEVERAL)
        if plain and not values.env:
            cells.check_script(cell)
        script, overlay = cells.cell_files(cell, inputs, outputs, script=plain)
        options = self._options(values)
        options["name"] = options["name"] or cells.cell_name(cell)
        folder = Path.cwd() if options["snapshot"] else None
        return self.client().submit(folder, script=script, overlay=overlay, limit=True, **options)

    def _submit_source(self, values: Namespace) -> Run:
        from jupyter_exec.client.options import parse_parameters

        if values.source is None and values.command is None:
            raise UsageFault(
                f"{LINE}: name a notebook, a script or a folder, for example: %submit train.py"
            )
        source = Path(values.source or ".").expanduser()
        if not source.exists():
            raise UsageFault(f"{LINE}: {source} does not exist in {Path.cwd()}")
        if source.is_dir() and values.command is None:
            raise UsageFault(
                f"{LINE}: {source} is a folder: say what to run in it, "
                f"for example: %submit {source} --command 'make all'"
            )
        return self.client().submit(
            source,
            command=values.command,
            kernel=values.kernel,
            arguments=values.arguments,
            parameters=parse_parameters(values.parameters),
            limit=True if values.source is None else None,
            **self._options(values),
        )

    def _options(self, values: Namespace) -> dict[str, Any]:
        """Return the options that `%%submit`, `%submit` and `ExecClient.submit` share."""
        from jupyter_exec.client.options import parse_tags, read_secrets

        return {
            **{name: getattr(values, name) for name in _PASSED_ON},
            "docker_arguments": values.docker_arg or None,
            "experiment": values.experiment,
            "files": values.files,
            "link": values.link,
            "snapshot": not values.no_snapshot,
            "tags": parse_tags(values.tag),
            "secrets": read_secrets(values.secret),
        }

    def _runs(self, line: str) -> listing.RunTable | None:
        values = runs_parser().read(line)
        if values.help:
            print(RUNS_HELP)  # noqa: T201 - it was asked for
            return None
        names = ("experiment", "status", "target", "tag")
        filters = {name: getattr(values, name) for name in names}
        found = self.client().runs(q=values.query, limit=values.limit, **filters)
        return listing.RunTable(list(found), found.total)

    # For Tab: asked without starting a server, and without complaining.

    def targets(self) -> list[str]:
        """Return the names of the compute targets."""
        return self.asked(lambda client: [target["name"] for target in client.targets()])

    def experiments(self) -> list[str]:
        """Return the experiments of the latest runs."""
        return self.asked(
            lambda client: list(dict.fromkeys(run.experiment for run in client.runs(limit=100)))
        )

    def asked(self, question: Callable[[ExecClient], list[T]]) -> list[T]:
        """Return the answer to a question; an empty list where no server gives one."""
        try:
            if self._client is None:
                from jupyter_exec.client import ExecClient

                self._client = ExecClient(start=False)
            return question(self._client)
        except ExecError:
            return []


def explain(error: ExecError) -> str:
    """Return an error as a person reads it: each fault with the option that it is about."""
    lines = [
        f"{option_of(fault.target)}: {fault.message}" if option_of(fault.target) else fault.message
        for fault in error.faults
    ]
    return "; ".join(lines) or error.message


_OPTIONS = {
    "maxRunDurationSeconds": "--time-limit",
    "jobName": "--name",
    "displayName": "--name",
    "interpreterPath": "--env",
    "condaDependencies": "--env",
    "environment": "--env",
    "parameters": "-p",
    "tags": "--tag",
    "time_limit": "--time-limit",
    "baseImage": "--image",
    "enabled": "--image",
    "nodeCount": "--nodes",
    "processCount": "--processes",
    "processCountPerNode": "--processes",
    "workerCount": "--processes",
}

_SAME = {
    *_SEVERAL,
    "experiment",
    "target",
    "env",
    "cpus",
    "memory",
    "gpus",
    "retries",
    "files",
    "link",
}


def option_of(target: str | None) -> str:
    """Return the option behind a field of the request; its path where there is none."""
    if target and "docker.arguments" in target:
        return "--docker-arg"
    name = re.split(r"[.\[]", target)[-1] if target else ""
    return _OPTIONS.get(name) or (f"--{name}" if name in _SAME else target or "")


def show(run: Run) -> None:
    """Display a run: the status widget where a front end has one, a few lines elsewhere."""
    from IPython.display import display

    sys.stdout.flush()
    display(run)  # type: ignore[no-untyped-call] # IPython's is untyped


def _in_a_folder() -> bool:
    """Tell whether the working folder still exists."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _names(values: list[str], option: str) -> list[str]:
    from jupyter_exec.client.options import split_words

    names = [name for value in values for name in split_words(value)]
    for name in names:
        if not name.isidentifier():
            raise UsageFault(f"{CELL}: {option} {name}: that is no variable's name")
    return list(dict.fromkeys(names))
