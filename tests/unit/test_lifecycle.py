"""The state machine, without processes."""

from hypothesis import given
from hypothesis import strategies as st

from jupyter_exec.model.lifecycle import TERMINAL, TRANSITIONS, RunStatus

STATES = st.sampled_from(list(RunStatus))


def test_every_state_is_in_the_table():
    assert set(TRANSITIONS) == set(RunStatus)


@given(STATES, STATES)
def test_nothing_follows_a_terminal_state(before: RunStatus, after: RunStatus):
    if before in TERMINAL:
        assert after not in TRANSITIONS[before]


@given(STATES)
def test_whatever_has_not_ended_can_fail_and_can_be_cancelled(state: RunStatus):
    if state not in TERMINAL:
        assert RunStatus.FAILED in TRANSITIONS[state]
        assert RunStatus.CANCEL_REQUESTED in TRANSITIONS[state] | {state}


@given(STATES)
def test_every_state_has_a_way_to_an_end(start: RunStatus):
    seen, open_states = {start}, [start]
    while open_states:
        for after in TRANSITIONS[open_states.pop()] - seen:
            seen.add(after)
            open_states.append(after)
    assert seen & TERMINAL


def test_a_cancelled_run_never_runs_again():
    going = {RunStatus.QUEUED, RunStatus.PREPARING, RunStatus.STARTING, RunStatus.RUNNING}
    assert not TRANSITIONS[RunStatus.CANCEL_REQUESTED] & going
