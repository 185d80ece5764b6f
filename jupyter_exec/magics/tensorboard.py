"""`%tensorboard` (floor: magics)."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from jupyter_exec.magics.arguments import UsageFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_exec.client import Run
    from jupyter_exec.magics.submit import ExecMagics

MAGIC = "%tensorboard"
_HEIGHT_PX = 700
_HELP = """Start TensorBoard on what a run has written, and show it.

    %tensorboard                  of the last run (the variable `run`)
    %tensorboard RUN              of a run: its id, or a variable that holds it

With options, as in `%tensorboard --logdir logs`, it is TensorBoard's own, where `%load_ext
tensorboard` came before `%load_ext jupyter_exec`; where it comes later, it takes this one's place.
"""


class Shown:
    """TensorBoard of a run: its address as a link, and the page where a front end shows pages.

    Args:
        name: what a person calls the run.
        address: as this kernel reaches it.
        server_url: of the server; the browser may know that by another name.
    """

    def __init__(self, name: str, address: str, server_url: str) -> None:
        self.name = name
        self.address = address
        self._is_proxied = address.startswith(server_url)

    def __repr__(self) -> str:
        return f"TensorBoard of {self.name}: {self.address}"

    def _repr_html_(self) -> str:
        # The page that shows it comes from the same server, by whatever name.
        place = urlsplit(self.address).path if self._is_proxied else self.address
        where, name = html.escape(place, quote=True), html.escape(self.name, quote=True)
        return (
            f'<div>TensorBoard of {name}: <a href="{where}" target="_blank"'
            f' rel="noopener noreferrer">{html.escape(place)}</a></div>'
            f'<iframe src="{where}" title="TensorBoard of {name}" width="100%"'
            f' height="{_HEIGHT_PX}" frameborder="0"></iframe>'
        )


@magics_class
class TensorBoardMagics(Magics):
    """The magic, and TensorBoard's own of that name, where it was there before.

    Args:
        magics: whose client is used.
    """

    def __init__(self, shell: InteractiveShell, magics: ExecMagics) -> None:
        super().__init__(shell)
        self._namespace: dict[str, Any] = shell.user_ns
        self._magics = magics
        before = shell.find_line_magic("tensorboard")  # type: ignore[no-untyped-call]  # IPython's
        is_ours = isinstance(getattr(before, "__self__", None), TensorBoardMagics)
        self._before: Callable[[str], Any] | None = before.__self__._before if is_ours else before  # noqa: SLF001 - of this class

    @line_magic
    def tensorboard(self, line: str) -> Any:  # noqa: D102 - set below
        words = line.split()
        if words[:1] in (["-h"], ["--help"]):
            print(_HELP)  # noqa: T201 - it was asked for
            return None
        if words and words[0].startswith("-"):
            if self._before is not None:
                return self._before(line)
            message = f"{MAGIC}: options are those of TensorBoard's own magic; load that one: "
            raise UsageError(message + "%load_ext tensorboard")
        return self._magics.guarded(MAGIC, lambda: self._show(words))

    tensorboard.__doc__ = _HELP

    def _show(self, words: list[str]) -> Shown:
        run = self._run(words)
        return Shown(run.name, run.tensorboard(), self._magics.client().server.url)

    def _run(self, words: list[str]) -> Run:
        """Return the run that is meant.

        Raises:
            UsageFault: several words, or no run.
            NotFound: there is no run of that id.
        """
        from jupyter_exec.client import Run

        if len(words) > 1:
            message = f"{MAGIC}: name one run, by its id or by a variable that holds it"
            raise UsageFault(message)
        name = words[0] if words else "run"
        held = self._namespace.get(name)
        if isinstance(held, Run):
            return held
        if not words:
            message = f"{MAGIC}: there is no run yet; name one by its id (%runs lists them)"
            raise UsageFault(message)
        return self._magics.client().run(held if isinstance(held, str) else name)
