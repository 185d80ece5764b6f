"""What a form can do: run, reset, save as template, take over earlier values (floor: widgets)."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from jupyter_exec.errors import Conflict, ExecError
from jupyter_exec.model.documents import literal
from jupyter_exec.widgets.form.sections import Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jupyter_exec.client import Run
    from jupyter_exec.widgets.form.fields import Field
    from jupyter_exec.widgets.form.template_form import TemplateForm

_LOOKED_AT = 100
"""Runs; the trials of sweeps among them are passed over."""
_OFFERED = 5
_NAMED = 4
_MOST_TOLD = 24

Values = tuple[str, dict[str, Any]]
"""What a person calls some values, and the values by name."""


def last_values(runs: Iterable[Run]) -> list[Values]:
    """Return what runs of a template were started with, newest first, each set of values once.

    Trials of sweeps are left out: nobody typed their values.
    """
    found: list[Values] = []
    for run in runs:
        values = (run.json.get("template") or {}).get("parameters") or {}
        if run.json.get("parentRunId") or not values:
            continue
        if all(values != known for _, known in found):
            moment = _local_time(str(run.json.get("createdAt") or ""))
            found.append((f"{_told(values)} · {moment}".removesuffix(" · "), dict(values)))
            if len(found) == _OFFERED:
                break
    return found


def _told(values: Mapping[str, Any]) -> str:
    """Return the first values as a person would write them, shortened."""
    given = [(name, value) for name, value in values.items() if value is not None]
    shown = [f"{_short(name)}={_short(literal(value))}" for name, value in given[:_NAMED]]
    more = f", … {len(given) - _NAMED} more" if len(given) > _NAMED else ""
    return ", ".join(shown) + more


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _MOST_TOLD else text[: _MOST_TOLD - 1] + "…"


def _local_time(moment: str) -> str:
    """Return a moment of the wire in the kernel's time zone, to the minute."""
    try:
        read = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        return moment
    return read.astimezone().strftime("%Y-%m-%d %H:%M")


def with_defaults(spec: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template's specification with other defaults.

    Args:
        spec: of the template; its secrets stay without a default.
        values: the defaults by name; None = no default.
    """
    parameters = []
    for parameter in spec.get("parameters") or []:
        changed = {key: value for key, value in parameter.items() if key != "value"}
        if values.get(parameter["name"]) is not None:
            changed["value"] = values[parameter["name"]]
        parameters.append(changed)
    return {**spec, "parameters": parameters}


class Actions:
    """The buttons of a form.

    Attributes:
        last: offers the values of earlier runs; not shown while there are none.
        buttons: "Run" and "Reset", and what is still to be done.
        saving: "Save as template".
    """

    def __init__(self, form: TemplateForm) -> None:
        self._form = form
        self._values: list[Values] = []
        auto = {"width": "auto"}
        self.last = ipywidgets.Dropdown(
            description="Earlier values",
            options=[("choose a run …", -1)],
            layout={"max_width": "640px", "width": "auto", "display": "none"},
            style={"description_width": "initial"},
        )
        self.last.observe(self._chosen, "value")
        self._run = ipywidgets.Button(description="Run", button_style="primary", layout=auto)
        self._run.add_class("jp-exec-form-run")
        self._run.on_click(lambda _: self._try(form.run))
        reset = ipywidgets.Button(
            description="Reset", tooltip="Go back to the defaults", layout=auto
        )
        reset.on_click(lambda _: form.reset())
        self._todo = ipywidgets.HTML(layout={"width": "auto", "min_width": "0"})
        row = {"flex_flow": "row wrap", "align_items": "center", "margin": "6px 0 0"}
        self.buttons = ipywidgets.HBox([self._run, reset, self._todo], layout=row)
        self.saving = Section("Save as template", self._make_saving)
        template = form.template
        with suppress(ExecError):  # without a server the form can still be looked at
            client = template._client  # noqa: SLF001 - the template's own
            self.offer(last_values(client.runs(template=template.name, limit=_LOOKED_AT)))

    def busy(self) -> None:
        """Say that a run is being started."""
        self._run.disabled, self._run.description = True, "Starting …"

    def draw(self, faulty: Sequence[Field]) -> None:
        """Allow what is possible now, and say what is in the way.

        Args:
            faulty: the fields that have faults.
        """
        self._run.disabled, self._run.description = bool(faulty), "Run"
        names = [field.label for field in faulty[:_NAMED]]
        more = f" and {len(faulty) - _NAMED} more" if len(faulty) > _NAMED else ""
        text = f"To run, see to: {', '.join(names)}{more}" if faulty else ""
        shown = f'<span class="jp-exec-form-todo" role="status">{escape(text)}</span>'
        if self._todo.value != shown:
            self._todo.value = shown

    def offer(self, values: Sequence[Values]) -> None:
        """Offer values, before those that are offered already."""
        older = [entry for entry in self._values if all(entry[1] != new for _, new in values)]
        self._values = [*values, *older][:_OFFERED]
        if self._values:
            choices = [(name, index) for index, (name, _) in enumerate(self._values)]
            self.last.options = [("choose a run …", -1), *choices]
            self.last.layout.display = None

    def _chosen(self, change: dict[str, Any]) -> None:
        if change["new"] is not None and change["new"] >= 0:
            self._form.fill(self._values[change["new"]][1])

    def _make_saving(self) -> Any:
        name = ipywidgets.Text(
            description="Name",
            placeholder="of the new template",
            layout={"width": "auto"},
            style={"description_width": "initial"},
        )
        save = ipywidgets.Button(
            description="Save",
            tooltip="Save a copy with the present values as its defaults, without secrets",
            disabled=True,
            layout={"width": "auto"},
        )
        anew = ipywidgets.Button(
            description="Save as new version",
            tooltip="Save it as the newest version of the template of this name",
            layout={"width": "auto", "display": "none"},
        )

        def named(_change: object) -> None:
            save.disabled, anew.layout.display = not name.value.strip(), "none"

        def saved(*, new_version: bool) -> None:
            anew.layout.display = "none"
            try:
                self._form.save_as(name.value.strip(), new_version=new_version)
            except Conflict:
                anew.layout.display = None
                raise

        name.observe(named, "value")
        save.on_click(lambda _: self._try(lambda: saved(new_version=False)))
        anew.on_click(lambda _: self._try(lambda: saved(new_version=True)))
        return ipywidgets.HBox([name, save, anew], layout={"flex_flow": "row wrap"})

    def _try(self, action: Any) -> None:
        with suppress(ExecError):  # the form has shown it
            action()
