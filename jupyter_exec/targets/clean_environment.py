"""What of the server's environment a run may see (floor: targets)."""

from __future__ import annotations

import re
from fnmatch import translate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SERVER_SECRETS = (
    "CONFIGPROXY_AUTH_TOKEN",
    "JPY_*",
    "JUPYTERHUB_*",
    "JUPYTER_*PASSWORD*",
    "JUPYTER_*PWD*",
    "JUPYTER_*SECRET*",
    "JUPYTER_*TOKEN*",
    "KG_AUTH_TOKEN",
)
"""Variables that hold the credentials of a Jupyter server, its hub or its gateway."""

OUTER_RUN = ("JUPYTER_EXEC_*",)
"""What a server that runs inside a run has of that run: its token, its metrics file, its marker."""


def clean_environment(
    environ: Mapping[str, str], hidden: Iterable[str] = SERVER_SECRETS + OUTER_RUN
) -> dict[str, str]:
    """Return what of `environ` a run gets.

    Args:
        environ: the server's own environment.
        hidden: shell patterns of names to leave out; names count as upper case.
    """
    pattern = re.compile("|".join(translate(word.upper()) for word in hidden) or "(?!)")
    return {name: value for name, value in environ.items() if not pattern.match(name.upper())}
