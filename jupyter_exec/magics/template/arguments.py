"""The words after `%template` and `%%template` (floor: magics).

One table of subcommands and options serves parsing, help, Tab and the test of the documentation.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_exec.magics.arguments import LineParser, Option, UsageFault, number
from jupyter_exec.magics.words import quote, split, split_unfinished

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

TEMPLATE, CREATE = "%template", "%%template"
LIST, FORM = "list", "form"

RUN_OPTIONS = (
    Option("--name", "what the run is called", "N"),
    Option("--experiment", "what it belongs to", "E", completes="experiments"),
    Option("--tag", "a tag: owner=me", "K=V", repeat=True),
    Option("--version", "of the template (default: the newest)", "V", completes="versions"),
    Option("--wait", "wait until it ends"),
    Option("--trials", "sweep: how many (default: the whole grid, or 20 drawn)", "N"),
    Option(
        "--sampling",
        "sweep: grid, random or manual",
        "S",
        choices=("grid", "random", "manual"),
    ),
    Option("--seed", "sweep: of the drawing (default: 0)", "N"),
    Option("--max-parallel", "sweep: trials at a time", "N"),
    Option("--metric", "sweep: what the trials are compared by", "M"),
    Option("--goal", "sweep: minimize or maximize", "G", choices=("minimize", "maximize")),
    Option(
        "--early-stopping",
        "sweep: median = stop hopeless trials",
        "E",
        choices=("none", "median"),
    ),
)
SAVE_OPTIONS = (
    Option("--from-run", "a run of yours: its values become parameters", "RUN", completes="runs"),
    Option(
        "--from-notebook", "a notebook: its cell tagged `parameters`", "FILE", completes="notebooks"
    ),
    Option("--from-script", "a script; name its parameters yourself", "FILE", completes="scripts"),
    Option("--parameters", "of the script, or more of the notebook: lr=0.1 epochs=3", "X=1"),
)
SHOW_OPTIONS = (
    Option("--version", "an older one (default: the newest)", "V", completes="versions"),
)
EXPORT_OPTIONS = (Option("--force", "write over a file that exists already"),)
SOURCES = ("from_run", "from_notebook", "from_script")


@dataclass(frozen=True)
class Subcommand:
    """One word after `%template`.

    Attributes:
        name: the word.
        places: what follows it; in brackets what may be left out, with dots what may be several.
        help: one line.
        options: it takes these.
        cell: it stands above a cell.
    """

    name: str
    places: str
    help: str
    options: tuple[Option, ...] = ()
    cell: bool = False

    @property
    def usage(self) -> str:
        """How it is typed."""
        magic = CREATE if self.cell else TEMPLATE
        return f"{magic} {self.name} {self.places}".strip()


SUBCOMMANDS = (
    Subcommand(LIST, "[TEXT]", "what templates there are; the same as nothing at all"),
    Subcommand(FORM, "NAME", "the form; NAME alone does it, unless it is a word of this list"),
    Subcommand("run", "NAME [x=1...]", "run it; with several values, a sweep", RUN_OPTIONS),
    Subcommand("save", "NAME", "make it from what you have already", SAVE_OPTIONS),
    Subcommand("create", "NAME", "make it of the YAML in the cell, or a new version", cell=True),
    Subcommand("show", "NAME", "its YAML", SHOW_OPTIONS),
    Subcommand("history", "NAME", "its versions"),
    Subcommand("diff", "NAME [A] [B]", "what changed from version A to B (default: the last)"),
    Subcommand("restore", "NAME VERSION", "make an old version the newest, also after delete"),
    Subcommand(
        "export", "NAME [FILE]", "write its YAML to a file (default: NAME.yaml)", EXPORT_OPTIONS
    ),
    Subcommand("delete", "NAME", "delete it; its versions are kept, and can be restored"),
)
BY_NAME = {subcommand.name: subcommand for subcommand in SUBCOMMANDS}

EXAMPLES = """\
Examples:
  %template run train lr=0.1 optimizer=adam --wait
  %template run train lr=[0.1, 0.01] batch_size=range(32, 129, 32) --metric loss
  %template run train lr=loguniform(1e-5, 1e-1) --trials 20 --max-parallel 4
  %template save train --from-notebook train.ipynb
  %template save train --from-script train.py --parameters lr=0.1 epochs=3

  %%template create train
  description: Train the model
  parameters:
  - {name: lr, type: number, value: 0.1, minimum: 0}
  - {name: optimizer, enum: [adam, sgd], value: adam}
  run:
    source: {path: project}
    definition:
      configuration:
        command: python train.py --lr {{lr}} --optimizer {{optimizer}}
"""
HEAD = """\
Templates: runs with gaps, filled in by a form or on a line.

  %template                             what templates there are
  %template NAME                        its form
  %template run NAME x=1 [options]      run it; `run` is the run
