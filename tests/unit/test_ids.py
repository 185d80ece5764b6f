"""What is a run id, an experiment's name, a variable's name: the whole text, line ends too."""

from __future__ import annotations

import pytest

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.environment import EnvironmentDefinition
from jupyter_exec.model.ids import check_experiment, check_run_id
from jupyter_exec.model.request import SubmitRequest
from jupyter_exec.model.wire import parse


@pytest.mark.parametrize("check", [check_run_id, check_experiment])
@pytest.mark.parametrize("end", ["\n", "\r", "\0", "\u2028"])
def test_a_name_does_not_end_in_a_line_feed(check, end):
    assert check("name_1") == "name_1"
    with pytest.raises(InvalidRequest):
        check("name_1" + end)


def test_a_variable_does_not_either():
    with pytest.raises(InvalidRequest):
        parse(SubmitRequest, {"secrets": {"TOKEN\n": "x"}})
    with pytest.raises(InvalidRequest):
        parse(EnvironmentDefinition, {"environmentVariables": {"A\n": "x"}})
