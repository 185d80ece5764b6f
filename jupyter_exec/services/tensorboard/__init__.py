"""TensorBoard on what a run has written, as a process of its own (floor: services)."""

from jupyter_exec.services.tensorboard.service import Limits, TensorBoards

__all__ = ["Limits", "TensorBoards"]
