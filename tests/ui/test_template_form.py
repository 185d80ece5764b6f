"""The form of a template, as somebody in JupyterLab sees it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.widgets.form.fields import unset

if TYPE_CHECKING:
    from conftest import Notebook
    from playwright.sync_api import Locator, Page

FORM = ".jp-exec-form"
STATUS = f"{FORM} .jp-exec-status"
TIMEOUT_MS = 60_000
SECRET = "hunter2-of-the-form"
HOSTILE = '<img src=x onerror="window.stung = 1"><b>bold</b> $\\href{javascript:1}{x}$ \'"'
SHOW = """\
from jupyter_exec.client import connect
from jupyter_exec.widgets import TemplateForm
template = connect().templates.get({name!r})
{more}
form = TemplateForm(template)
form"""
SCRIPT = """\
import os, sys
print(*sys.argv[1:])
print(len(os.environ.get("API_KEY", "")), "characters of a key")
"""
PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "dataset",
        "label": "Data set",
        "required": "true",
        "pattern": "^[a-z]+$",
        "description": "Its name, in lower case.",
    },
    {"name": "since", "label": "Since", "pattern": r"^\d{4}-\d{2}-\d{2}$", "value": "2026-01-31"},
    {"name": "augment", "label": "Augment the pictures", "type": "boolean", "value": "true"},
    {"name": "api_key", "label": "API key", "secret": True, "description": "Of the data's store."},
    {
        "name": "lr",
        "label": "Learning rate",
        "type": "number",
        "value": "1e-3",
        "minimum": 1e-5,
        "maximum": 0.1,
        "group": "Training",
        "description": "Step size of the optimiser.",
    },
    {
        "name": "epochs",
        "label": "Epochs",
        "type": "integer",
        "value": 5,
        "minimum": 1,
        "maximum": 100,
        "group": "Training",
    },
    {
        "name": "optimizer",
        "label": "Optimiser",
        "enum": ["sgd", "adam", "rmsprop"],
        "value": "adam",
        "group": "Training",
    },
    {
        "name": "decay",
        "label": "Weight decay",
        "type": "number",
        "minimum": 0,
        "group": "Training",
    },
    {
        "name": "dropout",
        "label": "Dropout",
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "group": "Training",
        "description": "None unless one is given.",
    },
    {
        "name": "batches",
        "label": "Batch sizes",
        "type": "array",
        "value": [64, 128],
        "group": "Training",
    },
    {
        "name": "notes",
        "label": "Notes",
        "value": "What this is about:\na first try, to see how far a small network gets.",
    },
    {
        "name": "cpus",
        "label": "Processors",
        "type": "number",
        "value": "0.1",
        "minimum": 0.1,
        "group": "Resources",
    },
]

pytestmark = pytest.mark.timeout(240)


def spec(name: str, parameters: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    words = [f"{{{{{each['name']}}}}}" for each in parameters if not each.get("secret")]
    words = [word for word in words if word != "{{cpus}}"]
    keys = [each["name"] for each in parameters if each.get("secret")]
    cpus = "{{cpus}}" if any(each["name"] == "cpus" for each in parameters) else 0.1
    configuration = {
        "script": "train.py",
        "arguments": words,
        "environment": {
            "python": {"interpreterPath": sys.executable},
            "environmentVariables": {key.upper(): f"{{{{{key}}}}}" for key in keys},
        },
        "resources": {"cpus": cpus},
    }
    run = {
        "experiment": "forms",
        "displayName": name[:50],
        "definition": {"configuration": configuration},
        "overlay": {"train.py": {"text": SCRIPT}},
    }
    return {"name": name, "parameters": parameters, "run": run, **more}


def make(notebook: Notebook, name: str, parameters: list[dict[str, Any]], **more: Any) -> None:
    answer = notebook.lab.client.post(
        "jupyter-exec/v1/templates", json=spec(name, parameters, **more)
    )
    assert answer.status_code == 201, answer.text


def show(notebook: Notebook, name: str, more: str = "") -> Page:
    """Write and open a notebook that shows the form.

    Args:
        more: done with the template before.
    """
    notebook.write(SHOW.format(name=name, more=more).replace("\n\n", "\n"), "form.params")
    notebook.open()
    notebook.run(1)
    page = notebook.page
    page.wait_for_selector(f"{FORM} .jp-exec-form-name", timeout=TIMEOUT_MS)
    page.wait_for_selector(f"{FORM} button >> text=Save as template", timeout=TIMEOUT_MS)
    return page


def runs_of(notebook: Notebook, name: str) -> list[dict[str, Any]]:
    answer = notebook.lab.client.get("jupyter-exec/v1/runs", params={"template": name})
    return list(answer.raise_for_status().json()["runs"])


def button(page: Page, name: str) -> Locator:
    return page.locator(FORM).get_by_role("button", name=name, exact=True)


def field(page: Page, label: str) -> Locator:
    return page.locator(".jp-exec-form-field").filter(has=page.get_by_text(label, exact=True))


def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Keep a screenshot where JUPYTER_EXEC_SHOTS names a folder for them."""
    folder = os.environ.get("JUPYTER_EXEC_SHOTS")
    if folder:
        path = str(Path(folder) / f"form-{name}.png")
        (page if whole else page.locator(FORM)).screenshot(path=path)


