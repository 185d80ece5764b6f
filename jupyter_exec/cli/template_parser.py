"""What may be typed after `jupyter exec template`; imports little, for speed (floor: faces)."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from jupyter_exec.cli.commands import command, json_option

if TYPE_CHECKING:
    from argparse import ArgumentParser, _SubParsersAction

    Commands = _SubParsersAction[ArgumentParser]

_TEMPLATE = """\
examples:
  jupyter exec template save tune --from-notebook train.ipynb
  jupyter exec template show tune
  jupyter exec template run tune lr=0.1 --wait
  jupyter exec template run tune lr=[0.1,0.01] 'batch=range(32,129,32)' --metric loss --wait
  jupyter exec template export tune -o tune.yaml"""

_RUN = """\
values:
  lr=0.1                       one value; text stays as it is typed
  lr=[0.1,0.01]                each of them: this makes a sweep
  'n=range(1,10,2)'            from 1 to 9 in steps of 2
  'name=choice(adam,sgd)'      each of them
  'lr=loguniform(1e-5,1e-1)'   drawn, as often as --trials says (20); also uniform(0,1)

The quotes are for the shell, which would read the parentheses itself. The exit status with --wait
is the run's own; of a sweep, 0 where it completed."""

_SAVE = """\
examples:
  jupyter exec template save tune --from-run tuning_1700000000_abcd1234
  jupyter exec template save tune --from-notebook train.ipynb
  jupyter exec template save tune --from-script train.py -p lr=0.1 -p data"""


def add_template(commands: Commands) -> None:
    """Declare `template` and its verbs."""
    parser = commands.add_parser(
        "template",
        help="runs with gaps: save, fill in, sweep, compare versions",
        description="Templates: runs with gaps, filled in as often as one likes.",
        epilog=_TEMPLATE,
        formatter_class=RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="template_verb", metavar="verb", required=True)
    _list(verbs)
    _show(verbs)
    _run(verbs)
    _save(verbs)
    _files(verbs)
    _versions(verbs)


def _verb(verbs: Commands, name: str, help_text: str, epilog: str | None = None) -> ArgumentParser:
    return command(verbs, name, "templating", help_text, function=f"template_{name}", epilog=epilog)


def _named(verbs: Commands, name: str, help_text: str, epilog: str | None = None) -> ArgumentParser:
    parser = _verb(verbs, name, help_text, epilog)
    parser.add_argument("name", help="name of the template")
    return parser


def _version(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--version", metavar="V", type=int, help="an older version (default: the newest)"
    )


def _list(verbs: Commands) -> None:
    parser = _verb(verbs, "list", "list templates by name")
    parser.add_argument("-q", "--search", metavar="TEXT", help="with this text in them")
    parser.add_argument("-n", "--limit", metavar="N", type=int, help="at most so many")
    json_option(parser, "the templates")


def _show(verbs: Commands) -> None:
    parser = _named(verbs, "show", "show a template and its parameters")
    _version(parser)
    json_option(parser, "the template")


def _run(verbs: Commands) -> None:
    parser = _named(verbs, "run", "run a template; several values for a parameter: a sweep", _RUN)
    parser.add_argument("values", nargs="*", metavar="name=value", help="of its parameters")
    _version(parser)
    parser.add_argument("--name", metavar="N", dest="run_name", help="what to call the run")
    parser.add_argument("--experiment", metavar="E", help="(default: the template's name)")
    parser.add_argument(
        "--tag", metavar="K=V", action="append", default=[], help="may be given again"
    )
    parser.add_argument(
        "--secret",
        metavar="NAME",
        action="append",
        default=[],
        help="a secret parameter; its value is that of your own variable NAME, or asked for; may "
        "be given again",
    )
    sweep = parser.add_argument_group("of a sweep")
    sweep.add_argument("--trials", metavar="N", type=int, help="how many (default: all, or 20)")
    sweep.add_argument("--metric", metavar="M", help="what the trials are compared by")
    sweep.add_argument("--goal", choices=["minimize", "maximize"], help="(default: minimize)")
    sweep.add_argument("--max-parallel", metavar="N", type=int, help="trials at a time")
    sweep.add_argument("--seed", metavar="N", type=int, help="of what is drawn (default: 0)")
    sweep.add_argument("--sampling", choices=["grid", "random"], help="all combinations, or drawn")
    sweep.add_argument(
        "--early-stopping",
        choices=["none", "median"],
        help="median: cancel trials that are worse than most (default: none)",
    )
    parser.add_argument(
        "--wait", action="store_true", help="show it live until it ends; exit with its status"
    )
    json_option(parser, "the run")


def _save(verbs: Commands) -> None:
    parser = _named(
        verbs, "save", "make a template of what there is, or a new version of it", _SAVE
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--from-run", metavar="RUN", help="its values become the defaults")
    source.add_argument(
        "--from-notebook", metavar="FILE", help="its cell tagged 'parameters' is read"
    )
    source.add_argument("--from-script", metavar="FILE", help="it gets --name value for each -p")
    parser.add_argument(
        "-p",
        "--parameter",
        metavar="NAME[=DEFAULT]",
        action="append",
        default=[],
        dest="parameters",
        help="of a script or notebook; may be given again",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print it as YAML, and store nothing"
    )
    json_option(parser, "the template")


def _files(verbs: Commands) -> None:
    parser = _verb(verbs, "import", "save a template from YAML")
    parser.add_argument("file", help="of YAML; - reads it from the standard input")
    json_option(parser, "the template")
    parser = _named(verbs, "export", "print a template as YAML")
    _version(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there")


def _versions(verbs: Commands) -> None:
    parser = _named(verbs, "history", "list the versions of a template, newest first")
    json_option(parser, "the versions")
    parser = _named(verbs, "diff", "show what two versions differ in")
    parser.add_argument("before", nargs="?", type=int, help="(default: the one before)")
    parser.add_argument("after", nargs="?", type=int, help="(default: the newest)")
    parser = _named(verbs, "restore", "make an old version the newest once more")
    parser.add_argument("version", type=int)
    json_option(parser, "the template")
    _named(verbs, "delete", "delete a template; its runs and versions stay")
