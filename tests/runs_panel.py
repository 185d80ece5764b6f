"""The list of runs in JupyterLab's sidebar, as tests use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

AXE = Path(__file__).parent.parent / "labextension/node_modules/axe-core/axe.min.js"
# Reports each step, and takes it when a file of its number is there.
STEPS = """
import pathlib, sys, time
from jupyter_exec.current_run import progress
for step in range(int(sys.argv[2]) + 1):
    progress(step, int(sys.argv[2]), "epochs")
    while not pathlib.Path(sys.argv[1], str(step)).exists():
        time.sleep(0.02)
"""


class RunsPanel:
    """The section "Runs".

    Args:
        page: with Lab open.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.tree = page.get_by_role("tree", name="Runs")
        self.search = page.get_by_role("searchbox", name="Filter runs")
        self.count = page.locator(".jp-exec-count")
        self.bulk = page.get_by_role("toolbar", name="Selected runs")

    def open(self) -> None:
        """Show it, as a click on its icon does."""
        icon = self.page.locator("#jp-left-stack, .jp-SideBar.jp-mod-left").get_by_role(
            "tab", name="Runs"
        )
        if icon.get_attribute("aria-selected") != "true":
            icon.click()
        self.page.locator(".jp-exec-filter").wait_for()

    def row(self, name: str, status: str = "") -> Locator:
        """A run's row by its whole name, in that state where one is given."""
        beginning = json.dumps(f"{name}, {status}")
        return self.tree.locator(f'[role="treeitem"][aria-label^={beginning}]')

    def rows(self) -> Locator:
        return self.tree.locator(".jp-exec-row[data-run-id]")

    def select(self, *names: str) -> None:
        for name in names:
            self.row(name).click(modifiers=["Control"])

    def names(self) -> list[str]:
        """What the rows that exist say, from the top."""
        shown: list[tuple[int, str]] = self.rows().evaluate_all(
            """rows => rows.map(row => [
                Number(row.dataset.index), row.querySelector(".jp-exec-row-name").innerText
            ])"""
        )
        return [name for _, name in sorted(shown)]

    def faults(self) -> list[dict[str, Any]]:
        """What axe finds wrong in the sidebar."""
        self.page.add_script_tag(path=str(AXE))
        found = self.page.evaluate("async () => (await axe.run('.jp-exec-sidebar')).violations")
        return [
            {"id": fault["id"], "nodes": [node["html"][:200] for node in fault["nodes"]]}
            for fault in found
        ]