def test_filled_in_run_and_run_again(notebook: Notebook) -> None:
    make(notebook, "mnist", PARAMETERS, description="Trains a small network on pictures of digits.")
    page = show(notebook, "mnist")
    run = button(page, "Run")
    assert run.is_disabled()
    page.get_by_text("To run, see to: Data set").wait_for()

    dataset = page.get_by_role("textbox", name="Data set")
    dataset.press_sequentially("Digits")
    fault = field(page, "Data set *").get_by_role("alert")
    told = fault.filter(has_text='"Digits" does not match ^[a-z]+$')
    told.wait_for(timeout=TIMEOUT_MS)
    page.wait_for_function(
        "box => box.getAttribute('aria-invalid') === 'true'", arg=dataset.element_handle()
    )
    described = dataset.get_attribute("aria-describedby")
    assert "does not match" in page.locator(f"[id='{described}']").inner_text()
    assert dataset.get_attribute("aria-required") == "true"
    picture(page, "fault")
    dataset.fill("digits")
    fault.wait_for(state="detached", timeout=TIMEOUT_MS)

    page.get_by_label("API key").fill(SECRET)
    page.get_by_role("combobox", name="Optimiser").select_option("sgd")
    page.get_by_role("checkbox", name="Augment the pictures").uncheck()
    page.get_by_role("textbox", name="Weight decay").fill("1e-5")
    page.get_by_role("textbox", name="Batch sizes").fill("32, 64")
    page.set_viewport_size({"width": 1200, "height": 1600})
    picture(page, "filled", whole=False)
    run.click()
    page.wait_for_selector(f"{STATUS}[data-status=Completed]", timeout=TIMEOUT_MS)
    log = page.locator(f"{STATUS} .jp-exec-status-log")
    log.get_by_text(f"{len(SECRET)} characters of a key").wait_for(timeout=TIMEOUT_MS)
    assert "digits 2026-01-31 false" in log.inner_text()
    assert "1e-3 5 sgd 1e-5" in log.inner_text()
    picture(page, "run", whole=False)
    (made,) = runs_of(notebook, "mnist")
    assert made["template"]["parameters"]["decay"] == 1e-5
    assert made["template"]["parameters"]["since"] == "2026-01-31"

    button(page, "Reset").click()
    page.get_by_text("To run, see to: Data set").wait_for()
    page.get_by_role("combobox", name="Earlier values").select_option(index=1)
    page.wait_for_function("box => box.value === 'digits'", arg=dataset.element_handle())
    run.click()
    page.wait_for_function(
        "selector => document.querySelectorAll(selector).length === 2",
        arg=f"{STATUS}[data-status=Completed]",
        timeout=TIMEOUT_MS,
    )
    assert page.locator(STATUS).nth(0).is_visible()
    assert page.locator(STATUS).nth(1).is_hidden(), "the earlier one is folded up"
    assert len(runs_of(notebook, "mnist")) == 2


