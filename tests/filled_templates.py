"""Templates that the tests of the browser fill in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Locator

MARKUP = "<img src=x onerror=alert(1)>"
SCRIPT = """\
import os, sys
print(*sys.argv[1:], sep="|")
print(len(os.environ.get("API_KEY", "")), "characters of a key")
"""


def spec(name: str, parameters: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a template whose script prints its parameters; secrets become variables."""
    arguments = [f"{each['name']}={{{{{each['name']}}}}}" for each in parameters]
    secret = [each["name"] for each in parameters if each.get("secret")]
    shown = [
        argument for argument in arguments if argument.split("=", maxsplit=1)[0] not in secret
    ]
    configuration = {
        "script": "train.py",
        "arguments": shown,
        "environment": {
            "python": {"interpreterPath": sys.executable},
            "environmentVariables": {each.upper(): f"{{{{{each}}}}}" for each in secret},
        },
        "resources": {"cpus": 0.1},
    }
    run = {
        "experiment": "forms",
        "displayName": name[:50],
        "definition": {"configuration": configuration},
        "overlay": {"train.py": {"text": SCRIPT}},
    }
    return {"name": name, "parameters": parameters, "run": run, **more}


def make(lab_page: LabPage, name: str, parameters: list[dict[str, Any]], **more: Any) -> None:
    """Store a template on the server."""
    answer = lab_page.lab.client.post(
        "jupyter-exec/v1/templates", json=spec(name, parameters, **more)
    )
    assert answer.status_code == 201, answer.text


def execute(lab_page: LabPage, command: str, **args: Any) -> None:
    """Run a command of ours, as a button of another part does."""
    lab_page.page.evaluate(
        "([id, args]) => { window.jupyterapp.commands.execute(`jupyter-exec:${id}`, args); }",
        [command, args],
    )


def open_form(lab_page: LabPage, name: str) -> Locator:
    """Open a template's form."""
    execute(lab_page, "run-template", name=name)
    form = lab_page.page.get_by_role("form", name=f"Run {name}")
    form.get_by_role("button", name="Run", exact=True).wait_for()
    return form


def runs_of(lab_page: LabPage, name: str) -> list[dict[str, Any]]:
    """Return the runs of a template, newest first."""
    answer = lab_page.lab.client.get("jupyter-exec/v1/runs", params={"template": name})
    return list(answer.raise_for_status().json()["runs"])


def use_theme(lab_page: LabPage, theme: str) -> None:
    """Change the theme, and wait until the page has it."""
    page = lab_page.page
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
        f"JupyterLab {theme}",
    )
    light = "true" if theme == "Light" else "false"
    page.locator(f"body[data-jp-theme-light={light}]").wait_for(state="attached")
