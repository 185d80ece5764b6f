"""Ranks: the processes that a framework's own launcher starts, such as mpirun's (floor: launchers).

A target starts replicas and keeps a log of each. Where a replica is `mpirun` or `torchrun`, what
people mean by a process is a rank below it. Each rank is started by a few lines of shell, so any
image will do: they give it a log of its own, tell it who it is in all the words that frameworks
know, and note how it ended, for the run's cause (`targets/shim/causes.py`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_exec.launchers.commands import told_later

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_exec.launchers.base import LaunchContext

_SHELL = "/bin/sh"
_TOLD = (
    "AZ_BATCHAI_TASK_INDEX",
    "AZ_BATCHAI_PYTORCH_INIT_METHOD",
    "AZ_BATCHAI_MPI_MASTER_NODE",
    "AZ_BATCH_MASTER_NODE",
)
_OPTION = re.compile(r"-(?:[bBdEIOPqRsSuv]+|[WX].*)")  # of Python's
_PYTHON = re.compile(r"(?:.*/)?python(?:3(?:\.\d+)?)?")

# A rank that is started again says so in its log: `targets/shim/record.py: STARTED_AGAIN`.
# Whoever ends all ranks signals this shell too. It waits for its command then, and notes nothing:
# that the others had to end is no failure of theirs.
RANK = """
_rank=${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-${PMI_RANK:-${RANK:-0}}}}
_size=${OMPI_COMM_WORLD_SIZE:-${PMI_SIZE:-${WORLD_SIZE:-1}}}
_local=${OMPI_COMM_WORLD_LOCAL_RANK:-${MPI_LOCALRANKID:-${LOCAL_RANK:-$_rank}}}
_beside=${OMPI_COMM_WORLD_LOCAL_SIZE:-${MPI_LOCALNRANKS:-${LOCAL_WORLD_SIZE:-$_size}}}
export RANK="$_rank" WORLD_SIZE="$_size" LOCAL_RANK="$_local" LOCAL_WORLD_SIZE="$_beside"
export AZ_BATCHAI_TASK_INDEX="$_rank"
if [ -n "$PMI_RANK" ]; then
  export OMPI_COMM_WORLD_RANK="$_rank" OMPI_COMM_WORLD_SIZE="$_size"
  export OMPI_COMM_WORLD_LOCAL_RANK="$_local" OMPI_COMM_WORLD_LOCAL_SIZE="$_beside"
fi
if [ -n "$MASTER_PORT" ]; then
  export AZ_BATCHAI_PYTORCH_INIT_METHOD="tcp://$MASTER_ADDR:$MASTER_PORT"
  export AZ_BATCH_MASTER_NODE="${AZ_BATCH_MASTER_NODE:-$MASTER_ADDR:$MASTER_PORT}"
  export AZ_BATCHAI_MPI_MASTER_NODE="${AZ_BATCHAI_MPI_MASTER_NODE:-$MASTER_ADDR}"
fi
if [ -n "$JUPYTER_EXEC_ROUND" ]; then # torch_agent; torch has the nodes count by themselves
  export TORCHELASTIC_RESTART_COUNT="$JUPYTER_EXEC_ROUND"
fi
_failed=$1
_asked=
exec >>"$2rank-$_rank$3" 2>/dev/null # the shell would say there whom a signal has ended
shift 3
_restarts=${TORCHELASTIC_RESTART_COUNT:-}
[ "${_restarts:-0}" = 0 ] || echo "--- started again, number $_restarts ---"
trap _asked=yes TERM
(exec "$@" 2>&1)
_code=$?
[ -n "$_asked" ] || echo "rank-$_rank $_code${_restarts:+ $_restarts}" >>"$_failed"
exit $_code
"""

# A rank of MPI that ends by an exception would wait at its exit for all others to end as well
# (MPI_Finalize), and they for its messages: mpi4py is told to abort instead, as by
# `python -m mpi4py`, and what else may wait at the exit is ended after a while. MPICH's words about
# the abort would come after the script's own last ones, so nobody hears them. It runs in an
# interpreter that may be as old as Python 3.6, and leaves no name behind in `__main__`.
_FAILED = """
import os, sys
if isinstance(problem, SystemExit):
    code = problem.code
    if code is None or code == 0:
        raise problem
    number = code & 255 if isinstance(code, int) else 1
