"""The logs of a run: followed, searched, of any length."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import LabPage
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.timeout(240)
GIGABYTE = 1 << 30
LINE_BYTES = 64
OPEN_S = 2.0
HEAP_BYTES = 150_000_000
BUSY_S = 1.0  # the longest time in which the page hears nobody, on a busy machine


def line(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.locator(".jp-exec-log-line", has_text=text).first


def log_state(page: Page, state: str) -> None:
    page.locator(f".jp-exec-log-status[data-state={state}]").wait_for()


def ended_run(lab_page: LabPage, script: str = "print('x')", **more: object) -> str:
    run_id = lab_page.submit(script, **more)
    lab_page.lab.wait_for_end(run_id)
    return run_id


def log_file(lab_page: LabPage, words: str) -> Path:
    """Return the log on disk whose text this is; the folders have no names that are known."""
    logs = (lab_page.lab.data_dir / "runs").glob("*/logs/main-0.txt")
    return Path(next(path for path in logs if path.read_bytes()[:100] == f"{words}\n".encode()))


def follow_by_steps(gates: Path) -> str:
    """Return a script that prints `step n` when the file of that number is there."""
    return (
        "import os, time\nfor n in range(4):\n"
        f"  while not os.path.exists(os.path.join({str(gates)!r}, str(n))): time.sleep(0.02)\n"
        "  print(f'step {n}', '.' * 200, flush=True)\n"
    )


def write_gigabyte(path: Path) -> None:
    lines = 1 << 14
    blocks = GIGABYTE // LINE_BYTES // lines
    plain = (("." * (LINE_BYTES - 1)) + "\n").encode() * lines
    with path.open("wb") as file:
        for number in range(blocks):
            # All lines have numbers at the start, in the middle and at the end.
            if number in (0, blocks // 2 - 1, blocks // 2, blocks - 1):
                numbers = range(number * lines, (number + 1) * lines)
                file.write("".join(f"line {n:<58}\n" for n in numbers).encode())
            else:
                file.write(plain)


def test_it_is_read_while_the_run_goes_on(lab_page: LabPage, tmp_path: Path) -> None:
    page = lab_page.page
    run_id = lab_page.submit(follow_by_steps(tmp_path), displayName="followed")
    lab_page.lab.wait_for_status(run_id, "Running")
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    page.get_by_text("Nothing was printed yet.").wait_for()
    for number in range(3):
        (tmp_path / str(number)).touch()
        line(page, f"step {number}").wait_for()
    log_state(page, "following")
    lab_page.shot("run-log-followed")
    (tmp_path / "3").touch()
    line(page, "step 3").wait_for()
    log_state(page, "ended")


def test_it_stays_where_somebody_has_scrolled_to(lab_page: LabPage, tmp_path: Path) -> None:
    page = lab_page.page
    script = "for n in range(500): print('early', n)\n" + follow_by_steps(tmp_path)
    run_id = lab_page.submit(script)
    lab_page.lab.wait_for_status(run_id, "Running")
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    (tmp_path / "0").touch()
    line(page, "step 0").wait_for()
    port = page.get_by_role("region", name="Log main-0.txt")
    port.hover()
    page.mouse.wheel(0, -2000)
    page.get_by_role("button", name="Jump to end").wait_for()
    seen = port.locator(".jp-exec-log-line").nth(50)
    before = seen.bounding_box()
    size = page.locator(".jp-exec-log-status")
    told = size.text_content() or ""
    (tmp_path / "1").touch()
    size.filter(has_not_text=told).wait_for()
    assert seen.bounding_box() == before
    page.get_by_role("button", name="Jump to end").click()
    line(page, "step 1").wait_for()
    (tmp_path / "2").touch()
    line(page, "step 2").wait_for()
    port.focus()
    page.keyboard.press("Home")
    line(page, re.compile(r"^early 0$")).wait_for()
    page.keyboard.press("PageDown")
    page.get_by_role("button", name="Jump to end").wait_for()
    page.keyboard.press("End")
    page.get_by_role("button", name="Jump to end").wait_for(state="detached")
    (tmp_path / "3").touch()
    line(page, "step 3").wait_for()


def test_the_server_is_killed_and_comes_back(lab_page: LabPage, tmp_path: Path) -> None:
    page = lab_page.page
    run_id = lab_page.submit(follow_by_steps(tmp_path), displayName="survivor")
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    (tmp_path / "0").touch()
    line(page, "step 0").wait_for()
    lab_page.let_server_go()
    lab_page.lab.kill9()
    log_state(page, "disconnected")
    lab_page.shot("run-log-disconnected")
    (tmp_path / "1").touch()
    lab_page.lab.start()
    line(page, "step 1").wait_for(timeout=60_000)
    (tmp_path / "2").touch()
    (tmp_path / "3").touch()
    line(page, "step 3").wait_for()
    page.locator(".jp-exec-state", has_text="Completed").wait_for(timeout=60_000)
    assert page.locator(".jp-exec-log-line").count() == 4


@pytest.mark.alone
def test_a_log_of_one_gigabyte(lab_page: LabPage) -> None:
    page = lab_page.page
    run_id = ended_run(lab_page, "print('to become big')", displayName="talkative")
    path = log_file(lab_page, "to become big")
    write_gigabyte(path)
    last = GIGABYTE // LINE_BYTES - 1
    lab_page.open()
    # What is loaded once is not what is measured.
    lab_page.open_run(ended_run(lab_page), "logs")
    line(page, "x").wait_for()
    begun = time.monotonic()
    lab_page.open_run(run_id, "logs")
    line(page, f"line {last}").wait_for()
    opened_s = time.monotonic() - begun
    port = page.get_by_role("region", name="Log main-0.txt").last
    watch = """() => { window.longest = 0; new PerformanceObserver(list => {
        for (const task of list.getEntries())
            window.longest = Math.max(window.longest, task.duration);
    }).observe({entryTypes: ['longtask']}); }"""
    page.evaluate(watch)
    bar = page.locator(".jp-exec-log-bar:visible")
    # To the middle, by the scroll bar: as far as its length says.
    half = bar.evaluate("it => (it.scrollHeight - it.clientHeight) / 2")
    bar.hover()
    page.mouse.wheel(0, -half)
    line(page, re.compile(r"line 83[789]\d{4} ")).wait_for()
    lab_page.shot("run-log-gigabyte-middle")
    port.hover()
    for _ in range(40):
        page.mouse.wheel(0, 600)
    port.focus()
    page.keyboard.press("Home")
    line(page, re.compile(r"^line 0 ")).wait_for()
    page.keyboard.press("End")
    line(page, f"line {last}").wait_for()
    page.keyboard.press("Control+f")
    begun = time.monotonic()
    page.get_by_role("textbox", name="Search in this log").fill(f"LINE {last - 5} ")
    page.get_by_role("progressbar", name="How much was searched").wait_for()
    line(page, f"line {last - 5}").locator("mark[data-current]").wait_for(timeout=120_000)
    page.get_by_text("1 of 1", exact=True).wait_for(timeout=60_000)
    searched_s = time.monotonic() - begun
    lab_page.shot("run-log-gigabyte-found")
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    heap = client.send("Runtime.getHeapUsage")["usedSize"]
    busy_s = page.evaluate("() => window.longest") / 1000
    path.unlink()
    figures = f"opened {opened_s:.2f} s, searched {searched_s:.1f} s, "
    figures += f"heap {heap / 1e6:.0f} MB, longest task {busy_s:.2f} s"
    print(figures)
    assert opened_s < OPEN_S, figures
    assert heap < HEAP_BYTES, figures
    assert busy_s < BUSY_S, figures


def test_search_steps_through_what_it_finds(lab_page: LabPage) -> None:
    page = lab_page.page
    script = "for n in range(3000): print(n, 'Warning: odd' if n % 1000 == 7 else 'fine')"
    run_id = ended_run(lab_page, script)
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    line(page, "2999 fine").click()
    page.keyboard.press("Control+f")
    page.keyboard.type("warning")
    page.get_by_text("1 of 3", exact=True).wait_for()
    line(page, "7 Warning: odd").locator("mark[data-current]").wait_for()
    page.keyboard.press("Enter")
    line(page, "1007 Warning: odd").locator("mark[data-current]").wait_for()
    lab_page.shot("run-log-search")
    page.keyboard.press("Shift+Enter")
    page.get_by_text("1 of 3", exact=True).wait_for()
    page.get_by_role("button", name="Aa").click()
    page.get_by_text("Nothing was found.").wait_for()
    page.get_by_role("textbox", name="Search in this log").press("Escape")
    assert page.locator(".jp-exec-log mark").count() == 0


def test_colours_and_progress_bars(lab_page: LabPage) -> None:
    page = lab_page.page
    script = r"""
