"""Our views have no serious finding of axe, in light, dark and high-contrast themes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filled_templates import execute, make, open_form
from submit_dialog import SubmitDialog
from sweeping import make_template, post_sweep

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
    lab_page.page.locator(f"{root}:visible").first.wait_for(timeout=TIMEOUT_MS)
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


PARAMETERS: list[dict[str, Any]] = [
    {"name": "lr", "type": "number", "value": 0.1, "minimum": 0, "description": "learning rate"},
    {"name": "mode", "enum": ["fast", "exact"], "value": "fast", "group": "More"},
    {"name": "shuffle", "type": "boolean", "value": True, "group": "More"},
    {"name": "token", "secret": True, "required": "false"},
]


def expand(lab_page: LabPage, *sections: str) -> None:
    """Open the sidebar, and these parts of it."""
    lab_page.page.get_by_role("tab", name="Runs").first.click()
    for section in sections:
        title = lab_page.page.locator(".jp-exec-sidebar .lm-AccordionPanel-title")
        title.filter(has_text=section).click()


@pytest.mark.parametrize("theme", THEMES)
def test_documents_and_dialogs_have_no_serious_finding(lab_page: LabPage, theme: str) -> None:
    page, lab = lab_page.page, lab_page.lab
    name = "axe-" + theme.rsplit(maxsplit=1)[-1].lower()
    make(lab_page, name, PARAMETERS)
    make_template(lab, f"{name}-sweep", "report(float(x), 0)")
    sweep = post_sweep(lab, f"{name}-sweep", space={"x": {"choice": [1, 2, 3]}}, metric="loss")
    lab.wait_for_end(sweep["runId"])
    lab_page.open()
    page.evaluate(AXE.read_text())
    set_theme(lab_page, theme)
    expand(lab_page, "Templates", "Targets")
    page.locator(".jp-exec-sidebar").get_by_text("local", exact=True).first.wait_for()
    page.locator(".jp-exec-sidebar").get_by_text(name, exact=True).first.wait_for()
    found = {"sidebar": findings(lab_page, ".jp-exec-sidebar")}
    open_form(lab_page, name)
    found["form"] = findings(lab_page, ".jp-exec-template-page")
    execute(lab_page, "edit-template", name=name)
    found["editor"] = findings(lab_page, ".jp-exec-template-editor")
    execute(lab_page, "template-history", name=name)
    found["history"] = findings(lab_page, ".jp-exec-template-page")
    lab_page.open_run(sweep["runId"], "children")
    page.locator(".jp-exec-tabpanel[data-tab=children]").get_by_text("3 of 3").first.wait_for()
    found["children"] = findings(lab_page, ".jp-exec-document")
    execute(lab_page, "compare", runIds=[f"{sweep['runId']}_1", f"{sweep['runId']}_2"])
    found["compare"] = findings(lab_page, ".jp-exec-compare")
    (lab.root_dir / f"{name}.py").write_text("print(1)")
    execute(lab_page, "submit-file", path=f"{name}.py")
    SubmitDialog(lab_page).wait().more()
    found["dialog"] = findings(lab_page, ".jp-exec-submit-dialog")
    lab_page.shot(f"accessibility-documents-{theme}")
    assert not {view: each for view, each in found.items() if each}
