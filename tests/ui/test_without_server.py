"""The widget on a page that no Jupyter server has served: it shows what the kernel pushes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_exec.widgets.run_status import RunStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

RUN = {
    "runId": "mnist_1",
    "experiment": "mnist",
    "displayName": "train <i>it</i>",
    "target": "local",
    "status": "Running",
    "createdAt": "2026-01-31T12:00:00.000Z",
    "startedAt": "2026-01-31T12:00:10.000Z",
    "progress": {"done": 3, "total": 10, "label": "epochs"},
}
MODEL = """
([source, state]) => {
  const handlers = {};
  window.sent = [];
  const model = {
    values: { state, run_id: state.run.runId },
    get(name) { return this.values[name]; },
    set(name, value) { this.values[name] = value; handlers[`change:${name}`]?.(); },
    on(name, handler) { handlers[name] = handler; },
    off() {},
    send(message) { window.sent.push(message.type); },
    save_changes() {},
  };
  window.model = model;
  window.tell = (message) => handlers["msg:custom"](message);
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  return import(address).then((module) => {
    window.clean = module.default.render({ model, el: document.body });
  });
}
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.set_content("<!doctype html><body></body>")
    page.add_style_tag(content=RunStatus._css)
    yield page
    page.close()


def show(page: Page, **state: Any) -> None:
    page.evaluate(
        MODEL, [RunStatus._esm, {"run": RUN, "metrics": {}, "log": "", "outputs": [], **state}]
    )
    page.wait_for_selector(".jp-exec-status[data-status=Running]")


def push(page: Page, **state: Any) -> None:
    page.evaluate("state => window.model.set('state', state)", {"run": RUN, **state})


def test_pushed_states_are_shown_and_data_is_never_html(page: Page) -> None:
    show(page)
    assert page.locator(".jp-exec-status-name").inner_text() == "train <i>it</i>"
    bar = page.get_by_role("progressbar")
    assert bar.get_attribute("aria-valuenow") == "30"
    assert bar.get_attribute("aria-valuetext") == "3 / 10 epochs"
    push(page, log="\x1b[1;32mok\x1b[0m <img src=x onerror=alert(1)>\n 1%\r100%\n")
    page.locator(".jp-exec-ansi-bold.jp-exec-ansi-fg-green", has_text="ok").wait_for()
    assert page.locator(".jp-exec-status-log").inner_text() == (
        "ok <img src=x onerror=alert(1)>\n100%"
    )
    failed = {
        **RUN,
        "status": "Failed",
        "exitCode": 2,
        "error": {"code": "X", "message": "<b>boom</b>"},
        "endedAt": "2026-01-31T12:01:15.000Z",
    }
    push(page, run=failed, outputs=[{"path": "<u>.txt", "sizeBytes": 12}])
    page.wait_for_selector(".jp-exec-status[data-status=Failed]")
    assert page.locator(".jp-exec-status-cause").inner_text() == "<b>boom</b> (exit code 2)"
    assert page.locator(".jp-exec-status-time").inner_text() == "1:05"
    assert page.locator(".jp-exec-output").inner_text() == "<u>.txt12 B"
    assert page.locator("img, b, i, u, a").count() == 0


def test_progress_without_a_label(page: Page) -> None:
    show(page, run={**RUN, "progress": {"done": 62, "total": 100, "label": None}})
    assert page.locator(".jp-exec-status-count").inner_text() == "62 / 100"
    assert page.get_by_role("progressbar").get_attribute("aria-valuetext") == "62 / 100"


def test_a_log_that_was_cut_says_so(page: Page) -> None:
    show(page, log="one\n", cut=False)
    earlier = page.locator(".jp-exec-status-earlier")
    assert earlier.is_hidden()
    push(page, log="two\n", cut=True, logName="main-0.txt")
    page.get_by_text("earlier lines are in the full log").wait_for()
    assert earlier.locator("a").count() == 0, "the page has no server to ask"


def test_buttons_ask_the_kernel_and_its_refusal_is_shown(page: Page) -> None:
    show(page)
    page.get_by_role("button", name="Cancel run").click()
    assert page.evaluate("window.sent") == ["cancel"]
    page.evaluate("window.tell({ type: 'error', message: 'the server is gone' })")
    page.get_by_text("the server is gone").wait_for()
    push(page, run={**RUN, "status": "Canceled", "endedAt": RUN["startedAt"]})
    page.get_by_role("button", name="Re-run run").click()
    assert page.evaluate("window.sent") == ["cancel", "rerun"]


@pytest.mark.parametrize("count", [10_000, 200_000])
def test_a_long_log_is_drawn_quickly(page: Page, count: int) -> None:
    show(page)
    log = "".join(f"\x1b[3{n % 8}mline\x1b[0m {n}\n" for n in range(count // 10))[-65_536:]
    took_ms = page.evaluate(
        """log => {
          const begin = performance.now();
          window.model.set("state", { ...window.model.get("state"), log });
          return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
            done(performance.now() - begin))));
        }""",
        log,
    )
    assert page.locator(".jp-exec-status-log").inner_text().rstrip().endswith(str(count // 10 - 1))
    assert took_ms < 1000


def test_metrics_with_odd_values(page: Page) -> None:
    show(page, metrics={"loss": [1, None, 0.5], "lr": [0.00001], "flat": [2, 2]})
    values = page.locator(".jp-exec-metric-value").all_inner_texts()
    assert values == ["0.5", "1.00e-5", "2"]
    assert page.locator(".jp-exec-sparkline").count() == 2
    assert "NaN" not in json.dumps(page.content())


def test_more_metrics_than_are_shown(page: Page) -> None:
    show(page, metrics={f"m{number}": [number] for number in range(10)})
    assert page.locator(".jp-exec-metric").count() == 8
    assert page.locator(".jp-exec-status-metrics").inner_text().endswith("+2 more")
