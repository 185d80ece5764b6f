"""Submit scripts and folders from the file browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from submit_dialog import SubmitDialog, ended, log

if TYPE_CHECKING:
    from conftest import LabPage

ECHO = "import sys\nprint(sys.argv[1:])\n"


def _browse(lab_page: LabPage, folder: str, *files: tuple[str, str]) -> None:
    for name, text in files:
        path = lab_page.lab.root_dir / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    lab_page.open(folder)
    lab_page.page.locator(".jp-DirListing-item").first.wait_for()


def _run_in_background(lab_page: LabPage, name: str) -> SubmitDialog:
    page = lab_page.page
    page.locator(".jp-DirListing-item", has_text=name).first.click(button="right")
    page.get_by_role("menuitem", name="Run in Background…").click()
    return SubmitDialog(lab_page).wait()


def test_python_script(lab_page: LabPage) -> None:
    name = "<b>train.py"
    _browse(lab_page, "scripts", (name, ECHO), ("notes.md", "# notes"))
    page = lab_page.page
    page.locator(".jp-DirListing-item", has_text="notes.md").click(button="right")
    page.get_by_role("menuitem", name="Rename").wait_for()
    assert page.get_by_role("menuitem", name="Run in Background…").count() == 0
    page.keyboard.press("Escape")
    dialog = _run_in_background(lab_page, name)
    dialog.fill("Arguments", """--name "two words" --empty '""")
    dialog.refused()
    assert dialog.node.get_by_text("A quote is not closed.").is_visible()
    dialog.fill("Arguments", """--name "two words" --empty ''""")
    lab_page.shot("submit-script")
    words = dialog.node.locator(".jp-exec-words code")
    assert words.all_inner_texts() == ["--name", "two words", "--empty", '""']
    run = ended(lab_page, dialog.run()["runId"])
    assert run["displayName"] == name
    assert run["experiment"] == "scripts"
    assert log(lab_page, run["runId"]) == "['--name', 'two words', '--empty', '']\n"


def test_shell_script(lab_page: LabPage) -> None:
    script = '#!/bin/bash -e\necho "$BASH $1 $GREETING $TOKEN"\n'
    _browse(lab_page, "shell", ("job.sh", script))
    dialog = _run_in_background(lab_page, "job.sh")
    dialog.fill("Arguments", "hello")
    dialog.more()
    dialog.fill("Environment variables", "GREETING=good day")
    dialog.node.get_by_role("button", name="Add a Secret").click()
    dialog.fill("Variable", "TOKEN")
    dialog.fill("Value of TOKEN", "s3cret")
    dialog.node.get_by_text("Variables of the run whose").scroll_into_view_if_needed()
    lab_page.shot("submit-shell")
    run = dialog.run()
    command = run["definition"]["configuration"]["command"]
    assert command == ["/bin/bash", "-e", "job.sh", "hello"]
    run = ended(lab_page, run["runId"])
    assert run["status"] == "Completed", run["error"]
    assert log(lab_page, run["runId"]) == "/bin/bash hello good day s3cret\n"


def test_folder(lab_page: LabPage) -> None:
    files = (("tools/make.py", ECHO), ("tools/other.py", ""), ("tools/data.txt", "1\n2\n"))
    _browse(lab_page, "project", *files)
    dialog = _run_in_background(lab_page, "tools")
    dialog.refused()
    assert dialog.node.get_by_text("Choose what to run in the folder.").is_visible()
    lab_page.shot("submit-folder")
    dialog.fill("Script or notebook in the folder", "make.py")
    dialog.fill("Arguments", "one")
    run = ended(lab_page, dialog.run()["runId"])
    assert log(lab_page, run["runId"]) == "['one']\n"
    dialog = _run_in_background(lab_page, "tools")
    dialog.node.get_by_label("Run a command").check()
    dialog.fill("Command", "wc -l < data.txt")
    run = ended(lab_page, dialog.run()["runId"])
    assert log(lab_page, run["runId"]).strip() == "2"


def test_folder_with_a_main_script(lab_page: LabPage) -> None:
    _browse(lab_page, "whole", ("tools/helper.py", ""), ("tools/main.py", ECHO))
    dialog = _run_in_background(lab_page, "tools")
    script = dialog.node.get_by_label("Script or notebook in the folder")
    assert script.input_value() == "main.py"
    lab_page.shot("submit-folder-main")
    run = ended(lab_page, dialog.run()["runId"])
    assert log(lab_page, run["runId"]) == "[]\n"


def test_environment_of_a_file(lab_page: LabPage) -> None:
    conda = "name: mine\ndependencies:\n- python\n- pip:\n  - -r requirements.txt\n"
    files = (("environment.yml", conda), ("requirements.txt", "# none\n"), ("main.py", ECHO))
    _browse(lab_page, "packages", *files)
    dialog = _run_in_background(lab_page, "main.py")
    dialog.more()
    environment = dialog.node.get_by_label("Environment", exact=True)
    environment.select_option(label="Packages of a requirements, conda or project file")
    dialog.fill("File", "packages/nothing.yml")
    dialog.refused()
    assert dialog.node.get_by_text("packages/nothing.yml cannot be read").is_visible()
    lab_page.shot("submit-environment")
    dialog.fill("File", "packages/environment.yml")
    python = dialog.run()["definition"]["configuration"]["environment"]["python"]
    assert python["condaDependencies"] == {"dependencies": ["python", {"pip": []}]}
