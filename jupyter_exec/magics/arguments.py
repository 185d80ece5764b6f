"""The words after `%%submit`, `%submit` and `%runs` (floor: magics).

One table of options serves parsing, help and Tab.
"""

from __future__ import annotations

import argparse
import difflib
import shlex
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.lifecycle import RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ARGUMENT = "argument "  # what argparse begins with
BOTH, CELL, LINE, RUNS = "%%submit, %submit", "%%submit", "%submit", "%runs"


@dataclass(frozen=True)
class Option:
    """One option of a magic.

    Attributes:
        name: with its dashes.
        help: one line.
        metavar: what stands for its value; "" = it is a switch.
        where: in front of a cell, on a line of its own, or both.
        completes: what Tab offers for its value; see `completion.py`.
        repeat: it may be given several times.
        choices: the only values that it may have; none = any.
    """

    name: str
    help: str
    metavar: str = ""
    where: str = BOTH
    completes: str = ""
    repeat: bool = False
    choices: tuple[str, ...] = ()

    @property
    def dest(self) -> str:
        """Return the name of its attribute among the parsed values."""
        return {"--in": "inputs", "-p": "parameters", "--out": "outputs"}.get(
            self.name, self.name.lstrip("-").replace("-", "_")
        )


OPTIONS: tuple[Option, ...] = (
    Option("--name", "what the run is called", "N"),
    Option(
        "--experiment", "what it belongs to (default: the folder)", "E", completes="experiments"
    ),
    Option("--target", "where it runs (default: local)", "T", completes="targets"),
    Option(
        "--env",
        "requirements.txt, pyproject.toml, environment.yml, interpreter",
        "E",
        completes="files",
    ),
    Option("--image", "image of the container that it runs in (needs Docker)", "IMAGE"),
    Option("--docker-arg", "an option of docker run: '--shm-size 2g'", "OPTION", repeat=True),
    Option(
        "--framework", "PyTorch, TensorFlow, PySpark, XGBoost, Cntk", "F", completes="frameworks"
    ),
    Option("--processes", "how many processes work together", "N"),
    Option("--nodes", "on how many nodes they are", "N"),
    Option("--communicator", "how they talk: Mpi, Gloo, Nccl, ...", "C", completes="communicators"),
    Option("--cpus", "processors of each process; 0.5 is fine", "N"),
    Option("--memory", "upper bound, for example 512M or 2G", "SIZE"),
    Option("--gpus", "whole GPUs (default: 0)", "N"),
    Option("--time-limit", "ends the run after 90s, 10m, 2h, ...", "TIME"),
    Option("--retries", "how often a failed run is tried again", "N"),
    Option("--secret", "a variable, stored nowhere: yours, or asked for", "NAME", repeat=True),
    Option("--in", "variables that travel along: a,b", "NAMES", CELL, "variables", repeat=True),
    Option("--out", "variables that come back: run.result()", "NAMES", CELL, repeat=True),
    Option("-p", "a parameter of the notebook: lr=0.1", "NAME=VALUE", LINE, repeat=True),
    Option("--kernel", "kernelspec of the notebook (default: this interpreter)", "K", LINE),
    Option("--command", "a shell command to run in the folder", "LINE", LINE),
    Option("--wait", "wait until it ends, and put the --out variables in place"),
    Option("--script", "run the cell as a plain script, without a kernel", where=CELL),
    Option(
        "--files", "take only these of the folder: '*.py'", "PATTERN", BOTH, "files", repeat=True
    ),
    Option(
        "--link", "show this folder, without copying it", "FOLDER", BOTH, "folders", repeat=True
    ),
    Option("--no-snapshot", "take nothing of the folder"),
    Option("--tag", "a tag: owner=me", "K=V", repeat=True),
)

HEAD = """\
Run a cell, a notebook, a script or a folder in the background, and watch it.

  %%submit [options]                    above a cell
  %submit SOURCE [options] [-- ARGS]    notebook, script or folder
"""
EXAMPLES = """\
Examples:
  %%submit
  train(epochs=3)

  %%submit --name tune --in data,model --out model --time-limit 10m
  model.fit(data)

  %submit report.ipynb -p lr=0.1 -p name=hello --wait
  %submit train.py --cpus 2 --memory 2G -- --epochs 3
  %submit folder --command 'make all'
  %submit train.py --framework pytorch --processes 4
  %submit train.py --image python:3.12 --docker-arg='--shm-size 2g'
"""
NOTES = """\
The run gets a snapshot of the notebook's folder (.execignore, .amlignore or .gitignore decide
what is left out), this kernel's interpreter, and the variables named by --in (by cloudpickle).
The prompt is free at once; `run` is the run: run.wait(), run.logs(follow=True), run.outputs(),
run.cancel(), run.rerun(). The --out variables are in run.result(); with --wait they are put in
place. {name} and $name of the line are replaced by variables. %runs lists all runs.
"""


class UsageFault(InvalidRequest):
    """What was typed after the magic cannot be understood."""


