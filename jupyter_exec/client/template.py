"""One template, as its user holds it (floor: client)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jupyter_exec.client.run import Run
from jupyter_exec.client.sweep import Space, Sweep, plain
from jupyter_exec.errors import Fault, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from jupyter_exec.client.api import ExecClient
    from jupyter_exec.model.template import TemplateSpec

_YAML = {"Content-Type": "application/yaml"}


class Template:
    """One version of a template, as it was when last looked at.

    Attributes:
        json: its specification: `name`, `parameters`, and `experimentSpec` or `run`.
        about: everything the server says about this version.
    """

    def __init__(
        self, client: ExecClient, about: Mapping[str, Any], *, newest: bool = True
    ) -> None:
        self._client = client
        self._take(about, newest=newest)

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.about["name"])

    @property
    def version(self) -> int:
        """Which version this is; they count from 1."""
        return int(self.about["version"])

    @property
    def description(self) -> str:
        """What it is for."""
        return str(self.json.get("description") or "")

    @property
    def author(self) -> str:
        """Who wrote it."""
        return str(self.json.get("author") or "")

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """What may be filled in: `name`, `type`, `value` (the default), `required`, ..."""
        return list(self.json.get("parameters") or [])

    def __repr__(self) -> str:
        names = ", ".join(str(each["name"]) for each in self.parameters)
        return f"<Template {self.name!r} · version {self.version} · {names or 'no parameters'}>"

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the values."""
        return self._json("GET", "/schema") if self._newest else self._spec().values_schema()

    def run(
        self,
        params: Mapping[str, Any] | None = None,
        /,
        *,
        name: str | None = None,
        experiment: str | None = None,
        tags: Mapping[str, str] | None = None,
        wait: bool = False,
        **values: Any,
    ) -> Run:
        """Run it with these values; what is not given has its default.

        Args:
            params: values by name, for names that Python does not allow or that mean something
                here.
            name: what to call the run.
            experiment: to which it belongs; by default the template's.
            tags: name -> text.
            wait: return when the run has ended.
            values: `lr=0.1`.

        Raises:
            InvalidRequest: with every value that does not fit.
        """
        head = self._head(params, name=name, experiment=experiment, tags=tags)
        given, space = self._split({**(params or {}), **values})
        if space:
            raise InvalidRequest.of(
                [
                    Fault(f"params.{name}", f"{name}: several values make a sweep; call sweep(...)")
                    for name in space
                ]
            )
        made = self._post("/runs", {**head, "params": given})
        run = Run(self._client, made)
        return run.wait() if wait else run

    def sweep(  # noqa: PLR0913 - a sweep has that many sides
        self,
        params: Mapping[str, Any] | None = None,
        /,
        *,
        trials: int | None = None,
        seed: int = 0,
        max_parallel: int | None = None,
        metric: str | None = None,
        goal: str = "minimize",
        early_stopping: str = "none",
        sampling: str | None = None,
        name: str | None = None,
        experiment: str | None = None,
        tags: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Sweep:
        """Run it many times; a list, `range`, `choice`, `uniform` or `loguniform` is tried out.

        Args:
            params: values by name, for names that Python does not allow or that mean something
                here.
            trials: how many; by default all combinations, or 20 drawn ones.
            seed: of the drawing.
            max_parallel: trials at a time; by default as many as there is room for.
            metric: what the trials are compared by.
            goal: `minimize` or `maximize`.
            early_stopping: `median` cancels trials that are worse than most.
            sampling: `grid`, `random`, or `manual` (then `Sweep.start` or `Sweep.drive` starts the
                trials).
            name: what to call the sweep.
            experiment: to which it belongs; by default the template's name.
            tags: name -> text.
            values: `lr=[0.1, 0.01]`, `batch=range(32, 129, 32)`; a single value is shared by all.

        Raises:
            InvalidRequest: with everything that does not fit.
        """
        head = self._head(params, name=name, experiment=experiment, tags=tags)
        given, space = self._split({**(params or {}), **values})
        body = {
            **head,
            "params": given,
            "space": space,
            "trials": trials,
            "seed": seed,
            "maxParallel": max_parallel,
            "metric": metric,
            "goal": goal,
            "earlyStopping": early_stopping,
            "sampling": sampling,
        }
        wanted = {name: value for name, value in body.items() if value is not None}
        return Sweep(self._client, self._post("/sweeps", wanted))

    def check(
        self, values: Mapping[str, Any], later: Collection[str] = (), *, manual: bool = False
    ) -> None:
        """Refuse values that do not fit, without asking the server; it has the last word.

        Args:
            values: as of `run` and `sweep`.
            later: what will be given, though it is not yet.
            manual: whether anything may be missing, as in a manual sweep.

        Raises:
            InvalidRequest: with every fault that is seen here.
        """
        from jupyter_exec.model.parameters import complete, value_faults

        given, space = self._split(values)
        known = {parameter.name: parameter for parameter in self._spec().parameters}
        open_ones = known.keys() if manual else {*space, *later}
        relaxed = [
            each.model_copy(update={"required": "false"}) if each.name in open_ones else each
            for each in known.values()
        ]
        faults = complete(relaxed, {**given, **dict.fromkeys(space)})[1]
        faults += [
            Fault(f"space.{name}", f"{name}: {sentence}")
            for name in space.keys() & known.keys()
            for value in space[name].get("choice", ())
            for sentence in value_faults(known[name], value)
        ]
        if faults:
            raise InvalidRequest.of(faults)

    def update(self, spec: Mapping[str, Any] | str) -> Template:
        """Make a new version, and become it."""
        self._take(send(self._client, "PUT", path_of(self.name), spec))
        return self

    def restore(self, version: int) -> Template:
        """Make an old version the newest once more, and become it."""
        self._take(self._post("/restore", {"version": version}))
        return self

    def delete(self) -> None:
        """Delete it; its runs and versions stay."""
        session = self._client.session
        self._client.writing(lambda: session.request("DELETE", path_of(self.name)))

    def history(self) -> list[dict[str, Any]]:
        """Return all versions, newest first: `version`, `action`, `createdAt`."""
        versions: list[dict[str, Any]] = self._json("GET", "/versions")["versions"]
        keys = ("version", "action", "createdAt")
        return [{key: version[key] for key in keys} for version in versions]

    def diff(self, before: int | None = None, after: int | None = None) -> str:
        """Return what two versions differ in, as a unified diff of their YAML.

        Args:
            before: by default the one before `after`.
            after: by default this one.
        """
        after = self.version if after is None else after
        before = max(1, after - 1) if before is None else before
        return str(self._json("GET", "/diff", params={"from": before, "to": after})["diff"])

    def export(self) -> str:
        """Return it as YAML, which `Templates.load` reads."""
        if self._newest:
            return self._client.session.request("GET", f"{path_of(self.name)}/yaml").text
        from jupyter_exec.model.documents import dump_yaml

        return dump_yaml(self._spec().export())

    def _spec(self) -> TemplateSpec:
        """Return it as the server's own value; importing that takes a second."""
        from jupyter_exec.model.template import TemplateSpec
        from jupyter_exec.model.wire import parse

        return parse(TemplateSpec, self.json)

    def _take(self, about: Mapping[str, Any], *, newest: bool = True) -> None:
        self._newest = newest
        self.about = dict(about)
        self.json: dict[str, Any] = self.about["spec"]

    def _head(self, params: Mapping[str, Any] | None, **options: Any) -> dict[str, Any]:
        """Return what is said of a run beside its values.

        Raises:
            InvalidRequest: an option could also be meant as a parameter of the template.
        """
        given = {name: value for name, value in options.items() if value is not None}
        own = {each["name"] for each in self.parameters}
        unclear = sorted(own & given.keys() - (params or {}).keys())
        if unclear:
            message = f"{unclear[0]} is a parameter of {self.name!r}, too; give that in a mapping"
            raise InvalidRequest(f"{message}: run({{{unclear[0]!r}: ...}})", unclear[0])
        wire = {"name": "displayName", "experiment": "experiment", "tags": "tags"}
        return {wire[name]: value for name, value in given.items()} | {"version": self.version}

    def _split(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Tell single values from those that are to be tried out."""
        arrays = {each["name"] for each in self.parameters if each.get("type") == "array"}
        params: dict[str, Any] = {}
        space: dict[str, Any] = {}
        for name, value in values.items():
            if isinstance(value, Space):
                space[name] = value.to_json()
            elif isinstance(value, range):
                space[name] = {"range": [value.start, value.stop, value.step]}
            elif isinstance(plain(value), list) and name not in arrays:
                if not plain(value):
                    message = f"{name}: the list of values to try is empty"
                    raise InvalidRequest(message, f"space.{name}")
                space[name] = {"choice": plain(value)}
            else:
                params[name] = plain(value)
        return params, space

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._client.writing(lambda: self._json("POST", path, json=body))

    def _json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        return self._client.session.json(method, f"{path_of(self.name)}{path}", **options)


def send(
    client: ExecClient, method: str, path: str, spec: Mapping[str, Any] | str
) -> dict[str, Any]:
    """Send a specification, or its YAML as it is written, and return what the server made of it."""
    options: dict[str, Any] = (
        {"content": spec.encode(), "headers": _YAML}
        if isinstance(spec, str)
        else {"json": dict(spec)}
    )
    return client.writing(lambda: client.session.json(method, path, **options))


def path_of(name: str) -> str:
    """Return where a template is."""
    return f"templates/{quote(name, safe='')}"
