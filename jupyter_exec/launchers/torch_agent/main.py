"""The program of one node of a PyTorch job: torchrun, with nodes that know each other's names.

    python main.py FAILED START_TIMEOUT_S <torchrun's own words>

This folder travels with runs: it needs torch, and nothing else of this package. torchrun finds its
peers by a rendezvous, for which torch lets others register their own kind; ours (`NodeRendezvous`)
differs from torch's in four ways. The n-th replica is the n-th node, also after a restart. Its port
is open on the given address only: whoever reaches torch's own, on all addresses of the machine, may
have code executed. Who does not come is named. And it neither polls nor waits at random.

NODE_RANK tells which node this is. Ranks that failed are noted in the file FAILED, where they could
not do so themselves (`launchers/ranks.py`).
"""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

sys.path.pop(0)  # this folder; whoever imports `main` means another

if find_spec("torch") is None:
    sys.exit("the run's Python has no torch; install it, or name an environment that has it")

from torch.distributed import (
    DistError,
    DistNetworkError,
    DistStoreError,
    PrefixStore,
    TCPStore,
    run,
)
from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.elastic.rendezvous import (
    RendezvousHandler,
    RendezvousTimeoutError,
    rendezvous_handler_registry,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch.distributed.elastic.rendezvous import RendezvousParameters

BACKEND = "nodes"
_FOREVER = timedelta(days=3650)
_GLOO_KEY = re.compile(r"default_pg/.*//cpu//\d+/(\d+)")  # each rank tells its address there
_SHELL_SIGNAL = 128  # what a shell adds to the number of a signal


class NodeRendezvous(RendezvousHandler):  # type: ignore[misc]  # torch is not installed here
    """Lets the agents of all nodes meet, once at the start and again at each restart.

    Args:
        parameters: what torchrun was told.
        node: index of this node.
        timeout_s: how long to wait for the others.
        ends: file where ranks note their ends, and this that they are started again.
    """

    def __init__(
        self, parameters: RendezvousParameters, node: int, timeout_s: float, ends: str
    ) -> None:
        host, port = parameters.endpoint.rsplit(":", 1)
        self.missing = ""  # who did not come, once that is known
        self._host, self._port = host, int(port)
        self.node, self._nodes = node, parameters.max_nodes
        self._run_id = parameters.run_id
        self._timeout_s = timeout_s
        self._ends = ends
        self._round = -1
        self._store: TCPStore | None = None
        self._workers: TCPStore | None = None  # kept open for those of this round

    def next_rendezvous(self) -> Any:
        """Wait for all nodes.

        Raises:
            RendezvousTimeoutError: some did not come; the message names them.
        """
        store = self._store = self._store or self._connect()
        self._round += 1
        os.environ["JUPYTER_EXEC_ROUND"] = str(self._round)
        if self._round > 0:
            _note(self._ends, f"node-{self.node} 0 {self._round}")  # older ends count no more
        mine = PrefixStore(f"jupyter-exec/{self._round}", store)
        mine.set(f"node-{self.node}", "")
        mine.add("arrived", 1)
        names = [f"node-{number}" for number in range(self._nodes)]
        try:
            with _killable():
                mine.wait(names, timedelta(seconds=self._timeout_s))
        except DistStoreError as error:
            raise self._late([name for name in names if not mine.check([name])]) from error
        port = self._port if self._round == 0 else self._new_store(mine)
        return _info(mine, self.node, self._nodes, self._host, port)

    def _connect(self) -> TCPStore:
        if self.node == 0:
            return _serve(self._host, self._port)
        timeout = timedelta(seconds=self._timeout_s)
        try:
            return TCPStore(self._host, self._port, is_master=False, timeout=timeout)
        except DistError as error:
            raise self._late(["node-0"]) from error

    def _new_store(self, mine: PrefixStore) -> int:
        """Return the port of a store without what ranks left before a restart."""
        if self.node == 0:
            self._workers = _serve(self._host, 0)
            mine.set("port", str(self._workers.port))
        return int(mine.get("port"))

    def _late(self, names: Sequence[str]) -> RendezvousTimeoutError:
        return RendezvousTimeoutError(
            f"{', '.join(names)} did not join within {self._timeout_s:g} s; "
            "startTimeoutSeconds gives more time"
        )

    def num_nodes_waiting(self) -> int:
        """Return how many nodes wait for the next round: their ranks failed."""
        if self._store is None:
            return 0
        return int(self._store.add(f"jupyter-exec/{self._round + 1}/arrived", 0))

    def leave(self) -> None:
        """Stay until all have left if this node has the store, since the others use it."""
        if self._store is None or self._nodes == 1:
            return
        self._store.set(f"jupyter-exec/left/{self.node}", "")
        if self.node == 0:
            others = [f"jupyter-exec/left/{number}" for number in range(self._nodes)]
            with _killable():
                self._store.wait(others, _FOREVER)

    def await_ranks(self, ranks: int) -> None:
        """End this process where some ranks wait longer than the timeout for others; in a thread.

        Gloo's ranks leave their addresses in the store, so it is known who has come.
        """
        since, met = None, -1
        while True:
            time.sleep(min(5.0, max(0.2, self._timeout_s / 20)))
            store, now = self._workers or self._store, self._round
            if store is None or met == now or not hasattr(store, "list_keys"):
                continue
            found = map(_GLOO_KEY.search, store.list_keys())
            here = {int(match[1]) for match in found if match}
            absent = sorted(set(range(ranks)) - here)
            met = now if not absent else met
            if not here or not absent:
                since = None
                continue
            since = since or time.monotonic()
            if time.monotonic() > since + self._timeout_s:
                names = ", ".join(f"rank-{rank}" for rank in absent)
                self.missing = (
                    f"{names} did not reach init_process_group within {self._timeout_s:g} s after "
                    "the others; startTimeoutSeconds gives more time"
                )
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def get_backend(self) -> str:
        """Return the name under which it is registered."""
        return BACKEND

    @property
    def use_agent_store(self) -> bool:
        """Let the ranks use a store of ours, so that none has to open a port."""
        return True

    def get_run_id(self) -> str:
        """Return what torchrun was told."""
        return str(self._run_id)

    def is_closed(self) -> bool:
        """Return False: nodes come and go with the run."""
        return False

    def set_closed(self) -> None:
        """Do nothing: see `is_closed`."""

    def shutdown(self) -> bool:
        """Do nothing: see `leave`."""
        return True


def _serve(host: str, port: int) -> TCPStore:
    """Open a store on one address; in a container, whose own name that is, on all of its."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host if host.startswith("127.") else "", port))
    listener.listen(socket.SOMAXCONN)
    port = listener.getsockname()[1]
    return TCPStore(
        host, port, is_master=True, wait_for_workers=False, master_listen_fd=listener.detach()
    )


def _info(store: PrefixStore, node: int, nodes: int, host: str, port: int) -> Any:
    """Return what torch's agent wants to know; before torch 2.4 it found a port by itself."""
    try:
        from torch.distributed.elastic.rendezvous import RendezvousInfo, RendezvousStoreInfo
    except ImportError:
        return store, node, nodes
    return RendezvousInfo(store, node, nodes, RendezvousStoreInfo(host, port))


@contextmanager
def _killable() -> Iterator[None]:
    """Let SIGTERM end this process while it waits in C++, where Python calls no handler."""
    handler = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)


