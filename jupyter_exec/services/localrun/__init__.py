"""A run on the caller's own machine: startlocalrun's zip, and what is in it (floor: services).

`runner.py`, `link.py` and the two `Invocation` files are not imported here: they travel in the
zip, need nothing but a Python 3.6, and import nothing of ours.
"""

from __future__ import annotations

from jupyter_exec.services.localrun.archive import LocalRuns

__all__ = ["LocalRuns"]
