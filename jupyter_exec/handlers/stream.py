"""Our own routes about events: server-sent events, and the list of a run's (floor: handlers).

Source: the HTML standard, "Server-sent events". An event's id is its row in the database, so
`Last-Event-ID` resumes without loss, across restarts of the server too.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field
from tornado.iostream import StreamClosedError

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.handlers.base import ExecHandler, operation
from jupyter_exec.model.lifecycle import TERMINAL
from jupyter_exec.model.wire import WireModel
from jupyter_exec.store import events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HEARTBEAT_S = 15.0
LARGEST_ID = 2**62
_ENDS = {status.value for status in TERMINAL}


class EventsQuery(WireModel):
    """`lastEventId` does the same as the header Last-Event-ID, for clients that cannot set one."""

    last_event_id: Annotated[int, Field(ge=0, le=LARGEST_ID)] | None = None


class StreamHandler(ExecHandler):
    """Writes events as they come until the client goes away."""

    _writing: asyncio.Task[Any] | None = None

    def last_event_id(self, query: EventsQuery) -> int | None:
        """Return where the client was, from the header or the query.

        Raises:
            InvalidRequest: it is not one of our ids.
        """
        header = self.request.headers.get("Last-Event-ID", "").strip()
        if not header:
            return query.last_event_id
        if not header.isascii() or not header.isdigit() or int(header) > LARGEST_ID:
            message = f"{header[:40]!r} is not an event id"
            raise InvalidRequest(message, "Last-Event-ID")
        return int(header)

    async def write_stream(
        self, stream: AsyncIterator[dict[str, Any]], *, ends: bool, position: int | None = None
    ) -> None:
        """Write server-sent events.

        Args:
            ends: stop after the event that tells of a run's end.
            position: told first, in a block of its own without data, so that a client that loses
                the connection before the first event can resume.
        """
        self._writing = asyncio.current_task()
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        try:
            self.write(
                ": connected\n\n" if position is None else f": connected\nid: {position}\n\n"
            )
            await self.flush()
            following = asyncio.ensure_future(anext(stream))
            try:
                while True:
                    done, _ = await asyncio.wait({following}, timeout=HEARTBEAT_S)
                    if not done:
                        self.write(": ping\n\n")
                        await self.flush()
                        continue
                    event = following.result()
                    self.write(
                        f"id: {event['id']}\nevent: {event['type']}\ndata: {json.dumps(event)}\n\n"
                    )
                    await self.flush()
                    if ends and (event["type"] == "deleted" or event.get("status") in _ENDS):
                        break
                    following = asyncio.ensure_future(anext(stream))
            finally:
                following.cancel()
            self.finish()
        except (StreamClosedError, asyncio.CancelledError):
            return

    def on_connection_close(self) -> None:
        """Stop writing; called by tornado when the client has gone."""
        if self._writing is not None:
            self._writing.cancel()


class EventsHandler(StreamHandler):
    """`events`."""

    @operation(
        "Follow all runs as server-sent events",
        resource="runs",
        action="read",
        query=EventsQuery,
        media_type="text/event-stream",
        errors=(400,),
    )
    async def get(self, query: EventsQuery) -> None:
        """Stream what happens from now on, or from where the client was.

        A client that was further than we are knows another database, for example one that somebody
        has replaced. It is told our position, and what happens from now on.
        """
        house = await self.house()
        newest = await house.journal.read(events.last_id)
        since = self.last_event_id(query)
        position = newest if since is None else min(since, newest)
        await self.write_stream(house.journal.stream(position), ends=False, position=position)


class RunEventsHandler(StreamHandler):
    """`runs/{runId}/events`."""

    @operation(
        "List a run's events; with Accept: text/event-stream follow them to the run's end",
        resource="runs",
        action="read",
        query=EventsQuery,
        answer="EventList",
        also="text/event-stream",
        errors=(400, 404),
    )
    async def get(self, run_id: str, query: EventsQuery) -> Any:
        """Answer a list, or a stream that begins with the past."""
        house = await self.house()
        run = await house.runs.get(run_id)
        since = self.last_event_id(query) or 0
        if "text/event-stream" not in self.request.headers.get("Accept", ""):
            past = await house.journal.read(events.after, since, run.run_id, 10_000)
            return {"events": past}
        if run.ended and not await house.journal.read(events.after, since, run.run_id, 1):
            self.set_header("Content-Type", "text/event-stream")
            self.finish()
            return None
        await self.write_stream(house.journal.stream(since, run.run_id), ends=True)
        return None
