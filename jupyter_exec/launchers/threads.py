"""How many threads the libraries of a process may start: as many as it was given processors.

Floor: launchers. OpenMP, BLAS and their like else start one for each processor of the machine, in
every process of a job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jupyter_exec.model.definition import RunConfiguration

VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
)


def thread_variables(
    configuration: RunConfiguration, env: Mapping[str, str], processes: int = 1
) -> dict[str, str]:
    """Return the variables of each process, but for those that `env` has already.

    Args:
        env: of the run, with what its definition sets.
        processes: of the job; where there are several and nobody says how many processors each may
            have, it is one thread each. A single process is left alone then.
    """
    cpus = configuration.resources.cpus
    return {} if cpus is None and processes == 1 else threads_of(cpus or 1, env)


def threads_of(cpus: float, env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a process with so many processors, but for those in `env`."""
    threads = max(1, int(cpus))
    return {name: str(threads) for name in VARIABLES if name not in env}
