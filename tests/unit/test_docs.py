"""The documentation names every setting, and no other."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jupyter_exec.app import ExecApp

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_every_setting_is_documented_with_its_default():
    page = (NOTEBOOKS / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `ExecApp\.(\w+)` \| (.+?) \|", page, re.MULTILINE))
    own = {
        name: trait
        for name, trait in ExecApp.class_traits(config=True).items()
        if trait.this_class is ExecApp
    }
    assert set(rows) == set(own)
    for name in ("max_snapshot_bytes", "warm_kernels", "warm_idle_s", "count_runs_as_activity"):
        assert rows[name].strip("`") == str(own[name].default_value)
    assert all(trait.help for trait in own.values())


def test_every_variable_of_a_run_is_documented():
    from jupyter_exec.model.lifecycle import RunStatus
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.variables import run_variables

    run = Run("r", "e", "d", RunStatus.QUEUED, "local", 0.0, "f", {})
    page = (NOTEBOOKS / "settings.md").read_text()
    missing = [name for name in run_variables(run, {}, "m", "u", "t") if f"`{name}`" not in page]
    assert not missing


def test_every_route_is_documented():
    from jupyter_exec.handlers.base import operations_of
    from jupyter_exec.handlers.routes import ROUTES

    page = (NOTEBOOKS / "rest.md").read_text()
    told = set(re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \|", page, re.MULTILINE))
    shortened = {
        r"^execution/.*/experiments/\{experimentName\}/": "",
        r"^jupyter-exec/v1/azureml/": "",
        r"subscriptions/.*/workspaces/\{workspaceName\}/": ".../",
    }

    def shown(path: str) -> str:
        for pattern, short in shortened.items():
            path = re.sub(pattern, short, path)
        return path

    there = {
        (verb.upper(), shown(route.path))
        for route in ROUTES
        for verb in operations_of(route.handler)
    }
    assert told == there


def test_every_option_of_the_magics_is_documented():
    from jupyter_exec.magics.arguments import BOTH, CELL, OPTIONS

    page = (NOTEBOOKS / "magics.md").read_text()
    told = dict(re.findall(r"^\| `(-[\w-]+)` \| (\w+) \|", page, re.MULTILINE))
    words = {BOTH: "both", CELL: "cell"}
    assert told == {option.name: words.get(option.where, "line") for option in OPTIONS}


def test_every_word_and_option_of_template_is_documented():
    from jupyter_exec.magics.template.arguments import SUBCOMMANDS

    page = (NOTEBOOKS / "magics.md").read_text()
    told = re.findall(r"^\| `(%%?template [^`]+)` \|", page, re.MULTILINE)
    assert told == [subcommand.usage for subcommand in SUBCOMMANDS]
    _, _, page = (NOTEBOOKS / "templates.md").read_text().partition("\n## Magics\n")
    section = page.partition("\n## ")[0]
    rows = re.findall(r"^\| `(--[\w-]+)` \| (\w+) \|", section, re.MULTILINE)
    assert rows == [
        (option.name, subcommand.name)
        for subcommand in SUBCOMMANDS
        for option in subcommand.options
    ]


def test_every_command_is_documented():
    import argparse

    from jupyter_exec.cli.parser import _parser

    page = (NOTEBOOKS / "magics.md").read_text()
    actions = _parser()._actions
    commands = next(a for a in actions if isinstance(a, argparse._SubParsersAction)).choices
    missing = [name for name in commands if f"jupyter exec {name}" not in page]
    assert not missing


def test_every_command_of_templates_is_documented():
    import argparse

    from jupyter_exec.cli.template_parser import add_template

    parser = argparse.ArgumentParser()
    add_template(parser.add_subparsers())
    page = (NOTEBOOKS / "templates.md").read_text()
    actions = parser._subparsers._group_actions[0].choices["template"]._actions
    verbs = next(a for a in actions if isinstance(a, argparse._SubParsersAction)).choices
    told = set(re.findall(r"jupyter exec template (\w+)", page))
    assert told == set(verbs)


def test_the_template_on_the_page_is_one():
    from jupyter_exec.model.documents import load_yaml
    from jupyter_exec.model.instance import instantiate
    from jupyter_exec.model.parameters import Parameter
    from jupyter_exec.model.template import TemplateSpec
    from jupyter_exec.model.wire import parse

    page = (NOTEBOOKS / "templates.md").read_text()
    text = page.partition("```yaml\n")[2].partition("```")[0]
    spec = parse(TemplateSpec, load_yaml(text))
    spec.check()
    instance = instantiate(spec, {"data": "a.csv", "TOKEN": "hush"})
    assert instance.request.definition.configuration.arguments[0] == "--lr=0.1"
    fields = {name for each in spec.parameters for name in each.model_fields_set}
    assert fields == set(Parameter.model_fields)


def test_every_command_setting_and_shortcut_of_the_labextension_is_documented():
    root = NOTEBOOKS.parent / "labextension"
    schema = json.loads((root / "schema" / "plugin.json").read_text())
    commands = re.findall(r"'(jupyter-exec:[\w-]+)'", (root / "src" / "commands.ts").read_text())
    page = (NOTEBOOKS / "jupyterlab.md").read_text()
    assert re.findall(r"^\| `(jupyter-exec:[\w-]+)` \|", page, re.MULTILINE) == commands
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| `(.*?)` \|", page, re.MULTILINE)
    assert rows == [
        (name, each["title"], json.dumps(each["default"]))
        for name, each in schema["properties"].items()
    ]
    keys = re.findall(r"^\| ([A-Z]\w+ .+?) \| `(jupyter-exec:[\w-]+)` \|", page, re.MULTILINE)
    assert keys == [
        (" ".join(each["keys"]), each["command"]) for each in schema["jupyter.lab.shortcuts"]
    ]
