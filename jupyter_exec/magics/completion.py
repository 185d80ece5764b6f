"""Tab after `%%submit`, `%submit` and `%runs`: options and their values (floor: magics)."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from jupyter_exec.client.frameworks import COMMUNICATORS, FRAMEWORKS
from jupyter_exec.magics.arguments import BOTH, CELL, LINE, OPTIONS, RUNS, Option
from jupyter_exec.model.lifecycle import RunStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from IPython.core.interactiveshell import InteractiveShell

MAX_OFFERED = 200
_ENVIRONMENTS = {".txt", ".in", ".yml", ".yaml"}
_RUNNABLE = {".ipynb", ".py", ".sh", ".bash", ".R", ".jl"}
_RUNS_OPTIONS = {
    "--status": "statuses",
    "--experiment": "experiments",
    "--target": "targets",
    "--tag": "",
}
_KINDS = {"variables": "instance", "folders": "path", "files": "path"}


class Offer(NamedTuple):
    """What Tab offers, and what kind of thing that is, in the words that front ends know."""

    text: str
    kind: str


class Known(Protocol):
    """What the server knows; asked only when somebody presses Tab there."""

    def targets(self) -> list[str]:
        """Return the names of the compute targets."""

    def experiments(self) -> list[str]:
        """Return the names of the experiments used lately."""


class Completer:
    """Completes a line, from what is before the cursor.

    Args:
        namespace: the user's variables.
        known: what the server knows.
    """

    def __init__(self, namespace: Mapping[str, Any], known: Known) -> None:
        self._namespace = namespace
        self._known = known

    def complete(self, before: str) -> list[Offer]:
        """Return what may stand at the end of `before`; each begins with the word that is there.

        Args:
            before: the line up to the cursor, from its `%`.
        """
        magic, *words = _words(before)
        word = words.pop() if words else ""
        if magic == RUNS:
            return self._fitting(word, *self._of_runs(words, word))
        options = {option.name: option for option in OPTIONS if option.where in {BOTH, magic}}
        if "--" in words:
            return self._fitting(word, files(word), "path")
        name, equals, value = word.partition("=")
        if equals and name in options and options[name].metavar:
            return self._fitting(value, *self._values(options[name], value))
        if words and words[-1] in options and options[words[-1]].metavar:
            return self._fitting(word, *self._values(options[words[-1]], word))
        if word.startswith("-") or magic == CELL:
            return self._fitting(word, self._left(options, words))
        sources = self._fitting(word, files(word, _RUNNABLE), "path")
        return sources or self._fitting(word, self._left(options, words))

    @staticmethod
    def fragment(words: Sequence[str]) -> str:
        """Return the part of the last word that the offers replace: the value in `--target=lo`."""
        name, equals, value = words[-1].partition("=")
        return value if equals and name.startswith("-") else words[-1]

    def _left(self, options: Mapping[str, Option], words: Sequence[str]) -> list[str]:
        used = {word.partition("=")[0] for word in words}
        return [name for name, option in options.items() if option.repeat or name not in used]

    def _values(self, option: Option, value: str) -> tuple[list[str], str]:
        """Return the values of an option, and their kind."""
        if option.name == "--env":
            return files(value, _ENVIRONMENTS), "path"
        offers: dict[str, Callable[[str], list[str]]] = {
            "experiments": lambda _: self._known.experiments(),
            "frameworks": lambda _: list(FRAMEWORKS),
            "communicators": lambda _: list(COMMUNICATORS),
            "targets": lambda _: self._known.targets(),
            "variables": self._variables,
            "folders": lambda word: files(word, set()),
            "files": files,
        }
        found = offers[option.completes](value) if option.completes else []
        return found, _KINDS.get(option.completes, "text")

    def _of_runs(self, words: Sequence[str], word: str) -> tuple[list[str], str]:
        if words and words[-1] in _RUNS_OPTIONS:
            what = _RUNS_OPTIONS[words[-1]]
            if what == "statuses":
                return [status.value for status in RunStatus], "text"
            return getattr(self._known, what)() if what else [], "text"
        return [*_RUNS_OPTIONS, "-n"] if word.startswith("-") or not word else [], "keyword"

    def _variables(self, value: str) -> list[str]:
        """Offer the user's own variables; `value` may hold others before a comma."""
        chosen = value.split(",")[:-1]
        prefix = ",".join([*chosen, ""]) if chosen else ""
        hidden = {"In", "Out", "exit", "quit", "get_ipython", "open", *chosen}
        return [
            prefix + name
            for name, held in self._namespace.items()
            if not name.startswith("_") and name not in hidden and not isinstance(held, ModuleType)
        ]

    @staticmethod
    def _fitting(word: str, offers: Sequence[str], kind: str = "keyword") -> list[Offer]:
        return [Offer(text, kind) for text in offers if text.startswith(word)][:MAX_OFFERED]


def files(word: str, suffixes: set[str] | None = None) -> list[str]:
    """Offer paths: folders with a slash at their end, and files of these kinds (None = all)."""
    folder, slash, start = word.rpartition("/")
    place = Path(folder + slash or ".").expanduser()
    try:
        entries = sorted(place.iterdir())
    except OSError:
        return []
    offers = []
    for entry in entries:
        if entry.name.startswith(".") and not start.startswith("."):
            continue
        if entry.is_dir():
            offers.append(f"{folder}{slash}{entry.name}/")
        elif suffixes is None or entry.suffix in suffixes:
            offers.append(f"{folder}{slash}{entry.name}")
    return [offer for offer in offers if " " not in offer]


def _words(before: str) -> list[str]:
    """Split at spaces, keeping the last word even where it is empty."""
    words = before.lstrip().split()
    return [*words, ""] if before.endswith((" ", "\t")) else words


def register(shell: InteractiveShell, known: Known) -> None:
    """Hook into IPython's completer, which kernels ask as well."""
    from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

    completer = Completer(shell.user_ns, known)

    @context_matcher(identifier="jupyter_exec")  # type: ignore[untyped-decorator] # IPython's
    def matcher(context: CompletionContext) -> dict[str, Any]:
        before = context.text_until_cursor
        words = _words(before)
        if len(words) < 2 or words[0] not in {CELL, LINE, RUNS}:  # noqa: PLR2004 - a word and another
            return {"completions": []}
        offers = completer.complete(before)
        return {
            "completions": [SimpleCompletion(text=offer.text, type=offer.kind) for offer in offers],
            "matched_fragment": completer.fragment(words),
            "suppress": True,  # Python's names have no meaning here
            "ordered": True,
        }

    if shell.Completer is not None:
        shell.Completer.custom_matchers.append(matcher)
