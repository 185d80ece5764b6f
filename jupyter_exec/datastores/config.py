"""A datastore as the operator has configured it (floor: datastores).

c.ExecApp.datastores = {
"training": {
"url": "s3://bucket/prefix",
"options": {"key": {"env": "STORE_KEY"}, "secret": {"env": "STORE_SECRET"}},
"read_only": True,
}
}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

_KEYS = {"url", "options", "read_only", "checksum"}
_URL = re.compile(r"(?P<protocol>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)
LOCAL = "file"
MEMORY = "memory"
HTTP = {"http", "https"}


@dataclass(frozen=True)
class Datastore:
    """Where data lies, and how to get at it.

    Attributes:
        protocol: of fsspec; `file` for a folder of this machine.
        url: as it was configured.
        options: fsspec's storage options; a secret in them is `{"env": "NAME"}`.
        read_only: nothing may be uploaded to it.
        checksum: compare checksums where the store gives them.
    """

    name: str
    protocol: str
    url: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    read_only: bool = False
    checksum: bool = True

    @classmethod
    def read(cls, name: str, settings: Any) -> Datastore:
        """Return the datastore that some settings describe.

        Raises:
            ValueError: they describe none; the message names the setting, and no secret.
        """
        if not isinstance(settings, Mapping) or not isinstance(settings.get("url"), str):
            message = "it is configured without a url: {'url': 's3://bucket/prefix'}"
            raise ValueError(message)  # noqa: TRY004 - all faults are of one kind
        if strange := sorted(map(str, set(settings) - _KEYS)):
            raise ValueError(f"it is configured with {strange[0]!r}, which is no setting")
        url, options = settings["url"], settings.get("options") or {}
        protocol = _protocol(url)
        try:
            json.dumps(options)
        except (TypeError, ValueError):
            raise ValueError("its options are not plain values") from None
        if not isinstance(options, Mapping):
            raise ValueError("its options are not a mapping")  # noqa: TRY004 - all faults are of one kind
        read_only = bool(settings.get("read_only")) or protocol in HTTP
        return cls(name, protocol, url, options, read_only, bool(settings.get("checksum", True)))

    @property
    def shown_url(self) -> str:
        """The address without user and password."""
        found = _URL.fullmatch(self.url)
        if found is None:
            return self.url
        host, slash, path = found["rest"].partition("/")
        return f"{found['protocol']}://{host.rpartition('@')[2]}{slash}{path}"

    @property
    def variables(self) -> frozenset[str]:
        """Names of the server's variables that hold its secrets."""
        return frozenset(_variables(self.options))

    def opening(self, environ: Mapping[str, str]) -> dict[str, Any]:
        """Return the options with their secrets; to be kept in memory only.

        Raises:
            ValueError: the server's environment lacks a variable.
        """
        missing = sorted(self.variables - set(environ))
        if missing:
            raise ValueError(f"the server's environment has no variable {missing[0]}")
        options: dict[str, Any] = _resolved(self.options, environ)
        return options

    def secrets(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """Return what no message may repeat."""
        values = [environ[name] for name in self.variables if name in environ]
        login = urlsplit(self.url)
        return tuple(value for value in (*values, login.password) if value)


def _protocol(url: str) -> str:
    """Return the protocol of an address.

    Raises:
        ValueError: it cannot be the address of a datastore.
    """
    found = _URL.fullmatch(url)
    if found is None:
        if url.startswith("/"):
            return LOCAL
        raise ValueError("its url has no protocol: write 's3://bucket/prefix', 'file:///data'")
    if "::" in url:
        raise ValueError("its url is a chain ('::'), which is not supported")
    if found["protocol"] in HTTP and ("?" in url or "#" in url):
        raise ValueError("its url has a query; put what authorises it into options, as headers")
    if found["protocol"] in {LOCAL, "local"}:
        if not found["rest"].startswith("/"):
            raise ValueError("its url names no absolute folder: write 'file:///data'")
        return LOCAL
    return found["protocol"]


def _variables(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == {"env"} and isinstance(value["env"], str):
            yield value["env"]
            return
        for inner in value.values():
            yield from _variables(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _variables(inner)


def _resolved(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"env"} and isinstance(value["env"], str):
            return environ[value["env"]]
        return {key: _resolved(inner, environ) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_resolved(inner, environ) for inner in value]
    return value
