"""Submit the notebook that is open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from submit_dialog import SubmitDialog, ended, output, write_notebook

if TYPE_CHECKING:
    from conftest import LabPage

PARAMETERS = """\
lr: float = 0.1  # learning <b>rate</b>
epochs = 3
mode = "fast"
layers = [8, 4]
verbose = False
"""


@pytest.fixture
def dialog(lab_page: LabPage) -> SubmitDialog:
    return SubmitDialog(lab_page)


def _open(lab_page: LabPage, name: str, *sources: str, parameters: int | None = None) -> str:
    path = f"{name}/train.ipynb"
    write_notebook(lab_page.lab.root_dir / path, *sources, parameters=parameters)
    lab_page.open(path)
    lab_page.page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    return path


def _button(lab_page: LabPage) -> None:
    lab_page.page.get_by_role("button", name="Run in the background, as it is now").click()


def test_with_changed_parameters(lab_page: LabPage, dialog: SubmitDialog) -> None:
    (lab_page.lab.root_dir / "open").mkdir()
    (lab_page.lab.root_dir / "open" / "beside.py").write_text("HERE = 'beside'\n")
    code = "from beside import HERE\nprint(HERE, lr, epochs, mode, layers, verbose)"
    _open(lab_page, "open", PARAMETERS, code, parameters=0)
    _button(lab_page)
    dialog.wait()
    lab_page.shot("submit-notebook")
    assert dialog.node.get_by_text("learning <b>rate</b>").is_visible()
    dialog.fill("Name of the run", "<img src=x onerror=alert(1)> first")
    dialog.fill("lr", "0.5")
    dialog.fill("layers", "[1, 2, 3]")
    dialog.node.get_by_label("verbose").check()
    dialog.more()
    dialog.fill("CPUs", "0.5")
    dialog.fill("Tags", "owner=me, draft")
    lab_page.shot("submit-notebook-more")
    run = dialog.run()
    lab_page.page.get_by_text("Submitted <img src=x onerror=alert(1)> first").wait_for()
    lab_page.shot("submit-notebook-submitted")
    assert run["displayName"] == "<img src=x onerror=alert(1)> first"
    assert run["experiment"] == "open"
    assert run["tags"] == {"owner": "me", "draft": ""}
    configuration = run["definition"]["configuration"]
    assert configuration["parameters"] == {
        "lr": 0.5,
        "epochs": 3,
        "mode": "fast",
        "layers": [1, 2, 3],
        "verbose": True,
    }
    assert configuration["kernel"] == "python3"
    run = ended(lab_page, run["runId"])
    assert run["status"] == "Completed", run["error"]
    executed = json.loads(output(lab_page, run["runId"], "train.ipynb"))
    printed = [out for cell in executed["cells"] for out in cell.get("outputs", [])]
    assert "".join(printed[0]["text"]) == "beside 0.5 3 fast [1, 2, 3] True\n"
    lab_page.page.get_by_role("button", name="Open").first.click()
    lab_page.page.get_by_role("tab", name="Overview", selected=True).wait_for()


def test_wrong_input(lab_page: LabPage, dialog: SubmitDialog) -> None:
    _open(lab_page, "wrong", PARAMETERS, "print(lr)", parameters=0)
    _button(lab_page)
    dialog.wait()
    dialog.fill("lr", "lots")
    dialog.more()
    dialog.fill("Memory", "lots")
    dialog.fill("CPUs", "many")
    dialog.fill("Time limit", "soon")
    dialog.refused()
    for words in (
        "This is not a number.",
        "CPUs: A number such as 2 or 0.5 is needed.",
        "Memory: A size such as 512M or 2G is needed.",
        "Time limit: A time such as 90s, 10m, 2h or 1h30m is needed.",
    ):
        assert dialog.node.get_by_role("alert").filter(has_text=words).is_visible()
    assert dialog.node.get_by_label("Memory").get_attribute("aria-invalid") == "true"
    dialog.fill("lr", "0.2")
    dialog.fill("Memory", "2G")
    dialog.fill("CPUs", "1000")
    dialog.fill("Time limit", "2h")
    dialog.fill("Experiment", "!")
    dialog.refused()
    experiment = dialog.node.locator(
        ".jp-exec-field", has=lab_page.page.get_by_label("Experiment", exact=True)
    )
    assert experiment.get_by_text("is not an experiment name").is_visible()
    lab_page.shot("submit-wrong")
    dialog.fill("Experiment", "right")
    dialog.refused()
    assert dialog.node.get_by_text("asks for 1000 cpus").is_visible()
    lab_page.shot("submit-wrong-resources")
    dialog.fill("CPUs", "1")
    run = dialog.run()
    assert run["definition"]["configuration"]["parameters"]["lr"] == 0.2
    assert run["definition"]["configuration"]["maxRunDurationSeconds"] == 7200


def test_remembers_the_last(lab_page: LabPage, dialog: SubmitDialog) -> None:
    _open(lab_page, "again", PARAMETERS, "print(lr)", parameters=0)
    _button(lab_page)
    dialog.wait()
    dialog.fill("lr", "0.7")
    dialog.more()
    dialog.fill("Memory", "2G")
    dialog.node.get_by_role("button", name="Add a Secret").click()
    dialog.fill("Variable", "TOKEN")
    dialog.fill("Value of TOKEN", "s3cret")
    dialog.run()
    _button(lab_page)
    dialog.wait()
    assert dialog.node.get_by_label("lr").input_value() == "0.7"
    assert dialog.node.get_by_text("2G").is_visible()
    lab_page.shot("submit-remembered")
    dialog.more()
    assert dialog.node.get_by_label("Memory").input_value() == "2G"
    assert dialog.node.get_by_label("Value of TOKEN").input_value() == ""
    kept = [file.read_text() for file in lab_page.lab.folder.rglob("*.jupyterlab-workspace")]
    assert not any("s3cret" in text for text in kept)


def test_what_was_typed_is_there_after_cancel(lab_page: LabPage, dialog: SubmitDialog) -> None:
    path = _open(lab_page, "draft", PARAMETERS, "print(repr(lr), epochs)", parameters=0)
    note = dialog.node.get_by_text("What you typed before you canceled is still here.")
    _button(lab_page)
    dialog.wait()
    assert note.count() == 0
    dialog.fill("lr", "2")
    dialog.fill("Name of the run", "not now")
    lab_page.page.keyboard.press("Escape")
    dialog.node.wait_for(state="detached")

    _button(lab_page)
    dialog.wait()
    note.wait_for()
    assert dialog.node.get_by_label("lr").input_value() == "2"
    assert dialog.node.get_by_label("Name of the run").input_value() == "not now"
    lab_page.shot("submit-draft")
    dialog.node.get_by_role("button", name="Start over").click()
    note.wait_for(state="detached")
    assert dialog.node.get_by_label("lr").input_value() == "0.1"
    dialog.fill("lr", "2")
    run = dialog.run()
    run = ended(lab_page, run["runId"])
    # A whole number does not make an integer of a float.
    assert '"2.0 3\\n"' in output(lab_page, run["runId"], "train.ipynb")

    _button(lab_page)
    dialog.wait()
    assert note.count() == 0, f"{path} was submitted"


def test_unsaved_and_without_parameters_cell(lab_page: LabPage, dialog: SubmitDialog) -> None:
    path = _open(lab_page, "unsaved", "print('old')")
    page = lab_page.page
    page.locator(".jp-Cell .cm-content").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.type("print('new', lr)")
    page.keyboard.press("Control+Shift+Enter")
    dialog.wait()
    assert dialog.node.get_by_text("has unsaved changes; it is saved first.").is_visible()
    assert dialog.node.get_by_text("No cell of this notebook is tagged").is_visible()
    dialog.fill("Parameters", "lr=0.25\nnonsense")
    dialog.refused()
    assert dialog.node.get_by_text('"nonsense" is not name=value').is_visible()
    lab_page.shot("submit-without-parameters")
    dialog.fill("Parameters", "lr=0.25")
    run = dialog.run()
    saved = json.loads((lab_page.lab.root_dir / path).read_text())
    assert "".join(saved["cells"][0]["source"]) == "print('new', lr)"
    run = ended(lab_page, run["runId"])
    assert run["status"] == "Completed", run["error"]
    assert "new 0.25" in output(lab_page, run["runId"], "train.ipynb")
