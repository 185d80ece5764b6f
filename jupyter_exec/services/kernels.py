"""Which kernelspecs this machine has (floor: services; blocking)."""

from __future__ import annotations

import shutil

from jupyter_exec.errors import Fault

_FIELD = "configuration.kernel"


def kernel_fault(name: str) -> Fault | None:
    """Return the fault of a kernelspec that is not installed, or whose interpreter is gone."""
    from jupyter_client.kernelspec import KernelSpecManager

    manager = KernelSpecManager()
    known = sorted(manager.find_kernel_specs())
    if name not in known:
        message = f"there is no kernel {name[:80]!r}; there are: {', '.join(known) or 'none'}"
        return Fault(_FIELD, message)
    program = next(iter(manager.get_kernel_spec(name).argv), "")
    if shutil.which(program) is None:
        message = (
            f"kernel {name!r} starts {program!r}, which is no program of this machine; install it "
            "again, or take another kernel"
        )
        return Fault(_FIELD, message)
    return None
