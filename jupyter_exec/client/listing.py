"""Many runs, fetched page by page (floor: client)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_exec.client.run import made_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_exec.client.api import ExecClient
    from jupyter_exec.client.run import Run

PAGE = 100


class Runs:
    """The runs that fit some filters, newest first; a page is fetched when iteration gets to it.

    Args:
        client: whose.
        filters: query of GET runs.
        limit: at most so many; None = all.
    """

    def __init__(
        self, client: ExecClient, filters: dict[str, str], limit: int | None = None
    ) -> None:
        self._client = client
        self._filters = filters
        self._limit = limit
        self._found: list[Run] = []
        self._cursor: str | None = None
        self._complete = limit == 0
        self._total: int | None = None

    @property
    def total(self) -> int:
        """How many runs fit, whatever the limit."""
        if self._total is None:
            self._fetch()
        return self._total or 0

    def __len__(self) -> int:
        return self.total if self._limit is None else min(self.total, self._limit)

    def __iter__(self) -> Iterator[Run]:
        position = 0
        while position < len(self._found) or self._fetch():
            yield self._found[position]
            position += 1

    def __getitem__(self, position: int) -> Run:
        if position < 0:
            return list(self)[position]
        while position >= len(self._found):
            if not self._fetch():
                raise IndexError(position)
        return self._found[position]

    def __repr__(self) -> str:
        shown = [repr(run) for run, _ in zip(self, range(20), strict=False)]
        more = len(self) - len(shown)
        return "\n".join([*shown, *([f"... and {more} more"] if more > 0 else [])]) or "<no runs>"

    def _fetch(self) -> bool:
        """Fetch the next page; tell whether it brought anything."""
        if self._complete:
            return False
        left = PAGE if self._limit is None else min(PAGE, self._limit - len(self._found))
        query: dict[str, Any] = {**self._filters, "limit": left}
        if self._cursor is not None:
            query["cursor"] = self._cursor
        page = self._client.session.json("GET", "runs", params=query)
        runs = [made_of(self._client, run) for run in page["runs"]]
        self._found += runs
        self._total = int(page["total"])
        self._cursor = page.get("next")
        self._complete = self._cursor is None or len(self._found) == self._limit
        return bool(runs)
