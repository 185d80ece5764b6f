"""Several processes in the dialog, and TensorBoard of a run, really started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from filled_templates import open_form, runs_of, use_theme
from framework_environments import python_with
from needs import need
from proxied import put_proxy_before
from submit_dialog import SubmitDialog, ended, log, write_notebook

if TYPE_CHECKING:
    from servers import RunningServer
    from ui.conftest import LabPage

pytestmark = pytest.mark.timeout(240)
RANKS = """
from mpi4py import MPI
print(MPI.COMM_WORLD.allreduce(1))
"""
SUMMARY = """
import os, time
from torch.utils.tensorboard import SummaryWriter

def wait(name):
    while not os.path.exists(name):
        time.sleep(0.05)

wait("start")
with SummaryWriter() as writer:
    writer.add_scalar("loss", 0.5, 1)
wait("end")
"""
TEMPLATE = """
name: scaled
parameters:
- {{name: framework, enum: [Python, PyTorch], value: Python, label: Framework}}
- {{name: processes, type: integer, minimum: 1, value: 2, label: Processes of a node}}
- {{name: nodes, type: integer, minimum: 1, value: 1, label: Nodes}}
run:
  definition:
    configuration:
      script: train.py
      framework: "{{{{framework}}}}"
      communicator: Mpi
      nodeCount: "{{{{nodes}}}}"
      mpi: {{processCountPerNode: "{{{{processes}}}}"}}
      resources: {{cpus: 0.1}}
      environment: {{python: {{interpreterPath: {python}, userManagedDependencies: true}}}}
  overlay:
    train.py: {{text: "from mpi4py import MPI\\nprint(MPI.COMM_WORLD.allreduce(1))\\n"}}
