"""State changes on Jupyter's own event bus (floor: handlers).

Other extensions subscribe to `https://schema.jupyter.org/jupyter_exec/run_state/v1` with
jupyter_events.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_events import EventLogger

    from jupyter_exec.services.house import House

SCHEMA_ID = "https://schema.jupyter.org/jupyter_exec/run_state/v1"
SCHEMA = Path(__file__).with_name("run_state.v1.yaml")


async def emit_events(house: House, logger: EventLogger) -> None:
    """Emit every change of state from now on, until cancelled."""
    if SCHEMA_ID not in logger.schemas:
        logger.register_event_schema(SCHEMA)
    async for event in house.journal.stream():
        if event["type"] in {"created", "state"}:
            data = {"run_id": event["runId"], "status": event["status"], "event_id": event["id"]}
            logger.emit(schema_id=SCHEMA_ID, data=data)
