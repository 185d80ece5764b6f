"""Secrets of runs that have not begun: in memory, and nowhere else (floor: services)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Vault:
    """Variables of runs that are stored nowhere; gone when the server is."""

    def __init__(self) -> None:
        self._secrets: dict[str, dict[str, str]] = {}

    def put(self, run_id: str, secrets: Mapping[str, str]) -> None:
        """Keep a run's secrets until `drop`."""
        if secrets:
            self._secrets[run_id] = dict(secrets)

    def get(self, run_id: str, names: Iterable[str]) -> dict[str, str]:
        """Return the secrets of these names.

        Raises:
            RunFailed: they are gone: the server was stopped before the run began.
        """
        kept = self._secrets.get(run_id, {})
        missing = [name for name in names if name not in kept]
        if missing:
            message = (
                f"its secrets ({', '.join(missing)}) are stored nowhere, and the server was "
                "stopped before it began; submit it again with them"
            )
            raise RunFailed("SecretsLost", message)
        return {name: kept[name] for name in names}

    def peek(self, run_id: str) -> dict[str, str]:
        """Return the secrets that are kept of a run, if any are."""
        return dict(self._secrets.get(run_id, {}))

    def drop(self, run_id: str) -> None:
        """Forget a run's secrets."""
        self._secrets.pop(run_id, None)
