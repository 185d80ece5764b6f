"""Sweeps: parent runs without processes, and their trials (floor: services)."""

from __future__ import annotations

from jupyter_exec.services.sweeps.service import SweepService

__all__ = ["SweepService"]
