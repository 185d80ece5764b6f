"""A template's form in the main area: filled in wrongly, rightly, and as a sweep."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from filled_templates import MARKUP, make, open_form, runs_of, use_theme

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Locator

SECRET = "hunter2-of-the-template"
PARAMETERS: list[dict[str, Any]] = [
    {
        "name": "dataset",
        "label": "Data set",
        "required": "true",
        "pattern": "^[a-z]+$",
        "description": "Its name, in lower case.",
    },
    {"name": "augment", "label": "Augment the pictures", "type": "boolean", "value": False},
    {"name": "note", "label": "Note", "value": ""},
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
        "name": "warmup",
        "label": "Warm-up steps",
        "type": "integer",
        "value": 0,
        "minimum": 0,
        "group": "Training",
    },
    {
        "name": "optimizer",
        "label": "Optimiser",
        "enum": ["sgd", "adam"],
        "value": "adam",
        "group": "Training",
    },
    {"name": "nesterov", "label": "Nesterov", "type": "boolean", "group": "Training"},
    {
        "name": "layers",
        "label": "Layers",
        "type": "array",
        "value": [64, 128],
        "group": "Training",
    },
    {"name": "spec.part", "label": "A name with a dot", "value": "x.y"},
]

pytestmark = pytest.mark.timeout(240)


def fault_of(form: Locator, label: str) -> Locator:
    return form.locator(
        ".jp-exec-parameter", has=form.page.get_by_text(label, exact=True)
    ).get_by_role("alert")


def test_filled_in_wrongly_and_rightly(lab_page: LabPage) -> None:
    make(lab_page, "mnist", PARAMETERS, description="Trains a small network on digits.")
    lab_page.open()
    page = lab_page.page
    form = open_form(lab_page, "mnist")
    lab_page.shot("template-form")
    run = form.get_by_role("button", name="Run", exact=True)
    rate = form.get_by_role("textbox", name="Learning rate")
    rate.fill("2")
    rate.press("Tab")
    form.get_by_text("It must be at most 0.1.").wait_for()
    form.get_by_role("textbox", name="Warm-up steps").fill("1.5")
    run.click()
    dataset = form.get_by_role("textbox", name="Data set")
    page.wait_for_function("box => box === document.activeElement", arg=dataset.element_handle())
    form.get_by_text("A value is needed.").wait_for()
    form.get_by_text("A whole number is needed.").wait_for()
    assert form.get_by_role("button", name="3 fields to mend").is_visible()
    assert dataset.get_attribute("aria-invalid") == "true"
    lab_page.shot("template-form-faults")
    assert runs_of(lab_page, "mnist") == []

    dataset.fill("digits")
    rate.fill("1e-4")
    form.get_by_role("textbox", name="Warm-up steps").fill("0")
    form.get_by_role("textbox", name="API key").fill(SECRET)
    assert form.get_by_role("textbox", name="API key").get_attribute("type") == "password"
    form.get_by_role("textbox", name="Run name").fill("a try")
    form.get_by_role("textbox", name="Tags").fill("owner=me, nightly")
    run.click()
    page.get_by_text("Started a try").wait_for()
    page.get_by_role("tab", name="Overview", selected=True).wait_for()
    [made] = runs_of(lab_page, "mnist")
    assert made["displayName"] == "a try"
    assert made["tags"] == {"owner": "me", "nightly": ""}
    arguments = made["definition"]["configuration"]["arguments"]
    assert arguments == [
        "dataset=digits",
        "augment=false",
        "note=",
        "lr=1e-4",
        "warmup=0",
        "optimizer=adam",
        "nesterov=",
        "layers=[64, 128]",
        "spec.part=x.y",
    ]
    log = lab_page.lab.wait_for_end(made["runId"])
    assert log["status"] == "Completed", log
    # The form stays for the next time, without the secret.
    page.get_by_role("tab", name="Run mnist").click()
    assert form.get_by_role("textbox", name="API key").input_value() == ""
    assert dataset.input_value() == "digits"
    assert SECRET not in page.content()


def test_what_the_server_refuses_stands_at_its_field(lab_page: LabPage) -> None:
    # A pattern that only Python understands: the browser lets it pass, the server does not.
    parameters = [
        {"name": "code", "pattern": r"(?P<letters>[a-z]+)\Z", "group": "Closed"},
        {"name": "n", "type": "integer", "value": 1},
    ]
    make(lab_page, "strict", parameters)
    lab_page.open()
    form = open_form(lab_page, "strict")
    heading = form.get_by_role("button", name="Closed")
    code = form.get_by_role("textbox", name="code")
    code.fill("123")
    heading.click()
    assert code.is_hidden()
    form.get_by_role("button", name="Run", exact=True).click()
    fault_of(form, "code").get_by_text("does not match").wait_for()
    lab_page.page.wait_for_function(
        "box => box === document.activeElement", arg=code.element_handle()
    )
    assert heading.get_attribute("aria-expanded") == "true"
    lab_page.shot("template-form-refused")
    code.fill("abc")
    assert fault_of(form, "code").inner_text() == ""
    form.get_by_role("button", name="Run", exact=True).click()
    lab_page.page.get_by_text("Started strict").wait_for()


@pytest.mark.alone
def test_sixty_parameters(lab_page: LabPage) -> None:
    parameters = [
        {
            "name": f"parameter_{n}",
            "type": "integer",
            "value": n,
            "minimum": 0,
            "group": f"Group {n // 10}",
            "description": f"What number {n} is for.",
        }
        for n in range(60)
    ]
    make(lab_page, "sixty", parameters)
    lab_page.open()
    page = lab_page.page
    form = open_form(lab_page, "sixty")
    lab_page.shot("template-form-sixty")
    find = form.get_by_role("searchbox", name="Find a parameter")
    find.fill("parameter_57")
    box = form.get_by_role("textbox", name="parameter_57")
    box.fill("-1")
    assert form.get_by_role("textbox").filter(visible=True).count() == 4, "it, and this run's"
    find.fill("")
    assert box.is_hidden()
    form.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function("box => box === document.activeElement", arg=box.element_handle())
    form.get_by_role("button", name="Group 5").get_by_text("1 to mend").wait_for()
    # How long the page is busy with one letter.
    took_ms = box.evaluate(
        """box => new Promise(done => {
          const begin = performance.now();
          const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
          set.call(box, '12');
          box.dispatchEvent(new Event('input', { bubbles: true }));
          requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
        })"""
    )
    print(f"one letter among 60 parameters: {took_ms:.0f} ms")
    assert took_ms < 250
    begin = time.monotonic()
    box.press_sequentially("3456789012")
    print(f"ten more: {time.monotonic() - begin:.2f} s")
    assert box.input_value() == "123456789012"
    form.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("Started sixty").wait_for()
    [made] = runs_of(lab_page, "sixty")
    assert "parameter_57=123456789012" in made["definition"]["configuration"]["arguments"]


def test_sweep(lab_page: LabPage) -> None:
    make(lab_page, "tune", PARAMETERS)
    lab_page.open()
    page = lab_page.page
    form = open_form(lab_page, "tune")
    form.get_by_role("textbox", name="Data set").fill("digits")
    form.get_by_role("switch", name="Sweep").check()
    start = form.get_by_role("button", name="Start sweep")
    assert start.is_disabled()
    form.get_by_role("combobox", name="Values of Learning rate").select_option("a list")
    form.get_by_role("textbox", name="Learning rate").fill("0.01, 0.02, 5")
    form.get_by_role("combobox", name="Values of Optimiser").select_option("a list")
    form.get_by_role("checkbox", name="sgd").check()
    form.get_by_role("checkbox", name="adam").check()
    form.get_by_role("combobox", name="Values of Warm-up steps").select_option("a range")
    form.get_by_role("textbox", name="Warm-up steps: from").fill("0")
    form.get_by_role("textbox", name="Warm-up steps: to below").fill("10")
    form.get_by_role("textbox", name="Warm-up steps: step").fill("5")
    form.get_by_text("12 trials").wait_for()
    form.get_by_role("textbox", name="Trials").fill("8")
    form.get_by_text("8 trials").wait_for()
    form.get_by_role("textbox", name="At the same time").fill("2")
    form.get_by_role("textbox", name="Metric").fill("loss")
    lab_page.shot("template-sweep")
    # 5 is above what the template allows: only the server looks into lists.
    start.click()
    fault_of(form, "Learning rate").get_by_text("5 is above the maximum 0.1").wait_for()
    lab_page.shot("template-sweep-refused")
    form.get_by_role("textbox", name="Learning rate").fill("0.01, 0.02")
    start.click()
    page.get_by_text("Started tune").wait_for()
    [parent] = [run for run in runs_of(lab_page, "tune") if run["parentRunId"] is None]
    plan = parent["definition"]["sweep"]
    assert plan["count"] == 8
    assert plan["maxParallel"] == 2
    assert plan["metric"] == "loss"
    assert {name: next(iter(space)) for name, space in plan["space"].items()} == {
        "lr": "choice",
        "optimizer": "choice",
        "warmup": "range",
    }
    assert lab_page.lab.wait_for_end(parent["runId"])["status"] == "Completed"


def test_markup_is_text(lab_page: LabPage) -> None:
    parameters = [
        {
            "name": f"{MARKUP}",
            "label": f"label {MARKUP}",
            "description": f"**about** {MARKUP}",
            "value": MARKUP,
            "group": f"group {MARKUP}",
        },
        {"name": "pick", "enum": [MARKUP, "b"], "value": MARKUP},
    ]
    body = {
        "name": f"t {MARKUP}",
        "description": f"# <b>{MARKUP}</b>",
        "parameters": parameters,
        "run": {
            "displayName": MARKUP,
            "overlay": {"main.py": {"text": "print(1)"}},
            "definition": {
                "configuration": {
                    "script": "main.py",
                    "arguments": [f"{{{{{MARKUP}}}}}", "{{pick}}"],
                }
            },
        },
    }
    answer = lab_page.lab.client.post("jupyter-exec/v1/templates", json=body)
    assert answer.status_code == 201, answer.text
    lab_page.open()
    page = lab_page.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    form = open_form(lab_page, body["name"])
    form.get_by_text(f"**about** {MARKUP}").wait_for()
    form.get_by_text(f"label {MARKUP}").wait_for()
    form.get_by_role("button", name="group").click()
    form.get_by_role("button", name="group").click()
    lab_page.shot("template-markup")
    form.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text(f"Started {MARKUP}").wait_for()
    assert page.locator("img[src=x]").count() == 0
    assert dialogs == []


@pytest.mark.parametrize("theme", ["Light", "Dark"])
@pytest.mark.parametrize("width", [420, 1600])
def test_it_fits(lab_page: LabPage, theme: str, width: int) -> None:
    name = f"mnist {theme} {width} with a name that is rather long for a template of this kind"
    make(lab_page, name, PARAMETERS, description="Trains a small network on digits.")
    lab_page.open()
    use_theme(lab_page, theme)
    form = open_form(lab_page, name)
    lab_page.page.keyboard.press("Control+b")
    lab_page.page.set_viewport_size({"width": width, "height": 900})
    form.get_by_role("textbox", name="Data set").fill("Digits")
    form.get_by_role("switch", name="Sweep").check()
    form.get_by_role("combobox", name="Values of Warm-up steps").select_option("a range")
    form.get_by_role("combobox", name="Values of Optimiser").select_option("a list")
    form.get_by_text("It must match").wait_for()
    lab_page.shot(f"template-{theme}-{width}")
    overflow = form.evaluate(
        """form => [...form.querySelectorAll('*')].filter(each =>
             each.getBoundingClientRect().right > form.getBoundingClientRect().right + 1)
             .map(each => each.className)"""
    )
    assert overflow == []
