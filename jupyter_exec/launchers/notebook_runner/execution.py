"""Executes the cells of a notebook: nbclient, without its waiting.

Travels with runs (see `main`). Imported while the kernel starts.
"""

from __future__ import annotations

import asyncio
from queue import Empty
from typing import TYPE_CHECKING, Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete

from jupyter_exec.launchers.notebook_runner.kernel import NotebookFault
from jupyter_exec.launchers.notebook_runner.streams import CellStreams, echo

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbformat import NotebookNode

    from jupyter_exec.launchers.notebook_runner.document import Injected
    from jupyter_exec.launchers.notebook_runner.kernel import Kernel

_START_S = 120.0
_RECONNECT_MS = 10
_STRAGGLERS_S = 4.0
_BATCH = 200
_HELPER = "jupyter-exec"  # tag of the cells that `%%submit` puts around the user's own


class KernelClient(AsyncKernelClient):
    """The channels that a run needs; there is no heartbeat, the kernel is this process's child."""

    def interrupt(self, kernel: Kernel) -> None:
        """Interrupt the cell that is being executed."""
        if kernel.choice.interrupt_mode == "message":
            self.control_channel.send(self.session.msg("interrupt_request", {}))
        else:
            kernel.interrupt()


async def connect(kernel: Kernel, ended: asyncio.Event) -> tuple[KernelClient, dict[str, Any]]:
    """Return a client, and what the kernel says of itself, once it is ready to execute.

    Args:
        kernel: which was just started.
        ended: set when its process has ended.

    Raises:
        NotebookFault: it ended first, or took more than two minutes.
    """
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.RECONNECT_IVL, _RECONNECT_MS)  # it has bound nothing yet
    context.setsockopt(zmq.RCVHWM, 0)  # a flood of output is late rather than lost
    client = KernelClient(context=context)
    client.load_connection_info(kernel.connection)
    client.start_channels(stdin=False, hb=False)
    greeting = asyncio.ensure_future(_greet(client))
    death = asyncio.ensure_future(ended.wait())
    await asyncio.wait({greeting, death}, timeout=_START_S, return_when=asyncio.FIRST_COMPLETED)
    death.cancel()
    if greeting.done():
        return client, greeting.result()
    greeting.cancel()
    if ended.is_set():
        kernel.fail_to_start()
    name = kernel.choice.name
    raise NotebookFault(f"kernel {name!r} was not ready after {_START_S:.0f} s")


async def _greet(client: KernelClient) -> dict[str, Any]:
    """Ask for kernel_info until both the reply and the broadcast that goes with it arrive.

    The broadcast shows that our subscription has reached the kernel. jupyter_client's
    `wait_for_ready` instead waits for 0.2 s of silence.
    """
    patience = 0.1
    while True:
        request = client.kernel_info()
        reply = await client.get_shell_msg()
        while reply["msg_type"] != "kernel_info_reply":
            reply = await client.get_shell_msg()
        try:
            while True:
                message = await client.get_iopub_msg(timeout=patience)
                if message["parent_header"].get("msg_id") == request:
                    return dict(reply["content"])
        except Empty:
            patience *= 2


