"""Building an image from a Dockerfile (floor: environments)."""

from __future__ import annotations

import hashlib
import io
import re
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_exec.docker_engine import one_line
from jupyter_exec.environments.engine_work import classified
from jupyter_exec.environments.pulls import failure as pull_failure
from jupyter_exec.errors import RunFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from docker import APIClient

_REPOSITORY = "jupyter-exec-image"
_STEP = re.compile(r"^STEP (\d+(?:/\d+)?) ?: ?(.*)", re.IGNORECASE)
_STATUS = re.compile(r"returned a non-zero code: (\d+)|exit status (\d+)")
_MADE = re.compile(r"-+> ([0-9a-f]{12,64})$")
_NOISE = re.compile(r"^-+> |^Removing intermediate container|^Removed intermediate container")
_PULL = re.compile(r"pull access denied|manifest|authentication required|unauthorized")
_LAST_LINES = 3


def dockerfile_tag(dockerfile: str) -> str:
    """Return the name of the image of a Dockerfile: equal for equal text."""
    text = "\n".join(line.rstrip() for line in dockerfile.strip().splitlines())
    return f"{_REPOSITORY}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def is_built(reference: str) -> bool:
    """Tell whether a name of an image is one that `dockerfile_tag` makes."""
    return re.fullmatch(rf"{_REPOSITORY}:[0-9a-f]{{32}}", reference) is not None


def has_instructions(dockerfile: str) -> bool:
    """Tell whether a Dockerfile is more than blank lines and comments."""
    lines = map(str.strip, dockerfile.splitlines())
    return any(line and not line.startswith("#") for line in lines)


def build(
    client: APIClient,
    dockerfile: str,
    write: Callable[[str], None],
    login: Mapping[str, str] | None = None,
) -> int:
    """Build an image, and give it the name of its Dockerfile. The build has no files besides it.

    Args:
        write: takes what the build prints, as it comes.
        login: `registry`, `username` and `password` for images that it begins from.

    Returns:
        How many steps it has beyond the image that it begins from.

    Raises:
        RunFailed: `ImageBuildFailed` and the like: the step that failed and its last lines, in one
            line.
    """
    from docker.errors import APIError

    if login is not None:
        try:
            client.login(**login, reauth=True)
        except APIError as error:
            raise pull_failure(login["registry"], str(error.explanation or error)) from None
    log = _BuildLog(write)
    there = set(client.images(all=True, quiet=True))
    try:
        _run(client, dockerfile, log)
    except RunFailed as failure:
        if failure.code == "DiskFull":
            _remove_steps(client, log.made, there)
        raise
    return log.steps


def _run(client: APIClient, dockerfile: str, log: _BuildLog) -> None:
    from docker.errors import APIError

    try:
        for item in client.build(
            fileobj=io.BytesIO(dockerfile.encode()),
            tag=dockerfile_tag(dockerfile),
            rm=True,
            forcerm=True,
            decode=True,
        ):
            log.take(item)
    except APIError as error:
        raise _failed(str(error.explanation or error)) from None


def _remove_steps(client: APIClient, made: Sequence[str], there: Collection[str]) -> None:
    """Remove what the first steps of a build have come to, which the engine keeps for the next.

    Args:
        made: ids of the images after each step.
        there: ids of those that were there before the build; they stay.
    """
    from docker.errors import APIError

    for image in reversed(made):
        with suppress(APIError):  # it has gone with a later one, or another build needs it
            found = client.inspect_image(image)  # type: ignore[no-untyped-call]  # theirs
            named = found.get("RepoTags") or found.get("RepoDigests")
            if not named and found["Id"] not in there:
                client.remove_image(found["Id"])


class _BuildLog:
    """Follows a build: which step it is at, and what that has printed.

    Attributes:
        steps: that it has taken since it last began from an image.
        made: ids of the images that steps have come to.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self.steps = 0
        self.made: list[str] = []
        self._write = write
        self._step = ""
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._unfinished = ""

    def take(self, item: Mapping[str, Any]) -> None:
        """Take one message of the engine; an error is raised as RunFailed."""
        if "error" in item:
            self._line(self._unfinished)
            self._write(f"{one_line(str(item['error']))}\n")
            raise _failed(str(item["error"]), self._step, self._lines)
        text = str(item.get("stream", ""))
        if not text and item.get("status") and not item.get("progressDetail"):
            text = f"{item['status']}\n"
        if text:
            self._write(text)
            *lines, self._unfinished = (self._unfinished + text).split("\n")
            for line in lines:
                self._line(line)

    def _line(self, line: str) -> None:
        line = one_line(line)  # what fails is red, and so is what the engine says next
        step = _STEP.match(line)
        if step:
            self._step = f"step {step[1]}, {step[2]}"
            self._lines.clear()
            self.steps = 0 if step[2].upper().startswith("FROM ") else self.steps + 1
        elif made := _MADE.match(line):
            self.made.append(made[1])
        elif line and not _NOISE.match(line):
            self._lines.append(line)


def _failed(told: str, step: str = "", lines: Iterable[str] = ()) -> RunFailed:
    """Return why a build failed: the step, what it printed last, and what the engine says."""
    instruction = step.partition(", ")[2]
    if _PULL.search(told) and instruction.upper().startswith("FROM "):
        return pull_failure(instruction.split()[1], told)
    status = _STATUS.search(told)
    end = f"exit status {status[1] or status[2]}" if status else told
    where = f"the image cannot be built: {step}: " if step else "the image cannot be built: "
    rest = " (its log, environment.txt, has the rest)"
    return classified("; ".join([*lines, end]), "ImageBuildFailed", where, rest)
