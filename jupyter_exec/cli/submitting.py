"""`jupyter exec submit` and `rerun` (floor: faces)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jupyter_exec.cli import text
from jupyter_exec.cli.live import watch
from jupyter_exec.client import ExecClient
from jupyter_exec.client.options import parse_parameters, parse_tags, read_secrets

if TYPE_CHECKING:
    from argparse import Namespace

    from jupyter_exec.client import Run


def submit(arguments: Namespace) -> int:
    """Make a run of a notebook, script or folder."""
    rest: list[str] = arguments.rest
    words = _words(arguments)
    command = arguments.command
    if rest and not command and not arguments.script and _is_folder(arguments.source):
        command, rest = rest, []
    with ExecClient() as client:
        run = client.submit(
            arguments.source,
            script=arguments.script,
            command=command,
            arguments=rest,
            experiment=arguments.experiment,
            files=arguments.files,
            link=arguments.link,
            snapshot=not arguments.no_snapshot,
            **words,
        )
        return made(run, arguments)


def rerun(arguments: Namespace) -> int:
    """Run the same once more."""
    words = _words(arguments)
    changes = {name: value for name, value in words.items() if value}
    if arguments.rest:
        changes["arguments"] = arguments.rest
    with ExecClient() as client:
        return made(client.run(arguments.run).rerun(**changes), arguments)


def _words(arguments: Namespace) -> dict[str, Any]:
    """Return the options that submit and rerun share; checked before a server is looked for."""
    return {
        "name": arguments.name,
        "tags": parse_tags(arguments.tag),
        "parameters": parse_parameters(arguments.parameters),
        "target": arguments.target,
        "env": arguments.env,
        "python": arguments.interpreter,
        "kernel": arguments.kernel,
        "image": arguments.image,
        "docker_arguments": arguments.docker_arg,
        "framework": arguments.framework,
        "communicator": arguments.communicator,
        "processes": arguments.processes,
        "nodes": arguments.nodes,
        "cpus": arguments.cpus,
        "memory": arguments.memory,
        "gpus": arguments.gpus,
        "time_limit": arguments.time_limit,
        "retries": arguments.retries,
        "secrets": read_secrets(arguments.secret),
    }


def _is_folder(source: str) -> bool:
    from pathlib import Path

    return Path(source).expanduser().is_dir()


def made(run: Run, arguments: Namespace) -> int:
    """Tell of a run that was made, or watch it to its end; returns the exit status."""
    if arguments.wait:
        sys.stderr.write(f"{text.submitted(run)}\n")
        return watch(run, json=arguments.json)
    if arguments.json:
        text.say_json(run.json)
    else:
        text.say(f"{text.submitted(run)}. To watch it: jupyter exec logs -f {run.run_id}")
    return 0
