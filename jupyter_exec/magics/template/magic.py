"""`%template` and `%%template` (floor: magics)."""

from __future__ import annotations

import difflib
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class

from jupyter_exec.errors import ExecError, InvalidRequest, NotFound
from jupyter_exec.magics.arguments import UsageFault
from jupyter_exec.magics.template.arguments import (
    BY_NAME,
    CREATE,
    SOURCES,
    TEMPLATE,
    read_line,
    subcommand_help,
    template_help,
    wants_help,
)
from jupyter_exec.magics.template.table import HistoryTable, TemplateTable
from jupyter_exec.magics.words import quote

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_exec.client.run import Run
    from jupyter_exec.client.template import Template
    from jupyter_exec.client.templates import Templates
    from jupyter_exec.magics.submit import ExecMagics
    from jupyter_exec.magics.template.known import KnownTemplates

_LISTED = 100
_NEAREST_OF = 1000
_SWEEP = ("trials", "sampling", "seed", "max_parallel", "metric", "goal", "early_stopping")
"""Options of a sweep."""


@magics_class
class TemplateMagics(Magics):
    """The magics of templates.

    Args:
        shell: theirs.
        magics: those of runs, whose client they share.
        known: what Tab knows of templates; told when something has changed.
    """

    def __init__(self, shell: InteractiveShell, magics: ExecMagics, known: KnownTemplates) -> None:
        super().__init__(shell)
        self._magics = magics
        self._known = known

    @line_cell_magic
    def template(self, line: str, cell: str | None = None) -> Any:  # noqa: D102 - generated below
        magic = TEMPLATE if cell is None else CREATE
        if wants_help(line):
            first = line.split(maxsplit=1)[0]
            print(subcommand_help(first) if first in BY_NAME else template_help())  # noqa: T201 - it was asked for
            return None
        return self._magics.guarded(magic, lambda: self._do(line, cell))

    template.__doc__ = template_help()

    @property
    def _templates(self) -> Templates:
        return self._magics.client().templates

    def _do(self, line: str, cell: str | None) -> Any:
        name, values = read_line(line, TEMPLATE if cell is None else CREATE)
        if name == "create" and cell is None:
            raise UsageFault(f"{TEMPLATE} create stands above a cell: {BY_NAME['create'].usage}")
        magic = f"{TEMPLATE if cell is None else CREATE} {name}"
        values.cell = cell
        try:
            return getattr(self, f"_{name}")(values)
        except UsageFault:
            raise
        except ExecError as error:
            if isinstance(error, NotFound) and error.target == "version":
                raise UsageFault(_no_version(magic, values.template)) from None
            raise UsageFault(_told(magic, error)) from None

    # One method for each subcommand.

    def _list(self, values: Namespace) -> None:
        found = self._templates.list(values.text, _LISTED + 1)
        _show_value(TemplateTable(found[:_LISTED], more=len(found) > _LISTED))

    def _form(self, values: Namespace) -> None:
        _show_value(self._get(values.template))

    def _run(self, values: Namespace) -> None:
        from jupyter_exec.client.template_values import parse_assignments

        template = self._get(values.template, values.version)
        params, space = parse_assignments(values.assignments, template.parameters)
        run = self._start(template, params, space, values)
        self._magics.follow(run, wait=values.wait)

    def _start(
        self,
        template: Template,
        params: dict[str, Any],
        space: Mapping[str, Any],
        values: Namespace,
    ) -> Run:
        """Run a template, or sweep over it where a parameter has several values."""
        from jupyter_exec.client.options import parse_tags
        from jupyter_exec.client.sweep import Space

        sweep = {
            name: getattr(values, name) for name in _SWEEP if getattr(values, name) is not None
        }
        many = bool(space) or values.sampling == "manual"
        if sweep and not many:
            raise UsageFault(
                f"{TEMPLATE} run: --{next(iter(sweep)).replace('_', '-')} is for sweeps, and no "
                "parameter has several values; for example: lr=[0.1, 0.01]"
            )
        options = {
            "name": values.name,
            "experiment": values.experiment,
            "tags": parse_tags(values.tag) or None,
        }
        several = {name: Space.of(json) for name, json in space.items()}
        ask_secrets(template, params, several, manual=values.sampling == "manual")
        if not many:
            return template.run(params, **options)
        return template.sweep({**params, **several}, **options, **sweep)

    def _save(self, values: Namespace) -> None:
        given = [name for name in SOURCES if getattr(values, name) is not None]
        if len(given) != 1:
            raise UsageFault(
                f"{TEMPLATE} save: say of what: --from-run RUN, --from-notebook FILE or "
                f"--from-script FILE{'; one of them' if given else ''}"
            )
        (source,) = given
        if values.parameters and source == "from_run":
            raise UsageFault(
                f"{TEMPLATE} save: --parameters is for scripts and notebooks; a run has its values"
            )
        draft = self._templates.draft(
            **{source.removeprefix("from_"): getattr(values, source)},
            parameters=_defaults(values.parameters),
            name=values.template,
        )
        for hint in draft.pop("hints", []):
            print(hint)  # noqa: T201 - for the reader
        self._tell_saved(self._templates.save(draft))

    def _create(self, values: Namespace) -> None:
        from jupyter_exec.magics.template import cell as template_cell

        name = values.template
        text = template_cell.specification(values.cell, name, f"{CREATE} create {name}")
        try:
            template = self._templates.save(text)
        except InvalidRequest as error:
            lines = template_cell.told(error.faults, values.cell)
            raise UsageFault(_listed(f"{CREATE} create {name}", lines)) from None
        self._tell_saved(template)

    def _show(self, values: Namespace) -> None:
        print(self._get(values.template, values.version).export(), end="")  # noqa: T201 - asked for

    def _history(self, values: Namespace) -> None:
        # The first version is there for ever, also after the template was deleted.
        _show_value(HistoryTable(self._get(values.template, 1).history()))

    def _diff(self, values: Namespace) -> None:
        difference = self._get(values.template).diff(values.a, values.b)
        print(difference or "No difference.", end="" if difference else "\n")  # noqa: T201 - asked for

    def _restore(self, values: Namespace) -> None:
        template = self._get(values.template, values.version).restore(values.version)
        self._known.forget()
        print(  # noqa: T201 - for the reader
            f"Version {values.version} of {quote(template.name)} is the newest again, as version "
            f"{template.version}."
        )

    def _export(self, values: Namespace) -> None:
        path = Path(values.file or f"{values.template}.yaml").expanduser()
        text = self._get(values.template).export()
        try:
            with path.open("w" if values.force else "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            message = f"{TEMPLATE} export: {path} exists already; --force writes over it"
            raise UsageFault(message) from None
        except OSError as error:
            raise UsageFault(f"{TEMPLATE} export: {path}: {error.strerror}") from None
        print(f"{path} written.")  # noqa: T201 - for the reader

    def _delete(self, values: Namespace) -> None:
        template = self._get(values.template)
        template.delete()
        self._known.forget()
        name = quote(template.name)
        back = f"{TEMPLATE} restore {name} {template.version}"
        print(f"{name} deleted; its runs stay. To have it back: {back}")  # noqa: T201 - for the reader

    def _get(self, name: str, version: int | None = None) -> Template:
        """Return a template.

        Raises:
            UsageFault: there is none; with the nearest name.
        """
        try:
            return self._templates.get(name, version)
        except NotFound:
            names = [template.name for template in self._templates.list(limit=_NEAREST_OF)]
        if name in names:
            raise UsageFault(_no_version(TEMPLATE, name))
        near = difflib.get_close_matches(name, names, 1)
        hint = (
            f"; did you mean {quote(near[0])}?" if near else f"; {TEMPLATE} lists those there are"
        )
        raise UsageFault(f"{TEMPLATE}: there is no template {quote(name)}{hint}")

    def _tell_saved(self, template: Template) -> None:
        self._known.forget()
        name = quote(template.name)
        if template.about.get("action") == "create":
            done = f"Template {name} created"
        else:
            done = f"Template {name} saved as version {template.version} ({TEMPLATE} diff {name})"
        print(f"{done}. {TEMPLATE} form {name} shows its form.")  # noqa: T201 - for the reader


def _show_value(value: Any) -> None:
    """Show a value wherever the line stands; what a magic returns is shown on the last one only."""
    from IPython.display import display

    display(value)  # type: ignore[no-untyped-call] # IPython's is untyped


def ask_secrets(
    template: Template, params: dict[str, Any], several: Mapping[str, Any], *, manual: bool
) -> None:
    """Ask for the secrets that must be given, and were not; the answers are shown as dots.

    Raises:
        InvalidRequest: other values do not fit; nobody types a secret for nothing.
    """
    missing = {
        str(parameter["name"]): str(parameter.get("label") or parameter["name"])
        for parameter in template.parameters
        if parameter.get("secret")
        and parameter.get("required") == "true"
        and parameter["name"] not in {**params, **several}
    }
    if missing:
        template.check({**params, **several}, missing, manual=manual)
    for name, label in missing.items():
        try:
            params[name] = getpass.getpass(f"{label}: ")
        except NotImplementedError:
            return  # nobody can be asked here; the server says what is missing


def _defaults(words: Sequence[str]) -> list[dict[str, Any]]:
    """Read the parameters of a script: `lr=0.1`, or `lr` alone, which has no default."""
    from jupyter_exec.client.options import parse_value

    named = [word.partition("=") for word in words]
    return [
        {"name": name, "value": parse_value(value)} if equals else {"name": name}
        for name, equals, value in named
    ]


def _no_version(magic: str, name: str) -> str:
    name = quote(name)
    return f"{magic}: {name} has no such version; {TEMPLATE} history {name} lists them"


def _told(magic: str, error: ExecError) -> str:
    """Return an error as a person reads it: faults of values without the path of the request."""
    lines = []
    for fault in error.faults:
        field = fault.target or ""
        of_value = field.startswith(("params", "space"))
        lines.append(f"{field}: {fault.message}" if field and not of_value else fault.message)
    return _listed(magic, lines or [error.message])


def _listed(magic: str, lines: Sequence[str]) -> str:
    """Return one fault in the line, several below it."""
    if len(lines) == 1:
        return f"{magic}: {lines[0]}"
    return "\n  ".join([f"{magic}: {len(lines)} things are wrong:", *lines])
