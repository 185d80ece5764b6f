"""Our own route that starts TensorBoard on a run: `runs/{runId}/tensorboard` (floor: handlers)."""

from __future__ import annotations

from typing import Any

from jupyter_exec.handlers.base import ExecHandler, operation

_PROXY = "jupyter_server_proxy"


class TensorBoardHandler(ExecHandler):
    """`runs/{runId}/tensorboard`."""

    # TensorBoard asks nobody who he is, and its plug-ins are programs: it takes what a run takes.
    @operation(
        "Start TensorBoard on what a run has written, or find the one that is there",
        resource="runs",
        action="execute",
        answer="TensorBoard",
        errors=(404, 409, 503),
    )
    async def post(self, run_id: str) -> Any:
        """Answer its address, when it answers there."""
        port = await (await self.house()).tensorboards.open(run_id)
        proxied = self._is_proxied()
        address = f"{self.base_url}proxy/{port}/" if proxied else f"http://127.0.0.1:{port}/"
        return {"runId": run_id, "url": address, "proxied": proxied, "port": port}

    def _is_proxied(self) -> bool:
        """Tell whether this server passes requests on to programs of its machine."""
        serverapp = self.serverapp
        if serverapp is None:
            return False
        linked: dict[str, bool] = serverapp.extension_manager.linked_extensions
        return linked.get(_PROXY, False)
