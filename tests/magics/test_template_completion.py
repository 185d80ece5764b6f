"""Tab after `%template`, asked the way a front end asks, of a real server."""

from __future__ import annotations

import threading
import time

import pytest

from jupyter_exec import ExecClient
from jupyter_exec.magics.template.arguments import RUN_OPTIONS, SAVE_OPTIONS, SUBCOMMANDS
from jupyter_exec.magics.template.completion import TemplateCompleter
from jupyter_exec.magics.template.known import LISTED, KnownTemplates

DEADLINE_S = 30
TRAIN = {
    "name": "train",
    "parameters": [
        {"name": "lr", "type": "number", "value": 0.1},
        {"name": "optimizer", "enum": ["adam", "sgd", "two words"], "value": "adam"},
        {"name": "quiet", "type": "boolean", "value": False},
        {"name": "two words", "value": "x"},
    ],
    "run": {
        "definition": {
            "configuration": {"command": ["echo", "{{lr}}{{optimizer}}{{quiet}}{{two words}}"]}
        }
    },
}
SMALL = {
    "parameters": [{"name": "x", "value": "1"}],
    "run": {"definition": {"configuration": {"command": ["echo", "{{x}}"]}}},
}


@pytest.fixture(scope="module")
def filled(kernel, server):
    folder = server.root_dir / "work"
    for name in ("a.ipynb", "train.py", "kept.yaml"):
        (folder / name).touch()
    for spec in (TRAIN, *({"name": name, **SMALL} for name in ("my model", "run"))):
        answer = server.client.post("jupyter-exec/v1/templates", json=spec)
        assert answer.is_success, answer.text
    changed = {**TRAIN, "description": "changed"}
    answer = server.client.put("jupyter-exec/v1/templates/train", json=changed)
    assert answer.is_success, answer.text
    run = kernel.execute("%template run train --name first --experiment mine --wait")
    assert run.status == "ok", (run.stream("stderr"), run.contents("error"))
    return kernel


