"""A cell and its variables as files of a run (floor: magics).

A cell becomes a notebook, so that `!commands`, magics, `await` and rich outputs work, with a cell
before it that loads the variables of `--in` and one after it that leaves those of `--out`. With
`--script` it becomes a plain script.
"""

from __future__ import annotations

import ast
import difflib
import json
from typing import TYPE_CHECKING, Any

from jupyter_exec.magics.arguments import CELL, UsageFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_exec.client.source import Content

NOTEBOOK = "cell.ipynb"
SCRIPT = "cell.py"
VARIABLES = ".jupyter_exec/in.pkl"
_AROUND = ".jupyter_exec/cell_with_variables.py"
_HELPER = ["jupyter-exec"]  # the notebook runner does not count cells with this tag
_NAME_LENGTH = 48

_LOAD = f"""\
# The variables of --in.
globals().update(
    __import__("pickle").loads(__import__("pathlib").Path("{VARIABLES}").read_bytes())
)"""
# What needs cloudpickle to be read names it; most values do not.

_SAVE = """\
# The variables of --out.
def _jupyter_exec_save(names, folder):
    import os
    try:
        import cloudpickle as pickle
    except ImportError:  # not in every environment; most values do without
        import pickle

    values = {}
    for name in names:
        if name not in globals():
            raise NameError(f"--out {name}: the cell has set no such variable")
        try:
            pickle.dumps(globals()[name])
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise TypeError(f"--out {name} cannot be pickled: {reason}") from None
        values[name] = globals()[name]
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "result.pkl.part"), "wb") as file:
        pickle.dump(values, file)
    os.replace(file.name, os.path.join(folder, "result.pkl"))

"""
# Of several processes the first; those of TensorFlow's clusters have roles rather than ranks.
_FIRST = """\
def _jupyter_exec_is_first():
    import json, os

    if "AZ_BATCHAI_WORKER_HOSTS" not in os.environ:
        return os.environ.get("RANK", "0") == "0"
    config = json.loads(os.environ["TF_CONFIG"])
    leader = "chief" if "chief" in config["cluster"] else "worker"
    return config["task"] == {"type": leader, "index": 0}

if _jupyter_exec_is_first():
"""
# The cell may change the working folder; it is asked for before.
_FOLDER = '_jupyter_exec_outputs = __import__("os").path.abspath("outputs")'


def cell_files(
    cell: str, inputs: Mapping[str, Any], outputs: Sequence[str], *, script: bool
) -> tuple[str, dict[str, Content]]:
    """Return what to run, and the files that are laid over the folder's snapshot.

    Raises:
        UsageFault: a variable cannot be pickled; the message names it and the reason.
    """
    files: dict[str, Content] = {}
    if inputs:
        files[VARIABLES] = pickle_variables(inputs)
    before = [part for part, wanted in ((_LOAD, inputs), (_FOLDER, outputs)) if wanted]
    save = f"{_SAVE}{_FIRST}    _jupyter_exec_save({list(outputs)!r}, _jupyter_exec_outputs)"
    after = [save] if outputs else []
    if not script:
        files[NOTEBOOK] = _notebook("\n".join(before), cell, "".join(after))
        return NOTEBOOK, files
    files[SCRIPT] = cell
    if not before:
        return SCRIPT, files
    # In a file of its own, so that the lines of a traceback are those of the cell.
    execute = f'exec(compile(open("{SCRIPT}", encoding="utf-8").read(), "{SCRIPT}", "exec"))'
    files[_AROUND] = "\n".join([*before, execute, *after, ""])
    return _AROUND, files


def _notebook(before: str, cell: str, after: str) -> str:
    """Return a notebook as JSON: a cell, and what is to run around it, if anything."""
    parts = [(before, {"tags": _HELPER}), (cell, {}), (after, {"tags": _HELPER})]
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "metadata": metadata,
            "execution_count": None,
            "outputs": [],
            "source": source.rstrip("\n"),
        }
        for number, (source, metadata) in enumerate(part for part in parts if part[0])
    ]
    about = {
        "kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": cells})


def select_variables(names: Sequence[str], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of `--in`.

    Raises:
        UsageFault: one does not exist; with the nearest that does.
    """
    for name in names:
        if name not in namespace:
            visible = [known for known in namespace if not known.startswith("_")]
            near = difflib.get_close_matches(name, visible, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UsageFault(f"{CELL}: --in {name}: there is no such variable{hint}")
    return {name: namespace[name] for name in names}


def pickle_variables(values: Mapping[str, Any]) -> bytes:
    """Pickle variables in one piece, so that what they share stays shared.

    Raises:
        UsageFault: one of them cannot be pickled; the message names it and the reason.
    """
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(dict(values)))
    except Exception as error:  # noqa: BLE001 - whatever the objects' own code raises
        cause = error
        culprit = ", ".join(values)
        for name, value in values.items():
            try:
                cloudpickle.dumps(value)
            except Exception as reason:  # noqa: BLE001 - the same, of this variable
                culprit, cause = name, reason
                break
        reason_text = " ".join(str(cause).split()) or "no reason given"
        message = f"{CELL}: --in {culprit} cannot be pickled: {type(cause).__name__}: {reason_text}"
        raise UsageFault(message) from None


def check_script(cell: str) -> None:
    """See that a cell for `--script` is plain Python.

    Raises:
        UsageFault: it is not; with the line.
    """
    try:
        ast.parse(cell)
    except SyntaxError as error:
        line = (error.text or "").strip()
        shell = line.startswith(("!", "%", "?"))
        why = "shell commands and magics need a kernel: leave --script out" if shell else error.msg
        message = f"{CELL} --script: line {error.lineno} is not plain Python ({why}): {line}"
        raise UsageFault(message) from None


def cell_name(cell: str) -> str:
    """Return what a run of this cell is called by default: its first line that says something."""
    lines = [line.strip().lstrip("#").strip() for line in cell.splitlines()]
    lines = [line for line in lines if line]
    telling = (line for line in lines if not line.startswith(("import ", "from ", "%", "!")))
    name = next(telling, lines[0] if lines else "cell")
    return name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1].rstrip() + "…"
