"""THE state machine of a run: one table, pure (floor: model).

    NotStarted -> Queued -> Preparing -> Starting -> Running -> Finalizing -> Completed | Failed |
    Canceled

`CancelRequested` is reachable from every state that is not terminal; `NotResponding` <-> `Running`
when an engine stops answering. `Finalizing -> Queued` is a retry; `Preparing|Starting -> Queued` is
a preparation that a restart repeats. The words are Azure ML's (run status of the SDK v1).
"""

from __future__ import annotations

from enum import Enum


class RunStatus(str, Enum):
    """The states of a run, in Azure ML's words."""

    NOT_STARTED = "NotStarted"
    QUEUED = "Queued"
    PREPARING = "Preparing"
    STARTING = "Starting"
    RUNNING = "Running"
    NOT_RESPONDING = "NotResponding"
    CANCEL_REQUESTED = "CancelRequested"
    FINALIZING = "Finalizing"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELED = "Canceled"


TERMINAL = frozenset({RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELED})

_S = RunStatus
# Any state may fail (the reason is known) or be cancelled; both are added below.
_FORWARD: dict[RunStatus, set[RunStatus]] = {
    _S.NOT_STARTED: {_S.QUEUED, _S.STARTING, _S.RUNNING},
    _S.QUEUED: {_S.PREPARING},
    _S.PREPARING: {_S.STARTING, _S.QUEUED},
    _S.STARTING: {_S.RUNNING, _S.QUEUED, _S.FINALIZING},
    _S.RUNNING: {_S.NOT_RESPONDING, _S.FINALIZING},
    _S.NOT_RESPONDING: {_S.RUNNING, _S.FINALIZING},
    _S.CANCEL_REQUESTED: {_S.FINALIZING, _S.CANCELED, _S.COMPLETED},
    _S.FINALIZING: {_S.COMPLETED, _S.CANCELED, _S.QUEUED},
}
TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    state: frozenset(
        after | {_S.FAILED} | ({_S.CANCEL_REQUESTED} if state is not _S.CANCEL_REQUESTED else set())
    )
    for state, after in _FORWARD.items()
} | {state: frozenset() for state in TERMINAL}
