"""`jupyter exec template ...` (floor: faces)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_exec.cli import text
from jupyter_exec.cli.live import Live, exit_status
from jupyter_exec.cli.submitting import made
from jupyter_exec.client import ExecClient
from jupyter_exec.client.options import parse_tags, parse_value, read_secrets
from jupyter_exec.client.values import parse_time
from jupyter_exec.errors import InvalidRequest

if TYPE_CHECKING:
    from argparse import Namespace

    from jupyter_exec.client import Sweep, Template

_SWEEP = ("trials", "metric", "goal", "max_parallel", "seed", "sampling", "early_stopping")
_WIDTH = 60


def template_list(arguments: Namespace) -> int:
    """List templates."""
    with ExecClient() as client:
        found = client.templates.list(arguments.search, arguments.limit)
    if arguments.json:
        text.say_json([each.about for each in found])
        return 0
    rows = [
        (
            each.name,
            str(each.version),
            _short(", ".join(str(parameter["name"]) for parameter in each.parameters)),
            _short(each.description),
        )
        for each in found
    ]
    header = ("TEMPLATE", "VERSION", "PARAMETERS", "DESCRIPTION")
    text.say(text.table(header, rows) if rows else "no templates")
    return 0


def template_show(arguments: Namespace) -> int:
    """Show a template."""
    with ExecClient() as client:
        template = client.templates.get(arguments.name, arguments.version)
    if arguments.json:
        text.say_json(template.about)
        return 0
    text.say(f"{template.name}, version {template.version}")
    for line in (template.description, template.author and f"by {template.author}"):
        if line:
            text.say(line)
    rows = [_parameter_row(parameter) for parameter in template.parameters]
    header = ("PARAMETER", "TYPE", "DEFAULT", "ALLOWED", "DESCRIPTION")
    text.say(f"\n{text.table(header, rows)}" if rows else "\nno parameters")
    plain = [each["name"] for each in template.parameters if not each.get("secret")]
    example = " ".join(f"{name}=..." for name in plain[:2])
    text.say(f"\nTo run it: jupyter exec template run {template.name} {example}".rstrip())
    return 0


def _parameter_row(parameter: dict[str, Any]) -> tuple[str, ...]:
    low, high = parameter.get("minimum"), parameter.get("maximum")
    allowed = ", ".join(map(str, parameter.get("enum") or []))
    if low is not None or high is not None:
        allowed = f"{'' if low is None else f'{low:g}'} .. {'' if high is None else f'{high:g}'}"
    needed = "(required)" if parameter.get("required") == "true" else ""
    shown = parameter.get("value")
    default = "(secret)" if parameter.get("secret") else needed if shown is None else str(shown)
    kind = str(parameter.get("type") or "string")
    described = str(parameter.get("description") or parameter.get("label") or "")
    return (str(parameter["name"]), kind, _short(default), _short(allowed), _short(described))


def template_run(arguments: Namespace) -> int:
    """Run a template, or sweep over some of its parameters."""
    from jupyter_exec.client.template_values import parse_assignments

    with ExecClient() as client:
        template = client.templates.get(arguments.name, arguments.version)
        params, space = parse_assignments(arguments.values, template.parameters)
        options = {name: getattr(arguments, name) for name in _SWEEP}
        options = {name: value for name, value in options.items() if value is not None}
        said = {
            "experiment": arguments.experiment,
            "name": arguments.run_name,
            "tags": parse_tags(arguments.tag) or None,
        }
        from jupyter_exec.client.sweep import Space

        several = {name: Space.of(json) for name, json in space.items()}
        secrets = _secrets(template, arguments.secret, params)
        if not os.environ.keys() >= set(secrets):  # nobody types one for nothing
            template.check({**params, **several}, secrets)
        params |= read_secrets(secrets)
        if not space and not options:
            return made(template.run(params, **said), arguments)
        return _swept(template.sweep({**params, **several}, **said, **options), arguments)


def _secrets(template: Template, named: list[str], given: dict[str, Any]) -> list[str]:
    """Return the secrets to read: those named, and what a person can be asked for."""
    asked = [
        str(parameter["name"])
        for parameter in template.parameters
        if parameter.get("secret") and parameter.get("required") == "true" and sys.stdin.isatty()
    ]
    return [name for name in dict.fromkeys([*named, *asked]) if name not in given]


def _swept(sweep: Sweep, arguments: Namespace) -> int:
    count = sweep.plan.get("count")
    begun = text.submitted(sweep) + (f" with {text.count(count, 'trial')}" if count else "")
    if not arguments.wait:
        if arguments.json:
            text.say_json(sweep.json)
        else:
            text.say(f"{begun}. To look at it: jupyter exec show {sweep.run_id}")
        return 0
    sys.stderr.write(f"{begun}\n")
    Live(sweep, None, sys.stderr).watch()
    rows = sweep.rows()
    if arguments.json:
        text.say_json({**sweep.json, "trials": sweep.trials()})
    elif rows:
        header = [name if name != "run" else "RUN" for name in rows[0]]
        text.say(text.table(header, [[_cell(value) for value in row.values()] for row in rows]))
    best, unknown = None, ""
    try:
        best = sweep.best() if sweep.metric_name else None
    except InvalidRequest as error:  # a misspelt metric; the trials have run all the same
        unknown = f"{error.message}\n"
    line = f"{sweep.status} {text.elapsed(sweep) and f'after {text.elapsed(sweep)}'}".rstrip()
    line += f": {sweep.error.message}" if sweep.error is not None else ""
    sys.stdout.flush()
    sys.stderr.write(f"{unknown}{line}{f'; best: {best.run_id}' if best else ''}\n")
    return exit_status(sweep)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else _short(str(value))


def template_save(arguments: Namespace) -> int:
    """Save a template of a run, a notebook or a script."""
    parameters = [_listed(word) for word in arguments.parameters]
    if parameters and arguments.from_run:
        raise InvalidRequest("-p is for scripts and notebooks; a run has its values", "parameters")
    with ExecClient() as client:
        spec = client.templates.draft(
            run=arguments.from_run,
            notebook=arguments.from_notebook,
            script=arguments.from_script,
            parameters=parameters,
            name=arguments.name,
        )
        for hint in spec.pop("hints", []):
            sys.stderr.write(f"{hint}\n")
        if arguments.dry_run:
            from jupyter_exec.model.documents import dump_yaml

            sys.stdout.write(dump_yaml(spec))
            return 0
        return _saved(client.templates.save(spec), arguments)


def _listed(word: str) -> dict[str, Any]:
    name, equals, value = word.partition("=")
    return {"name": name, "value": parse_value(value)} if equals else {"name": name}


def template_import(arguments: Namespace) -> int:
    """Save a template from YAML."""
    with ExecClient() as client:
        if arguments.file == "-":
            return _saved(client.templates.save(sys.stdin.read()), arguments)
        return _saved(client.templates.load(Path(arguments.file)), arguments)


def template_export(arguments: Namespace) -> int:
    """Print a template as YAML."""
    with ExecClient() as client:
        content = client.templates.get(arguments.name, arguments.version).export()
    if arguments.output is None:
        sys.stdout.write(content)
    else:
        Path(arguments.output).write_text(content, encoding="utf-8")
        text.say(f"{arguments.output} written")
    return 0


def template_history(arguments: Namespace) -> int:
    """List the versions of a template."""
    with ExecClient() as client:
        versions = client.templates.get(arguments.name).history()
    if arguments.json:
        text.say_json(versions)
        return 0
    rows = [
        (str(each["version"]), each["action"], text.ago(parse_time(each["createdAt"])))
        for each in versions
    ]
    text.say(text.table(("VERSION", "ACTION", "CREATED"), rows))
    return 0


def template_diff(arguments: Namespace) -> int:
    """Show what two versions differ in."""
    with ExecClient() as client:
        sys.stdout.write(
            client.templates.get(arguments.name).diff(arguments.before, arguments.after)
        )
    return 0


def template_restore(arguments: Namespace) -> int:
    """Make an old version the newest once more."""
    with ExecClient() as client:
        template = client.templates.get(arguments.name, arguments.version)
        return _saved(template.restore(arguments.version), arguments)


def template_delete(arguments: Namespace) -> int:
    """Delete a template."""
    with ExecClient() as client:
        client.templates.get(arguments.name).delete()
    text.say(f"{arguments.name} is deleted; its runs stay")
    return 0


def _saved(template: Template, arguments: Namespace) -> int:
    if arguments.json:
        text.say_json(template.about)
    else:
        text.say(
            f"Saved {template.name}, version {template.version}. To run it: "
            f"jupyter exec template run {template.name}"
        )
    return 0


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."
