"""A template as YAML: written, saved with a mistake and without, its history, a run made one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from filled_templates import MARKUP, execute, make, open_form, use_theme

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.timeout(240)
N = [{"name": "n", "type": "integer", "value": 1, "minimum": 0}]


def editor(page: Page) -> Locator:
    return page.locator(".jp-exec-template-editor:visible")


def write(page: Page, text: str) -> None:
    """Replace the whole text, as by pasting it."""
    page.locator(".jp-exec-template-editor:visible .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def change(page: Page, old: str, new: str) -> None:
    """Replace a word of the text."""
    lines = page.locator(".jp-exec-template-editor:visible .cm-line").all_inner_texts()
    text = "\n".join(line.rstrip("\n") for line in lines)
    assert old in text
    write(page, text.replace(old, new))


def test_edit_with_a_mistake_save_compare_restore(lab_page: LabPage) -> None:
    make(lab_page, "edited", N)
    lab_page.open()
    page = lab_page.page
    execute(lab_page, "edit-template", name="edited")
    bar = editor(page)
    bar.get_by_text("Saved", exact=True).wait_for()
    assert bar.get_by_role("button", name="Save").is_disabled()
    change(page, "integer", "inteer")
    bar.get_by_text("Changed", exact=True).wait_for()
    page.keyboard.press("Control+s")
    faults = bar.get_by_role("alert")
    faults.get_by_text("parameters[0].type").wait_for()
    faults.get_by_role("button", name="Line").click()
    lab_page.shot("template-edit-mistake")
    assert lab_page.lab.client.get("jupyter-exec/v1/templates/edited").json()["version"] == 1

    change(page, "inteer", "number")
    bar.get_by_role("button", name="Save").click()
    bar.get_by_text("Saved", exact=True).wait_for()
    assert faults.count() == 0
    stored = lab_page.lab.client.get("jupyter-exec/v1/templates/edited").json()
    assert stored["version"] == 2
    assert stored["spec"]["parameters"][0]["type"] == "number"

    bar.get_by_role("button", name="History").click()
    history = page.locator(".jp-exec-template-history")
    history.get_by_text("From version 1 to version 2").wait_for()
    history.get_by_text("type: number").wait_for()
    lab_page.shot("template-history")
    history.get_by_role("button", name="Restore version 1").click()
    history.get_by_role("radio", name="To version 3").wait_for()
    history.get_by_text("From version 2 to version 3").wait_for()
    history.get_by_role("radio", name="From version 1").check()
    history.get_by_text("These versions are the same.").wait_for()
    # The text that is open has followed.
    page.get_by_role("tab", name="edited", exact=True).click()
    page.locator(".jp-exec-template-editor:visible .cm-content").get_by_text("integer").wait_for()

    # Both are there again after a reload, once Lab has written down what is open.
    with page.expect_response(
        lambda answer: answer.request.method == "PUT" and "/api/workspaces/" in answer.url
    ):
        page.get_by_role("tab", name="History of edited").click()
    lab_page.open(query="")
    page.get_by_role("tab", name="History of edited").wait_for()
    history.get_by_text("From version 2 to version 3").wait_for()
    page.get_by_role("tab", name="edited", exact=True).click()
    page.locator(".jp-exec-template-editor:visible .cm-content").get_by_text("integer").wait_for()


def test_text_that_is_no_yaml(lab_page: LabPage) -> None:
    lab_page.open()
    page = lab_page.page
    execute(lab_page, "edit-template")
    write(page, "name: x\nparameters: [1\nrun: {\n")
    editor(page).get_by_role("button", name="Save").click()
    faults = editor(page).get_by_role("alert")
    faults.get_by_text("not YAML").wait_for()
    faults.get_by_role("button", name="Line 2").wait_for()
    lab_page.shot("template-edit-no-yaml")


def test_a_new_one_is_asked_about_on_close(lab_page: LabPage) -> None:
    lab_page.open()
    page = lab_page.page
    execute(lab_page, "edit-template")
    editor(page).get_by_text("Not saved yet").wait_for()
    change(page, "template", "net")
    page.locator(".lm-DockPanel-tabBar .lm-mod-current .lm-TabBar-tabCloseIcon").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Save your changes?").wait_for()
    lab_page.shot("template-close")
    dialog.get_by_role("button", name="Cancel").click()
    assert editor(page).count() == 1
    page.locator(".lm-DockPanel-tabBar .lm-mod-current .lm-TabBar-tabCloseIcon").click()
    dialog.get_by_role("button", name="Save").click()
    editor(page).wait_for(state="detached")
    names = lab_page.lab.client.get("jupyter-exec/v1/templates", params={"q": "my-net"}).json()
    assert [each["name"] for each in names["templates"]] == ["my-net"]
    # What was thrown away is not stored.
    execute(lab_page, "edit-template", name="my-net")
    editor(page).get_by_text("Saved", exact=True).wait_for()
    change(page, "lr", "rate")
    page.locator(".lm-DockPanel-tabBar .lm-mod-current .lm-TabBar-tabCloseIcon").click()
    dialog.get_by_role("button", name="Discard").click()
    editor(page).wait_for(state="detached")
    assert lab_page.lab.client.get("jupyter-exec/v1/templates/my-net").json()["version"] == 1


def test_a_run_becomes_a_template(lab_page: LabPage) -> None:
    run_id = lab_page.submit(
        "import sys; print(sys.argv)", "--lr", "0.1", f"--title={MARKUP}", displayName=MARKUP
    )
    lab_page.lab.wait_for_end(run_id)
    lab_page.open()
    page = lab_page.page
    execute(lab_page, "save-as-template", runId=run_id)
    text = editor(page).locator(".cm-content")
    text.get_by_text("parameters").wait_for()
    lab_page.shot("template-of-a-run")
    editor(page).get_by_role("button", name="Save").click()
    editor(page).get_by_text("Saved", exact=True).wait_for()
    newest = lab_page.lab.client.get("jupyter-exec/v1/templates").json()["templates"]
    [made] = [
        each
        for each in newest
        if {p["name"] for p in each["spec"]["parameters"]} == {"lr", "title"}
    ]
    editor(page).get_by_role("button", name="Run…").click()
    form = page.get_by_role("form", name="Run")
    form.get_by_role("textbox", name="lr").fill("0.2")
    assert form.get_by_role("textbox", name="title").input_value() == MARKUP
    form.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Started").first.wait_for()
    runs = lab_page.lab.client.get(
        "jupyter-exec/v1/runs", params={"template": made["name"]}
    ).json()["runs"]
    assert runs[0]["definition"]["configuration"]["arguments"] == [
        "--lr",
        "0.2",
        f"--title={MARKUP}",
    ]
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("theme", ["Light", "Dark"])
@pytest.mark.parametrize("width", [420, 1600])
def test_it_fits(lab_page: LabPage, theme: str, width: int) -> None:
    name = f"edited {theme} {width}"
    make(lab_page, name, N)
    client = lab_page.lab.client
    spec = client.get(f"jupyter-exec/v1/templates/{name}").json()["spec"]
    for description in ("one", MARKUP, "a long line " * 30):
        body = {**spec, "description": description}
        client.put(f"jupyter-exec/v1/templates/{name}", json=body).raise_for_status()
    lab_page.open()
    page = lab_page.page
    use_theme(lab_page, theme)
    page.keyboard.press("Control+b")
    page.set_viewport_size({"width": width, "height": 900})
    execute(lab_page, "template-history", name=name)
    page.get_by_text("From version 3 to version 4").wait_for()
    page.locator(".jp-exec-template-history").get_by_text(MARKUP).first.wait_for()
    lab_page.shot(f"template-history-{theme}-{width}")
    execute(lab_page, "edit-template", name=name)
    editor(page).get_by_text("Saved", exact=True).wait_for()
    lab_page.shot(f"template-edit-{theme}-{width}")


def test_a_template_that_is_gone(lab_page: LabPage) -> None:
    make(lab_page, "gone", N)
    lab_page.open()
    page = lab_page.page
    open_form(lab_page, "gone")
    lab_page.lab.client.delete("jupyter-exec/v1/templates/gone").raise_for_status()
    form = page.get_by_role("form", name="Run gone")
    form.get_by_role("button", name="Run", exact=True).click()
    form.get_by_text("This is no longer on the server.").wait_for()
    form.get_by_role("button", name="History").click()
    page.get_by_text("This template was deleted.").wait_for()
    lab_page.shot("template-deleted")
    page.get_by_role("button", name="Restore version 1").click()
    page.get_by_text("Version 1 is the newest again").wait_for()
    assert lab_page.lab.client.get("jupyter-exec/v1/templates/gone").status_code == 200