class LineParser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        raise UsageFault(
            f"{self.prog}: {message.removeprefix(_ARGUMENT)} ({self.prog}? shows all options)"
        )

    def exit(self, _status: int = 0, message: str | None = None) -> NoReturn:
        """Raise where argparse would end the process."""
        raise UsageFault(message or self.prog)

    def add_option(self, option: Option, kind: Callable[[str], Any] = str) -> None:
        """Take an option of our table; `kind` reads its value."""
        if not option.metavar:
            self.add_argument(option.name, dest=option.dest, action="store_true")
            return
        self.add_argument(
            option.name,
            dest=option.dest,
            action="append" if option.repeat else "store",
            metavar=option.metavar,
            type=kind,
            choices=option.choices or None,
            default=[] if option.repeat else None,
        )

    def read(self, line: str) -> argparse.Namespace:
        """Parse the words of a line.

        Raises:
            UsageFault: an unknown option (with the nearest known), a missing value, ...
        """
        try:
            words = shlex.split(line)
        except ValueError as error:
            self.error(f"{str(error).lower()} in: {line.strip()}")
        return self.read_words(words)

    def read_words(self, words: list[str]) -> argparse.Namespace:
        """Parse words; what comes after `--` is in `arguments`, as it is.

        Raises:
            UsageFault: see `read`.
        """
        known, _, after = _partition(words)
        values, unknown = self.parse_known_intermixed_args(known)
        if unknown:
            self.error(self.unknown(unknown))
        values.arguments = after
        return values

    def unknown(self, words: Sequence[str]) -> str:
        """Say what is wrong with words that nothing takes."""
        option = next((word.partition("=")[0] for word in words if word.startswith("-")), None)
        if option is None:
            return f"{' '.join(words)} is too much"
        names = [name for name in self._option_string_actions if name.startswith("--")]
        near = difflib.get_close_matches(option, names, 1, 0.6)
        owner = self.owner_of(option)
        if owner:
            return f"{option} belongs to {owner}"
        return f"there is no option {option}" + (f"; did you mean {near[0]}?" if near else "")

    def owner_of(self, option: str) -> str | None:
        """Return the magic that has an option which is unknown here; None = none."""
        other = {CELL: LINE, LINE: CELL}.get(self.prog)
        names = {known.name for known in options_of(other)} if other else set()
        return other if option in names else None


def _partition(words: list[str]) -> tuple[list[str], str, list[str]]:
    """Split at the first `--`; what comes after it is the script's own."""
    if "--" not in words:
        return words, "", []
    place = words.index("--")
    return words[:place], "--", words[place + 1 :]


def options_of(magic: str) -> list[Option]:
    """Return the options of `%%submit` or `%submit`."""
    return [option for option in OPTIONS if option.where in {BOTH, magic}]


def number(kind: Callable[[str], float], what: str) -> Callable[[str], Any]:
    """Return what reads the number of an option; `what` names it where it is none."""

    def read(text: str) -> float:
        try:
            return kind(text)
        except ValueError:
            message = f"{text!r} is not {what}"
            raise argparse.ArgumentTypeError(message) from None

    return read


_TYPES = {
    "--cpus": number(float, "a number"),
    "--gpus": number(int, "a whole number"),
    "--retries": number(int, "a whole number"),
}


@cache
def submit_parser(magic: str) -> LineParser:
    """Return the parser of `%%submit` or `%submit`."""
    parser = LineParser(prog=magic, add_help=False, allow_abbrev=False)
    if magic == LINE:
        parser.add_argument("source", nargs="?")
    for option in options_of(magic):
        parser.add_option(option, _TYPES.get(option.name, str))
    parser.add_argument("-h", "--help", action="store_true")
    return parser


@cache
def runs_parser() -> LineParser:
    """Return the parser of `%runs`."""
    parser = LineParser(prog=RUNS, add_help=False, allow_abbrev=False)
    parser.add_argument("--status", choices=[status.value for status in RunStatus], metavar="S")
    for name, metavar in (("--experiment", "E"), ("--target", "T"), ("--tag", "K=V")):
        parser.add_argument(name, metavar=metavar)
    whole = number(int, "a whole number")
    parser.add_argument("-n", dest="limit", type=whole, default=20, metavar="N")
    parser.add_argument("query", nargs="?")
    parser.add_argument("-h", "--help", action="store_true")
    return parser


def submit_help() -> str:
    """Return what `%%submit?` shows."""
    rows = [(f"{option.name} {option.metavar}".strip(), option) for option in OPTIONS]
    width = max(len(text) for text, _ in rows)
    lines = []
    for text, option in rows:
        only = "" if option.where == BOTH else f"  [{option.where} only]"
        lines.append(f"  {text:<{width}}  {option.help}{only}")
    return "\n".join([HEAD, NOTES, "Options:", *lines, "", EXAMPLES])


RUNS_HELP = """List the runs, newest first.

  %runs [text] [--status Running] [--experiment E] [--target T] [--tag owner=me] [-n 20]
"""