def test_a_secret_leaves_no_trace(notebook: Notebook) -> None:
    make(notebook, "secretive", [{"name": "api_key", "label": "Key", "secret": True}])
    set_setting(notebook, "@jupyter-widgets/jupyterlab-manager:plugin", saveState=True)
    page = show(notebook, "secretive")
    key = page.get_by_label("Key")
    assert key.get_attribute("type") == "password"
    key.press_sequentially(SECRET)
    notebook.save()
    assert SECRET not in notebook.path.read_text(), "not while it is typed"
    assert "jp-exec-form" in notebook.path.read_text(), "the widgets are saved there"
    button(page, "Run").click()
    page.wait_for_selector(f"{STATUS}[data-status=Completed]", timeout=TIMEOUT_MS)
    page.locator(f"{STATUS} .jp-exec-status-log").get_by_text(str(len(SECRET))).wait_for()
    assert key.input_value() == ""
    notebook.save()
    assert SECRET not in notebook.path.read_text()
    assert SECRET not in page.content()
    (run,) = runs_of(notebook, "secretive")
    assert SECRET not in json.dumps(run)


def test_a_number_beside_its_slider(notebook: Notebook) -> None:
    lr = {"name": "lr", "label": "Rate", "type": "number", "value": "0.05"}
    make(notebook, "slides", [{**lr, "minimum": 0.0001, "maximum": 1}])
    page = show(notebook, "slides")
    text = page.get_by_role("textbox", name="Rate")
    handle = page.get_by_role("slider", name="Rate")
    logs = page.locator(f"{STATUS} .jp-exec-status-log")

    def run_and_read(printed: str) -> None:
        button(page, "Run").click()
        logs.first.get_by_text(printed, exact=False).wait_for(timeout=TIMEOUT_MS)
        assert logs.first.inner_text().split()[0] == printed

    run_and_read("0.05")
    text.fill("0.03")
    page.wait_for_function(
        "it => it.getAttribute('aria-valuetext') === '0.03'", arg=handle.element_handle()
    )
    assert text.input_value() == "0.03"
    run_and_read("0.03")
    fault = field(page, "Rate").get_by_role("alert")
    for typed, told in [("5", "5 is above the maximum 1"), ("x", "is not of type number")]:
        text.fill(typed)
        fault.get_by_text(told).wait_for(timeout=TIMEOUT_MS)
        assert text.input_value() == typed
    text.fill("0.1")
    fault.wait_for(state="detached", timeout=TIMEOUT_MS)
    handle.press("ArrowRight")
    page.wait_for_function("box => box.value === '0.112'", arg=text.element_handle())
    run_and_read("0.112")