class Execution(NotebookClient):
    """One notebook in one kernel.

    Args:
        notebook: its outputs are filled in while it is executed.
        client: of the kernel.
        ended: set when the kernel's process has ended.
        changed: called whenever an output has arrived.
        injected: the cell with the parameters of the run, where there is one.

    Attributes:
        left: whether a cell has asked the kernel to end.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        client: KernelClient,
        ended: asyncio.Event,
        changed: Callable[[], None],
        injected: Injected | None = None,
    ) -> None:
        super().__init__(notebook, iopub_timeout=24 * 3600, on_cell_executed=self._note_reply)
        self.kc = client
        client.allow_stdin = False
        self._ended = ended
        self._changed = changed
        self._injected = injected
        self._streams: CellStreams | None = None
        self.left = False

    def _note_reply(self, execute_reply: dict[str, Any], **_: Any) -> None:
        """See whether a cell called IPython's `exit`."""
        payloads = execute_reply["content"].get("payload") or []
        self.left = self.left or any(each.get("source") == "ask_exit" for each in payloads)

    def steps(self) -> list[int]:
        """Return the indices of the cells that will be executed."""
        return [
            index
            for index, cell in enumerate(self.nb.cells)
            if cell.cell_type == "code"
            and cell.source.strip()
            and self.skip_cells_with_tag not in cell.metadata.get("tags", [])
        ]

    def helps(self, index: int) -> bool:
        """Tell whether a cell is none of the user's own: it has no number."""
        injected = self._injected
        if injected is not None and injected.is_new and index == injected.place:
            return True
        return _HELPER in self.nb.cells[index].metadata.get("tags", [])

    def sets_parameters(self, index: int) -> bool:
        """Tell whether a cell is the one that gives the notebook the parameters of the run."""
        return self._injected is not None and index == self._injected.place

    async def step(self, index: int, number: int | None) -> None:
        """Execute a cell.

        Args:
            index: among all cells.
            number: among those that are counted; None = it is not.

        Raises:
            nbclient.exceptions.CellExecutionError: it raised one.
            nbclient.exceptions.DeadKernelError: the kernel died.
        """
        self._streams = None
        cell = self.nb.cells[index]
        counted = number is not None
        try:
            await self.async_execute_cell(cell, index, number, store_history=counted)
        finally:
            if not counted:
                cell.execution_count = None
            self.bring_up_to_date()
            self._changed()

    def bring_up_to_date(self) -> None:
        """Show in the notebook what has arrived so far."""
        if self._streams is not None:
            self._streams.show()
        self.set_widgets_metadata()

    async def _async_poll_kernel_alive(self) -> None:
        """Cancel the wait for a reply when the kernel's process ends; nbclient asks each second."""
        await self._ended.wait()
        await asyncio.sleep(0.05)  # its last words may still be on their way
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    async def _async_poll_output_msg(
        self, parent_msg_id: str, cell: NotebookNode, cell_index: int
    ) -> None:
        """Take outputs until the kernel says it is idle, many at once where they come fast."""
        channel = self.kc.iopub_channel  # type: ignore[union-attr]
        socket: Any = zmq.Socket.shadow(channel.socket.underlying)
        while True:
            try:
                message = await channel.get_msg(timeout=_STRAGGLERS_S)
            except Empty:
                if "shell.execute_reply" in cell.metadata["execution"]:
                    return  # idle was lost
                continue
            try:
                self._take(message, parent_msg_id, cell, cell_index)
                for _ in range(_BATCH):
                    parts = socket.recv_multipart(zmq.NOBLOCK)
                    message = channel.session.deserialize(channel.session.feed_identities(parts)[1])
                    self._take(message, parent_msg_id, cell, cell_index)
            except CellExecutionComplete:
                return
            except zmq.Again:
                continue
            await asyncio.sleep(0)

    def _take(self, message: Any, parent: str, cell: NotebookNode, index: int) -> None:
        if message["parent_header"].get("msg_id") == parent:
            self.process_message(message, cell, index)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Take one output: into the log as text, and into the notebook."""
        _log(msg)
        self._changed()
        captured = bool(self.output_hook_stack[msg["parent_header"].get("msg_id")])
        if captured:  # by an Output widget
            return super().output(outs, msg, display_id, cell_index)
        if self.clear_before_next_output:
            self.clear_output(outs, {**msg, "content": {"wait": False}}, cell_index)
            self.clear_before_next_output = False
        if self._streams is None:
            self._streams = CellStreams(outs)
        if msg["msg_type"] == "stream":
            self._streams.add(msg["content"]["name"], msg["content"]["text"])
            return None
        self._streams.close()
        return super().output(outs, msg, display_id, cell_index)

    def clear_output(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        """Clear a cell's outputs, or those that an Output widget has captured."""
        captured = bool(self.output_hook_stack[msg["parent_header"].get("msg_id")])
        if self._streams is not None and not captured and not msg["content"].get("wait"):
            self._streams.clear()
        super().clear_output(outs, msg, cell_index)


def _log(message: dict[str, Any]) -> None:
    """Write an output to the log, as a terminal would show it."""
    content = message["content"]
    if message["msg_type"] == "stream":
        echo(2 if content["name"] == "stderr" else 1, content["text"])
    elif message["msg_type"] == "error":
        echo(2, "\n".join(content["traceback"]) + "\n")
    elif "text/plain" in content.get("data", {}):
        text = content["data"]["text/plain"]
        echo(1, (text if isinstance(text, str) else "".join(text)) + "\n")
