"""How a `Run` and a `Template` are displayed: widgets, or a few lines of text (floor: widgets).

Hooks into IPython's formatters by the name of the class, so that neither the client nor ipywidgets
is imported before one is shown.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import ExecError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from ipywidgets import Widget

    from jupyter_exec.client import Run
    from jupyter_exec.client.template import Template
    from jupyter_exec.widgets.run_status import RunStatus

_MODULE, _NAME = "jupyter_exec.client.run", "Run"
_TEMPLATE = "jupyter_exec.client.template", "Template"
_widgets: dict[str, RunStatus] = {}


def register(shell: InteractiveShell) -> None:
    """Make `display`, and being a cell's value, show a run's status and a template's form."""
    formatter = shell.display_formatter
    if formatter is None:
        return
    text = formatter.formatters["text/plain"]
    text.for_type_by_name(_MODULE, _NAME, _print)
    text.for_type_by_name(*_TEMPLATE, _print_template)
    if getattr(shell, "kernel", None) is not None:
        formatter.ipython_display_formatter.for_type_by_name(_MODULE, _NAME, show)
        formatter.ipython_display_formatter.for_type_by_name(*_TEMPLATE, show_form)


def _print(run: Run, printer: Any, cycle: bool) -> None:  # noqa: ARG001, FBT001 - IPython's signature
    from jupyter_exec.widgets import summary

    with suppress(ExecError):  # no server: what is known is shown
        run.refresh()
    metrics, outputs = summary.read_metrics(run), summary.read_outputs(run) if run.ended else []
    state = summary.summarise(run, metrics, summary.read_log_tail(run), outputs)
    printer.text(summary.plain_text(state))


def _print_template(template: Template, printer: Any, cycle: bool) -> None:  # noqa: ARG001, FBT001 - IPython's signature
    from jupyter_exec.widgets.template_text import plain_text

    printer.text(plain_text(template))


def show_form(template: Template) -> None:
    """Display a template's form; what it asks for is in the output's plain text."""
    from IPython.display import publish_display_data

    from jupyter_exec.widgets.form.template_form import TemplateForm
    from jupyter_exec.widgets.template_text import plain_text

    data, metadata = _bundle(TemplateForm(template), plain_text(template))
    publish_display_data(data, metadata)  # type: ignore[no-untyped-call] # IPython's


def show(run: Run) -> None:
    """Display a run's widget. When the run ends, the output's plain text tells its final state.

    Front ends without the widget, and readers of the saved notebook, see that text.
    """
    widget = _widgets.get(run.run_id)
    if widget is None or widget.run_id != run.run_id:
        from jupyter_exec.widgets.run_status import RunStatus

        widget = RunStatus(run, ended=lambda ended: _publish(ended, run, update=True))
        _widgets[run.run_id] = widget
    elif run.ended:
        widget.catch_up()
    _publish(widget, run)


def _publish(widget: RunStatus, run: Run, *, update: bool = False) -> None:
    from IPython.display import publish_display_data

    data, metadata = _bundle(widget, widget.plain_text())
    transient = {"display_id": f"jupyter-exec-{run.run_id}"}
    publish_display_data(data, metadata, transient=transient, update=update)  # type: ignore[no-untyped-call] # IPython's


def _bundle(widget: Widget, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    bundle: Any = widget._repr_mimebundle_() or {}
    data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
    return {**data, "text/plain": text}, metadata
