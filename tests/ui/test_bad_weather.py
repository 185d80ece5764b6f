"""Servers that go and come back, logins that end, older servers, sleep, and two tabs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from between import Between
from filled_templates import make

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import LabPage
    from playwright.sync_api import Browser, Locator
    from servers import RunningServer

TIMEOUT_MS = 30_000

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def lab(own_lab: RunningServer) -> RunningServer:
    """A Lab of each test's own: it is killed, or looked at through a proxy."""
    return own_lab


@pytest.fixture
def lab_page(lab_page: LabPage) -> LabPage:
    """The server of these tests is killed, or cut off."""
    lab_page.let_server_go()
    return lab_page


@pytest.fixture
def between(lab: RunningServer) -> Iterator[Between]:
    proxy = Between(lab.url)
    yield proxy
    proxy.close()


def waiting_for(gate: Path) -> str:
    return f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)"


def show_runs(lab_page: LabPage) -> None:
    lab_page.page.get_by_role("tab", name="Runs").first.click()
    read = lab_page.page.locator(".jp-exec-runs").locator(".jp-exec-empty, .jp-exec-row")
    read.first.wait_for(timeout=TIMEOUT_MS)


def row(lab_page: LabPage, run_id: str, status: str = "") -> Locator:
    state = f"[data-status={status}]" if status else ""
    return lab_page.page.locator(f".jp-exec-row[data-run-id={json.dumps(run_id)}]{state}")


def mark(lab_page: LabPage) -> None:
    """Put a mark into the page that a reload takes away."""
    lab_page.page.evaluate("window.notReloaded = true")


def is_marked(lab_page: LabPage) -> bool:
    return bool(lab_page.page.evaluate("window.notReloaded === true"))


