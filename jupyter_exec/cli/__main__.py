"""`python -m jupyter_exec.cli` is `jupyter exec` (floor: faces)."""

from __future__ import annotations

import sys

from jupyter_exec.cli import main

sys.exit(main())
