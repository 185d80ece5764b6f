"""Templates made from what one already has (floor: services)."""

from __future__ import annotations

from jupyter_exec.services.drafts.service import Drafts

__all__ = ["Drafts"]
