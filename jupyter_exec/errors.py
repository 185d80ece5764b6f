"""Every error that jupyter_exec raises on purpose (floor: errors, below everything).

    ExecError                 500  ServiceError      something that is our fault
      InvalidRequest          400  ValidationError   the request is wrong; `faults` says where
      Forbidden               403  UserError         authenticated, but not allowed
      NotFound                404  UserError         no such run, snapshot, target, ...
      MethodNotAllowed        405  UserError         the path exists, the verb does not
      Conflict                409  UserError         the id is taken, the run has not ended, ...
      TooLarge                413  ValidationError   a source or a body is over its limit
      RangeNotSatisfiable     416  UserError         a byte range beyond the end of an output
      ReadOnly                503  TransientError    another server owns the data directory
      NoRoom                  507  ServiceError      the disk of the data directory is full
    RunFailed                                        why a run failed: its `error`, never an answer

`code` is one of the words the Azure ML contract allows (RootError.code in the 2019-09-30 swagger).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Fault(NamedTuple):
    """One thing that is wrong with a request: the field's JSON path, and what to do about it."""

    target: str | None
    message: str


class ExecError(Exception):
    """Base of the tree: an HTTP status, an Azure error code, and the faults.

    Args:
        message: what happened, to what, and what to do next.
        target: JSON path of the field at fault, for example `configuration.script`.
        faults: all faults of a request at once; by default the one made of `message` and `target`.
    """

    status = 500
    code = "ServiceError"

    def __init__(
        self, message: str, target: str | None = None, faults: Sequence[Fault] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.target = target
        self.faults: tuple[Fault, ...] = tuple(faults or (Fault(target, message),))


class InvalidRequest(ExecError):
    """The request itself is wrong; sending it again will not help."""

    status = 400
    code = "ValidationError"

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> InvalidRequest:
        """Make one error of several faults; its message is theirs, joined."""
        message = "; ".join(
            f"{fault.target}: {fault.message}" if fault.target else fault.message
            for fault in faults
        )
        return cls(message, faults[0].target, faults)


class Forbidden(ExecError):
    """The user is known, and may not do this."""

    status = 403
    code = "UserError"


class NotFound(ExecError):
    """The named thing does not exist."""

    status = 404
    code = "UserError"


class MethodNotAllowed(ExecError):
    """The path exists; the verb does not."""

    status = 405
    code = "UserError"


class Conflict(ExecError):
    """The request does not fit the present state."""

    status = 409
    code = "UserError"


class TooLarge(ExecError):
    """A source, a file or a body is over its limit."""

    status = 413
    code = "ValidationError"


class RangeNotSatisfiable(ExecError):
    """The asked byte range lies outside the file."""

    status = 416
    code = "UserError"


class ReadOnly(ExecError):
    """Another server owns the data directory; this one only answers reads."""

    status = 503
    code = "TransientError"


class NoRoom(ExecError):
    """The disk of the data directory is full; nothing was stored."""

    status = 507
    code = "ServiceError"

    def __init__(self) -> None:
        super().__init__("the disk that holds the runs is full; nothing was stored. Free some room")


class RunFailed(Exception):
    """Why a run failed: raised below the services, stored as the run's `error`.

    Args:
        code: short stable word, for example `TimeLimit`, `MemoryLimit`, `InterpreterMissing`.
        message: one line that names the cause.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def is_full_disk(error: BaseException) -> bool:
    """Tell whether a disk, or somebody's share of it, is full."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
