"""The dialog that submits a run into a container, or into an environment that has a name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from filled_templates import use_theme
from local_packages import index_variables, make_wheel
from submit_dialog import SubmitDialog, ended, log
from ui.conftest import LabPage, start_lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker_engine import DockerEngine
    from playwright.sync_api import Page
    from servers import RunningServer

pytestmark = pytest.mark.timeout(240)
SYSTEM = "print(open('/etc/os-release').readline().strip())\n"


@pytest.fixture(scope="module")
def lab(
    docker_engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A Lab whose target docker has an engine."""

    def prepare(lab: RunningServer) -> None:
        lab.env |= index_variables(lab.folder / "packages")
        make_wheel(lab.folder / "packages" / "wheels", "demo", "1.0")
        path = lab.folder / "config" / "jupyter_server_config.json"
        config = json.loads(path.read_text())
        docker = {"type": "docker", "engine_url": docker_engine.url}
        config["ExecApp"]["compute_targets"] = {"local": {"type": "local"}, "docker": docker}
        path.write_text(json.dumps(config))

    running = start_lab(tmp_path_factory.mktemp("lab"), prepare)
    yield running
    running.close()


def open_dialog(lab_page: LabPage, **files: str) -> SubmitDialog:
    """Open the dialog for main.py of a folder with these files."""
    folder = lab_page.lab.root_dir / lab_page.name
    folder.mkdir(exist_ok=True)
    for name, text in {"main_py": SYSTEM, **files}.items():
        (folder / name.replace("_", ".")).write_text(text)
    lab_page.open(f"{lab_page.name}/main.py")
    return dialog_of(lab_page)


def dialog_of(lab_page: LabPage) -> SubmitDialog:
    lab_page.page.locator(".jp-FileEditor .cm-content").click()
    lab_page.page.keyboard.press("Control+Shift+Enter")
    return SubmitDialog(lab_page).wait()


def choices(page: Page) -> list[str]:
    options = page.locator("#jp-exec-submit-image-choices option")
    return [str(option.get_attribute("value")) for option in options.all()]


def test_a_run_in_a_container(lab_page: LabPage, docker_engine: DockerEngine) -> None:
    page = lab_page.page
    dialog = open_dialog(lab_page)
    dialog.more()
    assert dialog.node.get_by_label("Image", exact=True).count() == 0
    dialog.node.get_by_label("Target").select_option("docker")
    image = dialog.node.get_by_label("Image", exact=True)
    image.wait_for()
    dialog.refused()
    dialog.node.get_by_role("alert").get_by_text("Name the image").wait_for()
    lab_page.shot("submit-image-missing")
    dialog.fill("Image", docker_engine.image)
    lab_page.shot("submit-image")
    run = dialog.run()
    docker = {"enabled": True, "baseImage": docker_engine.image}
    assert dialog.sent["definition"]["configuration"] == {
        "script": "main.py",
        "target": "docker",
        "environment": {"docker": docker},
    }
    run = ended(lab_page, run["runId"])
    assert (run["status"], run["target"]) == ("Completed", "docker"), run
    assert "bookworm" in log(lab_page, run["runId"])

    lab_page.open_run(run["runId"], "environment")
    panel = page.locator(".jp-exec-tabpanel[data-tab=environment]")
    panel.get_by_text("Container image").wait_for()
    panel.get_by_text(docker_engine.image).first.wait_for()
    lab_page.shot("environment-image")

    # It is remembered for this file, and known for others.
    lab_page.open(f"{lab_page.name}/main.py", query="")
    page.get_by_role("tab", name="main.py").click()
    dialog = dialog_of(lab_page)
    dialog.more()
    assert dialog.node.get_by_label("Image", exact=True).input_value() == docker_engine.image
    page.locator("#jp-exec-submit-image-choices option").first.wait_for(state="attached")
    assert choices(page) == [docker_engine.image]
    use_theme(lab_page, "Dark")
    page.set_viewport_size({"width": 420, "height": 800})
    lab_page.shot("submit-image-dark-narrow")
    over = "it => it.scrollWidth - it.clientWidth"
    assert dialog.node.locator(".jp-exec-submit").evaluate(over) == 0


def test_an_image_that_cannot_be_had(lab_page: LabPage) -> None:
    page = lab_page.page
    dialog = open_dialog(lab_page)
    dialog.more()
    dialog.node.get_by_label("Target").select_option("docker")
    dialog.fill("Image", "python:3.12:slim")
    dialog.refused()
    field = dialog.node.locator(".jp-exec-field", has=page.get_by_label("Image", exact=True))
    field.get_by_role("alert").wait_for()
    lab_page.shot("submit-image-refused")
    dialog.fill("Image", "127.0.0.1:9/nobody/has:this")
    run = ended(lab_page, dialog.run()["runId"])
    assert run["status"] == "Failed"
    lab_page.open_run(run["runId"])
    page.locator(".jp-exec-cause").wait_for()
    page.get_by_role("tab", name="Environment").click()
    page.get_by_text("Nothing was made ready for this run.").wait_for()
    lab_page.shot("environment-image-failed")


def test_a_project_and_an_environment_with_a_name(lab_page: LabPage) -> None:
    page = lab_page.page
    project = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['demo']\n"
    script = "import demo; print(demo.version)\n"
    dialog = open_dialog(lab_page, main_py=script, pyproject_toml=project)
    dialog.more()
    environment = dialog.node.get_by_label("Environment", exact=True)
    environment.select_option(label="Packages of a requirements, conda or project file")
    dialog.fill("File", f"{lab_page.name}/pyproject.toml")
    run = ended(lab_page, dialog.run()["runId"])
    assert run["status"] == "Completed", run
    python = run["definition"]["configuration"]["environment"]["python"]
    assert python["condaDependencies"] == {"dependencies": ["python", {"pip": ["demo"]}]}

    named = {"name": "demos", "version": "2", "python": python}
    asked = {"configuration": {"script": "main.py", "environment": named}}
    lab_page.lab.wait_for_end(lab_page.submit(script, definition=asked))
    lab_page.open(f"{lab_page.name}/main.py")
    dialog = dialog_of(lab_page)
    dialog.more()
    choice = "Environment: demos, version 2"
    environment.locator("option", has_text=choice).wait_for(state="attached")
    environment.select_option(label=choice)
    lab_page.shot("submit-named-environment")
    run = ended(lab_page, dialog.run()["runId"])
    assert dialog.sent["definition"]["configuration"]["environment"] == {
        "name": "demos",
        "version": "2",
    }
    assert (run["status"], log(lab_page, run["runId"])) == ("Completed", "1.0\n")
    page.get_by_role("dialog").wait_for(state="detached")
