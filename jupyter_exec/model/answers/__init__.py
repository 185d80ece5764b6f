"""What every operation answers, as models; OpenAPI and the tests read them (floor: model)."""

from __future__ import annotations

from jupyter_exec.model.answers.runs import ANSWERS

__all__ = ["ANSWERS"]
