"""What those say who only lost their peer: the ends of real logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jupyter_exec.targets.shim.causes import cause, failures, is_echo

if TYPE_CHECKING:
    from pathlib import Path

MIRRORED = """\
tensorflow.python.framework.errors_impl.UnavailableError: Graph execution error:
Collective ops is aborted by: Error reported from /job:worker/task:1: The following tasks have
The error could be from a previous operation. Restart your program to reset.
\t [[{{node CollectiveReduceV2}}]] [Op:__inference_train_72]
"""
PARAMETER_SERVER = """\
tensorflow.python.framework.errors_impl.UnavailableError: failed to connect to all addresses
Additional GRPC error information from remote target /job:ps/replica:0/task:0 while calling /x/y:
:{"created":"@1","description":"Failed to pick subchannel","children":[]} failed to connect to all
"""
RABIT = """\
xgboost.core.XGBoostError: [14:26:30] /workspace/src/collective/result.cc:83: [data.cc:822]:
- [allreduce.cc:39|14:26:30]: Ring allreduce small failed.
- [socket.h:348|14:26:30]: Socket error. Broken pipe
Stack trace:
  [bt] (0) /env/lib/libxgboost.so(+0x11031e) [0x7f45d931031e]
  [bt] (8) /lib/x86_64-linux-gnu/libffi.so.8(ffi_call+0xcd) [0x7f881b1efb0d]


"""


@pytest.mark.parametrize("text", [MIRRORED, PARAMETER_SERVER, RABIT])
def test_who_lost_a_peer_is_not_the_cause(tmp_path: Path, text: str) -> None:
    lost, raised = tmp_path / "worker-0.txt", tmp_path / "worker-1.txt"
    lost.write_text(text)
    raised.write_text("ValueError: a bad batch\n")
    ended = [("worker", 0, 1, str(lost)), ("worker", 1, 1, str(raised))]
    found = failures(ended, str(tmp_path / "failed.txt"), ())
    assert [is_echo(failure) for failure in found] == [True, False]
    assert cause(found).name == "worker-1"


def test_words_before_a_native_stack_trace(tmp_path: Path) -> None:
    log = tmp_path / "worker-0.txt"
    log.write_text("XGBoostError: label must be in [0,1]\nStack trace:\n  [bt] (0) a.so [0x7]\n")
    (found,) = failures([("worker", 0, 1, str(log))], str(tmp_path / "failed.txt"), ())
    assert (found.line, is_echo(found)) == ("XGBoostError: label must be in [0,1]", False)
