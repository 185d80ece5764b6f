"""A real kernel below a real server's root folder, as a notebook has it."""

from __future__ import annotations

import time
from queue import Empty
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.manager import KernelManager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient
    from servers import RunningServer

TIMEOUT_S = 60


class Cell:
    """What an executed cell has left.

    Attributes:
        status: `ok` or `error`.
        messages: of the iopub channel, in order.
    """

    def __init__(self, status: str, messages: list[dict[str, Any]]) -> None:
        self.status = status
        self.messages = messages

    def stream(self, name: str) -> str:
        return "".join(
            message["content"]["text"]
            for message in self.messages
            if message["msg_type"] == "stream" and message["content"]["name"] == name
        )

    def contents(self, *kinds: str) -> list[dict[str, Any]]:
        return [message["content"] for message in self.messages if message["msg_type"] in kinds]

    @property
    def text(self) -> str:
        """The plain text of its value or display."""
        shown = self.contents("execute_result", "display_data")
        return "\n".join(content["data"].get("text/plain", "") for content in shown)


class Kernel:
    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager = manager
        self.client = client

    def execute(self, code: str, timeout_s: float = TIMEOUT_S) -> Cell:
        messages: list[dict[str, Any]] = []
        reply = self.client.execute_interactive(
            code, timeout=timeout_s, output_hook=messages.append, allow_stdin=False
        )
        return Cell(reply["content"]["status"], messages)

    def value(self, expression: str) -> Any:
        import ast

        cell = self.execute(f"print(repr({expression}))")
        assert cell.status == "ok", cell.contents("error")
        return ast.literal_eval(cell.stream("stdout"))

    def complete(self, code: str) -> list[str]:
        """Return the whole lines that Tab at the end of `code` offers."""
        content = self._ask(self.client.complete(code))
        return [code[: content["cursor_start"]] + match for match in content["matches"]]

    def complete_kinds(self, code: str) -> set[str]:
        """Return the kinds of what Tab offers there."""
        metadata = self._ask(self.client.complete(code))["metadata"]
        return {match["type"] for match in metadata["_jupyter_types_experimental"]}

    def inspect(self, code: str) -> str:
        return str(self._ask(self.client.inspect(code))["data"]["text/plain"])

    def next_message(self, kind: str, timeout_s: float = TIMEOUT_S) -> dict[str, Any]:
        """Wait for a message that comes by itself on the iopub channel."""
        deadline = time.monotonic() + timeout_s
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["msg_type"] == kind:
                return message

    def shown(self, message_id: str) -> list[dict[str, Any]]:
        """Wait until a going cell has displayed something; return its messages up to then."""
        messages = []
        while not messages or messages[-1]["msg_type"] != "display_data":
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["parent_header"].get("msg_id") == message_id:
                messages.append(message)
        return messages

    def finish(self, message_id: str) -> Cell:
        """Wait for the end of a cell that `client.execute` has sent."""
        status = self._ask(message_id)["status"]
        messages: list[dict[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT_S)
            if message["parent_header"].get("msg_id") == message_id:
                messages.append(message)
                if message["content"].get("execution_state") == "idle":
                    return Cell(status, messages)

    def _ask(self, message_id: str) -> dict[str, Any]:
        while True:
            try:
                reply = self.client.get_shell_msg(timeout=TIMEOUT_S)
            except Empty:
                pytest.fail("the kernel does not answer")
            if reply["parent_header"].get("msg_id") == message_id:
                return reply["content"]


@pytest.fixture(scope="module")
def kernel(server: RunningServer) -> Iterator[Kernel]:
    """A kernel with our extension loaded."""
    folder = server.root_dir / "work"
    folder.mkdir()
    (folder / "helper.py").write_text("ANSWER = 42\n")
    manager = KernelManager()
    manager.start_kernel(cwd=str(folder), env=server.env)
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=TIMEOUT_S)
    kernel = Kernel(manager, client)
    loaded = kernel.execute("%load_ext jupyter_exec")
    assert loaded.status == "ok", loaded.contents("error")
    yield kernel
    client.stop_channels()
    manager.shutdown_kernel(now=True)
