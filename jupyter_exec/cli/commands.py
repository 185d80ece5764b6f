"""How a command of `jupyter exec` is declared; imports nothing else, for speed (floor: faces)."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _ActionsContainer, _SubParsersAction


def _late(module: str, function: str, arguments: Namespace) -> int:
    status: int = getattr(import_module(f"jupyter_exec.cli.{module}"), function)(arguments)
    return status


def command(
    commands: _SubParsersAction[ArgumentParser],
    name: str,
    module: str,
    help_text: str,
    function: str | None = None,
    **more: Any,
) -> ArgumentParser:
    """Declare a command; its function is imported when it is called.

    Args:
        module: of this package.
        function: in that module; by default it is named as the command is.
        more: for `add_parser`.
    """
    parser = commands.add_parser(
        name,
        help=help_text,
        description=help_text[0].upper() + help_text[1:] + ".",
        formatter_class=RawDescriptionHelpFormatter,
        **more,
    )
    parser.set_defaults(action=partial(_late, module, function or name))
    return parser


def json_option(parser: _ActionsContainer, what: str) -> None:
    """Declare `--json`."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")
