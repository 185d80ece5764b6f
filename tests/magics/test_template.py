"""`%template` in a real kernel, with a real server that really runs what is filled in."""

from __future__ import annotations

import subprocess
import sys

import pytest

CREATE = """\
%%template create train
description: Trains a little
parameters:
- {name: lr, type: number, value: 0.10, minimum: 0, maximum: 1}
- {name: optimizer, enum: [adam, sgd], value: adam}
- {name: note, value: ""}
run:
  definition:
    configuration:
      command: ["sh", "-c", "echo $0 $1 \\"[$2]\\"", "{{lr}}", "{{optimizer}}", "{{note}}"]
"""


def done(cell):
    assert cell.status == "ok", (cell.stream("stderr"), cell.contents("error"))
    return cell.stream("stdout")


def refused(cell) -> str:
    assert cell.status == "error"
    assert not cell.contents("error"), "a traceback"
    return cell.stream("stderr")


@pytest.fixture(scope="module")
def kernel(kernel):
    done(kernel.execute(CREATE))
    return kernel


def test_question_mark_and_help_teach(kernel):
    for text in (kernel.inspect("%template"), done(kernel.execute("%template --help"))):
        for word in ("%%template create NAME", "Examples:", "--from-notebook", "loguniform("):
            assert word in text
    assert "--max-parallel N" in done(kernel.execute("%template run --help"))


def test_created_then_saved_as_a_new_version(kernel):
    cell = CREATE.replace(" train\n", " 'my model'\n")
    assert "Template 'my model' created." in done(kernel.execute(cell))
    assert "saved as version 2" in done(kernel.execute(cell.replace("a little", "a lot")))
    difference = done(kernel.execute("%template diff 'my model'"))
    assert "-description: Trains a little\n+description: Trains a lot\n" in difference
    assert difference == done(kernel.execute("%template diff 'my model' 1 2"))
    assert "No difference" in done(kernel.execute("%template diff 'my model' 2 2"))
    assert kernel.execute("%template history 'my model'").text.split()[:3] == [
        "Version",
        "When",
        "What",
    ]
    assert done(kernel.execute("%template restore 'my model' 1")) == (
        "Version 1 of 'my model' is the newest again, as version 3.\n"
    )
    shown = done(kernel.execute("%template show 'my model'"))
    assert "description: Trains a little\n" in shown
    assert "Trains a lot" in done(kernel.execute("%template show 'my model' --version 2"))


def test_listed_as_text_and_html(kernel):
    for line in ("%template", "%template list", "%template list trai"):
        cell = kernel.execute(line)
        assert cell.status == "ok", cell.stream("stderr")
        head, *rows = cell.text.splitlines()
        assert head.split() == ["Name", "Version", "Changed", "Parameters", "Description"]
        (row,) = [row for row in rows if row.startswith("train ")]
        assert "lr=0.10, optimizer=adam" in row
        assert row.endswith("Trains a little")
        assert "<table" in cell.contents("display_data")[0]["data"]["text/html"]
    assert "No templates." in kernel.execute("%template list nothing-is-called-so").text


def test_shown_wherever_the_line_stands(kernel):
    cell = kernel.execute("%template\n%template history train\nx = 1")
    listed, history = cell.contents("display_data")
    assert listed["data"]["text/plain"].split()[0] == "Name"
    assert history["data"]["text/plain"].split()[:3] == ["Version", "When", "What"]
    assert not cell.contents("execute_result")


def test_run_with_values_of_the_line_and_of_variables(kernel):
    kernel.execute("rate = 0.5")
    line = "%template run train lr=$rate optimizer=sgd note='a = \"b\" $HOME' --name tried"
    cell = kernel.execute(f"{line} --experiment mine --tag k=v --wait")
    done(cell)
    assert "Completed" in cell.text or cell.contents("display_data")
    assert kernel.value("run.logs()") == '0.5 sgd [a = "b" $HOME]\n'
    assert kernel.value("(run.name, run.experiment, run.tags)") == ("tried", "mine", {"k": "v"})
    assert kernel.value("run.json['template']")["parameters"]["optimizer"] == "sgd"


def test_defaults_are_as_they_are_written(kernel):
    done(kernel.execute("%template run train --wait"))
    assert kernel.value("run.logs()") == "0.10 adam []\n"
    assert kernel.value("run.json['template']['name']") == "train"