def test_what_was_typed_of_a_secret_while_a_run_starts_stays(notebook: Notebook) -> None:
    make(notebook, "hasty", [{"name": "api_key", "label": "Key", "secret": True}])
    # Between the click and the run's start the kernel is busy; what is typed then comes later.
    page = show(notebook, "hasty")
    key = page.get_by_label("Key")
    key.press_sequentially("123")
    page.wait_for_selector(f"{FORM} input[aria-busy=false]")
    page.evaluate(
        """([form, more]) => {
          const named = [...document.querySelectorAll(`${form} button`)];
          named.find((each) => each.textContent === "Run").click();
          const box = document.querySelector(`${form} input[type=password]`);
          box.value += more;
          box.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        [FORM, "4567"],
    )
    log = page.locator(f"{STATUS} .jp-exec-status-log")
    log.get_by_text("3 characters of a key").wait_for(timeout=TIMEOUT_MS)
    assert key.input_value() == "1234567"
    button(page, "Run").click()
    log.first.get_by_text("7 characters of a key").wait_for(timeout=TIMEOUT_MS)
    page.wait_for_function("box => box.value === ''", arg=key.element_handle())


def test_run_waits_for_the_whole_secret(notebook: Notebook) -> None:
    make(notebook, "whole", [{"name": "api_key", "label": "Key", "secret": True}])
    page = show(notebook, "whole")
    page.get_by_label("Key").wait_for()
    page.evaluate(
        """(form) => {
          const named = [...document.querySelectorAll(`${form} button`)];
          const box = document.querySelector(`${form} input[type=password]`);
          for (const letter of "123456789") {
            box.value += letter;
            box.dispatchEvent(new Event("input", { bubbles: true }));
          }
          named.find((each) => each.textContent === "Run").click();
        }""",
        FORM,
    )
    log = page.locator(f"{STATUS} .jp-exec-status-log")
    log.get_by_text("9 characters of a key").wait_for(timeout=TIMEOUT_MS)
    assert len(runs_of(notebook, "whole")) == 1


def set_setting(notebook: Notebook, plugin: str, **values: Any) -> None:
    """Change a setting of Lab, before a page is opened."""
    notebook.lab.client.put(
        f"lab/api/settings/{plugin}", json={"raw": json.dumps(values)}
    ).raise_for_status()


def test_texts_of_others_are_never_html(notebook: Notebook) -> None:
    name = "img onerror"
    hostile: dict[str, Any] = {"description": HOSTILE, "group": HOSTILE}
    parameters = [
        {**hostile, "name": HOSTILE[:200], "label": HOSTILE, "value": HOSTILE},
        {**hostile, "name": "e", "label": HOSTILE + "e", "enum": [HOSTILE], "value": HOSTILE},
        {**hostile, "name": "b", "label": HOSTILE + "b", "type": "boolean", "value": True},
        {**hostile, "name": "s", "label": HOSTILE + "s", "secret": True},
        {**hostile, "name": "t", "label": HOSTILE + "t", "value": f"{HOSTILE}\n{HOSTILE}"},
        {**hostile, "name": "n", "label": HOSTILE + "n", "type": "integer", "value": 1},
        {
            **hostile,
            "name": "slide",
            "label": HOSTILE + "l",
            "type": "number",
            "value": 1,
            "minimum": 0,
            "maximum": 2,
        },
    ]
    make(notebook, name, parameters, description=HOSTILE)
    page = show(notebook, name)
    page.get_by_role("textbox", name=unset(HOSTILE + "n")).fill(HOSTILE)
    page.locator(".jp-exec-form-fault").wait_for(timeout=TIMEOUT_MS)
    page.get_by_role("textbox", name=unset(HOSTILE + "n")).fill("2")
    page.locator(".jp-exec-form-fault").wait_for(state="detached", timeout=TIMEOUT_MS)
    button(page, "Run").click()
    page.wait_for_selector(STATUS, timeout=TIMEOUT_MS)
    page.wait_for_selector(f"{STATUS}[data-status=Completed]", timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Save as template").click()
    page.get_by_role("textbox", name="Name", exact=True).fill(HOSTILE)
    button(page, "Save").click()
    page.locator(".jp-exec-form-messages:not(:empty)").wait_for(timeout=TIMEOUT_MS)
    picture(page, "hostile")
    assert (
        page.locator(f"{FORM} :is(img, b, mjx-container, script, a[href^=javascript])").count() == 0
    )
    assert page.evaluate("window.stung") is None
    assert HOSTILE in page.locator(FORM).inner_text()


def test_what_the_server_refuses_is_shown_at_its_field(notebook: Notebook) -> None:
    parameters: list[dict[str, Any]] = [
        {"name": "n", "type": "integer", "value": 2, "maximum": 3, "group": "Resources"},
        {"name": "cpus", "type": "number", "value": "0.1"},
    ]
    make(notebook, "strict", parameters)
    # A form that knows less than the server.
    lax = {"name": "n", "type": "integer", "value": 5, "group": "Resources"}
    page = show(notebook, "strict", f'template.json["parameters"][0] = {lax}')
    button(page, "Run").click()
    fault = field(page, "n").get_by_role("alert")
    fault.wait_for(timeout=TIMEOUT_MS)
    assert fault.inner_text() == "5 is above the maximum 3"
    box = page.get_by_role("textbox", name="n", exact=True)
    page.wait_for_function("box => box === document.activeElement", arg=box.element_handle())
    assert button(page, "Run").is_disabled()
    page.keyboard.press("Control+a")
    page.keyboard.type("2")
    fault.wait_for(state="detached", timeout=TIMEOUT_MS)
    button(page, "Run").click()
    page.wait_for_selector(f"{STATUS}[data-status=Completed]", timeout=TIMEOUT_MS)

    page.get_by_role("textbox", name="cpus").fill("99999")
    button(page, "Run").click()
    banner = page.locator(".jp-exec-form-messages[role=alert]")
    banner.get_by_text("cpus").wait_for(timeout=TIMEOUT_MS)
    assert not button(page, "Run").is_disabled(), "it can be tried again"


def test_by_keyboard_alone(notebook: Notebook) -> None:
    parameters = [
        {"name": "who", "label": "Who", "required": "true"},
        {"name": "loud", "label": "Loud", "type": "boolean", "value": False},
        {"name": "n", "label": "Times", "type": "integer", "value": 1, "group": "Resources"},
    ]
    make(notebook, "keys", parameters)
    page = show(notebook, "keys")
    page.get_by_role("textbox", name="Who").focus()
    page.keyboard.type("me")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    resources = page.get_by_role("button", name="Resources")
    page.wait_for_function("it => it === document.activeElement", arg=resources.element_handle())
    page.wait_for_function("it => it.ariaExpanded === 'false'", arg=resources.element_handle())
    page.keyboard.press("Enter")
    times = page.get_by_role("textbox", name="Times")
    times.wait_for(timeout=TIMEOUT_MS)
    page.wait_for_function("it => it.ariaExpanded === 'true'", arg=resources.element_handle())
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("3")
    page.wait_for_selector(f"{FORM} button:has-text('Run'):enabled")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{STATUS}[data-status=Completed]", timeout=TIMEOUT_MS)
    page.locator(f"{STATUS} .jp-exec-status-log").get_by_text("me true 3").wait_for()


def test_save_as_template(notebook: Notebook) -> None:
    make(notebook, "first", [{"name": "n", "type": "integer", "value": 1}])
    page = show(notebook, "first")
    page.get_by_role("textbox", name="n", exact=True).fill("7")
    page.get_by_role("button", name="Save as template").click()
    name = page.get_by_role("textbox", name="Name", exact=True)
    name.fill("second")
    button(page, "Save").click()
    page.get_by_text("Saved as template second").wait_for(timeout=TIMEOUT_MS)
    saved = notebook.lab.client.get("jupyter-exec/v1/templates/second").json()
    assert saved["spec"]["parameters"] == [{"name": "n", "type": "integer", "value": "7"}]
    name.fill("first")
    button(page, "Save").click()
    page.get_by_text('There is a template named "first" already.').wait_for(timeout=TIMEOUT_MS)
    picture(page, "taken", whole=False)
    button(page, "Save as new version").click()
    page.get_by_text("Saved as template first, version 2").wait_for(timeout=TIMEOUT_MS)
    saved = notebook.lab.client.get("jupyter-exec/v1/templates/first").json()
    assert saved["spec"]["parameters"] == [{"name": "n", "type": "integer", "value": "7"}]
    assert button(page, "Save as new version").is_hidden()


@pytest.mark.parametrize("count", [0, 1000])
def test_few_and_many(notebook: Notebook, count: int) -> None:
    name = f"with {count}"
    make(notebook, name, [{"name": f"p{n}", "type": "integer", "value": n} for n in range(count)])
    page = show(notebook, name)
    assert page.locator(".jp-exec-form-field").count() == min(count, 50)
    if count:
        page.get_by_role("button", name="Show 50 more of 950").click()
        page.get_by_role("textbox", name="p99", exact=True).wait_for(timeout=TIMEOUT_MS)
    button(page, "Run").click()
    page.wait_for_selector(f"{STATUS}[data-status=Completed]", timeout=TIMEOUT_MS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [480, 1600])
def test_it_fits(notebook: Notebook, theme: str, width: int) -> None:
    name = f"mnist {theme} {width}"
    make(notebook, name, PARAMETERS, description="Trains a small network on pictures of digits.")
    themes = "@jupyterlab/apputils-extension:themes"
    set_setting(notebook, themes, theme=f"JupyterLab {theme.title()}")
    page = show(notebook, name)
    page.wait_for_selector(
        f"body[data-jp-theme-light={str(theme == 'light').lower()}]", state="attached"
    )
    page.locator(".jp-Notebook .jp-Cell .jp-InputPrompt").first.click()
    page.keyboard.press("Control+b")  # the file browser
    page.set_viewport_size({"width": width, "height": 1500})
    page.get_by_role("textbox", name="Data set").fill("Digits")
    page.locator(".jp-exec-form-fault").wait_for(timeout=TIMEOUT_MS)
    page.get_by_role("button", name="Resources").click()
    page.get_by_role("textbox", name="Processors").wait_for(timeout=TIMEOUT_MS)
    picture(page, f"{theme}-{width}")
    overflow = page.evaluate(
        """form => [...document.querySelectorAll(`${form}, ${form} *`)]
             .filter(each => each.getBoundingClientRect().right >
               document.querySelector(form).getBoundingClientRect().right + 1)
             .map(each => each.outerHTML.slice(0, 200))""",
        FORM,
    )
    assert overflow == []