"""
SMALL = {"cpus": 0.1}


def prepare_lab(server: RunningServer) -> None:
    """Let Lab pass requests on to TensorBoard; called before its start."""
    put_proxy_before(server)


def dialog_for(lab_page: LabPage) -> SubmitDialog:
    lab_page.page.locator(".jp-FileEditor .cm-content, .jp-Notebook .jp-Cell").first.click()
    lab_page.page.keyboard.press("Control+Shift+Enter")
    return SubmitDialog(lab_page).wait()


def several(dialog: SubmitDialog) -> None:
    dialog.node.get_by_role("button", name="Several processes").click()


def environment(python: str) -> dict[str, object]:
    return {"python": {"interpreterPath": python, "userManagedDependencies": True}}


def test_several_processes(lab_page: LabPage) -> None:
    need("mpirun", "scripts/engines")
    page, python = lab_page.page, python_with("learning")
    folder = lab_page.lab.root_dir / "ranks"
    folder.mkdir()
    (folder / "main.py").write_text(RANKS)
    lab_page.open("ranks/main.py")
    dialog = dialog_for(lab_page)
    section = dialog.node.locator(".jp-exec-submit-several")
    assert not section.get_by_label("Processes", exact=True).is_visible()
    several(dialog)
    communicator = section.get_by_label("Communicator")
    assert communicator.locator("option").all_inner_texts() == ["The usual one (Mpi)", "Mpi"]
    section.get_by_label("Framework").select_option("PyTorch")
    assert communicator.locator("option").all_inner_texts()[0] == "The usual one (Gloo)"
    section.get_by_label("Framework").select_option("")
    dialog.fill("Processes", "3")
    dialog.fill("Nodes", "2")
    dialog.refused()
    section.get_by_role("alert").get_by_text("cannot be shared out evenly").wait_for()
    lab_page.shot("submit-several-refused")
    dialog.fill("Processes", "4")
    dialog.more()
    dialog.fill("CPUs", "0.1")
    dialog.node.get_by_label("Environment", exact=True).select_option("interpreter")
    dialog.node.locator("#jp-exec-submit-interpreter").fill(python)
    run = dialog.run()
    sent = dialog.sent["definition"]["configuration"]
    assert sent == {
        "script": "main.py",
        "communicator": "Mpi",
        "nodeCount": 2,
        "mpi": {"processCountPerNode": 2},
        "resources": SMALL,
        "environment": environment(python),
    }
    run = ended(lab_page, run["runId"])
    assert run["status"] == "Completed", log(lab_page, run["runId"])

    lab_page.open_run(run["runId"])
    fields = page.locator(".jp-exec-overview .jp-exec-fields").first
    fields.get_by_text("Communicator").wait_for()
    texts = fields.locator("dt, dd").all_inner_texts()
    told = dict(zip(texts[::2], texts[1::2], strict=True))
    assert (told["Communicator"], told["Processes"]) == ("Mpi", "4")
    lab_page.shot("overview-several")
    run_it_again(lab_page)


def run_it_again(lab_page: LabPage) -> None:
    """The dialog shows what there was, and only what is changed is sent."""
    page = lab_page.page
    page.get_by_role("button", name="Run with changes…").click()
    dialog = SubmitDialog(lab_page).wait()
    assert dialog.node.get_by_label("Processes", exact=True).input_value() == "4"
    assert dialog.node.get_by_label("Nodes").input_value() == "2"
    lab_page.shot("submit-several-again")
    use_theme(lab_page, "Dark")
    page.set_viewport_size({"width": 420, "height": 800})
    lab_page.shot("submit-several-dark-narrow")
    over = "it => it.scrollWidth - it.clientWidth"
    assert dialog.node.locator(".jp-exec-submit").evaluate(over) == 0
    dialog.fill("Processes", "1")
    dialog.fill("Nodes", "")
    dialog.node.get_by_label("Communicator").select_option("")
    run = dialog.run()
    changes = {"communicator": None, "nodeCount": None, "mpi": {"processCountPerNode": 1}}
    assert dialog.sent["definition"] == {"configuration": changes}
    run = ended(lab_page, run["runId"])
    assert log(lab_page, run["runId"]) == "1\n"
    use_theme(lab_page, "Light")


def test_a_notebook_is_one_process(lab_page: LabPage) -> None:
    write_notebook(lab_page.lab.root_dir / "one.ipynb", "1")
    lab_page.open("one.ipynb")
    dialog = dialog_for(lab_page)
    several(dialog)
    dialog.node.get_by_text("A notebook has one kernel").wait_for()
    for label in ("Framework", "Communicator", "Processes", "Nodes"):
        field = dialog.node.locator(".jp-exec-submit-several").get_by_label(label, exact=True)
        assert field.is_disabled()
    lab_page.shot("submit-several-notebook")


def test_the_form_of_a_template(lab_page: LabPage) -> None:
    """What is typed into its number fields is how many ranks there really are."""
    need("mpirun", "scripts/engines")
    lab_page.open()
    answer = lab_page.lab.client.post(
        "jupyter-exec/v1/templates",
        content=TEMPLATE.format(python=python_with("learning")),
        headers={"Content-Type": "application/yaml"},
    )
    assert answer.status_code == 201, answer.text
    form = open_form(lab_page, "scaled")
    processes, nodes = (form.get_by_role("textbox", name=name) for name in ("Processes", "Nodes"))
    run = form.get_by_role("button", name="Run", exact=True)
    assert processes.input_value() == "2"
    processes.fill("0")
    run.click()
    form.locator("[role=alert]:not(:empty)").first.wait_for()
    lab_page.shot("template-of-processes-refused")
    processes.fill("3")
    nodes.fill("2")
    run.click()
    lab_page.page.locator(".jp-exec-header").wait_for()
    (made,) = runs_of(lab_page, "scaled")
    made = ended(lab_page, made["runId"])
    assert made["status"] == "Completed", made["error"]
    asked = made["definition"]["configuration"]
    assert (asked["mpi"], asked["nodeCount"]) == ({"processCountPerNode": 3}, 2)
    said = [log(lab_page, made["runId"], f"rank-{rank}.txt") for rank in range(6)]
    assert said == ["6\n"] * 6
    fields = lab_page.page.locator(".jp-exec-overview .jp-exec-fields").first
    fields.get_by_text("Communicator").wait_for()
    texts = fields.locator("dt, dd").all_inner_texts()
    assert dict(zip(texts[::2], texts[1::2], strict=True))["Processes"] == "6"
    lab_page.shot("overview-template-of-processes")


def test_tensorboard(lab_page: LabPage) -> None:
    page = lab_page.page
    lab_page.open()
    configuration = {"script": "main.py", "environment": environment(python_with("tracking"))}
    run_id = lab_page.submit(SUMMARY, definition={"configuration": configuration})
    lab_page.lab.wait_for_status(run_id, "Running")
    lab_page.open_run(run_id)
    page.get_by_role("button", name="Run again", exact=True).wait_for()
    button = page.get_by_role("button", name="TensorBoard", exact=True)
    assert button.count() == 0
    (work,) = {
        path.parent
        for path in lab_page.lab.data_dir.glob("runs/*/work/main.py")
        if "SummaryWriter" in path.read_text()
    }
    (work / "start").touch()
    # It goes on, and has written beside the outputs only.
    button.wait_for(timeout=60_000)
    assert lab_page.lab.run(run_id)["status"] == "Running"
    lab_page.shot("header-tensorboard")
    with page.expect_popup() as opened:
        button.click()
    board = opened.value
    board.wait_for_url("**/proxy/*/**", timeout=120_000)
    assert board.url.startswith(f"{lab_page.lab.url}proxy/")
    board.get_by_text("loss", exact=True).first.wait_for(timeout=60_000)
    assert board.evaluate("window.opener") is None
    board.close()
    (work / "end").touch()
    assert ended(lab_page, run_id)["status"] == "Completed", log(lab_page, run_id)

    # What goes wrong is told, and leaves no empty tab.
    lab_page.open()
    lab_page.open_run(run_id)
    button.wait_for()
    for path in lab_page.lab.data_dir.rglob("*tfevents*"):
        path.unlink()
    with page.expect_popup() as opened:
        button.click()
    page.get_by_text("the run has left no event files").first.wait_for()
    lab_page.shot("tensorboard-refused")
    assert opened.value.is_closed() or opened.value.wait_for_event("close")
