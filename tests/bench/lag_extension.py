"""A server extension that measures how late the event loop is: `GET /bench/lag`.

It asks to be called every 5 ms and notes how much later it was called; that is how long anything
else had to wait. The answer is the list of lags in seconds since the last question.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

from tornado.web import RequestHandler

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

PERIOD_S = 0.005
_lags: list[float] = []


class LagHandler(RequestHandler):
    """Answers the lags since the last time and forgets them."""

    allow_unauthenticated = True

    def get(self) -> None:
        answer = json.dumps(_lags)
        _lags.clear()
        self.finish(answer)


async def _measure() -> None:
    while True:
        due = time.perf_counter() + PERIOD_S
        await asyncio.sleep(PERIOD_S)
        _lags.append(max(0.0, time.perf_counter() - due))


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "bench.lag_extension"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    serverapp.web_app.add_handlers(".*$", [("/bench/lag", LagHandler)])


async def _start_jupyter_server_extension(serverapp: ServerApp) -> None:
    serverapp.bench_lag = asyncio.create_task(_measure())
