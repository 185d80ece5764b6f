"""The notebook of a run: read in any version, given parameters, written while it grows.

Travels with runs (see `main`). nbformat is imported after the kernel was started.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jupyter_exec.launchers.notebook_runner.floats import with_floats
from jupyter_exec.launchers.notebook_runner.kernel import NotebookFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nbformat import NotebookNode

    from jupyter_exec.launchers.notebook_runner.kernel import KernelChoice

_WRITING_SHARE = 0.1


def read_json(path: str) -> dict[str, Any]:
    """Read a notebook's JSON.

    Raises:
        NotebookFault: it does not exist or is not a notebook.
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise NotebookFault(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise NotebookFault(f"{path} is not a notebook: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("metadata", {}), dict):
        raise NotebookFault(f"{path} is not a notebook: it is JSON, but not a notebook's")
    return content


def upgrade(path: str, content: dict[str, Any]) -> NotebookNode:
    """Return a notebook of any version as one of version 4, without old outputs.

    Not validated: that costs more than a small run, and a notebook with a flaw runs all the same.

    Raises:
        NotebookFault: the version is newer than nbformat knows, or the content is not a notebook's.
    """
    import nbformat

    library: Any = nbformat  # hardly annotated
    newest = nbformat.current_nbformat
    major, minor = content.get("nbformat", 1), content.get("nbformat_minor", 0)
    if major not in nbformat.versions:
        message = f"{path} has notebook format {major}.{minor}; this server reads up to {newest}"
        raise NotebookFault(message)
    try:
        notebook: NotebookNode = library.versions[major].to_notebook_json(content, minor=minor)
        if major < newest:
            with _quiet():
                notebook = library.convert(notebook, newest)
        for cell in notebook.cells:
            _prepare(cell)
    except nbformat.ValidationError as error:
        raise NotebookFault(f"{path} is not a valid notebook: {error.message}") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotebookFault(f"{path} is not a valid notebook: {error!r}") from None
    written = notebook.get("nbformat_minor", 0)
    notebook.nbformat_minor = max(written, nbformat.current_nbformat_minor)
    return notebook


def node(**content: Any) -> NotebookNode:
    """Make a part of a notebook."""
    import nbformat

    library: Any = nbformat  # hardly annotated
    made: NotebookNode = library.NotebookNode(**content)
    return made


def _prepare(cell: NotebookNode) -> None:
    cell.setdefault("metadata", node())
    cell.setdefault("id", os.urandom(4).hex())
    if not isinstance(cell.source, str):
        raise TypeError("a cell's source is no text")
    if cell.cell_type == "code":
        cell.outputs = []
        cell.execution_count = None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep nbformat's complaints about old notebooks out of the log."""
    import logging

    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


class Injected(NamedTuple):
    """The cell that gives a notebook its parameters.

    Attributes:
        place: its index among all cells.
        is_new: False where the user's notebook had one, from an earlier execution.
    """

    place: int
    is_new: bool


def inject(
    notebook: NotebookNode,
    parameters: Mapping[str, Any],
    secrets: Mapping[str, str],
    choice: KernelChoice,
) -> Injected:
    """Put parameters into a notebook by papermill's convention; returns where they are.

    Args:
        parameters: name -> JSON value.
        secrets: name -> the variable of the kernel's environment that has the value, so that the
            executed notebook shows none.

    A cell tagged `injected-parameters` goes behind the cell tagged `parameters`, to the top where
    there is none, or in place of one from an earlier execution.
    Source: papermill/parameterize.py, `parameterize_notebook`.

    Raises:
        NotebookFault: papermill has no translator for the kernel's language, or there are secrets
            and it is not Python.
    """
    if choice.language.lower() == "python":
        parameters = with_floats(parameters, _declaration(notebook))
    lines = translate(parameters, choice.name, choice.language) if parameters else "# Parameters\n"
    if secrets and choice.language.lower() != "python":
        names = ", ".join(secrets)
        raise NotebookFault(
            f"parameters that are secret ({names}) need a Python kernel, and this one is "
            f"{choice.language or choice.name!r}; put them in environment variables instead"
        )
    for name, variable in secrets.items():
        lines += f'{name} = __import__("os").environ[{variable!r}]\n'
    cell = node(
        cell_type="code",
        metadata=node(tags=["injected-parameters"]),
        source=lines.rstrip("\n") if secrets else lines,
    )
    _prepare(cell)
    tags = [each.metadata.get("tags", []) for each in notebook.cells]
    injected = [index for index, names in enumerate(tags) if "injected-parameters" in names]
    declared = [index for index, names in enumerate(tags) if "parameters" in names]
    if injected:
        notebook.cells[injected[0]] = cell
        return Injected(injected[0], is_new=False)
    if not declared:
        names = ", ".join([*parameters, *secrets])
        sys.stderr.write(
            f"no cell is tagged 'parameters': {names} set at the top, where later cells may set "
            "it anew\n"
        )
    place = declared[0] + 1 if declared else 0
    notebook.cells.insert(place, cell)
    return Injected(place, is_new=True)


def _declaration(notebook: NotebookNode) -> str:
    """Return the source of the cell tagged `parameters`; nothing where there is none."""
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            return str(cell.source)
    return ""


def translate(parameters: Mapping[str, Any], kernel_name: str, language: str) -> str:
    """Return parameters as assignments in a kernel's language.

    papermill itself is not imported, only its translators: 0.5 s against 5 ms.

    Raises:
        NotebookFault: papermill has no translator for the language.
    """
    if "papermill" not in sys.modules:
        found = importlib.util.find_spec("papermill")
        if found is None or not found.submodule_search_locations:
            raise NotebookFault(
                "parameters need papermill, which is not there: add it to the pip packages"
            )
        package = type(sys)("papermill")
        package.__path__ = list(found.submodule_search_locations)
        sys.modules["papermill"] = package
    from papermill.exceptions import PapermillException
    from papermill.translators import Translator, papermill_translators

    for name in (language, language.lower(), language.upper()):
        with contextlib.suppress(PapermillException):
            translator = papermill_translators.find_translator(kernel_name, name)
            try:
                # Not the Python translator's own: it runs black over the code where there is one.
                codify = Translator.codify if name == "python" else translator.codify
                return str(getattr(codify, "__func__", codify)(translator, parameters))
            except NotImplementedError as error:
                raise NotebookFault(f"parameters in {language}: {error}") from None
    raise NotebookFault(f"there is no way to write parameters in {language or kernel_name!r}")


class Output:
    """The file in which the executed notebook grows.

    Each write is whole and atomic. Where writing is slow (a huge notebook, a slow disk) it is done
    less often, so that it takes a tenth of the time at most.

    Args:
        path: of the executed notebook.
        notebook: what is written.
    """

    def __init__(self, path: str, notebook: NotebookNode) -> None:
        self._path = Path(path)
        self._notebook = notebook
        self._not_before = 0.0
        self.changed = True

    def touch(self) -> None:
        """Note that the notebook has changed."""
        self.changed = True

    def write(self, *, now: bool = False) -> None:
        """Write the notebook if it has changed, and if it is time for it or `now` is set.

        Raises:
            NotebookFault: with `now`, when it cannot be written.
        """
        start = time.monotonic()
        if not now and (not self.changed or start < self._not_before):
            return
        import nbformat.v4

        library: Any = nbformat.v4  # not annotated
        text = library.writes_json(self._notebook) + "\n"
        partial = self._path.with_name(f".~{self._path.name}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(text.encode("utf-8", "replace"))
            partial.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            if now:
                message = f"{self._path} could not be written: {error.strerror}"
                raise NotebookFault(message) from None
            return
        self.changed = False
        end = time.monotonic()
        self._not_before = end + (end - start) / _WRITING_SHARE
