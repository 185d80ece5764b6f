"""What every launcher makes of a definition: the user's command, and a job (floor: launchers)."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault, RunFailed
from jupyter_exec.model.job import Job

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from jupyter_exec.launchers.base import LaunchContext
    from jupyter_exec.model.definition import RunConfiguration
    from jupyter_exec.model.job import Mount, Replica, Role

_SHELL = "/bin/bash"
_FOUND_SHELL = '"$(command -v /bin/bash || command -v bash || echo /bin/sh)"'
_NAME = r"(?:AZUREML_|AZ_BATCH_|AZ_BATCHAI_)\w+"
_VARIABLE = re.compile(rf"\$(?:\{{({_NAME})\}}|({_NAME}))", re.ASCII)


def command_of(configuration: RunConfiguration, context: LaunchContext) -> tuple[str, ...]:
    """Return `python script arguments`, `bash script.sh arguments`, or a command as it is.

    Raises:
        RunFailed: it is a script of Python's, and the image has no Python.
    """
    command = configuration.command
    if not isinstance(command, str):  # a line for the shell is the shell's to expand
        command = [expand(word, context.env) for word in command or ()]
    arguments = [expand(word, context.env) for word in configuration.arguments]
    return tuple(_words(configuration.script, command, context.python, arguments))


def told_later(words: Sequence[str], later: Collection[str]) -> tuple[str, ...]:
    """Return a command whose arguments may name what only each of its processes is told.

    `--task_index=$AZ_BATCHAI_TASK_INDEX` is put in by a shell, where there is any such argument.

    Args:
        later: names of variables that the processes have, and the job as such has not.
    """
    first = 3 if list(words[:2]) == [_SHELL, "-c"] else 0  # a line for bash is expanded anyway
    named = {_name(found) for word in words[first:] for found in _VARIABLE.finditer(word)}
    if named.isdisjoint(later):
        return tuple(words)
    quoted = [_FOUND_SHELL if word == _SHELL else shlex.quote(word) for word in words[:first]]
    quoted += [_late(word, later) for word in words[first:]]
    return ("/bin/sh", "-c", f"exec {' '.join(quoted)}")


def command_faults(configuration: RunConfiguration) -> list[Fault]:
    """Return what is wrong: no script or command, a script elsewhere, a notebook."""
    if configuration.notebook:
        message = "a notebook runs in one kernel; this framework runs a script: export it as one"
        return [Fault("configuration.script", message)]
    return [] if configuration.command else script_faults(configuration.script)


def python_of(configuration: RunConfiguration, context: LaunchContext) -> str | None:
    """Return what `python` shall mean in the run: the interpreter that was asked for, if any."""
    asked = configuration.environment.python
    chosen = asked.interpreter_path is not None or asked.user_managed_dependencies is False
    return context.python if chosen else None


def job_of(
    roles: tuple[Role, ...],
    configuration: RunConfiguration,
    context: LaunchContext,
    *,
    deciders: frozenset[Replica] = frozenset(),
    mounts: tuple[Mount, ...] = (),
) -> Job:
    """Return a job of these roles, with what every definition says of its runs."""
    return Job(
        roles,
        dict(context.env),
        configuration.max_run_duration_seconds,
        deciders=deciders,
        python=python_of(configuration, context),
        mounts=mounts,
    )


def _words(
    script: str | None, command: list[str] | str, python: str, arguments: list[str]
) -> list[str]:
    """Return argv. A command string belongs to bash, and its arguments are bash's `$@`."""
    if isinstance(command, str) and command:
        return [_SHELL, "-c", command, *([_SHELL, *arguments] if arguments else [])]
    if command:
        return [*command, *arguments]
    script = posix_path(script or "")
    if script.endswith(".sh"):
        return [_SHELL, script, *arguments]
    require_python(python)
    return [python, "-u", script, *arguments]  # -u: a line is in the log when it is printed


def require_python(python: str) -> None:
    """Refuse to start a Python that is not there.

    Raises:
        RunFailed: the image has none.
    """
    if not python:
        message = (
            "the image has no Python, which this run needs; name another image, or give a command"
        )
        raise RunFailed("InterpreterMissing", message)


def expand(word: str, env: Mapping[str, str]) -> str:
    """Replace `$NAME` and `${NAME}` in an argument where the run has such a variable.

    Only names that begin with AZUREML_ or AZ_BATCHAI_ count, as in Azure ML; anything else is the
    argument's own business.
    """
    return _VARIABLE.sub(lambda match: env.get(match[1] or match[2], match[0]), word)


def _name(found: re.Match[str]) -> str:
    return found[1] or found[2]


def _late(word: str, names: Collection[str]) -> str:
    """Return a word for a shell that expands these variables in it, and nothing else."""

    def opened(found: re.Match[str]) -> str:
        return f"'\"${{{_name(found)}}}\"'" if _name(found) in names else found[0]

    return _VARIABLE.sub(opened, shlex.quote(word))  # a word with $ is quoted by '


def posix_path(script: str) -> str:
    """Return a script's path with slashes, whatever system the client was on."""
    return script.replace("\\", "/")


def script_faults(script: str | None) -> list[Fault]:
    """Return what is wrong with a script's path, as far as the path itself tells."""
    field = "configuration.script"
    if not script:
        return [Fault(field, "name a script of the run's folder, or give a command")]
    path = PurePosixPath(posix_path(script))
    depth = 0
    for part in path.parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return [Fault(field, f"{script!r} leaves the run's folder; name a script inside it")]
    if path.is_absolute() or PureWindowsPath(script).drive:
        return [Fault(field, f"{script!r} is absolute; name it relative to the run's folder")]
    if not path.name or "\0" in script:
        return [Fault(field, f"{script!r} is not the name of a file")]
    return []
