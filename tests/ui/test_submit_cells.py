"""Submit the selected cells of a notebook."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from submit_dialog import SubmitDialog, ended, output, write_notebook

if TYPE_CHECKING:
    from conftest import LabPage


def _open(lab_page: LabPage, name: str) -> None:
    folder = lab_page.lab.root_dir / name
    sources = ("lr = 0.1", "base = 40", "from beside import TWO\nprint(base + TWO, lr)", "1 / 0")
    write_notebook(folder / "study.ipynb", *sources, parameters=0)
    (folder / "beside.py").write_text("TWO = 2\n")
    lab_page.open(f"{name}/study.ipynb")
    lab_page.page.locator(".jp-NotebookPanel .jp-Cell").nth(3).wait_for()


def test_cells_with_those_above(lab_page: LabPage) -> None:
    _open(lab_page, "cells")
    page = lab_page.page
    page.locator(".jp-Cell").nth(2).locator(".jp-InputPrompt").click(button="right")
    page.get_by_role("menuitem", name="Run Selected Cells in Background…").click()
    dialog = SubmitDialog(lab_page).wait()
    assert dialog.node.get_by_text("Run 1 Cell in the Background").is_visible()
    dialog.node.get_by_label("With all code cells above").check()
    dialog.fill("lr", "0.3")
    lab_page.shot("submit-cells")
    run = dialog.run()
    assert run["displayName"] == "print(base + TWO, lr)"
    run = ended(lab_page, run["runId"])
    assert run["status"] == "Completed", run["error"]
    executed = json.loads(output(lab_page, run["runId"], "study-cells.ipynb"))
    printed = [out["text"] for cell in executed["cells"] for out in cell.get("outputs", [])]
    assert ["".join(text) for text in printed] == ["42 0.3\n"]


def test_several_cells_by_shortcut(lab_page: LabPage) -> None:
    _open(lab_page, "several")
    page = lab_page.page
    page.locator(".jp-Cell").nth(1).locator(".jp-InputPrompt").click()
    page.locator(".jp-Cell").nth(2).locator(".jp-InputPrompt").click(modifiers=["Shift"])
    page.keyboard.press("Alt+Shift+Enter")
    dialog = SubmitDialog(lab_page).wait()
    assert dialog.node.get_by_text("Run 2 Cells in the Background").is_visible()
    run = ended(lab_page, dialog.run()["runId"])
    assert run["status"] == "Completed", run["error"]
    assert "42 0.1" in output(lab_page, run["runId"], "study-cells.ipynb")
