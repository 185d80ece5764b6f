"""The code of a run: its files, and what differs from the folder, from another run, from git."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from files_of_runs import HOSTILE, NOTEBOOK, row, theme, wait
from git_repositories import git

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import LabPage

MAIN = "".join(f"line_{n} = {n}\n" for n in range(1, 41)) + "print('trained')\n"


@pytest.fixture
def project(lab_page: LabPage) -> Path:
    """A folder with code, in git, and changed since the last commit."""
    folder = lab_page.lab.root_dir / lab_page.name
    (folder / "src" / "deep").mkdir(parents=True)
    (folder / "main.py").write_text(MAIN)
    (folder / "src" / "deep" / "model.py").write_text("class Model:\n    layers = 3\n")
    (folder / "analysis.ipynb").write_text(json.dumps(NOTEBOOK))
    (folder / "weights.bin").write_bytes(bytes(range(256)))
    (folder / HOSTILE).write_text("<script>alert(1)</script>\n")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    (folder / "main.py").write_text(MAIN.replace("line_20 = 20", "line_20 = 'not committed'"))
    return folder


def submit(lab_page: LabPage, folder: Path, name: str) -> str:
    body = {
        "displayName": name,
        "experiment": lab_page.name,
        "definition": {"configuration": {"script": "main.py"}},
        "source": {"path": folder.name},
    }
    answer = lab_page.lab.client.post("jupyter-exec/v1/runs", json=body)
    assert answer.status_code == 201, answer.text
    run_id = str(answer.json()["runId"])
    wait(lab_page, run_id)
    return run_id


def test_the_files_of_a_run_are_shown(lab_page: LabPage, project: Path) -> None:
    run_id = submit(lab_page, project, "first")
    lab_page.open()
    theme(lab_page, "Light")
    page = lab_page.page
    lab_page.open_run(run_id, "code")
    page.get_by_role("tree", name="Files of this run").wait_for()
    # The first by the alphabet is another.
    row(lab_page, "main.py").get_by_text("executed").wait_for()
    assert page.get_by_text("executed", exact=True).count() == 1
    page.locator(".jp-exec-code-view .cm-line", has_text="line_20 = 'not committed'").wait_for()
    lab_page.shot("code-light")
    row(lab_page, "weights.bin").click()
    page.get_by_text("Not text, so it is not shown here").wait_for()
    row(lab_page, HOSTILE).click()
    page.locator(".cm-line", has_text="<script>alert(1)</script>").wait_for()
    assert page.locator("img[src=x]").count() == 0

    # By keyboard: home, then down through two folders, and open what is there.
    page.get_by_role("tree", name="Files of this run").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.locator(".cm-line", has_text="layers = 3").wait_for()
    theme(lab_page, "Dark")
    lab_page.shot("code-dark")
    page.keyboard.press("Enter")
    page.locator(".jp-FileEditor .cm-line", has_text="layers = 3").wait_for()
    page.get_by_text("A file of the code of a run, read-only").wait_for()
    lab_page.shot("code-file-opened")

    lab_page.open_run(run_id, "code")
    row(lab_page, "analysis.ipynb").click()
    page.get_by_role("region", name="analysis.ipynb").get_by_role("button", name="Open").click()
    page.locator(".jp-NotebookPanel h1", has_text="The monthly report").wait_for()


def test_a_run_is_compared_with_its_folder_and_with_git(lab_page: LabPage, project: Path) -> None:
    run_id = submit(lab_page, project, "first")
    lab_page.open()
    theme(lab_page, "Light")
    page = lab_page.page
    lab_page.open_run(run_id, "code")
    show = page.get_by_role("combobox", name="Show", exact=True)
    show.select_option(label="Compare with the folder now")
    page.get_by_text("No differences").wait_for()
    lab_page.shot("code-same")

    (project / "main.py").write_text(MAIN.replace("line_3 = 3\n", "line_3 = 3.5\nnew = 1\n"))
    (project / "src" / "deep" / "model.py").unlink()
    (project / "added <b>file.py").write_text("x = 1\n")
    (project / "weights.bin").write_bytes(b"\0\1\2")
    page.get_by_role("button", name="Compare again").click()
    lines = page.locator(".jp-exec-diff-line")
    lines.filter(has_text="line_3 = 3.5").wait_for()
    assert lines.filter(has_text="line_3 = 3.5").first.inner_text().startswith("+")
    page.get_by_role("button", name="added <b>file.py").wait_for()
    page.get_by_role("button", name="src/deep/model.py").get_by_text("Removed").wait_for()
    page.get_by_role("region", name="Differences in weights.bin").wait_for()
    lab_page.shot("code-diff-light")
    page.get_by_role("button", name="Collapse all").click()
    assert lines.count() == 0
    lab_page.shot("code-diff-collapsed")
    page.get_by_role("button", name="main.py").click()
    lines.filter(has_text="line_3 = 3.5").wait_for()
    theme(lab_page, "Dark")
    lab_page.shot("code-diff-dark")

    show.select_option(label="Uncommitted changes")
    page.get_by_text("What was not committed in git").wait_for()
    lines.filter(has_text="line_20 = 'not committed'").wait_for()
    lab_page.shot("code-uncommitted")


def test_a_run_is_compared_with_another(lab_page: LabPage, project: Path) -> None:
    first = submit(lab_page, project, "first <i>try</i>")
    (project / "main.py").write_text(MAIN + "print('again')\n")
    submit(lab_page, project, "second")
    git(project, "commit", "--quiet", "-am", "second")
    third = submit(lab_page, project, "third")
    lab_page.open()
    theme(lab_page, "Light")
    page = lab_page.page
    lab_page.open_run(third, "code")
    page.get_by_role("combobox", name="Show", exact=True).select_option(
        label="Compare with another run"
    )
    # The run before it in the experiment, whose code was the same.
    page.get_by_text("From the code of second to that of this run").wait_for()
    page.get_by_text("No differences").wait_for()

    picker = page.get_by_role("combobox", name="Run to compare with")
    picker.click()
    page.get_by_role("option").filter(has_text="first").wait_for()
    lab_page.shot("code-picker")
    picker.fill("first")
    page.get_by_role("option").filter(has_text="second").wait_for(state="detached")
    page.keyboard.press("Enter")
    page.get_by_text("From the code of first <i>try</i> to that of this run").wait_for()
    line = page.locator(".jp-exec-diff-line", has_text="print('again')")
    line.wait_for()
    assert line.inner_text().startswith("+")
    assert first in picker.input_value()
    lab_page.shot("code-other-run")

    page.get_by_role("combobox", name="Show", exact=True).select_option(label="Uncommitted changes")
    page.get_by_text("No uncommitted changes").wait_for()
    lab_page.shot("code-none-uncommitted")


def test_a_long_difference_does_not_freeze_the_page(lab_page: LabPage) -> None:
    folder = lab_page.lab.root_dir / lab_page.name
    folder.mkdir()
    (folder / "main.py").write_text("")
    (folder / "data.txt").write_text("".join(f"old {n}\n" for n in range(4000)))
    run_id = submit(lab_page, folder, "long")
    (folder / "data.txt").write_text("".join(f"new {n}\n" for n in range(4000)))
    lab_page.open()
    theme(lab_page, "Light")
    page = lab_page.page
    lab_page.open_run(run_id, "code")
    page.get_by_role("combobox", name="Show", exact=True).select_option(
        label="Compare with the folder now"
    )
    lines = page.locator(".jp-exec-diff-line")
    lines.first.wait_for()
    assert lines.count() < 1000
    took_ms = page.evaluate(
        """async () => {
          const box = document.querySelector('.jp-exec-changes');
          const begin = performance.now();
          box.scrollTop = box.scrollHeight;
          while (![...box.querySelectorAll('.jp-exec-diff-line')].some(
              line => line.textContent.includes('new 3999'))) {
            await new Promise(requestAnimationFrame);
          }
          return performance.now() - begin;
        }"""
    )
    assert took_ms < 2000
    lab_page.shot("code-diff-long")