def test_several_values_are_a_sweep(kernel):
    line = "%template run train lr=[0.1, 0.2] optimizer=choice(adam, sgd) --max-parallel 2 --wait"
    cell = kernel.execute(line)
    done(cell)
    assert cell.contents("display_data")
    assert kernel.value("type(run).__name__") == "Sweep"
    assert kernel.value("run.status") == "Completed"
    tried = kernel.value(
        "[(t['parameters']['lr'], t['parameters']['optimizer']) for t in run.trials()]"
    )
    assert set(tried) == {(lr, name) for lr in (0.1, 0.2) for name in ("adam", "sgd")}


def test_a_manual_sweep_waits_for_its_user(kernel):
    done(kernel.execute("%template run train optimizer=sgd --sampling manual --name mine"))
    assert kernel.value("(run.name, run.trials())") == ("mine", [])
    assert kernel.value("run.start({'lr': 0.25}).wait().status") == "Completed"
    assert kernel.value("run.finish().wait().status") == "Completed"


def test_a_failed_run_fails_the_cell(kernel):
    done(kernel.execute(CREATE.replace(" train\n", " bad\n").replace("echo", "exit 3; echo")))
    cell = kernel.execute("%template run bad --name unlucky --wait")
    (error,) = cell.contents("error")
    assert error["ename"] == "RunUnsuccessful"
    assert "The run 'unlucky' failed" in error["evalue"]


def test_the_form(kernel):
    for line in ("%template train", "%template form train"):
        cell = kernel.execute(line)
        done(cell)
        (shown,) = cell.contents("display_data")
        assert "application/vnd.jupyter.widget-view+json" in shown["data"]
        text = shown["data"]["text/plain"].splitlines()
        assert text[0] == "train, version 1: Trains a little"
        assert text[2].split() == ["optimizer=adam", "string", "one", "of", "adam,", "sgd"]
        assert text[-1] == "To run it: %template run train lr=... optimizer=..."


def test_a_terminal_shows_what_the_form_would_ask_for(kernel, server):
    code = "%load_ext jupyter_exec\n%template train\n%template run train lr=0.3 --wait"
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code]
    shown = subprocess.run(
        command, cwd=server.root_dir, env=server.env, capture_output=True, text=True, check=True
    ).stdout
    assert shown.startswith("train, version 1: Trains a little\n  lr=0.10 ")
    assert shown.endswith("0.3 adam []\n")


def test_saved_from_a_run_a_notebook_and_a_script(kernel, server):
    import nbformat

    folder = server.root_dir / "work"
    (folder / "args.py").write_text("import sys; print(sys.argv[1:])")
    cells = [
        nbformat.v4.new_code_cell("lr = 0.5  # rate", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("print('lr', lr)"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "book.ipynb")
    kernel.execute("%submit args.py --wait -- --epochs 3")
    for line in (
        "from_run --from-run $run.run_id",
        "from_book --from-notebook book.ipynb",
        "from_script --from-script args.py --parameters lr=0.1 epochs=3",
    ):
        name, *options = line.split()
        said = done(kernel.execute(f"%template save {name} {' '.join(options)}"))
        assert f"Template {name} created" in said
    done(kernel.execute("%template run from_book lr=0.25 --wait"))
    assert "lr 0.25" in kernel.value("run.logs()")
    done(kernel.execute("%template run from_script epochs=5 --wait"))
    log = kernel.value("run.logs()")
    assert "5" in log
    assert "0.1" in log


def test_exported_deleted_and_brought_back(kernel, server):
    done(kernel.execute(CREATE.replace(" train\n", " short\n")))
    assert done(kernel.execute("%template export short")) == "short.yaml written.\n"
    text = (server.root_dir / "work" / "short.yaml").read_text()
    assert text == done(kernel.execute("%template show short"))
    assert text.startswith("name: short\n")
    assert "short.yaml exists already; --force" in refused(kernel.execute("%template export short"))
    done(kernel.execute("%template export short --force"))
    said = done(kernel.execute("%template delete short"))
    assert said == "short deleted; its runs stay. To have it back: %template restore short 1\n"
    assert "there is no template short" in refused(kernel.execute("%template show short"))
    assert kernel.execute("%template history short").text.split()[3] == "1"
    done(kernel.execute("%template restore short 1"))
    assert done(kernel.execute("%template show short")) == text


def test_a_template_called_like_a_subcommand(kernel):
    done(kernel.execute(CREATE.replace(" train\n", " run\n")))
    assert kernel.execute("%template form run").contents("display_data")
    done(kernel.execute("%template run run --wait"))
    assert kernel.value("run.json['template']['name']") == "run"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("run train lr=5", "lr: 5 is above the maximum 1"),
        ("run train optimizer=adm", "is not one of"),
        ("run train lrr=1", "illegal key: 'lrr'"),
        ("run train 0.1", "'0.1' is not name=value"),
        ("run train --trials 3", "--trials is for sweeps"),
        ("run train lr=loguniform(1)", "lr: "),
        ("run train lr=[]", "lr: the list of values to try is empty"),
        ("run trian lr=1", "there is no template trian; did you mean train?"),
        ("trian", "there is no template trian; did you mean train?"),
        ("rum train", "there is no subcommand 'rum'; did you mean run"),
        ("train lr=1", "to run the template of that name: %template run train"),
        ("show train --version 99", "train has no such version"),
        ("restore train 99", "%template history train lists them"),
        ("diff train 1 99", "train has no such version"),
        ("save x", "say of what: --from-run RUN, --from-notebook FILE or --from-script FILE"),
        ("save x --from-run a --from-script b", "one of them"),
        ("save x --from-run a --parameters b=1", "a run has its values"),
        ("save x --from-run nothing_1", "nothing_1"),
        ("save x --from-notebook none.ipynb", "none.ipynb"),
        ("export train /no/such/folder/x.yaml", "No such file or directory"),
        ("create x", "stands above a cell: %%template create NAME"),
    ],
)
def test_an_error_is_one_line_and_nothing_runs(kernel, server, line, says):
    before = len(server.runs())
    text = refused(kernel.execute(f"%template {line}"))
    assert says in text
    assert text.count("\n") == 1
    assert len(server.runs()) == before


