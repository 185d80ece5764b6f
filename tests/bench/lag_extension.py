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


class LagHandler(RequestHandler):
    """Answers the lags since the last time and forgets them."""

    allow_unauthenticated = True

    def initialize(self, lags: list[float]) -> None:
        self.lags = lags

    def get(self) -> None:
        answer = json.dumps(self.lags)
        self.lags.clear()
        self.finish(answer)


async def _measure(lags: list[float]) -> None:
    while True:
        due = time.perf_counter() + PERIOD_S
        await asyncio.sleep(PERIOD_S)
        lags.append(max(0.0, time.perf_counter() - due))


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "bench.lag_extension"}]


def _load_jupyter_server_extension(serverapp: ServerApp) -> None:
    lags: list[float] = []
    serverapp.web_app.add_handlers(".*$", [("/bench/lag", LagHandler, {"lags": lags})])


async def _start_jupyter_server_extension(serverapp: ServerApp) -> None:
    handler = next(
        rule.target_kwargs
        for host in serverapp.web_app.default_router.rules
        for rule in getattr(host.target, "rules", [])
        if rule.target is LagHandler
    )
    serverapp.bench_lag = asyncio.create_task(_measure(handler["lags"]))
