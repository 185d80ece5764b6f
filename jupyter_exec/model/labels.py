"""Display names and tags: what people see of a run, so no sign that misleads (floor: model)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.wire import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_TAGS = 100
_NAME_LENGTH = 256
_VALUE_LENGTH = 1000
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _plain(name: str) -> str:
    """Refuse control characters, line ends, and what turns the direction of the text around it."""
    found = _HIDDEN.search(name)
    if found:
        message = (
            f"holds the character U+{ord(found[0]):04X}, which cannot be seen: give one line "
            "without control characters"
        )
        raise ValueError(message)
    return name


def _tags(tags: Mapping[str, str | None]) -> Mapping[str, str | None]:
    if len(tags) > MOST_TAGS:
        message = f"has {len(tags)} tags; a run may have {MOST_TAGS}"
        raise ValueError(message)
    for name, value in tags.items():
        if len(name) > _NAME_LENGTH:
            message = f"the name {name[:40]!r}... has more than {_NAME_LENGTH} characters"
            raise ValueError(message)
        if value is not None and len(value) > _VALUE_LENGTH:
            message = f"the value of {name[:40]!r} has more than {_VALUE_LENGTH} characters"
            raise ValueError(message)
    return tags


def check_count(tags: Mapping[str, str]) -> None:
    """Refuse tags that are too many, once they are put together.

    Raises:
        InvalidRequest: they are.
    """
    if len(tags) > MOST_TAGS:
        message = f"the run would have {len(tags)} tags; it may have {MOST_TAGS}: remove some first"
        raise InvalidRequest(message, "tags")


DisplayName = Annotated[str, Field(max_length=1000), AfterValidator(_plain)]
Tags = Annotated[dict[str, Text], AfterValidator(_tags)]
TagChanges = Annotated[dict[str, Text | None], AfterValidator(_tags)]