def test_all_that_is_wrong_is_told_at_once(kernel):
    lines = refused(kernel.execute("%template run train lr=5 optimizer=adm")).splitlines()
    assert lines[0].endswith("%template run: 2 things are wrong:")
    assert lines[1].startswith("  lr: 5 is above")
    assert lines[2].startswith("  optimizer: ")


def test_a_template_that_is_wrong_is_told_line_by_line(kernel):
    cell = CREATE.replace("type: number", "type: nmber").replace("{{note}}", "{{nte}}")
    text = refused(kernel.execute(cell.replace(" train\n", " wrong\n")))
    assert "line 4: parameters[0].type" in text
    text = refused(kernel.execute(CREATE.replace("{{note}}", "{{nte}}")))
    assert "nte" in text
    assert "line 5: parameters[2]" in text or "line 6: parameters[2]" in text
    text = refused(kernel.execute("%%template create wrong\na: b: c\n"))
    assert "line 2 is not YAML" in text


def test_a_secret_is_not_repeated(kernel):
    cell = """\
%%template create locked
parameters:
- {name: token, secret: true, required: "true", pattern: "^x"}
run:
  definition:
    configuration:
      command: ["sh", "-c", "echo ${#TOKEN}"]
      environment: {environmentVariables: {TOKEN: "{{token}}"}}
"""
    done(kernel.execute(cell))
    kernel.execute("token = 'y-hunter2'; right = 'x-hunter2'")
    text = refused(kernel.execute("%template run locked token=$token"))
    assert "hunter2" not in text
    assert "token" in refused(kernel.execute("%template run locked"))
    assert "token (secret)" in kernel.execute("%template list locked").text
    assert done(kernel.execute("%template show locked"))
    assert "token=..." not in kernel.execute("%template locked").text
    asked = []

    def answer(message):
        asked.append(message)
        kernel.client.input("x-asked-for")

    wrong = kernel.client.execute_interactive(
        "%template run locked foo=1",
        timeout=60,
        allow_stdin=True,
        output_hook=lambda _message: None,
        stdin_hook=answer,
    )
    assert wrong["content"]["status"] == "error"
    assert not asked
    reply = kernel.client.execute_interactive(
        "%template run locked --wait",
        timeout=60,
        allow_stdin=True,
        output_hook=lambda _message: None,
        stdin_hook=lambda _message: kernel.client.input("x-asked-for"),
    )
    assert reply["content"]["status"] == "ok"
    assert kernel.value("run.logs()") == "11\n"
    done(kernel.execute("%template run locked token=$right --wait"))
    assert kernel.value("run.logs()") == "9\n"
    assert "hunter2" not in kernel.value("repr(run.refresh().json)")
