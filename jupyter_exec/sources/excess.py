"""What a person is told whose folder is larger than they thought (floor: sources)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.errors import TooLarge
from jupyter_exec.store.sizes import human_limit, human_size, largest_of

if TYPE_CHECKING:
    from jupyter_exec.sources.walk import Limits, Walk

_SHOWN = 10
_BULK = 0.8  # a folder that has more than this of its parent in one folder is shown as that one

_HELP = (
    "What helps: leave things out with a file .execignore (same rules as .gitignore), name what "
    "the run needs with --files, show a big folder to the run without copying it with --link "
    "data/, or send nothing of the folder with --no-snapshot."
)


def too_large(walk: Walk, limits: Limits, max_bytes: int) -> TooLarge:
    """Return the error for a walk that passed a limit.

    Args:
        walk: as far as it came.
        limits: those of the request.
        max_bytes: the store's own, which no option lifts.
    """
    least = "" if walk.complete else "at least "
    count = len(walk.files)
    has = f"{least}{count:,} files with {human_size(walk.size_bytes)}"
    if limits.hold(count, walk.size_bytes):
        files = largest_of((path, state.st_size) for path, state in walk.files.items())
        message = (
            f"the folder has {has}, but a snapshot may have {human_limit(max_bytes)}; "
            f"the largest files:\n{files}\n{_HELP}"
        )
        return TooLarge(message, "folder")
    allowed = " or ".join(
        part
        for part in (
            f"{limits.files:,} files" if limits.files is not None else "",
            human_limit(limits.size_bytes) if limits.size_bytes is not None else "",
        )
        if part
    )
    message = (
        f"the folder has {has}; more than {allowed} are not taken by accident. "
        f"The largest:\n{_largest(walk, by_count=limits.hold(0, walk.size_bytes))}\n{_HELP}"
    )
    return TooLarge(message, "folder")


def _largest(walk: Walk, *, by_count: bool) -> str:
    """List the largest files and folders; instead of a folder the one that has most of it."""
    totals = walk.totals()
    which = 0 if by_count else 1
    children: dict[str, list[str]] = {}
    for folder in totals:
        if folder:
            children.setdefault(folder.rpartition("/")[0], []).append(folder)
    shown = [(path, (1, state.st_size)) for path, state in walk.files.items() if "/" not in path]
    for top in children.get("", []):
        folder = top
        while bulk := [
            inner
            for inner in children.get(folder, [])
            if totals[inner][which] > _BULK * totals[folder][which]
        ]:
            folder = bulk[0]
        shown.append((f"{folder}/", totals[folder]))
    shown.sort(key=lambda item: (-item[1][which], -item[1][1], item[0]))
    return "\n".join(
        f"  {human_size(size):>8}  {path}" + (f"  ({count:,} files)" if path.endswith("/") else "")
        for path, (count, size) in shown[:_SHOWN]
    )
