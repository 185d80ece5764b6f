"""The values of `docker run`'s options, each read from its text (floor: model; pure).

Source: docker-run(1). Every reader raises ValueError with what is wrong with the value.
"""

from __future__ import annotations

import math
import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from jupyter_exec.model.container import Bind, Port, Ulimit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_NETWORK = re.compile(r"(?:container:)?[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_OTHERS = re.compile(r"container:[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_HOSTNAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?")
_CAPABILITY = re.compile(r"[A-Z_]+")
_PORT = re.compile(
    r"(?:(?P<ip>\[[^\]]+\]|[^:]+):)?(?:(?P<host>\d*):)?(?P<port>\d+)(?:/(?P<protocol>tcp|udp|sctp))?",
    re.ASCII,
)
_HIGHEST_PORT = 65_535
_IGNORED_MODES = {"rw", "z", "Z", "cached", "delegated", "consistent", "nocopy"}
_ULIMIT = re.compile(
    r"(core|cpu|data|fsize|locks|memlock|msgqueue|nice|nofile|nproc|rss|rtprio|rttime|sigpending"
    r"|stack)=(-?\d{1,18})(?::(-?\d{1,18}))?",
    re.ASCII,
)


def absolute(text: str) -> str:
    """Read a path that begins at the root and has no `..`."""
    if not text.startswith("/") or "\0" in text or ".." in text.split("/"):
        message = f"{text[:200]!r} is not an absolute path without '..'"
        raise ValueError(message)
    return text


def cpus(text: str) -> float:
    """Read a number of processors."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not math.isfinite(number) or number <= 0:
        message = f"{text[:80]!r} is not a number of processors"
        raise ValueError(message)
    return number


def whole(text: str) -> int:
    """Read a whole number from 1."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) < 1:
        message = f"{text[:80]!r} is not a whole number from 1"
        raise ValueError(message)
    return int(text)


def one_word(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    """Return the reader of a word."""

    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            message = f"{text[:200]!r} is not {what}"
            raise ValueError(message)
        return text

    return read


hostname = one_word(_HOSTNAME, "a host's name")
user = one_word(_USER, "a user: give uid, uid:gid or a name")
gpus = one_word(re.compile(r"all|[1-9]\d{0,5}", re.ASCII), "a number of GPUs, or 'all'")
anything = one_word(re.compile(r"[^\0]+", re.DOTALL), "a value")


def network(text: str) -> str | None:
    """Read `none`, `host`, `container:NAME`, or a network's name or id; `default` = None."""
    name = one_word(_NETWORK, "a network: give none, bridge, or the name of one that is there")(
        text
    )
    return None if name == "default" else name


def namespace(*words: str, others: bool = False) -> Callable[[str], str]:
    """Return the reader of whose namespace a container gets.

    Args:
        words: that the engines take.
        others: `container:NAME` may be given, too.
    """

    def read(text: str) -> str:
        if text not in words and not (others and _OTHERS.fullmatch(text)):
            allowed = " or ".join([*map(repr, words), *(["'container:NAME'"] if others else [])])
            message = f"{text[:80]!r} is none of its values: give {allowed}, or leave it out"
            raise ValueError(message)
        return text

    return read


def capability(text: str) -> str:
    """Read the name of a capability; `CAP_` and letter case do not matter."""
    name = text.upper().removeprefix("CAP_")
    return one_word(_CAPABILITY, "a capability, for example NET_ADMIN")(name)


def switch(text: str) -> bool:
    """Read `--init=true`."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in words:
        message = f"{text[:80]!r} is neither true nor false"
        raise ValueError(message)
    return words[text.lower()]


def variable(text: str) -> tuple[str, str]:
    """Read `NAME=value`. The server's own variables are not passed on by their bare names."""
    name, equals, value = text.partition("=")
    if not _VARIABLE.fullmatch(name) or not equals or "\0" in value:
        message = f"{name[:80]!r}: give a variable as NAME=value"
        raise ValueError(message)
    return name, value


def label(text: str) -> tuple[str, str]:
    """Read `name=value`; a name alone has an empty value. Names of ours find runs again."""
    name, _, value = text.partition("=")
    if not name or "\0" in text or re.match(r"jupyter[-_.]?exec", name, re.IGNORECASE):
        message = f"{name[:80]!r} is no name for a label of yours"
        raise ValueError(message)
    return name, value


def extra_host(text: str) -> tuple[str, str]:
    """Read `name:address` or `name=address`."""
    name, _, address = text.partition("=" if "=" in text else ":")
    try:
        if address != "host-gateway":
            ip_address(address.strip("[]"))
    except ValueError:
        name = ""
    if not _HOSTNAME.fullmatch(name):
        message = f"{text[:80]!r} is not name:address"
        raise ValueError(message)
    return name, address.strip("[]")


def ulimit(text: str) -> Ulimit:
    """Read `nofile=1024:4096`, `memlock=-1`."""
    found = _ULIMIT.fullmatch(text)
    if not found:
        message = f"{text[:80]!r} is not a limit: give for example nofile=1024:4096"
        raise ValueError(message)
    return Ulimit(found[1], int(found[2]), int(found[3] or found[2]))


def port(text: str) -> Port:
    """Read `[[address:]host port:]port[/protocol]`; by default only this machine sees it."""
    found = _PORT.fullmatch(text)
    if found is not None:
        host, address = found["host"], (found["ip"] or "").strip("[]")
        if host is None and address.isdigit():
            host, address = address, ""
        numbers = [int(number) for number in (found["port"], host) if number]
        if all(0 < number <= _HIGHEST_PORT for number in numbers):
            where = str(ip_address(address)) if address else "127.0.0.1"
            protocol = found["protocol"] or "tcp"
            return Port(int(found["port"]), protocol, int(host) if host else None, where)
    message = f"{text[:80]!r} is not a port: give for example 8080:80"
    raise ValueError(message)


def volume(text: str) -> Bind:
    """Read `source:target[:ro]`, or `target`."""
    source, colon, rest = text.partition(":")
    if not colon:
        return Bind(absolute(source))
    target, _, modes = rest.partition(":")
    words = set(filter(None, modes.split(",")))
    strange = words - _IGNORED_MODES - {"ro"}
    if strange:
        message = f"{text[:200]!r} has {', '.join(sorted(strange))}; give ro, rw or nothing"
        raise ValueError(message)
    return Bind(absolute(target), _source(source), read_only="ro" in words)


def _source(text: str) -> str:
    if _VOLUME.fullmatch(text):
        return text
    return absolute(text)


def tmpfs(text: str) -> tuple[str, str]:
    """Read `path[:options]`."""
    path, _, options = text.partition(":")
    if not re.fullmatch(r"[\w=,%.-]*", options, re.ASCII):
        message = f"{options[:80]!r} are no options of a tmpfs"
        raise ValueError(message)
    return absolute(path), options


def mount(text: str) -> Bind | tuple[str, str]:
    """Read `type=bind,source=...,target=...,readonly`; a tmpfs comes as `tmpfs` has it."""
    words = {"src": "source", "dst": "target", "destination": "target", "ro": "readonly"}
    values: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        values[words.get(name, name)] = value
    kind = values.pop("type", "volume")
    target, source = absolute(values.pop("target", "")), values.pop("source", None)
    values.pop("consistency", None)
    if kind == "tmpfs" and source is None:
        sizes = {"tmpfs-size": "size", "tmpfs-mode": "mode"}
        options = ",".join(f"{sizes[k]}={v}" for k, v in values.items() if k in sizes)
        _nothing_left(values.keys() - sizes.keys())
        return tmpfs(f"{target}:{options}")
    read_only = switch(values.pop("readonly") or "true") if "readonly" in values else False
    _nothing_left(values.keys())
    if kind == "bind" and source is not None:
        return Bind(target, absolute(source), read_only)
    if kind == "volume":
        return Bind(target, _source(source) if source else None, read_only)
    message = f"{text[:200]!r} is no mount: give for example type=bind,source=/data,target=/data"
    raise ValueError(message)


def _nothing_left(names: Collection[str]) -> None:
    if names:
        message = f"{', '.join(sorted(names))[:80]!r} is not supported in a mount"
        raise ValueError(message)