import sys
print('\x1b[31mred\x1b[0m \x1b[1;32mbold green\x1b[0m \x1b[38;5;208morange\x1b[0m <b>tag</b>')
for name in range(30, 38): print(f'\x1b[{name}mcolour {name}\x1b[{name + 60}m intense\x1b[0m')
print('\x1b[7minverse\x1b[0m \x1b[4munderlined\x1b[0m \x1b[44;97mwhite on blue\x1b[0m')
for n in range(0, 101, 10): sys.stdout.write(f'\r{n}% done')
print()
print('long ' * 3000)
"""
    run_id = ended_run(lab_page, script, displayName="colourful")
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    page.locator(".jp-exec-log .ansi-red-fg", has_text=re.compile("^red$")).wait_for()
    page.locator(".jp-exec-log .ansi-green-fg.ansi-bold", has_text="bold green").wait_for()
    line(page, "<b>tag</b>").wait_for()
    assert page.locator(".jp-exec-log b").count() == 0
    assert line(page, "% done").inner_text().strip() == "100% done"
    lab_page.shot("run-log-colours")
    page.get_by_role("button", name=re.compile("Show all")).click()
    page.get_by_role("button", name=re.compile("Show all")).wait_for(state="detached")
    page.evaluate(
        "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    page.locator("body[data-jp-theme-name='JupyterLab Dark']").wait_for(state="attached")
    page.get_by_role("button", name="Wrap").click()
    lab_page.shot("run-log-colours-dark")


def test_a_binary_log(lab_page: LabPage) -> None:
    page = lab_page.page
    script = "import sys\nsys.stdout.buffer.write(bytes(range(256)) * 2000)"
    run_id = ended_run(lab_page, script, displayName="binary")
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    page.get_by_text("This looks binary").wait_for()
    line(page, "\ufffd").wait_for()
    lab_page.shot("run-log-binary")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes() == bytes(range(256)) * 2000


def test_logs_of_all_attempts_can_be_picked(lab_page: LabPage) -> None:
    page = lab_page.page
    script = "import os\nprint('attempt', os.path.exists('mark'))\nopen('mark', 'w').close()\n"
    script += "raise SystemExit(1)"
    definition = {"configuration": {"script": "main.py", "retries": 1}}
    run_id = ended_run(lab_page, script, definition=definition)
    lab_page.open()
    lab_page.open_run(run_id, "logs")
    picker = page.get_by_role("combobox", name="Log")
    picker.wait_for()
    assert picker.input_value() == "main-0.retry-1.txt"
    line(page, re.compile("attempt (True|False)")).wait_for()
    picker.select_option("main-0.txt")
    line(page, "attempt False").wait_for()
    page.get_by_role("region", name="Log main-0.txt").wait_for()
