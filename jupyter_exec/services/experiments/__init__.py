"""Experiments in Submarine's words: runs with roles (floor: services)."""

from __future__ import annotations

from jupyter_exec.services.experiments.service import ExperimentService

__all__ = ["ExperimentService"]
