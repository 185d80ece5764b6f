"""What the addresses in `condaDependencies` may hold: no secret (floor: environments; pure).

A definition is stored, shown and logged, so a password or a token in it is refused before anything
is done with it, whether the section is used or not. The messages repeat nothing of an address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from jupyter_exec.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIELD = "configuration.environment.python.condaDependencies"
PLAIN_HTTP = (
    "what comes by plain http can be changed on its way, so it is taken from this machine only: "
    "give the https:// or file:// address of the channel"
)
_NOT_STORED = (
    "the address of a channel holds a name, a password or a token, and a definition is stored: "
    "leave it out, and have the operator give it (in the file that RATTLER_AUTH_FILE names)"
)
_TOKEN = re.compile(r"(?:^|/)t/[^/\s]+")  # https://host/t/<token>/channel, and t/<token>/channel
_HERE = re.compile(r"localhost|127(?:\.\d{1,3}){3}")


def secret_faults(conda: Mapping[str, Any] | None) -> list[Fault]:
    """Return where channels, or lines that name one, hold what must not be stored."""
    values = {str(key).casefold(): value for key, value in (conda or {}).items()}
    found = [(f"channels[{index}]", text) for index, text in _texts(values.get("channels"))]
    found += [
        (f"dependencies[{index}]", text.partition("::")[0])
        for index, text in _texts(values.get("dependencies"))
        if "::" in text or "://" in text
    ]
    return [Fault(f"{FIELD}.{place}", _NOT_STORED) for place, text in found if _holds_secret(text)]


def _texts(values: Any) -> Iterator[tuple[int, str]]:
    for index, value in enumerate(values if isinstance(values, list) else []):
        if isinstance(value, str):
            yield index, value.strip()


def _holds_secret(channel: str) -> bool:
    scheme, _, rest = channel.partition("://") if "://" in channel else ("", "", channel)
    if scheme.casefold() == "file":
        return False
    host, _, path = rest.partition("/") if scheme else ("", "", rest)
    return "@" in host or _TOKEN.search(unquote(path)) is not None


def is_plain_http(channel: str) -> bool:
    """Tell whether a channel comes from another machine, and nothing protects it."""
    if not channel.casefold().startswith("http://"):
        return False
    return _HERE.fullmatch(urlsplit(channel).hostname or "") is None
