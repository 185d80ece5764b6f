"""Ranks: the processes that a framework's own launcher starts, such as mpirun's (floor: launchers).

A target starts replicas and keeps a log of each. Where a replica is `mpirun` or `torchrun`, what
people mean by a process is a rank below it. Each rank is started by a few lines of shell, so any
image will do: they give it a log of its own, tell it who it is in all the words that frameworks
know, and note its end where it failed, for the run's cause (`targets/shim/causes.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.launchers.base import LaunchContext

_SHELL = "/bin/sh"
RANK = """
rank=${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-${PMI_RANK:-${RANK:-0}}}}
size=${OMPI_COMM_WORLD_SIZE:-${PMI_SIZE:-${WORLD_SIZE:-1}}}
export RANK="$rank" WORLD_SIZE="$size" AZ_BATCHAI_TASK_INDEX="$rank"
export LOCAL_RANK="${OMPI_COMM_WORLD_LOCAL_RANK:-${MPI_LOCALRANKID:-${LOCAL_RANK:-$rank}}}"
[ -z "$MASTER_PORT" ] || export AZ_BATCHAI_PYTORCH_INIT_METHOD="tcp://$MASTER_ADDR:$MASTER_PORT"
[ -z "$JUPYTER_EXEC_ROUND" ] || export TORCHELASTIC_RESTART_COUNT="$JUPYTER_EXEC_ROUND"
failed=$1
exec >>"$2rank-$rank$3" 2>&1
shift 3
"$@"
code=$?
[ $code = 0 ] || echo "rank-$rank $code ${TORCHELASTIC_RESTART_COUNT:-0}" >>"$failed"
exit $code
"""


def rank_command(command: Sequence[str], context: LaunchContext) -> tuple[str, ...]:
    """Return argv of each rank: the command, with a log of its own.

    Its output is `logs/rank-3.txt`, and a line in `FAILED` tells of an exit code that is not 0.
    """
    before, after = context.log.rsplit("{}", 1)
    return (_SHELL, "-c", RANK, _SHELL, context.failed, before, after, *command)