def offered(kernel, before, some_of):
    """Press Tab until the server's answer is there; the first may come too late."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        offers = kernel.complete(before)
        if set(some_of) <= set(offers) or time.monotonic() > deadline:
            return offers


@pytest.mark.parametrize(
    ("before", "offers"),
    [
        ("%template tr", ["%template train"]),
        ("%template m", ["%template 'my model'"]),
        ("%template 'my m", ["%template 'my model'"]),
        ('%template "my m', ['%template "my model"']),
        (
            "%template run ",
            ["%template run 'my model'", "%template run run", "%template run train"],
        ),
        ("%template form ru", ["%template form run"]),
        ("%template run train l", ["%template run train lr="]),
        ("%template run train lr=1 --wait t", ["%template run train lr=1 --wait 'two words'="]),
        ("%template run train lr=", ["%template run train lr=0.1"]),
        ("%template run train quiet=t", ["%template run train quiet=true"]),
        ("%template run train optimizer=s", ["%template run train optimizer=sgd"]),
        ("%template run train optimizer=[adam, s", ["%template run train optimizer=[adam, sgd"]),
        (
            "%template run train optimizer=choice(",
            [
                f"%template run train optimizer=choice({word}"
                for word in ("adam", "sgd", "two words")
            ],
        ),
        ("%template run 'my model' ", ["%template run 'my model' x="]),
        ("%template restore train ", ["%template restore train 2", "%template restore train 1"]),
        ("%template diff train 1 ", ["%template diff train 1 2", "%template diff train 1 1"]),
        (
            "%template show train --version ",
            [f"%template show train --version {n}" for n in (2, 1)],
        ),
        ("%template run train --experiment m", ["%template run train --experiment mine"]),
        ("%%template create tr", ["%%template create train"]),
    ],
)
def test_what_the_server_knows(filled, before, offers):
    found = offered(filled, before, offers)
    assert [offer for offer in found if not offer.split()[-1].startswith("--")] == offers


@pytest.mark.parametrize(
    ("before", "offers"),
    [
        ("%template d", ["%template diff", "%template delete"]),
        ("%%template ", ["%%template create"]),
        ("%template run train --tr", ["%template run train --trials"]),
        ("%template run train --goal ma", ["%template run train --goal maximize"]),
        ("%template run train --goal=ma", ["%template run train --goal=maximize"]),
        ("%template save new --from-notebook ", ["%template save new --from-notebook a.ipynb"]),
        ("%template save new --from-script t", ["%template save new --from-script train.py"]),
        ("%template export train ", ["%template export train kept.yaml"]),
        ("%template save x --from-r", ["%template save x --from-run"]),
    ],
)
def test_what_is_known_here(filled, before, offers):
    assert filled.complete(before) == offers


def test_tab_answers_within_a_tenth_of_a_second(filled):
    before = "%template run train l"
    offered(filled, before, [f"{before}r="])
    took = []
    for _ in range(5):  # the quickest of them: other tests keep the machine busy
        began = time.perf_counter()
        assert filled.complete(before) == [f"{before}r="]
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1


def test_run_ids(filled):
    run_id = filled.value("run.run_id")
    before = f"%template save new --from-run {run_id[:-1]}"
    assert f"{before}{run_id[-1]}" in offered(filled, before, [f"{before}{run_id[-1]}"])


def test_all_subcommands_and_names(filled):
    expected = {subcommand.name for subcommand in SUBCOMMANDS if not subcommand.cell}
    expected |= {"train", "'my model'"}
    whole = {f"%template {word}" for word in expected}
    assert set(offered(filled, "%template ", whole)) == whole


@pytest.mark.parametrize(
    ("before", "options"),
    [("%template run train -", RUN_OPTIONS), ("%template save new -", SAVE_OPTIONS)],
)
def test_all_options(filled, before, options):
    assert set(filled.complete(before)) == {f"{before[:-1]}{option.name}" for option in options}


def test_what_was_created_is_offered_next(filled):
    assert "%template fresh" not in filled.complete("%template fr")
    cell = "%%template create fresh\nrun: {definition: {configuration: {command: ls}}}"
    made = filled.execute(cell)
    assert made.status == "ok", made.stream("stderr")
    assert offered(filled, "%template fr", ["%template fresh"]) == ["%template fresh"]


def test_a_server_that_does_not_answer_holds_nobody_up():
    gate = threading.Event()

    def ask(_question):
        gate.wait(DEADLINE_S)
        return []

    completer = TemplateCompleter(KnownTemplates(ask))
    took = []
    for _ in range(5):  # the quickest of them: other tests keep the machine busy
        began = time.perf_counter()
        words = [offer.text for offer in completer.complete("%template ").offers]
        took.append(time.perf_counter() - began)
        assert "run" in words
    gate.set()
    assert min(took) < 0.1


def test_old_answers_serve_until_new_ones_come(monkeypatch):
    gate, asked = threading.Event(), threading.Event()
    answers = iter([["a_1"], ["b_1"]])

    def ask(_question):
        if asked.is_set():
            gate.wait(DEADLINE_S)
        asked.set()
        return next(answers)

    known = KnownTemplates(ask)
    assert any(known.runs() == ["a_1"] for _ in range(1000))
    monkeypatch.setattr("jupyter_exec.magics.template.known.FRESH_S", 0)
    assert known.runs() == ["a_1"]
    gate.set()
    assert any(known.runs() == ["b_1"] for _ in range(1000))


def test_of_many_templates_the_fitting_ones_are_asked_for(make_server):
    server = make_server()
    for name in [*(f"a {number}" for number in range(LISTED)), "last"]:
        answer = server.client.post("jupyter-exec/v1/templates", json={"name": name, **SMALL})
        assert answer.is_success, answer.text
    with ExecClient(server.url, server.token) as client:
        known = KnownTemplates(lambda question: question(client))
        assert any(len(known.templates()) == LISTED for _ in range(500))
        assert any([each.name for each in known.templates("la")] == ["last"] for _ in range(500))


@pytest.mark.parametrize(
    "before",
    [
        "%template run 'un",
        "%template run x [",
        "%template run x =",
        "%template run x y=[(",
        "%template -- --",
        "%template nope ",
        "%template save x --parameters a=",
        "%template list ",
        "%template create ",
        "%%template run ",
    ],
)
def test_nothing_is_raised(before):
    completer = TemplateCompleter(KnownTemplates(lambda _question: []))
    for length in range(len("%template") + 1, len(before) + 1):
        fragment, offers = completer.complete(before[:length])
        assert before[:length].endswith(fragment)
        assert all(offer.text for offer in offers)
