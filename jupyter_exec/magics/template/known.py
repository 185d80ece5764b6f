"""What Tab knows of templates: asked of the server, kept for some seconds (floor: magics).

Tab never waits long: what comes late is there at the next Tab.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from jupyter_exec.client import ExecClient
    from jupyter_exec.client.template import Template

T = TypeVar("T")
FRESH_S = 5.0
PATIENCE_S = 0.045
"""For one question; a Tab asks two at most, and answers within 0.1 s."""
LISTED = 200
_RUNS = 50


class _Answer(NamedTuple):
    """What the server said, and when, by the monotonic clock."""

    value: list[Any]
    moment: float


class KnownTemplates:
    """Answers at once, from what the server said within the last seconds.

    Args:
        ask: asks the server, without starting one; an empty list where that fails.
    """

    def __init__(self, ask: Callable[[Callable[[ExecClient], list[Any]]], list[Any]]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._answers: dict[str, _Answer] = {}
        self._under_way: dict[str, threading.Event] = {}
        self._changes = 0

    def templates(self, prefix: str = "") -> list[Template]:
        """Return the templates whose names begin so."""
        found = self._look("templates", lambda client: client.templates.list(limit=LISTED))
        if prefix and len(found) >= LISTED:
            found = self._look(
                f"templates {prefix}", lambda client: client.templates.list(prefix, LISTED)
            )
        return [template for template in found if template.name.startswith(prefix)]

    def template(self, name: str) -> Template | None:
        """Return one template."""
        return next((each for each in self.templates(name) if each.name == name), None)

    def runs(self) -> list[str]:
        """Return the ids of the latest runs."""
        return self._look("runs", lambda client: [run.run_id for run in client.runs(limit=_RUNS)])

    def experiments(self) -> list[str]:
        """Return the experiments of the latest runs."""
        return self._look(
            "experiments",
            lambda client: list(dict.fromkeys(run.experiment for run in client.runs(limit=_RUNS))),
        )

    def forget(self) -> None:
        """Ask again at the next Tab: templates have changed."""
        with self._lock:
            self._changes += 1
            self._answers.clear()
            self._under_way.clear()

    def _look(self, key: str, question: Callable[[ExecClient], list[T]]) -> list[T]:
        """Return an answer: a fresh one if it comes in time, else the last one."""
        answer = self._answers.get(key)
        if answer is None or time.monotonic() - answer.moment > FRESH_S:
            self._begin(key, question).wait(PATIENCE_S)
            answer = self._answers.get(key)
        return answer.value if answer is not None else []

    def _begin(self, key: str, question: Callable[[ExecClient], list[T]]) -> threading.Event:
        """Ask in a thread, unless that is under way; what comes back is set when it is over."""
        with self._lock:
            if key in self._under_way:
                return self._under_way[key]
            over = self._under_way[key] = threading.Event()
            changes = self._changes

        def fetch() -> None:
            try:
                value = self._ask(question)
                with self._lock:
                    if changes == self._changes:
                        self._answers[key] = _Answer(value, time.monotonic())
            finally:
                with self._lock:
                    if self._under_way.get(key) is over:
                        del self._under_way[key]
                over.set()

        threading.Thread(target=fetch, daemon=True, name=f"ask for {key}").start()
        return over
