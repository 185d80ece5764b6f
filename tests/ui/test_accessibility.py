"""Our views have no serious finding of axe, in light, dark and high-contrast themes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import LabPage

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]
TIMEOUT_MS = 30_000
TABS = ["overview", "logs", "outputs", "metrics", "code"]
SCRIPT = "from jupyter_exec import current_run\ncurrent_run.log_metric('loss', 1, step=0)\nprint(1)"

pytestmark = pytest.mark.timeout(300)


def set_theme(lab_page: LabPage, theme: str) -> None:
    lab_page.page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
    )
    lab_page.page.locator(f"body[data-jp-theme-name={theme!r}]").wait_for(
        state="attached", timeout=TIMEOUT_MS
    )


def findings(lab_page: LabPage, root: str) -> list[str]:
    """Return what axe finds below an element of ours that keeps somebody from using it."""
    lab_page.page.locator(root).first.wait_for(timeout=TIMEOUT_MS)
    found: list[dict[str, Any]] = lab_page.page.evaluate(
        "async root => (await axe.run(root, {resultTypes: ['violations']})).violations", root
    )
    return [
        f"{each['id']}: {node['target']} {node['html'][:150]} {node['failureSummary'][:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", THEMES)
def test_views_have_no_serious_finding(lab_page: LabPage, theme: str) -> None:
    page = lab_page.page
    lab_page.open()
    page.evaluate(AXE.read_text())
    set_theme(lab_page, theme)
    run_id = lab_page.submit(SCRIPT)
    lab_page.submit("raise SystemExit(3)", displayName="failed")
    page.get_by_role("tab", name="Runs").first.click()
    page.locator(f".jp-exec-row[data-run-id='{run_id}'][data-status=Completed]").wait_for()
    page.locator(".jp-exec-row[data-status=Failed]").first.wait_for()
    found = {"sidebar": findings(lab_page, ".jp-exec-sidebar")}
    for tab in TABS:
        lab_page.open_run(run_id, tab)
        page.locator(f".jp-exec-tabpanel[data-tab={tab}]").wait_for()
        found[tab] = findings(lab_page, ".jp-exec-document")
    lab_page.shot(f"accessibility-{theme}")
    assert not {view: each for view, each in found.items() if each}