else:
    place = problem.__traceback__
    while place is not None:
        frame = place.tb_frame
        if frame.f_code.co_filename != "<string>" and frame.f_globals["__name__"] != "runpy":
            break
        place = place.tb_next
    sys.excepthook(type(problem), problem.with_traceback(place), place)
    code = number = 130 if isinstance(problem, KeyboardInterrupt) else 1
if number:
    with open(failed, "a") as file:
        file.write("rank-%s %d\\n" % (os.environ.get("RANK", "0"), number))
    mpi = sys.modules.get("mpi4py.MPI")
    if hasattr(mpi, "_set_abort_status"):
        mpi._set_abort_status(number)
        quiet.append(os.open(os.devnull, os.O_WRONLY))
    import signal
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(30)
sys.exit(code)
"""

# Importing mpi4py.MPI is MPI_Init, where each rank waits for all others. A note that cannot be
# written (a container of another user, a full disk) only leaves the ranks unwatched.
_CAME = """
import os, sys
rc = getattr(sys.modules.get("mpi4py"), "rc", None)
if os.getpid() == me and getattr(rc, "initialize", True):
    try:
        with open(failed, "a") as file:
            file.write("rank-%s came\\n" % os.environ.get("RANK", "0"))
    except OSError:
        pass
"""

# All ranks of a node compile this at the same time, so what few of them need is left to it. The
# finder is asked first for every module; it finds nothing, and goes.
STARTER = f"""
def _run():
    import atexit, os, sys
    main = sys.modules["__main__"]
    quiet = []
    atexit.register(lambda: [os.dup2(null, 2) for null in quiet])
    failed, me = sys.argv[1], os.getpid()
    del main._run, sys.argv[:2]
    class Coming:
        def find_spec(self, name, path=None, target=None):
            if name == "mpi4py.MPI" and sys._getframe(2).f_code.co_name != "find_spec":
                sys.meta_path.remove(self)
                exec({_CAME!r}, dict(failed=failed, me=me))
    sys.meta_path.insert(0, Coming())
    try:
        if sys.argv[0] == "-m":
            del sys.argv[0]
            import runpy
            runpy._run_module_as_main(sys.argv[0])
        else:
            path = main.__file__ = os.path.abspath(sys.argv[0])
            if sys.path[:1] == [""]:
                sys.path[0] = os.path.dirname(os.path.realpath(path))
            with open(path, "rb") as script:
                text = script.read()
            exec(compile(text, path, "exec", 0, True), main.__dict__)
    except BaseException as problem:
        exec({_FAILED!r}, dict(problem=problem, failed=failed, quiet=quiet))
_run()
"""


def rank_command(command: Sequence[str], context: LaunchContext) -> tuple[str, ...]:
    """Return argv of each rank: the command, with a log of its own.

    Its output is `logs/rank-3.txt`, and a line in `failed` tells its exit code, and how often
    torchrun had started all ranks again by then. Arguments may name what only a rank is told.
    """
    before, after = context.log.rsplit("{}", 1)
    words = told_later(command, _TOLD)
    return (_SHELL, "-c", RANK, _SHELL, context.failed, before, after, *words)


def python_rank_command(command: Sequence[str], context: LaunchContext) -> tuple[str, ...]:
    """Return argv of each rank of MPI: a rank of Python's that fails does not wait for the others.

    It tells when it begins to wait for them, which is where it imports mpi4py.MPI.
    That goes for `python script.py` and `python -m module`, also with options of Python's; other
    commands are left as they are.
    """
    words = list(command)
    if words and _PYTHON.fullmatch(words[0]):
        first = 1
        while first < len(words) and _OPTION.fullmatch(words[first]):
            first += 2 if words[first] in {"-W", "-X"} else 1
        options, rest = words[1:first], words[first:]
        if rest and (rest[0].endswith(".py") or (rest[0] == "-m" and len(rest) > 1)):
            start = [*options, "-u", "-c", STARTER, context.failed]
            words = [words[0], *start, *rest]
    return rank_command(words, context)
