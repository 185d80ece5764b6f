"""The form's values, faults and buttons, without a page."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import ipywidgets
import pytest

from jupyter_exec.errors import Conflict, Fault, InvalidRequest, NotFound
from jupyter_exec.widgets import TemplateForm
from jupyter_exec.widgets.form import template_form
from jupyter_exec.widgets.form.actions import last_values
from jupyter_exec.widgets.form.controls import control_for
from jupyter_exec.widgets.form.fields import unset
from jupyter_exec.widgets.form.secret_field import SecretField
from jupyter_exec.widgets.form.sections import PAGE

HOSTILE = "<img src=x onerror=alert(1)>"


class Runs:
    """Stands in for a run that has ended."""

    def __init__(self, number: int, parameters: dict[str, Any], parent: str | None = None) -> None:
        self.name = self.run_id = f"run_{number}"
        self.json = {
            "parentRunId": parent,
            "createdAt": f"2026-01-31T12:{number:02}:10.000Z",
            "template": {"name": "mnist", "version": 1, "parameters": parameters},
        }


class Server:
    """Stands in for client, templates and one template; keeps what it was asked for."""

    name, version, description = "mnist", 3, "Trains."

    def __init__(self, *parameters: dict[str, Any], runs: tuple[Runs, ...] = ()) -> None:
        self.parameters = list(parameters)
        self.json = {"name": "mnist", "parameters": self.parameters, "run": {"script": "a.py"}}
        self._client = self.templates = self
        self._runs = runs
        self.asked: list[dict[str, Any]] = []
        self.saved: list[dict[str, Any]] = []
        self.refusal: InvalidRequest | Conflict | None = None

    def runs(self, *, template: str, limit: int) -> tuple[Runs, ...]:
        assert (template, limit > 0) == ("mnist", True)
        return self._runs

    def run(self, params: dict[str, Any]) -> Runs:
        self.asked.append(params)
        if self.refusal:
            raise self.refusal
        known = {raw["name"] for raw in self.parameters if not raw.get("secret")}
        return Runs(len(self.asked), {n: v for n, v in params.items() if n in known})

    def get(self, name: str) -> Any:
        if name not in [spec["name"] for spec in self.saved]:
            raise NotFound("none")
        return self

    def create(self, spec: dict[str, Any]) -> Any:
        if self.refusal:
            raise self.refusal
        if spec["name"] in [known["name"] for known in self.saved]:
            raise InvalidRequest("taken (PUT)", "name")
        return self.save(spec)

    def save(self, spec: dict[str, Any]) -> Any:
        self.saved.append(spec)
        stored = copy.copy(self)
        stored.name = spec["name"]
        return stored


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Runs]:
    """Keep the runs that forms show; the status widget has its own tests, with real runs."""
    runs: list[Runs] = []
    monkeypatch.setattr(template_form.TemplateForm, "show", lambda _, run: runs.append(run))
    return runs


def widgets_of(form: TemplateForm, kind: type) -> list[Any]:
    found, todo = [], [form]
    while todo:
        widget = todo.pop(0)
        found += [widget] if isinstance(widget, kind) else []
        todo[:0] = list(getattr(widget, "children", ()))
    return found


def control(form: TemplateForm, label: str) -> Any:
    (found,) = (
        widget
        for widget in widgets_of(form, ipywidgets.DOMWidget)
        if getattr(widget, "description", "").removesuffix(" *") == label
    )
    return found


def html(form: TemplateForm) -> str:
    return "\n".join(widget.value for widget in widgets_of(form, ipywidgets.HTML))


def say(field: SecretField, text: str) -> None:
    """Type a secret, as the page does."""
    field._handle_custom_msg({"type": "typed", "value": text}, [])


@pytest.mark.parametrize(
    ("parameter", "kind"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9, "value": 2}, ipywidgets.HBox),
        ({"type": "number", "minimum": 0, "maximum": 1, "value": 0.5}, ipywidgets.HBox),
        ({"type": "number", "minimum": 1e-5, "maximum": 1, "value": 1e-3}, ipywidgets.HBox),
        ({"type": "number", "minimum": 0, "maximum": 1}, ipywidgets.HBox),
        ({"type": "number", "minimum": 0, "value": 1}, ipywidgets.Text),
        ({"type": "integer", "minimum": 0, "maximum": 2**60}, ipywidgets.Text),
        ({"type": "integer", "minimum": 3, "maximum": 3}, ipywidgets.Text),
        ({"type": "integer", "enum": [1, 2], "minimum": 0, "maximum": 9}, ipywidgets.Dropdown),
        ({"type": "boolean", "value": "false"}, ipywidgets.Checkbox),
        ({"type": "boolean"}, ipywidgets.Dropdown),
        ({"type": "array"}, ipywidgets.Text),
        ({"pattern": r"^\d{4}-\d{2}-\d{2}$"}, ipywidgets.DatePicker),
        ({"pattern": r"^\d{4}-\d{2}-\d{2}$", "value": "2026-99-99"}, ipywidgets.Text),
        ({"value": "two\nlines"}, ipywidgets.Textarea),
        ({"value": "x" * 61}, ipywidgets.Textarea),
        ({"value": "x" * 60}, ipywidgets.Text),
        ({"secret": True}, SecretField),
        ({}, ipywidgets.Text),
    ],
)
def test_each_parameter_has_its_control(parameter: dict[str, Any], kind: type) -> None:
    form = TemplateForm(Server({"name": "p", **parameter}))
    made = control_for(form._fields["p"].parameter, "p").widget
    assert isinstance(made, kind)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ({"type": "number", "value": "1e-5"}, 1e-5),
        ({"type": "number", "value": "1e-5", "minimum": 1e-5, "maximum": 0.1}, 1e-5),
        ({"type": "number", "value": "0.3", "minimum": 0.3, "maximum": 3000}, 0.3),
        ({"type": "integer", "value": "0"}, 0),
        ({"type": "integer", "value": 10**30}, 10**30),
        ({"type": "boolean", "value": False}, False),
        ({"type": "array", "value": [64, 128]}, [64, 128]),
        ({"type": "array", "value": ["a", "b"]}, ["a", "b"]),
        ({"type": "array", "value": ["a, b", " c", "[d"]}, ["a, b", " c", "[d"]),
        ({"type": "array", "value": ["1", ""]}, ["1", ""]),
        ({"type": "array", "value": []}, []),
        ({"type": "array", "enum": [[1, 2], [3]], "value": [3]}, [3]),
        ({"value": ""}, ""),
        ({"value": HOSTILE}, HOSTILE),
        ({"value": "2026-01-31", "pattern": r"^\d{4}-\d{2}-\d{2}$"}, "2026-01-31"),
        ({"enum": ["1", "true"], "value": "true"}, "true"),
        ({"type": "number"}, None),
        ({"type": "number", "minimum": 0, "maximum": 1}, None),
        ({"type": "boolean"}, None),
        ({"enum": ["a"]}, None),
        ({}, None),
    ],
)
def test_the_defaults_are_the_first_values(parameter: dict[str, Any], value: Any) -> None:
    form = TemplateForm(Server({"name": "p", **parameter}))
    assert form.params == ({} if value is None else {"p": value})
    assert type(form.params.get("p")) is type(value)
    assert form.faults == []


def test_numbers_are_sent_as_they_were_typed() -> None:
    server = Server(
        {"name": "lr", "type": "number"}, {"name": "n", "type": "number", "value": "1e3"}
    )
    form = TemplateForm(server)
    control(form, "lr").value = " 1e-5 "
    assert form.params == {"lr": 1e-5, "n": 1000.0}
    form.run()
    assert server.asked == [{"lr": "1e-5", "n": "1e3"}]


LOG = {"name": "lr", "type": "number", "value": "0.05", "minimum": 1e-4, "maximum": 1}


def slider(form: TemplateForm) -> Any:
    (found,) = widgets_of(form, ipywidgets.IntSlider)
    return found


@pytest.mark.parametrize(
    ("parameter", "places"),
    [
        (LOG, {0: "0.0001", 1: "0.000112", 20: "0.001", 60: "0.1", 80: "1"}),
        ({**LOG, "maximum": 0.7}, {60: "0.1", 77: "0.7"}),
        ({**LOG, "minimum": 0}, {0: "0", 3: "0.03", 30: "0.3", 100: "1"}),
        ({**LOG, "minimum": 0.04, "maximum": 0.061}, {0: "0.04", 1: "0.0401", 210: "0.061"}),
        ({**LOG, "type": "integer", "value": 7, "minimum": -3, "maximum": 9}, {0: "-3", 12: "9"}),
        ({**LOG, "type": "integer", "value": 7, "minimum": 0, "maximum": 12345}, {3: "300"}),
    ],
)
def test_what_was_dragged_is_a_short_number(
    parameter: dict[str, Any], places: dict[int, str]
) -> None:
    server = Server(parameter)
    form = TemplateForm(server)
    for place, text in places.items():
        slider(form).value = place
        assert control(form, "lr").value == text
        assert form.faults == []
        form.run()
        assert server.asked[-1] == {"lr": text}
        control(form, "lr").value = " "
        control(form, "lr").value = text
        assert slider(form).value == place, "it is found again"


def test_a_text_beside_a_slider_is_sent_as_it_was_written() -> None:
    server = Server(LOG)
    form = TemplateForm(server)
    text = control(form, "lr")
    form.run()
    for typed in ("0.03", "3e-2", "0.123456789012345678"):
        text.value = typed
        assert text.value == typed
        form.run()
    form.fill({"lr": 0.0521})
    assert text.value == "0.0521"
    form.run()
    control(form, "Reset").click()
    form.run()
    sent = [asked["lr"] for asked in server.asked]
    assert sent == ["0.05", "0.03", "3e-2", "0.123456789012345678", "0.0521", "0.05"]


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ("5", "5 is above the maximum 1"),
        ("-1", "-1 is below the minimum"),
        ("x", '"x" is not of type number'),
        ("nan", '"nan" is not of type number'),
        ("inf", '"inf" is not of type number'),
    ],
)
def test_a_text_beside_a_slider_can_be_wrong(typed: str, fault: str) -> None:
    form = TemplateForm(Server(LOG))
    control(form, "lr").value = typed
    assert control(form, "lr").value == typed
    assert fault in html(form).replace("&quot;", '"')
    assert control(form, "Run").disabled


def test_a_slider_without_a_default_has_a_value_once_it_was_moved() -> None:
    form = TemplateForm(Server({"name": "p", "type": "integer", "minimum": 1, "maximum": 9}))
    slider(form).value = 3
    assert form.params == {"p": 4}
    control(form, "p").value = ""
    assert form.params == {}
    assert slider(form).value == 0


def test_an_integer_taken_over_from_a_float() -> None:
    form = TemplateForm(Server({"name": "n", "type": "integer", "value": 1}))
    assert form.fill({"n": 5.0}) == []
    assert form.params == {"n": 5}


@pytest.mark.parametrize(
    ("default", "shown", "typed", "value"),
    [
        ([1, 2], "1, 2", "3, 4", [3, 4]),
        ([1, 2], "1, 2", "3, x", [3, "x"]),
        ([1, 2], "1, 2", "[3, 4]", [3, 4]),
        ([True], "true", "false, 1", [False, 1]),
        ([1, "a"], "1, a", "2, b", [2, "b"]),
        ([1, "2"], '[1, "2"]', "2, 007", [2, "007"]),
        ([[1], [2]], "[[1], [2]]", "[[3]]", [[3]]),
        (["a", "b"], "a, b", "3, 4", ["3", "4"]),
        (["1"], "1", "2", ["2"]),
        (None, "", "3, -4e2", [3, -400.0]),
        (None, "", "3, x", ["3", "x"]),
        ([], "[]", "3", [3]),
    ],
)
def test_words_of_a_list(default: Any, shown: str, typed: str, value: Any) -> None:
    parameter: dict[str, Any] = {"name": "list", "type": "array"}
    form = TemplateForm(Server({**parameter, **({} if default is None else {"value": default})}))
    assert control(form, "list").value == shown
    assert form.params == ({} if default is None else {"list": default})
    control(form, "list").value = typed
    assert form.params == {"list": value}
    assert [type(item) for item in form.params["list"]] == [type(item) for item in value]


def test_emptied_fields() -> None:
    form = TemplateForm(
        Server({"name": "text", "value": "x"}, {"name": "n", "type": "integer", "value": 3})
    )
    control(form, "text").value = control(form, "n").value = ""
    assert form.params == {"text": ""}, "the empty text is a value, no number is none"


def test_faults_are_shown_while_typing_and_keep_it_from_running() -> None:
    server = Server(
        {"name": "n", "label": "Number", "type": "integer", "minimum": 1, "value": 3},
        {"name": "key", "required": "true"},
    )
    form = TemplateForm(server)
    assert form.faults == [Fault("params.key", "a value is required")]
    assert "a value is required" not in html(form), "nobody has touched it"
    assert "see to: key" in html(form)
    run = control(form, "Run")
    assert run.disabled

    control(form, "Number").value = "0"
    assert "0 is below the minimum 1" in html(form)
    control(form, "Number").value = "x<b>"
    assert "&quot;x&lt;b&gt;&quot; is not of type integer" in html(form)
    with pytest.raises(InvalidRequest) as refused:
        form.run()
    assert {fault.target for fault in refused.value.faults} == {"params.n", "params.key"}
    assert "a value is required" in html(form)
    assert server.asked == []

    control(form, "Number").value = "7"
    control(form, "key").value = "k"
    assert form.faults == []
    assert not run.disabled
    run.click()
    assert server.asked == [{"n": "7", "key": "k"}]
    assert form.last_run.run_id == "run_1"


def test_the_server_has_the_last_word() -> None:
    server = Server({"name": "n", "type": "integer", "value": 3})
    form = TemplateForm(server)
    server.refusal = InvalidRequest.of(
        [
            Fault("params.n", f"n: 3 is {HOSTILE}"),
            Fault("run.target", "no target 'x'"),
            Fault(None, "and more"),
        ]
    )
    control(form, "Run").click()
    assert "3 is &lt;img" in html(form)
    assert form._messages.lines == ["run.target: no target 'x'", "and more"]
    assert form._messages.kind == "fault"
    assert control(form, "Run").disabled, "until the value changes"
    assert form.last_run is None
    server.refusal = None
    control(form, "n").value = "4"
    assert form._messages.lines == []
    form.run()
    assert form.last_run is not None


def test_a_fault_in_a_closed_group_opens_it() -> None:
    server = Server({"name": "spec.W.replicas", "value": "1"})
    form = TemplateForm(server)
    assert widgets_of(form, ipywidgets.Text) == [], "resources are folded up"
    server.refusal = InvalidRequest.of([Fault("params.spec.W.replicas", "too many")])
    control(form, "Run").click()
    assert "too many" in html(form)
    assert "▾ Resources  (1 to see to)" in [
        b.description for b in widgets_of(form, ipywidgets.Button)
    ]


@pytest.mark.parametrize("refused", [False, True])
def test_a_secret_goes_out_once(refused: bool) -> None:
    server = Server({"name": "key", "secret": True, "required": "true"})
    form = TemplateForm(server)
    (field,) = widgets_of(form, SecretField)
    say(field, "hunter2")
    assert "hunter2" not in repr(field.get_state()) + repr(form) + repr(field)
    assert field.filled
    assert form.params == {}
    server.refusal = InvalidRequest("no") if refused else None
    control(form, "Run").click()
    assert server.asked == [{"key": "hunter2"}]
    assert (field.secret, field.filled) == ("", False)
    assert "hunter2" not in repr([w.get_state() for w in widgets_of(form, ipywidgets.Widget)])
    assert control(form, "Run").disabled, "it has to be typed again"


def test_the_newest_text_of_a_secret_counts() -> None:
    form = TemplateForm(Server({"name": "key", "secret": True}))
    (field,) = widgets_of(form, SecretField)
    sent: list[Any] = []
    field.send = sent.append

    def hear(page: str, count: int, text: str) -> None:
        message = {"type": "typed", "page": page, "count": count, "value": text}
        field._handle_custom_msg(message, [])

    hear("a", 2, "hunter2")
    hear("a", 1, "hunte")
    assert field.secret == "hunter2"
    form.run()
    assert sent == [
        {"type": "heard", "page": "a", "count": 2},
        {"type": "clear", "page": "a", "count": 2},
    ], "what was typed since stays"
    hear("b", 1, "other")
    assert field.secret == "other", "a page that was loaded anew counts anew"


def test_reset() -> None:
    form = TemplateForm(
        Server(
            {"name": "n", "type": "integer", "value": 3},
            {"name": "on", "type": "boolean"},
            {"name": "key", "secret": True},
        )
    )
    control(form, "n").value = "x"
    control(form, "on").value = 1
    (field,) = widgets_of(form, SecretField)
    say(field, "hunter2")
    control(form, "Reset").click()
    assert form.params == {"n": 3}
    assert form.faults == []
    assert "jp-exec-form-fault" not in html(form)
    assert field.secret == ""


def test_earlier_values_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    runs = (
        Runs(4, {"n": 8, "e": "a"}, parent="sweep"),
        Runs(3, {"n": 9, "e": "a"}),
        Runs(2, {"n": 9, "e": "a"}),
        Runs(1, {"n": 4, "e": "gone"}),
    )
    server = Server(
        {"name": "n", "type": "integer", "value": 3, "maximum": 10},
        {"name": "e", "enum": ["a", "b"], "value": "b"},
        runs=runs,
    )
    form = TemplateForm(server)
    last = control(form, "Earlier values")
    assert [name for name, _ in last.options] == [
        "choose a run …",
        "n=9, e=a · 2026-01-31 14:03",
        "n=4, e=gone · 2026-01-31 14:01",
    ]
    last.value = 0
    assert form.params == {"n": 9, "e": "a"}
    last.value = 1
    assert form.params == {"n": 4, "e": "a"}
    assert form._messages.lines == ["What does not fit any more was left as it is: e"]
    form.run()
    assert len(last.options) == 4, "the values just used are offered too"
    monkeypatch.undo()
    time.tzset()


def test_earlier_values_are_shortened() -> None:
    values = {"a": None, "b": [1, 2], "c": "x\ny" * 20, "d": True, "e": 1e-5, "f": 1, "g": 2}
    ((told, given),) = last_values([Runs(1, values)])
    assert told.startswith("b=[1, 2], c=x yx yx yx yx yx yx yx …, d=true, e=1e-05, … 2 more · ")
    assert given == values


def test_nothing_is_offered_where_nothing_ran() -> None:
    form = TemplateForm(Server({"name": "n"}))
    assert control(form, "Earlier values").layout.display == "none"


def test_save_as_template() -> None:
    server = Server(
        {"name": "lr", "type": "number", "value": "1e-3", "description": "rate"},
        {"name": "n", "type": "integer"},
        {"name": "gone", "value": "x", "type": "string"},
        {"name": "list", "type": "array", "value": [1]},
        {"name": "key", "secret": True},
    )
    before = json.dumps(server.json)
    form = TemplateForm(server)
    control(form, "n").value = "5"
    control(form, "▸ Save as template").click()
    (key,) = widgets_of(form, SecretField)
    say(key, "hunter2")
    assert control(form, "Save").disabled
    control(form, "Name").value = " copy "
    control(form, "Save").click()
    (spec,) = server.saved
    assert spec["name"] == "copy"
    assert spec["run"] == {"script": "a.py"}
    assert spec["parameters"] == [
        {"name": "lr", "type": "number", "value": "1e-3", "description": "rate"},
        {"name": "n", "type": "integer", "value": "5"},
        {"name": "gone", "value": "x", "type": "string"},
        {"name": "list", "type": "array", "value": [1]},
        {"name": "key", "secret": True},
    ]
    assert form._messages.lines == ["Saved as template copy"]
    assert json.dumps(server.json) == before

    server.refusal = Conflict("no room")
    control(form, "Name").value = "other"
    control(form, "Save").click()
    assert (form._messages.kind, form._messages.lines) == ("fault", ["no room"])


def test_a_name_that_is_taken_gets_a_new_version() -> None:
    server = Server({"name": "n", "type": "integer", "value": 1})
    form = TemplateForm(server)
    control(form, "▸ Save as template").click()
    control(form, "Name").value = "copy"
    control(form, "Save").click()
    anew = control(form, "Save as new version")
    assert anew.layout.display == "none"
    control(form, "n").value = "2"
    control(form, "Save").click()
    assert form._messages.kind == "fault"
    assert form._messages.lines[0].startswith('There is a template named "copy" already.')
    assert "PUT" not in form._messages.lines[0]
    assert len(server.saved) == 1
    assert anew.layout.display is None
    control(form, "Name").value = "copy 2"
    assert anew.layout.display == "none", "that name may be free"
    control(form, "Name").value = "copy"
    control(form, "Save").click()
    anew.click()
    assert server.saved[1]["parameters"] == [{"name": "n", "type": "integer", "value": "2"}]
    assert form._messages.lines == ["Saved as template copy, version 3"]
    assert anew.layout.display == "none"


def test_nothing_of_a_template_is_html() -> None:
    server = Server(
        {"name": HOSTILE, "label": HOSTILE, "description": HOSTILE, "group": HOSTILE},
        {"name": "e", "enum": [HOSTILE], "value": HOSTILE, "description": HOSTILE},
    )
    server.name = server.description = HOSTILE
    server.runs = lambda **_: ()  # type: ignore[method-assign] # the stand-in knows one name
    form = TemplateForm(server)
    assert "<img" not in html(form)
    assert not any(
        getattr(widget, "description_allow_html", False)
        for widget in widgets_of(form, ipywidgets.DOMWidget)
    )


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Price in $", "Price in $"),
        ("$x$", "\uff04x\uff04"),
        (r"\(x\)", "\uff3c(x\uff3c)"),
        (r"\begin{x}", "\uff3cbegin{x}"),
    ],
)
def test_labels_are_no_tex(label: str, shown: str) -> None:
    assert unset(label) == shown


def test_a_thousand_parameters_are_made_as_far_as_somebody_looks() -> None:
    parameters = [{"name": f"p{n}", "type": "integer", "value": n} for n in range(1000)]
    server = Server(*parameters)
    form = TemplateForm(server)
    assert len(form.params) == 1000
    assert len(widgets_of(form, ipywidgets.Text)) == PAGE
    control(form, "Show 50 more of 950").click()
    assert len(widgets_of(form, ipywidgets.Text)) == 2 * PAGE
    server.refusal = InvalidRequest.of([Fault("params.p999", "bad")])
    control(form, "Run").click()
    assert len(widgets_of(form, ipywidgets.Text)) == 1000
    assert "bad" in html(form)


def test_groups_open_as_long_as_they_fit_on_a_page() -> None:
    parameters = [{"name": f"p{n}", "group": f"g{n // 20}", "value": "x"} for n in range(1000)]
    form = TemplateForm(Server(*parameters))
    titles = [button.description for button in widgets_of(form, ipywidgets.Button)]
    assert titles[:3] == ["▾ g0", "▾ g1", "▸ g2"]
    assert len(widgets_of(form, ipywidgets.Text)) == 40
    assert len(form.params) == 1000


def test_a_template_without_parameters() -> None:
    server = Server()
    form = TemplateForm(server)
    assert form.params == {}
    form.run()
    assert server.asked == [{}]
