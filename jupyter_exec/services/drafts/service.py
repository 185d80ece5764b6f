"""Templates made of what one already has: a run, a notebook, a script (floor: services).

A draft is not stored and nothing is executed for it: its author looks at it, and saves it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from jupyter_exec.errors import InvalidRequest, NotFound
from jupyter_exec.model.experiment import CREDENTIALS
from jupyter_exec.model.parameters import Parameter
from jupyter_exec.model.template import TemplateSpec
from jupyter_exec.model.wire import parse
from jupyter_exec.services.drafts.literals import Literals, type_of
from jupyter_exec.services.drafts.naming import given_name, legal, with_name_of
from jupyter_exec.services.drafts.notebook import notebook_parameters
from jupyter_exec.services.drafts.run_notebook import read_notebook, run_parameters
from jupyter_exec.services.sourcing import resolve_inside

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jupyter_exec.model.request import DraftRequest
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.runs import RunService
    from jupyter_exec.services.templates import TemplateService
    from jupyter_exec.store.snapshots import SnapshotStore

Json = dict[str, Any]
_SHELLS = {".sh": "sh", ".bash": "bash"}


class Drafts:
    """Makes drafts of templates.

    Args:
        root: the server's root folder; nothing outside it is read.
    """

    def __init__(
        self, runs: RunService, templates: TemplateService, snapshots: SnapshotStore, root: Path
    ) -> None:
        self._runs = runs
        self._templates = templates
        self._snapshots = snapshots
        self._root = root

    async def draft(
        self, request: DraftRequest, *, code: bool = True
    ) -> tuple[TemplateSpec, list[str]]:
        """Return a template of what a request names, and hints for its author.

        Args:
            code: whether the snapshot of a run may be read.

        Raises:
            InvalidRequest: it names something that no template can be made of.
            NotFound: it names something that is not there.
        """
        if request.run_id is not None:
            run = await self._runs.get(request.run_id)
            spec, hints = await self._of_run(run, request, self._snapshots if code else None)
        elif request.script is not None:
            spec, hints = await asyncio.to_thread(self._of_script, request.script, request), []
        else:
            spec, hints = await asyncio.to_thread(self._of_notebook, request)
        return parse(TemplateSpec, spec), hints

    async def _of_run(
        self, run: Run, request: DraftRequest, snapshots: SnapshotStore | None
    ) -> tuple[Json, list[str]]:
        if request.parameters:
            message = (
                "the parameters of a run are the values that it had; leave out those of the draft "
                "that you do not want"
            )
            raise InvalidRequest(message, "parameters")
        name = request.name or legal(run.display_name)
        spec = await self._of_origin(run, name)
        if spec is not None:
            return spec, []
        declared, hints = await asyncio.to_thread(run_parameters, run, snapshots)
        spec = of_run(run, name, declared)
        configuration = run.definition.get("configuration") or {}
        hints += [
            f"{variable} is not part of the template: give it in code.git, where it is needed"
            for variable in configuration.get("secrets", [])
            if variable in CREDENTIALS
        ]
        hints += [
            f"{place} was a link to {path}: the template does not have it"
            for place, path in run.links.items()
        ]
        return spec, hints

    async def _of_origin(self, run: Run, name: str) -> Json | None:
        """Return the template that a run came from, with the run's values as defaults."""
        if run.template is None:
            return None
        try:
            version = await self._templates.get(run.template["name"], run.template["version"])
        except NotFound:
            return None
        spec = version.spec.to_json()
        given: Mapping[str, Any] = run.template.get("parameters") or {}
        for parameter in spec.get("parameters", []):
            if given.get(parameter["name"]) is not None:
                parameter |= {"value": given[parameter["name"]], "required": "false"}
        if spec.get("run") is not None:
            spec["run"] = with_name_of(run, spec["run"], version.name)
        return {**spec, "name": name}

    def _of_notebook(self, request: DraftRequest) -> tuple[Json, list[str]]:
        if request.path is not None:
            path = self._file(request.path, "path")
            content, file_name = read_notebook(path), path.name
            source: Json = {"path": self._below(path), "limit": True}
        else:
            content, file_name = request.notebook or {}, request.file_name
            source = {"notebook": content, "name": file_name}
        if not isinstance(content.get("cells"), list):
            message = f"{file_name} is not a notebook of nbformat 4: it has no list of cells"
            raise InvalidRequest(message, "path" if request.path is not None else "notebook")
        parameters, hints = notebook_parameters(content)
        known = {parameter["name"]: parameter for parameter in parameters}
        for index, wanted in enumerate(request.parameters):
            parameter = _listed(wanted, index)
            known[parameter["name"]] = known.get(parameter["name"], {}) | parameter
            hints = []
        literals = Literals()
        configuration = {"parameters": {each: f"{{{{{each}}}}}" for each in known}}
        return {
            "name": request.name or legal(PurePosixPath(file_name).stem),
            "parameters": [*known.values(), *literals.parameters.values()],
            "run": {
                "source": _escaped(source, literals),
                "definition": {"configuration": configuration},
            },
        }, hints

    def _of_script(self, script: str, request: DraftRequest) -> Json:
        path = self._file(script, "script")
        if path.suffix == ".ipynb":
            message = f"{path.name} is a notebook; send it as 'path'"
            raise InvalidRequest(message, "script")
        parameters = [_listed(each, index) for index, each in enumerate(request.parameters)]
        words: list[str] = []
        for parameter in parameters:
            option, placeholder = f"--{parameter['name']}", f"{{{{{parameter['name']}}}}}"
            if parameter.get("value") is None:
                parameter["required"] = "true"  # an option without its value would be left
            if parameter.get("type") == "boolean":
                words.append(f"{option}={placeholder}")
            else:
                words += [option, placeholder]
        shell = _SHELLS.get(path.suffix)
        configuration: Json = (
            {"command": [shell, path.name, *words]} if shell else {"arguments": words}
        )
        literals = Literals()
        source = _escaped({"path": self._below(path), "limit": True}, literals)
        return {
            "name": request.name or legal(path.stem),
            "parameters": [*parameters, *literals.parameters.values()],
            "run": {"source": source, "definition": {"configuration": configuration}},
        }

    def _file(self, path: str, target: str) -> Path:
        found = resolve_inside(self._root, path, target)
        if not found.is_file():
            message = f"{path[:200]} is not a file"
            raise InvalidRequest(message, target)
        return found

    def _below(self, path: Path) -> str:
        return path.relative_to(self._root.resolve()).as_posix()