"""
NOTES = """\
Several values make a sweep: x=[1, 2], x=range(1, 10), x=choice(a, b), x=uniform(0, 1),
x=loguniform(1e-5, 1e-1); `run` is then the sweep: run.trials(), run.best(), run.plot().
A name or a value with spaces is quoted: %template run 'my model' title="two words". $name and
{expression} of the line are replaced by variables: lr=$rate. A value that nobody shall read goes
the same way: token=$token, after token = getpass(). Every save makes a new version, kept for ever.
"""


class TemplateParser(LineParser):
    """Parses what follows a subcommand; options may stand between the other words."""

    subcommand: Subcommand

    def error(self, message: str) -> NoReturn:
        """Raise with how the subcommand is typed."""
        raise UsageFault(
            f"{self.prog}: {message.removeprefix('argument ')} (it is: {self.subcommand.usage}; "
            f"{TEMPLATE}? teaches more)"
        )

    def owner_of(self, option: str) -> str | None:
        """Return the subcommand that has an option which is unknown here; None = none."""
        owners = [
            other for other in SUBCOMMANDS if option in {known.name for known in other.options}
        ]
        return f"{TEMPLATE} {owners[0].name}" if owners else None


_ASSIGNMENTS = "x=1..."
_VERSIONS = {"A", "B", "VERSION"}
_DESTS = {"NAME": "template"}
_WHOLE = {"--trials", "--seed", "--max-parallel", "--version"}


@cache
def template_parser(name: str) -> TemplateParser:
    """Return the parser of what follows a subcommand.

    Its words are in `template`, `assignments`, and others in lower case.
    """
    subcommand = BY_NAME[name]
    magic = CREATE if subcommand.cell else TEMPLATE
    parser = TemplateParser(prog=f"{magic} {name}", add_help=False, allow_abbrev=False)
    parser.subcommand = subcommand
    for place in subcommand.places.split():
        word = place.strip("[]")
        if word == _ASSIGNMENTS:
            parser.add_argument("assignments", nargs="*")
        else:
            # Whether one is missing is seen afterwards: argparse would name too many.
            kind = _version if word in _VERSIONS else str
            parser.add_argument(_DESTS.get(word, word.lower()), nargs="?", type=kind, metavar=word)
    for option in subcommand.options:
        if option.name == "--parameters":
            parser.add_argument(
                option.name, nargs="+", action="extend", default=[], metavar=option.metavar
            )
        else:
            parser.add_option(option, _kind_of(option.name))
    return parser


def _version(text: str) -> int:
    version: int = number(int, "the number of a version")(text)
    return version


def _kind_of(option: str) -> Callable[[str], Any]:
    return number(int, "a whole number") if option in _WHOLE else str


def read_line(line: str, magic: str = TEMPLATE) -> tuple[str, Namespace]:
    """Return the subcommand of a line, and what follows it.

    A first word that is no subcommand is the name of a template, whose form is wanted.

    Raises:
        UsageFault: the line cannot be understood.
    """
    try:
        typed = split(line)
    except ValueError as error:
        # The line is not repeated: its variables are replaced already, and one may be a secret.
        raise UsageFault(f"{magic}: {error}") from None
    name, *rest = [word.text for word in typed] or [LIST]
    if magic == CREATE and name != "create":
        raise UsageFault(
            f"{CREATE}: above a cell stands {BY_NAME['create'].usage}, not {name!r}; "
            f"the others are typed on a line of their own: {TEMPLATE} {name}"
        )
    if name not in BY_NAME:
        if rest:
            raise UsageFault(_no_subcommand(name, rest))
        name, rest = FORM, [name]
    parser = template_parser(name)
    values = parser.read_words(rest)
    for place in BY_NAME[name].places.split():
        if not place.startswith("[") and getattr(values, _DESTS.get(place, place.lower())) is None:
            parser.error(f"{place} is missing")
    if name == "run":
        if any(word.startswith("=") for word in values.assignments):
            # Said here, without the words: they may be a secret.
            parser.error("write name=value, without spaces around the =")
        meant = {word.text: word.assignment for word in typed}
        values.assignments = [meant[word] for word in [*values.assignments, *values.arguments]]
    return name, values


def _no_subcommand(name: str, rest: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, BY_NAME, 1, 0.6)
    if near:
        hint = f"; did you mean {near[0]}"
    elif "=" in rest[0] or rest[0].startswith("-"):
        hint = f"; to run the template of that name: {TEMPLATE} run {quote(name)}"
    else:
        hint = ""
    return f"{TEMPLATE}: there is no subcommand {name!r}{hint}. There are: {', '.join(BY_NAME)}"


def wants_help(line: str) -> bool:
    """Tell whether a line asks for help: `--help` or `-h` before any `--`."""
    words = [word.text for word in split_unfinished(line)]
    return bool({"-h", "--help"} & set(words[: words.index("--")] if "--" in words else words))


def template_help() -> str:
    """Return what `%template?` shows."""
    width = max(len(subcommand.usage) for subcommand in SUBCOMMANDS)
    lines = [f"  {subcommand.usage:<{width}}  {subcommand.help}" for subcommand in SUBCOMMANDS]
    parts = [HEAD, NOTES, "Subcommands:", *lines, ""]
    for subcommand in SUBCOMMANDS:
        if subcommand.options and subcommand.name != "show":
            parts += [f"Options of {subcommand.name}:", *_option_lines(subcommand.options), ""]
    return "\n".join([*parts, EXAMPLES])


def subcommand_help(name: str) -> str:
    """Return what `%template NAME --help` shows."""
    subcommand = BY_NAME[name]
    text = f"{subcommand.usage}\n\n  {subcommand.help[0].upper()}{subcommand.help[1:]}."
    return "\n".join([text, "", *_option_lines(subcommand.options)]).rstrip() + "\n"


def _option_lines(options: Sequence[Option]) -> list[str]:
    rows = [(f"{option.name} {option.metavar}".strip(), option.help) for option in options]
    width = max((len(text) for text, _ in rows), default=0)
    return [f"  {text:<{width}}  {help_text}" for text, help_text in rows]
