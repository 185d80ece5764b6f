"""The list of runs in the sidebar, live."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import LabPage

STEPS = """
import pathlib, sys, time
from jupyter_exec.current_run import progress
for step in range(4):
    progress(step, 4, "epochs")
    while not pathlib.Path(sys.argv[1], f"go{step}").exists():
        time.sleep(0.02)
"""


def test_first_look(lab_page: LabPage) -> None:
    lab_page.open()
    lab_page.page.get_by_role("tab", name="Runs").click()
    lab_page.page.get_by_text("No runs yet").wait_for()
    lab_page.shot("sidebar-empty")
    lab_page.submit("print('hello')", displayName="hello world", experiment="first")
    row = lab_page.page.get_by_role("treeitem", name="hello world, Completed")
    row.wait_for()
    lab_page.submit(
        "raise SystemExit(3)", displayName="a script that fails with a long name that does not fit"
    )
    lab_page.page.locator(".jp-exec-row[data-status=Failed]").wait_for()
    lab_page.shot("sidebar-two")
