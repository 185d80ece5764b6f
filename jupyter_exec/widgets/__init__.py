"""What a notebook shows of runs (floor: widgets, above client, model and errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_exec.widgets.form.template_form import TemplateForm
    from jupyter_exec.widgets.run_status import RunStatus

__all__ = ["RunStatus", "TemplateForm"]


def __getattr__(name: str) -> Any:
    """Import a widget when it is asked for (PEP 562)."""
    if name == "RunStatus":
        from jupyter_exec.widgets.run_status import RunStatus

        return RunStatus
    if name == "TemplateForm":
        from jupyter_exec.widgets.form.template_form import TemplateForm

        return TemplateForm
    message = f"module 'jupyter_exec.widgets' has no attribute {name!r}"
    raise AttributeError(message)