def _note(path: str, line: str) -> None:
    with open(path, "a") as file:  # noqa: PTH123
        file.write(line + "\n")


def _noted(path: str, error: ChildFailedError) -> str:
    """Return which rank failed first; note it if a signal ended the shell that would do so."""
    rank, failure = error.get_first_failure()
    if failure.exitcode < 0:
        code = _SHELL_SIGNAL - failure.exitcode
        _note(path, f"rank-{rank} {code} {os.environ['JUPYTER_EXEC_ROUND']}")
    return f"a rank of this node failed: rank-{rank} (exit code {failure.exitcode})"


def main() -> None:
    """Run torchrun; its last line tells what happened, where no rank tells."""
    failed, timeout_s, *words = sys.argv[1:]
    arguments = run.parse_args(words)
    if not os.access(os.path.dirname(failed), os.W_OK):  # noqa: PTH120
        arguments.log_dir = None  # a container has the file only; its /tmp goes with it
    made: list[NodeRendezvous] = []

    def make(parameters: RendezvousParameters) -> NodeRendezvous:
        node = int(os.environ["NODE_RANK"])
        made.append(NodeRendezvous(parameters, node, float(timeout_s), failed))
        ranks = parameters.max_nodes * int(arguments.nproc_per_node)
        if made[0].node == 0:
            threading.Thread(target=made[0].await_ranks, args=(ranks,), daemon=True).start()
        return made[0]

    rendezvous_handler_registry.register(BACKEND, make)
    try:
        run.run(arguments)
        made[0].leave()
    except ChildFailedError as error:
        sys.exit(_noted(failed, error))
    except RendezvousTimeoutError as error:
        sys.exit(str(error))
    except DistNetworkError as error:
        sys.exit(f"lost connection to node-0: {error}")
    except SignalException as error:
        sys.exit(made[0].missing or _SHELL_SIGNAL + error.sigval)


if __name__ == "__main__":
    main()
