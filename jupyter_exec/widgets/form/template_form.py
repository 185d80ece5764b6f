"""The form of a template: fill it in, run it, follow the run (floor: widgets).

Made of ipywidgets' own controls, so that it is there wherever ipywidgets are: JupyterLab, Notebook,
VS Code. What fits is decided by the function that the server uses, while the user types; the server
has the last word.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from jupyter_exec.errors import Conflict, ExecError, Fault, InvalidRequest
from jupyter_exec.model.parameters import Parameter
from jupyter_exec.model.wire import parse
from jupyter_exec.widgets.form.actions import Actions, last_values, with_defaults
from jupyter_exec.widgets.form.body import Body
from jupyter_exec.widgets.form.fields import Field
from jupyter_exec.widgets.form.messages import FormMessages
from jupyter_exec.widgets.form.sections import Section

if TYPE_CHECKING:
    from jupyter_exec.client import Run
    from jupyter_exec.client.template import Template


class TemplateForm(ipywidgets.VBox):  # type: ignore[misc] # ipywidgets has no types
    """A form for the values of a template.

    Args:
        template: one version of a template, from `client.templates`.

    Attributes:
        last_run: what the form has started last.

    Example:
        TemplateForm(connect().templates.get("mnist"))
    """

    def __init__(self, template: Template) -> None:
        self.template = template
        self.last_run: Run | None = None
        self._runs: list[Section] = []
        self._fields = {
            raw["name"]: Field(parse(Parameter, raw), self._edited) for raw in template.parameters
        }
        self._messages = FormMessages()
        self._actions = Actions(self)
        self._body = Body(list(self._fields.values()))
        self._shown_runs = ipywidgets.VBox(layout={"min_width": "0"})
        super().__init__(
            [
                self._head(),
                self._actions.last,
                self._body.widget,
                self._messages,
                self._actions.buttons,
                self._actions.saving.widget,
                self._shown_runs,
            ]
        )
        self.add_class("jp-exec-form")
        self._draw()

    def __repr__(self) -> str:
        return f"<TemplateForm {self.template.name!r} · {len(self._fields)} parameters>"

    @property
    def params(self) -> dict[str, Any]:
        """The present values, without those that are not given, and without secrets."""
        return {
            name: field.value
            for name, field in self._fields.items()
            if field.value is not None and not field.parameter.secret
        }

    @property
    def faults(self) -> list[Fault]:
        """What is wrong with the present values."""
        return [
            Fault(f"params.{name}", text)
            for name, field in self._fields.items()
            for text in field.faults
        ]

    def run(self) -> Run:
        """Run the template with the present values, and show the run below.

        Raises:
            InvalidRequest: values do not fit; each fault is shown at its field.
            ExecError: the server refuses.
        """
        self._messages.say()
        if self.faults:
            for field in self._fields.values():
                field.scold()
            self._draw()
            raise InvalidRequest.of(self.faults)
        given = {name: field.wire_value for name, field in self._fields.items()}
        self._actions.busy()
        try:
            run = self.template.run({n: value for n, value in given.items() if value is not None})
        except ExecError as error:
            self._forget_secrets(given)
            self._refused(error)
            raise
        else:
            self._forget_secrets(given)
        finally:
            self._draw()
        self.last_run = run
        self.show(run)
        self._actions.offer(last_values([run]))
        return run

    def show(self, run: Run) -> None:
        """Show a run's status below the form; earlier ones are folded up."""
        from jupyter_exec.widgets.run_status import RunStatus

        for section in self._runs:
            section.open(opened=False)
        self._runs.insert(0, Section(run.name, lambda: RunStatus(run), opened=True))
        self._shown_runs.children = [section.widget for section in self._runs]

    def reset(self) -> None:
        """Go back to the defaults."""
        for field in self._fields.values():
            field.reset()
        self._messages.say()
        self._draw()

    def fill(self, values: dict[str, Any]) -> list[str]:
        """Take over values, and return the names of those that do not fit; these stay as they are.

        Args:
            values: by name; None = none.
        """
        misfits = [
            name
            for name, value in values.items()
            if name not in self._fields or not self._fields[name].offer(value)
        ]
        self._messages.say()
        if misfits:
            names = ", ".join(misfits)
            self._messages.say(f"What does not fit any more was left as it is: {names}")
        self._draw()
        return misfits

    def save_as(self, name: str, *, new_version: bool = False) -> Template:
        """Save a copy of the template, with the present values as its defaults.

        Args:
            new_version: of the template of that name, where there is one.

        Raises:
            Conflict: there is a template of that name, and it is to be no new version of it.
            InvalidRequest: values do not fit.
        """
        values = {
            n: field.wire_value for n, field in self._fields.items() if not field.parameter.secret
        }
        spec = with_defaults(self.template.json, values)
        templates = self.template._client.templates  # noqa: SLF001 - the template's own
        save = templates.save if new_version else templates.create
        try:
            saved: Template = save({**spec, "name": name})
        except ExecError as error:
            if not new_version and self._taken(name):
                message = (
                    f'There is a template named "{name}" already. Choose another name, or save '
                    "this as its new version; its earlier versions are kept."
                )
                self._messages.complain([message])
                raise Conflict(message, "name") from error
            self._messages.complain([fault.message for fault in error.faults])
            raise
        version = f", version {saved.version}" if new_version else ""
        self._messages.say(f"Saved as template {saved.name}{version}")
        return saved

    def _taken(self, name: str) -> bool:
        """Tell whether there is a template of a name; not being told counts as no."""
        try:
            self.template._client.templates.get(name)  # noqa: SLF001 - the template's own
        except ExecError:
            return False
        return True

    def _head(self) -> Any:
        template = self.template
        about = template.description.strip()
        head = ipywidgets.HTML(
            f'<span class="jp-exec-form-name">{escape(template.name)}</span>'
            f'<span class="jp-exec-form-version">version {int(template.version)}</span>'
            + (f'<div class="jp-exec-form-about">{escape(about)}</div>' if about else ""),
            layout={"width": "auto"},
        )
        head.add_class("jp-exec-form-head")
        return head

    def _edited(self) -> None:
        self._messages.say()
        self._draw()

    def _draw(self) -> None:
        """Bring buttons and titles up to date with the fields."""
        self._body.mark()
        self._actions.draw([field for field in self._fields.values() if field.faults])

    def _forget_secrets(self, given: dict[str, Any]) -> None:
        """Forget the secrets that went out.

        What was typed meanwhile stays: a kernel with subshells hears the page while a run starts.
        """
        for name, field in self._fields.items():
            if field.parameter.secret and field.value == given[name]:
                field.reset()

    def _refused(self, error: ExecError) -> None:
        """Show each fault at its field, the others above the buttons."""
        by_field: dict[str, list[str]] = {}
        others = []
        for target, message in error.faults:
            name = (target or "").removeprefix("params.")
            if name in self._fields and target != name:
                by_field.setdefault(name, []).append(message.removeprefix(f"{name}: "))
            else:
                others.append(f"{target}: {message}" if target else message)
        for name, messages in by_field.items():
            self._fields[name].refuse(messages)
        self._messages.complain(others)
        if by_field:
            first = self._fields[next(iter(by_field))]
            self._body.reveal(first)
            first.focus()
