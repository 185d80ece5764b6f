"""Environments of machine-learning frameworks, made by uv once per machine.

They are large, so what goes together is together; uv's cache makes the second time quick.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import uv

PACKAGES = {
    "tracking": ["torch==2.13.0", "tensorboard", "mlflow-skinny", "sqlalchemy", "alembic"],
    "torch": ["torch==2.13.0", "numpy", "tensorboard"],  # its plain version on PyPI is the CPU's
    "tensorflow": ["tensorflow-cpu", "mpi4py"],
    "spark": ["pyspark", "numpy"],
    "mpich": ["mpich"],  # its mpirun needs nothing else, so it works in containers
    "proxy": ["jupyter-server-proxy"],  # put on PYTHONPATH of a server
    "learning": ["scikit-learn", "xgboost-cpu", "mpi4py", "mlflow-skinny", "tensorboard"],
}


def environments_folder() -> Path:
    """Return the folder that has all of them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "jupyter_exec-tests"


def python_with(name: str) -> str:
    """Return the interpreter of an environment that has `PACKAGES[name]`."""
    cache = environments_folder()
    cache.mkdir(parents=True, exist_ok=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = cache / f"framework-{name}-{version}"
    wanted = "\n".join(PACKAGES[name])
    python, complete = folder / "bin" / "python", folder / "complete"
    with (cache / f"framework-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complete.exists() or complete.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            program = uv.find_uv_bin()
            subprocess.run([program, "venv", "-q", "-p", sys.executable, str(folder)], check=True)
            install = [program, "pip", "install", "-q", "-p", str(python), *PACKAGES[name]]
            subprocess.run(install, check=True)
            complete.write_text(wanted)
    return str(python)
