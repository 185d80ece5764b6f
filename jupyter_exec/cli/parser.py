"""What may be typed after `jupyter exec`; imports nothing else, for speed (floor: faces)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

from jupyter_exec.cli.commands import command as _command
from jupyter_exec.cli.commands import json_option as _json
from jupyter_exec.cli.template_parser import add_template
from jupyter_exec.client.frameworks import COMMUNICATORS, FRAMEWORKS

if TYPE_CHECKING:
    from argparse import _SubParsersAction
    from collections.abc import Sequence

_SERVER = """\
The server is found by itself: the one above this terminal, the one whose root folder holds the
working folder, or the newest; where there is none, one is started in the background. To name
another: JUPYTER_EXEC_URL and JUPYTER_EXEC_TOKEN."""

_SUBMIT = """\
examples:
  jupyter exec submit analysis.ipynb -p lr=0.1 -p name=hello --wait
  jupyter exec submit train.py --time-limit 2h --memory 4G -- --epochs 3
  jupyter exec submit project/ --script src/main.py --env requirements.txt
  jupyter exec submit project/ -- make report"""


def parse(argv: Sequence[str]) -> Namespace:
    """Read a command line; what follows `--` is kept as `rest`, untouched.

    Returns:
        The options, with `action`, a function that takes them and returns the exit status.

    Raises:
        SystemExit: 2 with one line on stderr where it cannot be read; 0 after `--help`.
    """
    words = list(argv)
    rest: list[str] = []
    if "--" in words:
        position = words.index("--")
        words, rest = words[:position], words[position + 1 :]
    parser = _parser()
    arguments, unknown = parser.parse_known_args(words)
    if hasattr(arguments, "values"):  # argparse takes no more of them after an option
        arguments.values += [word for word in unknown if not word.startswith("-")]
        unknown = [word for word in unknown if word.startswith("-")]
    takes_rest = arguments.command_name in {"submit", "rerun"}
    if unknown:
        hint = " (the script's own arguments go after --)" if takes_rest else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    if rest and not takes_rest:
        parser.error(f"{arguments.command_name} takes nothing after --")
    arguments.rest = rest
    return arguments


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="jupyter exec",
        description="Cells, notebooks, scripts and folders as runs that are watched and kept.",
        epilog=_SERVER,
        formatter_class=RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command_name", metavar="command", required=True)
    _submit(commands)
    _list(commands)
    _show(commands)
    _logs(commands)
    _cancel(commands)
    _rerun(commands)
    _outputs(commands)
    _gc(commands)
    add_template(commands)
    return parser


def _one_run(parser: ArgumentParser, *, newest: bool) -> None:
    if newest:
        parser.add_argument("run", nargs="?", help="id of the run; by default the newest run")
    else:
        parser.add_argument("run", help="id of the run")


def _submit(commands: _SubParsersAction[ArgumentParser]) -> None:
    parser = _command(
        commands,
        "submit",
        "submitting",
        "make a run of a notebook, a script or a folder",
        usage="%(prog)s [options] source [-- arguments of the script]",
        epilog=_SUBMIT,
    )
    parser.add_argument("source", help="notebook, script (its folder comes along) or folder")
    what = parser.add_argument_group("what to run")
    what.add_argument("--script", metavar="FILE", help="which file of a folder")
    what.add_argument("--command", metavar="LINE", help="instead of a script: a line for the shell")
    what.add_argument(
        "--files", metavar="GLOB", action="append", help="only these files; may be given again"
    )
    what.add_argument(
        "--link",
        metavar="DIR",
        action="append",
        help="show a big folder to the run without copying it",
    )
    what.add_argument(
        "--no-snapshot", action="store_true", help="take nothing but the script itself"
    )
    _names(parser)
    parser.add_argument(
        "--experiment", metavar="E", help="to which the run belongs (default: the folder)"
    )
    _environment(parser)
    _framework(parser)
    _needs(parser)
    _how(parser)


def _names(parser: ArgumentParser) -> None:
    parser.add_argument("--name", metavar="N", help="what to call the run")
    parser.add_argument(
        "--tag", metavar="K=V", action="append", default=[], help="may be given again"
    )
    parser.add_argument(
        "-p",
        "--parameter",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        dest="parameters",
        help="of a notebook; numbers, true, false, null, JSON lists are typed, the rest is text; "
        "may be given again",
    )


def _environment(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("where it runs")
    group.add_argument("--target", metavar="T", help="compute target (default: local)")
    group.add_argument(
        "--env",
        metavar="E",
        help="requirements.txt, pyproject.toml, environment.yml, an interpreter or its folder",
    )
    group.add_argument("--interpreter", metavar="PATH", help="(default: the one of this command)")
    group.add_argument("--kernel", metavar="K", help="kernelspec of a notebook")
    group.add_argument("--image", metavar="IMAGE", help="image of the container that it runs in")
    group.add_argument(
        "--docker-arg",
        metavar="OPTION",
        action="append",
        help="an option of docker run: --docker-arg='--shm-size 2g'; may be given again",
    )
    group.add_argument(
        "--secret",
        metavar="NAME",
        action="append",
        default=[],
        help="a variable for the run that is stored nowhere; its value is that of your own "
        "variable NAME, or asked for; may be given again",
    )


def _framework(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("several processes that work together")
    names = ", ".join(FRAMEWORKS)
    group.add_argument("--framework", metavar="F", help=f"one of {names} (default: Python)")
    group.add_argument("--processes", metavar="N", help="how many, of the whole job")
    group.add_argument("--nodes", metavar="N", help="on how many nodes")
    words = ", ".join(COMMUNICATORS)
    group.add_argument("--communicator", metavar="C", help=f"how they talk: one of {words}")


def _needs(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what it needs, and may use")
    group.add_argument("--cpus", metavar="N", help="processors; fractions are fine (default: 1)")
    group.add_argument("--memory", metavar="SIZE", help="for example 2G; ended if it uses more")
    group.add_argument("--gpus", metavar="N", help="whole devices")
    group.add_argument("--time-limit", metavar="T", help="for example 2h; ended if it takes longer")
    group.add_argument("--retries", metavar="N", help="how often to try again when it fails")


def _how(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--wait", action="store_true", help="show it live until it ends; exit with its status"
    )
    _json(parser, "the run")


def _list(commands: _SubParsersAction[ArgumentParser]) -> None:
    parser = _command(commands, "list", "looking", "list runs, newest first")
    parser.add_argument("--experiment", metavar="E", help="of this experiment")
    parser.add_argument("--status", metavar="S", help="in this state, for example Running")
    parser.add_argument("--target", metavar="T", help="on this compute target")
    parser.add_argument("--tag", metavar="K[=V]", help="with this tag")
    parser.add_argument("-q", "--search", metavar="TEXT", help="with this text in id or name")
    parser.add_argument(
        "-n", "--limit", metavar="N", type=int, default=25, help="at most so many (default: 25)"
    )
    _json(parser, "the runs")


def _show(commands: _SubParsersAction[ArgumentParser]) -> None:
    parser = _command(commands, "show", "looking", "show everything about a run")
    _one_run(parser, newest=True)
    _json(parser, "the run")


def _logs(commands: _SubParsersAction[ArgumentParser]) -> None:
    parser = _command(commands, "logs", "looking", "print the log of a run")
    _one_run(parser, newest=True)
    parser.add_argument(
        "-f",
        "--follow",
        action="store_true",
        help="go on until the run ends; exit with its status",
    )
    parser.add_argument("--name", metavar="LOG", help="another log; `show` names them")
    parser.add_argument(
        "--replica",
        metavar="NAME",
        help="the log of one replica or rank, such as worker-1 (default: all of them by time)",
    )


def _cancel(commands: _SubParsersAction[ArgumentParser]) -> None:
    parser = _command(commands, "cancel", "looking", "end a run with everything that it started")
    _one_run(parser, newest=False)
    _json(parser, "the run")


def _rerun(commands: _SubParsersAction[ArgumentParser]) -> None:
    parser = _command(
        commands,
        "rerun",
        "submitting",
        "run the same once more: the same files, definition and environment, but for the options",
        usage="%(prog)s [options] run [-- arguments of the script]",
    )
    _one_run(parser, newest=False)
    _names(parser)
    _environment(parser)
    _framework(parser)
    _needs(parser)
    _how(parser)


def _outputs(commands: _SubParsersAction[ArgumentParser]) -> None:
    parser = _command(commands, "outputs", "looking", "list or fetch the files that a run left")
    _one_run(parser, newest=True)
    parser.add_argument("--download", metavar="DIR", help="fetch them into this folder")
    _json(parser, "the list")


def _gc(commands: _SubParsersAction[ArgumentParser]) -> None:
    parser = _command(
        commands, "gc", "cleaning", "delete old runs, and environments and images without use"
    )
    parser.add_argument(
        "--older-than", metavar="T", help="only runs that ended so long ago (default: 30d)"
    )
    parser.add_argument("--keep", metavar="N", type=int, help="not the newest N runs that ended")
    parser.add_argument("--experiment", metavar="E", help="only of this experiment")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be deleted")
    _json(parser, "the runs")