def test_server_killed_and_started_again(lab_page: LabPage, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    lab_page.open()
    show_runs(lab_page)
    run_id = lab_page.submit(waiting_for(gate))
    row(lab_page, run_id, "Running").wait_for(timeout=TIMEOUT_MS)
    mark(lab_page)

    lab_page.lab.kill9()
    notice = lab_page.page.locator(".jp-exec-connection", has_text="Disconnected")
    notice.wait_for(timeout=TIMEOUT_MS)
    lab_page.shot("server-killed")
    gate.touch()

    lab_page.lab.start()
    row(lab_page, run_id, "Completed").wait_for(timeout=TIMEOUT_MS)
    notice.wait_for(state="detached", timeout=TIMEOUT_MS)
    assert is_marked(lab_page)
    lab_page.shot("server-back")


def test_server_comes_back_with_another_database(lab_page: LabPage) -> None:
    lab_page.open()
    show_runs(lab_page)
    old = lab_page.submit("print('old')")
    row(lab_page, old, "Completed").wait_for(timeout=TIMEOUT_MS)
    mark(lab_page)

    lab_page.lab.stop()
    shutil.rmtree(lab_page.lab.data_dir)
    lab_page.lab.data_dir.mkdir(mode=0o700)
    lab_page.lab.start()
    row(lab_page, old).wait_for(state="detached", timeout=TIMEOUT_MS)
    new = lab_page.submit("print('new')")
    row(lab_page, new, "Completed").wait_for(timeout=TIMEOUT_MS)
    assert is_marked(lab_page)


def restart_with_token(lab: RunningServer, token: str) -> None:
    """Restart a server so that nobody who was logged in still is."""
    lab.stop()
    path = lab.folder / "config" / "jupyter_server_config.json"
    config = json.loads(path.read_text())
    config["IdentityProvider"]["token"] = token
    path.write_text(json.dumps(config))
    (lab.folder / "runtime" / "jupyter_cookie_secret").unlink()
    lab.token = token
    lab.client.headers["Authorization"] = f"token {token}"
    lab.start()


def test_login_has_ended(lab_page: LabPage) -> None:
    lab_page.open()
    show_runs(lab_page)
    before = lab_page.submit("print('before')")
    row(lab_page, before, "Completed").wait_for(timeout=TIMEOUT_MS)
    mark(lab_page)

    restart_with_token(lab_page.lab, "another-token")
    sidebar = lab_page.page.locator(".jp-exec-runs")
    alert = sidebar.get_by_role("alert").filter(has_text="no longer logged in")
    alert.wait_for(timeout=TIMEOUT_MS)
    lab_page.shot("login-has-ended")
    meanwhile = lab_page.submit("print('meanwhile')")
    submit = "window.jupyterapp.commands.execute('jupyter-exec:submit-file', { path: 'a.py' })"
    lab_page.page.evaluate(f"() => {{ {submit}; }}")
    dialog = lab_page.page.get_by_role("dialog").filter(has_text="no longer logged in")
    dialog.get_by_role("button", name="Log in").wait_for(timeout=TIMEOUT_MS)
    lab_page.shot("login-has-ended-submit")
    dialog.get_by_role("button", name="Close").click()

    other = lab_page.page.context.new_page()
    address = alert.get_by_role("link", name="Log in").evaluate("link => link.href")
    other.goto(address)
    other.get_by_label("Password or token").fill("another-token")
    other.get_by_role("button", name="Log in", exact=True).click()
    other.wait_for_url(lambda url: "/login" not in url)
    other.close()

    alert.get_by_role("button", name="Try again").click()
    row(lab_page, meanwhile, "Completed").wait_for(timeout=TIMEOUT_MS)
    alert.wait_for(state="detached")
    assert is_marked(lab_page)
    lab_page.shot("logged-in-again")


def test_server_is_gone_before_code_was_loaded(lab_page: LabPage) -> None:
    lab_page.open()
    page = lab_page.page
    compare = "window.jupyterapp.commands.execute('jupyter-exec:compare')"
    lab_page.lab.stop()
    page.evaluate(compare)
    dialog = page.get_by_role("dialog").filter(has_text="This was not done")
    dialog.get_by_text("The Jupyter server does not answer.").wait_for(timeout=TIMEOUT_MS)
    lab_page.shot("server-gone-command")
    dialog.get_by_role("button", name="Close").click()
    lab_page.lab.start()
    page.evaluate(compare)
    page.get_by_text("Nothing to compare yet").wait_for(timeout=TIMEOUT_MS)


def test_forms_are_read_when_the_server_is_back(lab_page: LabPage) -> None:
    make(lab_page, "late", [{"name": "n", "type": "integer", "value": 1}])
    lab_page.open()
    page = lab_page.page
    execute = "name => window.jupyterapp.commands.execute('jupyter-exec:{}', {{ name }})"
    page.evaluate(execute.format("template-history"), "late")  # loads the code of forms, too
    page.get_by_role("table", name="Versions").wait_for(timeout=TIMEOUT_MS)
    lab_page.lab.stop()
    page.evaluate(execute.format("run-template"), "late")
    alert = page.get_by_role("alert").filter(has_text="does not answer")
    alert.first.wait_for(timeout=TIMEOUT_MS)
    lab_page.lab.start()
    page.get_by_role("form", name="Run late").wait_for(timeout=TIMEOUT_MS)


def open_through(lab_page: LabPage, proxy: Between) -> None:
    address = f"{proxy.url}lab/workspaces/{lab_page.name}"
    lab_page.page.goto(f"{address}?token={lab_page.lab.token}&reset")
    lab_page.page.locator("#jp-main-statusbar").wait_for(timeout=60_000)


@pytest.mark.parametrize("cut", [False, True])
def test_computer_sleeps(lab_page: LabPage, between: Between, cut: bool) -> None:
    open_through(lab_page, between)
    show_runs(lab_page)
    first = lab_page.submit("print('first')")
    row(lab_page, first, "Completed").wait_for(timeout=TIMEOUT_MS)
    mark(lab_page)

    between.freeze()
    missed = [lab_page.submit(f"print({number})") for number in range(5)]
    for run_id in missed:
        lab_page.lab.wait_for_end(run_id)
    assert row(lab_page, missed[-1]).count() == 0
    between.thaw(cut=cut)
    for run_id in missed:
        row(lab_page, run_id, "Completed").wait_for(timeout=TIMEOUT_MS)
    shown = lab_page.page.locator(".jp-exec-row[data-run-id]")
    ids = shown.evaluate_all("rows => rows.map(row => row.dataset.runId)")
    assert sorted(ids) == sorted([first, *missed])
    assert is_marked(lab_page)


OLDER = r"/jupyter-exec/v1/(experiments|run-actions)$|/(usage|code-diff)$"


@pytest.fixture
def older(lab: RunningServer) -> Iterator[Between]:
    """A server without the routes that came last."""
    proxy = Between(lab.url, OLDER)
    yield proxy
    proxy.close()


def test_older_server_without_some_routes(lab_page: LabPage, older: Between) -> None:
    page = lab_page.page
    ids = [lab_page.submit("print('hello')") for _ in range(2)]
    open_through(lab_page, older)
    show_runs(lab_page)
    for run_id in ids:
        row(lab_page, run_id, "Completed").wait_for(timeout=TIMEOUT_MS)

    # Grouping: the sentence takes the groups' place, and the list comes back.
    group = page.get_by_role("button", name="Group by experiment")
    group.click()
    alerts = page.locator(".jp-exec-runs").get_by_role("alert")
    alerts.filter(has_text="does not have this").wait_for(timeout=TIMEOUT_MS)
    assert alerts.count() == 1
    lab_page.shot("older-server-groups")
    group.click()
    row(lab_page, ids[0], "Completed").wait_for(timeout=TIMEOUT_MS)

    # Several runs at once: nothing is done, and the dialog says why.
    for run_id in ids:
        row(lab_page, run_id).click(modifiers=["Control"])
    page.get_by_role("toolbar", name="Selected runs").get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog").filter(has_text="does not have this")
    dialog.wait_for(timeout=TIMEOUT_MS)
    lab_page.shot("older-server-delete")
    dialog.get_by_role("button", name="Close").click()
    row(lab_page, ids[0], "Completed").wait_for(timeout=TIMEOUT_MS)

    # No resource use, and no differences; all else is there.
    lab_page.open_run(ids[0], "overview")
    document = page.locator(".jp-exec-document")
    document.get_by_role("heading", name="What runs").wait_for(timeout=TIMEOUT_MS)
    assert document.get_by_role("heading", name="Resource use").count() == 0
    assert document.get_by_role("alert").count() == 0
    document.get_by_role("tab", name="Code").click()
    document.get_by_label("Show", exact=True).select_option("folder")
    alert = document.get_by_role("alert").filter(has_text="does not have this")
    alert.wait_for(timeout=TIMEOUT_MS)
    lab_page.shot("older-server-code")
    document.get_by_label("Show", exact=True).select_option("files")
    document.get_by_text("main.py").first.wait_for(timeout=TIMEOUT_MS)
    missed = {path.rpartition("/")[2] for path in older.refused}
    assert missed == {"experiments", "run-actions", "usage", "code-diff"}
    # Asked once each, or once more by a click: nothing is asked over and over.
    assert len(older.refused) <= 8, older.refused


def test_server_without_the_extension_says_so_once(lab_page: LabPage, lab: RunningServer) -> None:
    proxy = Between(lab.url, r"/jupyter-exec/v1/")
    try:
        open_through(lab_page, proxy)
        lab_page.page.get_by_role("tab", name="Runs").first.click()
        alerts = lab_page.page.locator(".jp-exec-runs").get_by_role("alert")
        alerts.filter(has_text="does not have this").wait_for(timeout=TIMEOUT_MS)
        with lab_page.page.expect_response("**/jupyter-exec/v1/events*"):
            alerts.get_by_role("button", name="Try again").first.click()
        alerts.filter(has_text="does not have this").wait_for(timeout=TIMEOUT_MS)
        assert alerts.count() == 1
        lab_page.shot("server-without-the-extension")
    finally:
        proxy.close()


def test_two_tabs_show_the_same(lab_page: LabPage, browser: Browser, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    other = type(lab_page)(lab_page.page.context.new_page(), lab_page.lab, "the-other-tab")
    for tab in (lab_page, other):
        tab.open()
        show_runs(tab)
    run_id = lab_page.submit(waiting_for(gate))
    for tab in (lab_page, other):
        row(tab, run_id, "Running").wait_for(timeout=TIMEOUT_MS)
    gate.touch()
    for tab in (lab_page, other):
        row(tab, run_id, "Completed").wait_for(timeout=TIMEOUT_MS)
