"""Run an old run again, with changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from submit_dialog import SubmitDialog, ended, log, output

if TYPE_CHECKING:
    from conftest import LabPage

SCRIPT = "import os, sys\nprint(sys.argv[1:], os.environ.get('TOKEN'))\n"


def _again(lab_page: LabPage, run_id: str) -> SubmitDialog:
    lab_page.open_run(run_id)
    lab_page.page.get_by_role("tab", name="Overview", selected=True).wait_for()
    lab_page.palette("Run Again with Changes")
    return SubmitDialog(lab_page).wait()


def test_script_with_a_secret(lab_page: LabPage) -> None:
    lab_page.open()
    configuration = {
        "script": "main.py",
        "arguments": ["--name", "two words"],
        "secrets": ["TOKEN"],
        "resources": {"memory": "1G"},
    }
    first = lab_page.submit(
        SCRIPT,
        definition={"configuration": configuration},
        secrets={"TOKEN": "old"},
        tags={"owner": "me"},
        displayName="<i>first</i>",
    )
    ended(lab_page, first)
    dialog = _again(lab_page, first)
    arguments = dialog.node.get_by_label("Arguments")
    assert arguments.input_value() == "--name 'two words'"
    assert dialog.node.get_by_label("Memory").input_value() == "1G"
    dialog.fill("Arguments", "--name 'two words' --fast")
    dialog.refused()
    assert dialog.node.get_by_text("Give the value of TOKEN.").is_visible()
    lab_page.shot("submit-again")
    dialog.fill("Value of TOKEN", "new")
    dialog.fill("Memory", "")
    run = dialog.run()
    changes = {"arguments": ["--name", "two words", "--fast"], "resources": {"memory": None}}
    assert dialog.sent["definition"] == {"configuration": changes}
    assert set(dialog.sent) == {"definition", "secrets"}
    run = ended(lab_page, run["runId"])
    assert run["displayName"] == "<i>first</i>"
    assert run["tags"] == {"owner": "me", "rerunOf": first}
    assert log(lab_page, run["runId"]) == "['--name', 'two words', '--fast'] new\n"


def test_notebook(lab_page: LabPage) -> None:
    lab_page.open()
    cells = [
        {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "lr = 0.1\nn = 1"},
        {"cell_type": "code", "metadata": {}, "source": "print(lr, n, extra)"},
    ]
    for cell in cells:
        cell |= {"outputs": [], "execution_count": None}
    notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    parameters = {"lr": 0.5, "extra": {"a": 1}}
    body = {
        "definition": {"configuration": {"script": "a.ipynb", "parameters": parameters}},
        "source": {"notebook": notebook, "name": "a.ipynb"},
    }
    answer = lab_page.lab.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    dialog = _again(lab_page, answer.json()["runId"])
    assert dialog.node.get_by_label("lr").input_value() == "0.5"
    assert dialog.node.get_by_label("n", exact=True).input_value() == "1"
    assert dialog.node.get_by_label("Other parameters").input_value() == 'extra={"a":1}'
    dialog.fill("n", "7")
    dialog.fill("Name of the run", "second")
    lab_page.shot("submit-again-notebook")
    run = dialog.run()
    patch = {"configuration": {"parameters": {"n": 7}}}
    assert dialog.sent == {"displayName": "second", "definition": patch}
    run = ended(lab_page, run["runId"])
    assert run["status"] == "Completed", run["error"]
    assert "0.5 7 {'a': 1}" in output(lab_page, run["runId"], "a.ipynb")