def of_run(run: Run, name: str, declared: Sequence[Json] = ()) -> Json:
    """Return a template of a run that came from no other: its literal values are parameters.

    Args:
        declared: the parameters of its notebook, with the run's values.
    """
    literals = Literals()
    literals.parameters |= {each["name"]: each for each in declared}
    configuration: Json = dict(run.definition.get("configuration") or {})
    experiment, secrets = configuration.pop("experiment", None), configuration.pop("secrets", [])
    if experiment is not None:
        filled = _of_experiment(experiment, literals)
        hidden = {
            variable: literals.secret(variable)
            for variable in secrets
            if variable not in CREDENTIALS
        }
        if hidden:
            filled["meta"]["envVars"] = (filled["meta"].get("envVars") or {}) | hidden
        return {
            "name": name,
            "experimentSpec": filled,
            "parameters": list(literals.parameters.values()),
        }
    filled = _of_configuration(configuration, literals)
    if secrets:
        environment = filled.setdefault("environment", {})
        environment["environmentVariables"] = {
            **environment.get("environmentVariables", {}),
            **{variable: literals.secret(variable) for variable in secrets},
        }
    shown = given_name(run)
    body: Json = {"displayName": literals.escape(shown)} if shown else {}
    body |= {"experiment": run.experiment, "definition": {"configuration": filled}}
    if run.snapshot_id is not None:
        body["source"] = {"snapshotId": run.snapshot_id}
    tags = {key: value for key, value in run.tags.items() if key != "rerunOf"}
    if tags:
        body["tags"] = literals.escape(tags)
    return {"name": name, "parameters": list(literals.parameters.values()), "run": body}


def _of_configuration(configuration: Json, literals: Literals) -> Json:
    """Return a run configuration with placeholders; the order is that of a form."""
    done: Json = {}
    declared = {name: f"{{{{{name}}}}}" for name in literals.parameters}
    given = configuration.pop("parameters", None) or {}
    parameters = declared | {
        name: _of_value(name, value, literals)
        for name, value in given.items()
        if name not in declared
    }
    if parameters:
        done["parameters"] = parameters
    command, arguments = configuration.pop("command", None), configuration.pop("arguments", [])
    if isinstance(command, str):
        done["command"] = literals.line(command)
    elif command:
        done["command"] = [*command[:1], *literals.words(command[1:], short=False)]
    if arguments:
        done["arguments"] = literals.words(arguments)
    environment = dict(configuration.pop("environment", {}))
    variables = environment.pop("environmentVariables", {})
    if variables:
        done["environment"] = {"environmentVariables": literals.variables(variables)}
    if environment:
        done["environment"] = done.get("environment", {}) | literals.escape(environment)
    return {**literals.escape(configuration), **done}


def _of_value(name: str, value: Any, literals: Literals) -> Any:
    """Return the placeholder of a notebook's parameter; null and objects stay as they are."""
    if value is None or isinstance(value, dict) or "." in name:
        return literals.escape(value)
    return literals.take(name, value, typed=True)


def _of_experiment(experiment: Json, literals: Literals) -> Json:
    """Return an experiment with the named values of its commands as parameters."""

    def section(part: Json) -> Json:
        rest = {key: value for key, value in part.items() if key not in {"cmd", "experimentId"}}
        filled = {"cmd": literals.line(part["cmd"])} if part.get("cmd") else {}
        done: Json = literals.escape(rest)
        return done | filled

    meta = section(experiment["meta"])
    spec = {role: section(task) for role, task in experiment["spec"].items()}
    rest = {key: value for key, value in experiment.items() if key not in {"meta", "spec"}}
    return {**literals.escape(rest), "meta": meta, "spec": spec}


def _escaped(source: Json, literals: Literals) -> Json:
    """Return a source whose path is taken as it is; a notebook's content always is."""
    return {
        key: value if key == "notebook" else literals.escape(value) for key, value in source.items()
    }


def _listed(wanted: Any, index: int) -> Json:
    """Return a parameter that the author has listed: a name, or what else there is to say of it."""
    entry: Json = {"name": wanted} if isinstance(wanted, str) else dict(wanted)
    value = entry.get("value")
    if "type" not in entry and value is not None and type_of(value) != "string":
        entry["type"] = type_of(value)
    return parse(Parameter, entry, f"parameters[{index}]").to_json()
