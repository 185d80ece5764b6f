"""`docker.arguments`: the options of `docker run` that a definition may have (floor: model; pure).

Source: docker-run(1), `DockerSection.arguments` of the Execution Service API. Azure's clients send
one option with its value in one text (`"--cpus=2"`, `"--shm-size 2g"`), or in two.
"""

from __future__ import annotations

import difflib
import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import Fault
from jupyter_exec.model import docker_values as values
from jupyter_exec.model.container import Bind, ContainerOptions
from jupyter_exec.model.sizes import parse_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FIELD = "configuration.environment.docker.arguments"

_OURS = "the target sets it by itself; leave it out"


@dataclass(frozen=True)
class _Option:
    """One option.

    Attributes:
        field: of `ContainerOptions`; "" = it changes nothing here.
        read: makes the field's value, or one item of it.
        switch: it stands without a value.
        refused: why it cannot be given.
    """

    field: str
    read: Callable[[str], Any] = values.anything
    switch: bool = False
    refused: str | None = None


_OPTIONS: dict[str, _Option] = {
    "--add-host": _Option("extra_hosts", values.extra_host),
    "--cap-add": _Option("cap_add", values.capability),
    "--cap-drop": _Option("cap_drop", values.capability),
    "--cpus": _Option("cpus", values.cpus),
    "--detach": _Option("", values.switch, switch=True),
    "--device": _Option("devices", values.anything),
    "--dns": _Option("dns", values.anything),
    "--entrypoint": _Option("entrypoint", str),
    "--env": _Option("env", values.variable),
    "--gpus": _Option("gpus", values.gpus),
    "--hostname": _Option("hostname", values.hostname),
    "--init": _Option("init", values.switch, switch=True),
    "--interactive": _Option("", values.switch, switch=True),
    "--ipc": _Option(
        "ipc_mode", values.namespace("host", "none", "private", "shareable", others=True)
    ),
    "--label": _Option("labels", values.label),
    "--memory": _Option("memory_bytes", parse_size),
    "--mount": _Option("binds", values.mount),
    "--name": _Option("", refused=_OURS),
    "--network": _Option("network", values.network),
    "--pid": _Option("pid_mode", values.namespace("host", others=True)),
    "--pids-limit": _Option("pids_limit", values.whole),
    "--privileged": _Option("privileged", values.switch, switch=True),
    "--publish": _Option("ports", values.port),
    "--read-only": _Option("read_only", values.switch, switch=True),
    "--rm": _Option("", values.switch, switch=True),
    "--security-opt": _Option("security_opt", values.anything),
    "--shm-size": _Option("shm_bytes", parse_size),
    "--tmpfs": _Option("tmpfs", values.tmpfs),
    "--tty": _Option("", values.switch, switch=True),
    "--ulimit": _Option("ulimits", values.ulimit),
    "--user": _Option("user", values.user),
    "--userns": _Option("userns_mode", values.namespace("host")),
    "--uts": _Option("uts_mode", values.namespace("host")),
    "--volume": _Option("binds", values.volume),
    "--workdir": _Option("", refused="a run works in its own folder; leave it out"),
}
_SHORT = {
    "-d": "--detach",
    "-e": "--env",
    "-h": "--hostname",
    "-i": "--interactive",
    "-l": "--label",
    "-m": "--memory",
    "-p": "--publish",
    "-t": "--tty",
    "-u": "--user",
    "-v": "--volume",
    "-w": "--workdir",
}
_ALSO = {"--net": "--network"}

KNOWN = tuple(name for name, option in _OPTIONS.items() if option.refused is None)


def parse_docker_arguments(
    arguments: Sequence[str], shm_bytes: int | None = None
) -> tuple[ContainerOptions, list[Fault]]:
    """Return what can be read, and a fault for each argument that cannot.

    Args:
        arguments: options with their values, in one text or in two.
        shm_bytes: the definition's own `shmSize`, which an argument replaces.
    """
    options, faults = ContainerOptions(shm_bytes=shm_bytes), list[Fault]()
    for index, name, value in _pairs(arguments, faults):
        try:
            options = _with(options, _OPTIONS[name], value)
        except ValueError as error:
            faults.append(Fault(f"{FIELD}[{index}]", f"{name}: {error}"))
    return options, faults


def each_option(arguments: Sequence[str]) -> Iterator[tuple[int, ContainerOptions]]:
    """Yield every option that can be read by itself, with the index of its argument."""
    for index, name, value in _pairs(arguments, []):
        with suppress(ValueError):
            yield index, _with(ContainerOptions(), _OPTIONS[name], value)


def _with(options: ContainerOptions, option: _Option, text: str) -> ContainerOptions:
    """Return the options with one more: in place of what was there, or added to a collection.

    Raises:
        ValueError: the value cannot be read, or the option is refused.
    """
    if option.refused:
        raise ValueError(option.refused)
    value = option.read(text)
    if not option.field:
        return options
    field = option.field
    if field == "binds" and not isinstance(value, Bind):
        field = "tmpfs"  # of `--mount type=tmpfs`
    before = getattr(options, field)
    if isinstance(before, tuple):
        value = (*before, value)
    elif isinstance(before, dict):
        value = {**before, value[0]: value[1]}
    return replace(options, **{field: value})


def _pairs(arguments: Sequence[str], faults: list[Fault]) -> Iterator[tuple[int, str, str]]:
    """Yield index, option and value; what is none of these goes to the faults."""
    waiting: tuple[int, str] | None = None
    for index, argument in enumerate(arguments):
        if waiting is not None:
            yield *waiting, argument
            waiting = None
            continue
        try:
            words = shlex.split(argument)
        except ValueError as error:
            faults.append(Fault(f"{FIELD}[{index}]", f"{argument[:100]!r}: {error}"))
            continue
        for word in words:
            if waiting is not None:
                yield *waiting, word
                waiting = None
                continue
            try:
                for name, value in _of_word(word):
                    if value is None:
                        waiting = index, name
                    else:
                        yield index, name, value
            except ValueError as error:
                faults.append(Fault(f"{FIELD}[{index}]", str(error)))
                break
    if waiting is not None:
        faults.append(Fault(f"{FIELD}[{waiting[0]}]", f"{waiting[1]} needs a value"))


def _of_word(word: str) -> Iterator[tuple[str, str | None]]:
    """Yield the options of one word with their values; None = the next word is the value.

    Raises:
        ValueError: there is no such option.
    """
    if word.startswith("--"):
        given, equals, value = word.partition("=")
        name = _ALSO.get(given, given)
        if name not in _OPTIONS:
            raise ValueError(_unknown(given))
        yield name, (value if equals else "true" if _OPTIONS[name].switch else None)
        return
    if not word.startswith("-") or word == "-":
        message = (
            f"{word[:100]!r} belongs to no option; a value with spaces is an argument of its own: "
            '"--label", "a b"'
        )
        raise ValueError(message)
    for place in range(1, len(word)):
        short = _SHORT.get(f"-{word[place]}")
        if short is None:
            raise ValueError(_unknown(word))
        rest = word[place + 1 :]
        if not _OPTIONS[short].switch:
            yield short, rest.removeprefix("=") or None
            return
        yield short, "true"


def _unknown(given: str) -> str:
    near = difflib.get_close_matches(given, KNOWN, 1, 0.6)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"there is no option {given[:80]!r} here{hint} Known: {', '.join(KNOWN)}"
