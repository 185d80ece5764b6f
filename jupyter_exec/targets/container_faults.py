"""What a definition may not ask of a container (floor: targets).

A container is not a way to the machine that it runs on: what would make it one is refused, unless
the operator allows it by the target's settings `allow` and `bind_roots`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_exec.errors import Fault, RunFailed
from jupyter_exec.model.docker_arguments import FIELD, each_option, parse_docker_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_exec.model.container import Bind, ContainerOptions
    from jupyter_exec.model.definition import RunConfiguration

ALLOWABLE = (
    "cap-add",
    "device",
    "gpus",
    "host-ipc",
    "host-network",
    "host-pid",
    "host-userns",
    "host-uts",
    "privileged",
    "publish",
    "security-opt",
    "socket",
    "user",
    "volume",
)
"""Words of `allow`; folders to bind are named by `bind_roots`."""

_SAFE_SECURITY = {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"}
_NAMESPACES = {
    "network": "network",
    "pid": "pid_mode",
    "ipc": "ipc_mode",
    "uts": "uts_mode",
    "userns": "userns_mode",
}


@dataclass(frozen=True)
class Permissions:
    """What the operator lets containers do besides what is harmless.

    Attributes:
        allow: words of `ALLOWABLE`.
        bind_roots: absolute folders below which everything may be bound.
        uid, gid: who may be named as the container's user.

    Raises:
        ValueError: `allow` has another word, or a root is not absolute.
    """

    allow: frozenset[str] = frozenset()
    bind_roots: tuple[str, ...] = ()
    uid: int = field(default_factory=os.getuid)
    gid: int = field(default_factory=os.getgid)

    def __post_init__(self) -> None:
        strange = sorted(self.allow - set(ALLOWABLE))
        if strange:
            message = f"allow: {', '.join(strange)}: there are {', '.join(ALLOWABLE)}"
            raise ValueError(message)
        for root in self.bind_roots:
            if not Path(root).is_absolute():
                message = f"bind_roots: {root!r} is not an absolute path"
                raise ValueError(message)

    def refusals(self, options: ContainerOptions) -> Iterator[tuple[str, str]]:
        """Yield the option and why it is refused, for everything that is not allowed.

        Looks at the disk: links are followed before a folder is compared with the roots.
        """
        for word, option, message in _wishes(options):
            yield from self._needs(word, option, message)
        if options.user is not None and not self._is_own(options.user):
            yield from self._needs("user", "--user", f"it may only be {self.uid}:{self.gid}")
        for bind in options.binds:
            yield from self._bind(bind)

    def _needs(self, word: str, option: str, message: str) -> Iterator[tuple[str, str]]:
        if word not in self.allow:
            more = f"the operator of this server can allow it with allow={word!r}"
            yield option, f"{message}; leave it out ({more})"

    def _is_own(self, user: str) -> bool:
        """Tell whether it is the server's user, by number; root has the same name everywhere.

        Somebody else could leave files in the run's folder that run with his rights on the host,
        and others than root may not write there.
        """
        uid, _, gid = user.partition(":")
        names = {str(self.uid)} if self.uid else {"0", "root"}
        return uid in names and gid in {"", str(self.gid)}

    def _bind(self, bind: Bind) -> Iterator[tuple[str, str]]:
        if bind.source is None:
            return
        if not bind.source.startswith("/"):
            shown = f"volume {bind.source!r} belongs to the engine"
            yield from self._needs("volume", "--volume", shown)
            return
        real = os.path.realpath(bind.source)
        if not any(_is_below(real, os.path.realpath(root)) for root in self.bind_roots):
            roots = ", ".join(self.bind_roots) or "none"
            message = f"{bind.source[:200]!r} is outside the folders that may be bound: {roots}"
            yield "--volume", f"{message} (the operator names them with bind_roots)"
        elif Path(real).is_socket():
            shown = f"{bind.source[:200]!r} is a socket, such as an engine's"
            yield from self._needs("socket", "--volume", shown)
        elif not Path(real).exists():
            yield "--volume", f"{bind.source[:200]!r} does not exist on this machine"

    def checked(self, options: ContainerOptions) -> ContainerOptions:
        """Return the options as an engine may get them: links in what is bound are followed.

        Raises:
            RunFailed: something is not allowed, such as a folder that has become a link since the
                request was checked.
        """
        for option, message in self.refusals(options):
            raise RunFailed("NotAllowed", f"{FIELD}: {option}: {message}")
        binds = tuple(
            replace(bind, source=os.path.realpath(bind.source))
            if bind.source is not None and bind.source.startswith("/")
            else bind
            for bind in options.binds
        )
        return replace(options, binds=binds)


def container_faults(
    configuration: RunConfiguration,
    permissions: Permissions,
    real_network: Callable[[str], str] = str,
) -> list[Fault]:
    """Return what is wrong with `docker.arguments`, each with its place; a target's `faults`.

    Args:
        real_network: returns `host` for whatever names the host's network in the engine.
    """
    arguments = configuration.environment.docker.arguments
    _, faults = parse_docker_arguments(arguments)
    for index, options in each_option(arguments):
        told = ""
        if options.network is not None and real_network(options.network) != options.network:
            told = f"{options.network!r} is the host's network: "
            options = replace(options, network="host")  # noqa: PLW2901 - the same, by its word
        for option, message in permissions.refusals(options):
            faults.append(Fault(f"{FIELD}[{index}]", f"{option}: {told}{message}"))
    return faults


def _wishes(options: ContainerOptions) -> Iterator[tuple[str, str, str]]:
    """Yield the word of `allow` that something needs, the option, and why it is not harmless."""
    for word, field_name in _NAMESPACES.items():
        mode = getattr(options, field_name)
        if _is_shared(mode):
            yield f"host-{word}", f"--{word}", f"{mode!r} is not the container's own"
    if options.privileged:
        yield "privileged", "--privileged", "it gives the container the host"
    for capability in options.cap_add:
        yield "cap-add", "--cap-add", f"{capability} is a right over the host"
    for device in options.devices:
        yield "device", "--device", f"{device[:80]!r} is the host's"
    if options.gpus:
        yield "gpus", "--gpus", "ask for GPUs by resources.gpus"
    for word in set(options.security_opt) - _SAFE_SECURITY:
        yield "security-opt", "--security-opt", f"{word[:80]!r} weakens the container"
    for address in {port.host_ip for port in options.ports} - {"127.0.0.1", "::1"}:
        yield "publish", "--publish", f"{address} shows the port to other machines"


def _is_shared(mode: str | None) -> bool:
    return mode is not None and (mode == "host" or mode.startswith("container:"))


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
