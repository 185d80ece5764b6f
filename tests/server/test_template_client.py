"""Templates and sweeps through the client, with a real server and real runs."""

from __future__ import annotations

import itertools
import sys

import nbformat
import pytest
from background_server import new_client, own_world

from jupyter_exec.client import Sweep, Template, choice, loguniform
from jupyter_exec.errors import ExecError, InvalidRequest, NotFound
from jupyter_exec.model.documents import load_yaml

SCRIPT = """
import sys
from jupyter_exec import current_run

x, kind = float(sys.argv[1]), sys.argv[2]
if kind == "broken":
    sys.exit(3)
current_run.log_metric("loss", 1.0)
current_run.log_metric("loss", (x - 2) ** 2)
"""

VALLEY = {
    "name": "valley",
    "author": "me",
    "description": "a parabola",
    "parameters": [
        {"name": "x", "type": "number", "minimum": -5, "maximum": 5, "value": "0"},
        {"name": "kind", "enum": ["plain", "other", "broken"], "value": "plain"},
    ],
    "run": {
        "definition": {
            "configuration": {
                "script": "valley.py",
                "arguments": ["{{x}}", "{{kind}}"],
                "environment": {"python": {"interpreterPath": sys.executable}},
                "resources": {"cpus": 0.1},
            }
        },
        "overlay": {"valley.py": {"text": SCRIPT}},
    },
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with own_world(tmp_path_factory.mktemp("world")) as folder:
        yield folder


@pytest.fixture(scope="module")
def client(home):
    with new_client() as made:
        yield made


@pytest.fixture
def template(client):
    made = client.templates.save(VALLEY)
    yield made
    made.delete()


def test_what_a_template_tells(client, template):
    assert isinstance(template, Template)
    assert (template.name, template.author, template.description) == ("valley", "me", "a parabola")
    assert [each["name"] for each in template.parameters] == ["x", "kind"]
    assert repr(template) == f"<Template 'valley' · version {template.version} · x, kind>"
    assert template.schema()["properties"]["x"]["maximum"] == 5
    assert [each.name for each in client.templates.list("parab")] == ["valley"]
    assert client.templates.list("nothing like it") == []
    assert client.templates.list(limit=0) == []
    assert repr(client.templates) == repr(template)
    with pytest.raises(NotFound, match="no template 'none'"):
        client.templates.get("none")
    with pytest.raises(InvalidRequest, match="already"):
        client.templates.create(VALLEY)


def test_a_run_of_it(client, template):
    run = template.run(x=1.5, wait=True)
    assert run.raise_for_status().last_metric("loss") == 0.25
    assert run.last_metric("other") is None
    assert run.json["template"] == {
        "name": "valley",
        "version": template.version,
        "parameters": {"x": 1.5, "kind": "plain"},
    }
    assert client.run(run.run_id).__class__.__name__ == "Run"


def test_faults_name_their_values(template):
    with pytest.raises(InvalidRequest) as caught:
        template.run({"x": 7, "kind": "none", "wait": True})
    assert [fault.target for fault in caught.value.faults] == ["params", "params.x", "params.kind"]
    with pytest.raises(InvalidRequest, match="several values make a sweep") as caught:
        template.run(x=[1, 2], kind=choice("plain", "other"))
    assert [fault.target for fault in caught.value.faults] == ["params.x", "params.kind"]


def test_names_that_mean_something_in_python(client):
    spec = {
        "name": "a b/ü".replace("/", " "),
        "parameters": [{"name": name, "value": "0"} for name in ("wait", "self", "a.b", "params")],
        "run": {"definition": {"configuration": {"command": ["echo", "{{wait}}", "{{self}}"]}}},
    }
    spec["run"]["definition"]["configuration"]["command"] += ["{{a.b}}", "{{params}}"]
    template = client.templates.save(spec)
    try:
        run = template.run({"wait": 1, "self": 2, "a.b": 3}, params=4, wait=True)
        assert run.logs() == "1 2 3 4\n"
    finally:
        template.delete()


def test_versions(client, template):
    first = template.version
    assert template.update({**VALLEY, "description": "another"}) is template
    assert (template.version, template.description) == (first + 1, "another")
    assert "-description: a parabola\n+description: another\n" in template.diff()
    assert template.diff(first, first) == ""
    old = client.templates.get("valley", first)
    assert (old.description, load_yaml(old.export())["description"]) == ("a parabola",) * 2
    assert old.schema()["description"] == "a parabola"
    assert load_yaml(template.export())["description"] == "another"
    assert old.run(wait=True).json["template"]["version"] == first
    assert template.restore(first).version == first + 2
    assert template.description == "a parabola"
    history = template.history()
    assert [each["version"] for each in history][:2] == [first + 2, first + 1]
    assert set(history[0]) == {"version", "action", "createdAt"}


def test_values_are_checked_without_the_server(template):
    template.check({"x": [1, 2], "kind": "plain"})
    with pytest.raises(InvalidRequest) as caught:
        template.check({"x": [1, 7], "kind": "none", "foo": 1})
    assert [fault.target for fault in caught.value.faults] == ["params", "params.kind", "space.x"]
    assert "there are: x, kind" in caught.value.message
    with pytest.raises(InvalidRequest, match="x: the list of values to try is empty"):
        template.sweep(x=[])


def test_yaml(client, template, home):
    text = template.export()
    assert client.templates.load(text).version == template.version + 1
    (home / "valley.yaml").write_text(text.replace("a parabola", "from a file"))
    assert client.templates.load(home / "valley.yaml").description == "from a file"
    assert client.templates.load("~/valley.yaml").name == "valley"
    with pytest.raises(InvalidRequest, match="name"):
        client.templates.load("run: {}\nparameters: []\n")
    with pytest.raises(InvalidRequest, match="not YAML"):
        client.templates.save("name: [\n")
    with pytest.raises(FileNotFoundError):
        client.templates.load("none.yaml")


def test_numbers_of_yaml_stay_as_they_were_written(client):
    text = "name: v\nparameters:\n- name: p\n  value: 1.10\nrun:\n  displayName: '{{p}}'\n"
    template = client.templates.load(text)
    assert template.parameters == [{"name": "p", "value": "1.10"}]
    template.delete()


def test_drafts(client, home):
    run = client.submit(home, command=["echo", "--lr", "0.10"], snapshot=False, wait=True)
    template = client.templates.from_run(run, "of-a-run")
    assert template.parameters == [{"name": "lr", "value": "0.10", "type": "number"}]
    assert template.run(lr=2, wait=True).logs() == "--lr 2\n"
    template.delete()
    draft = client.templates.draft(run=run.run_id)
    assert set(draft) >= {"name", "parameters", "run"}

    (home / "s.py").write_text("import sys; print(sys.argv[1:])")
    template = client.templates.from_script(home / "s.py", "of-a-script", {"n": 3})
    assert template.run(wait=True).logs() == "['--n', '3']\n"
    template.delete()
    with pytest.raises(InvalidRequest, match="one of run, notebook and script, not none"):
        client.templates.draft()
    with pytest.raises(InvalidRequest, match="lies outside of the root folder"):
        client.templates.draft(script=__file__)


def test_drafts_of_notebooks_wherever_they_are(client, home, tmp_path):
    cells = [nbformat.v4.new_code_cell("n: int = 1"), nbformat.v4.new_code_cell("print(n)")]
    cells[0].metadata["tags"] = ["parameters"]
    content = nbformat.v4.new_notebook(cells=cells)
    for folder in (home, tmp_path):
        nbformat.write(content, folder / "nb.ipynb")
        template = client.templates.from_notebook(folder / "nb.ipynb", "of-a-notebook")
        assert template.parameters == [{"name": "n", "type": "integer", "value": "1"}]
        run = template.run(n=4, wait=True).raise_for_status()
        executed = nbformat.reads(run.output("nb.ipynb").decode(), as_version=4)
        assert executed.cells[-1].outputs[0].text == "4\n"
    assert ("notebook" in template.json["run"]["source"]) is True
    template.delete()
    with pytest.raises(NotFound, match="does not exist"):
        client.templates.draft(notebook="none.ipynb")


def test_a_grid(client, template):
    sweep = template.sweep(x=range(4), kind=["plain", "other"], metric="loss")
    assert isinstance(sweep, Sweep)
    assert sweep.wait(100).raise_for_status().status == "Completed"
    rows = sweep.trials()
    assert [row["parameters"] for row in rows] == [
        {"x": x, "kind": kind} for x, kind in itertools.product(range(4), ["plain", "other"])
    ]
    frame = sweep.results()
    assert list(frame.columns) == ["trial", "run", "status", "x", "kind", "loss"]
    assert list(frame.loss) == [4, 4, 1, 1, 0, 0, 1, 1]
    best = sweep.best()
    assert best.json["template"]["parameters"]["x"] == 2
    assert best.last_metric("loss") == 0
    again = client.run(sweep.run_id)
    assert isinstance(again, Sweep)
    assert again.plan["space"]["kind"] == {"choice": ["plain", "other"]}
    assert any(isinstance(run, Sweep) for run in client.runs())
    figure = sweep.plot()
    labels = [[axes.get_xlabel(), axes.get_ylabel()] for axes in figure.axes]
    assert labels == [["x", "loss"], ["kind", "loss"]]
    assert [text.get_text() for text in figure.axes[1].get_xticklabels()] == ["plain", "other"]
    assert len(sweep.plot("x").axes) == 1
    with pytest.raises(InvalidRequest, match="there are: x, kind"):
        sweep.plot("none")


def test_drawn_values_are_shown_on_their_scale(template):
    sweep = template.sweep(x=loguniform(0.01, 5), trials=3, metric="loss", goal="maximize")
    sweep.wait(100).raise_for_status()
    figure = sweep.plot()
    assert figure.axes[0].get_xscale() == "log"
    drawn = [row["parameters"]["x"] for row in sweep.trials()]
    assert len(drawn) == 3
    assert all(0.01 <= x <= 5 for x in drawn)
    losses = {row["runId"]: row["metric"] for row in sweep.trials()}
    assert sweep.best().run_id == max(losses, key=losses.get)


def test_results_without_pandas_and_plots_without_matplotlib(template, monkeypatch):
    sweep = template.sweep(x=[1, 2], metric="loss").wait(100)
    for name in ("pandas", "matplotlib", "matplotlib.pyplot"):
        monkeypatch.setitem(sys.modules, name, None)
    rows = sweep.results()
    assert [row["loss"] for row in rows] == [1.0, 0.0]
    with pytest.raises(ExecError, match="pip install matplotlib"):
        sweep.plot()


def test_nothing_to_draw(template):
    sweep = template.sweep(x=[1, 2]).wait(100)
    for ask in (sweep.plot, sweep.best):
        with pytest.raises(InvalidRequest, match=rf'report: loss.*{ask.__name__}.metric="loss"'):
            ask()
    assert list(sweep.results().columns) == ["trial", "run", "status", "x"]


def test_a_metric_that_is_named_afterwards(template):
    sweep = template.sweep(x=[1, 2]).wait(100)
    assert list(sweep.results(metric="loss").loss) == [1.0, 0.0]
    assert sweep.best(metric="loss").run_id == sweep.trials()[1]["runId"]
    assert sweep.plot(metric="loss").axes[0].get_ylabel() == "loss"
    for ask in (sweep.plot, sweep.best, sweep.results):
        with pytest.raises(InvalidRequest, match=r"logged 'los'; they report: loss\."):
            ask(metric="los")


def test_a_metric_that_was_misspelt_at_the_start(template):
    sweep = template.sweep(x=[1], metric="los").wait(100)
    for ask in (sweep.plot, sweep.best):
        with pytest.raises(InvalidRequest, match=r"logged 'los'; they report: loss\."):
            ask()
    assert list(sweep.results().los) == [None]


def test_ask_and_tell(template):
    told = []

    def proposals():
        x = -5.0
        for _ in range(6):
            yield {"x": x}, len(told)
            x = min(5.0, x + told[-1] ** 0.5 / 2)  # what was told before is known

    with template.sweep(sampling="manual", metric="loss") as sweep:
        for run, beside in sweep.drive(proposals()):
            assert run.ended
            assert beside == len(told)
            told.append(run.last_metric("loss"))
    assert sweep.wait(60).status == "Completed"
    assert len(sweep.trials()) == len(told) == 6
    assert told == sorted(told, reverse=True)
    assert sweep.best().last_metric("loss") == min(told)


def test_trials_side_by_side_and_one_that_fails(template):
    proposals = [{"x": 1}, {"x": 1, "kind": "broken"}, {"x": 2}]
    sweep = template.sweep(sampling="manual", metric="loss")
    found = list(sweep.drive(proposals, max_parallel=3))
    assert sorted(run.status for run, _ in found) == ["Completed", "Completed", "Failed"]
    assert sweep.wait(60).ended
    assert {beside for _, beside in found} == {None}


def test_an_error_while_driving_cancels(template):
    sweep = template.sweep(sampling="manual", metric="loss")
    with pytest.raises(InvalidRequest, match="x"):
        list(sweep.drive([{"x": 1}, {"x": 100}]))
    assert sweep.status == "Canceled"
    sweep = template.sweep(sampling="manual", metric="loss")
    with pytest.raises(TypeError, match="a proposal is"):
        list(sweep.drive(["x"]))
    assert sweep.status == "Canceled"
    with pytest.raises(ZeroDivisionError), template.sweep(sampling="manual") as sweep:
        raise ZeroDivisionError
    assert sweep.status == "Canceled"


def test_an_error_in_the_loop_cancels_though_all_trials_have_ended(template):
    sweep = template.sweep(sampling="manual")

    def fail():
        with sweep:
            for run, _ in sweep.drive([{"x": 1}, {"x": 2}]):
                assert not run.ended, "it has, and this is an error in the loop"

    with pytest.raises(AssertionError, match="it has"):
        fail()
    assert sweep.status == "Canceled"


def test_a_loop_that_was_left_within_with_can_be_waited_for(template):
    with template.sweep(sampling="manual") as sweep:
        for _ in sweep.drive([{"x": 1}, {"x": 2}]):
            break
        assert sweep.wait(60).status == "Completed"


def test_an_interrupt_cancels_what_goes_on(template):
    def proposals():
        yield {"x": 1}
        raise KeyboardInterrupt

    sweep = template.sweep(sampling="manual", metric="loss")
    with pytest.raises(KeyboardInterrupt):
        list(sweep.drive(proposals(), max_parallel=2))
    assert sweep.wait(60).status == "Canceled"
    assert {row["status"] for row in sweep.trials()} <= {"Canceled", "Completed"}


def test_other_sweeps_finish_by_themselves(template):
    with template.sweep(x=[1, 2], metric="loss") as sweep:
        assert sweep.wait(60).status == "Completed"


def test_leaving_the_loop_finishes(template):
    sweep = template.sweep(sampling="manual", metric="loss")
    driven = sweep.drive({"x": x} for x in itertools.count())
    next(driven)
    driven.close()
    assert sweep.wait(60).status == "Completed"


def test_trials_by_hand(template):
    with template.sweep({"kind": "other"}, sampling="manual", metric="loss") as sweep:
        assert sweep.start(x=2).wait(60).last_metric("loss") == 0
        run = sweep.start({"x": 2}).wait(60)
        assert run.last_metric("loss") == 0
        assert run.json["parentRunId"] == sweep.run_id
    assert sweep.wait(60).status == "Completed"
    with pytest.raises(ExecError, match="has ended"):
        sweep.start({"x": 1})
