"""The form of a template, made of ipywidgets' own controls (floor: widgets)."""

from __future__ import annotations

from jupyter_exec.widgets.form.template_form import TemplateForm

__all__ = ["TemplateForm"]
