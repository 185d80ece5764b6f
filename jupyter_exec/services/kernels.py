"""Which kernelspecs this machine has (floor: services; blocking)."""

from __future__ import annotations

from jupyter_exec.errors import Fault


def kernel_fault(name: str) -> Fault | None:
    """Return the fault of a kernelspec that is not installed, None when it is."""
    from jupyter_client.kernelspec import KernelSpecManager

    known = sorted(KernelSpecManager().find_kernel_specs())
    if name in known:
        return None
    message = f"there is no kernel {name[:80]!r}; there are: {', '.join(known) or 'none'}"
    return Fault("configuration.kernel", message)
