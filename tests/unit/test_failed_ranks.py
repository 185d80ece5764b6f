"""Which rank is the cause, from what ranks note and from their logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_exec.targets.shim import causes

if TYPE_CHECKING:
    from pathlib import Path


def cause(folder: Path, noted: str, **logs: str) -> tuple[str, int, str]:
    """Return name, code and line of the cause; `rank_1="..."` is a log."""
    (folder / "failed.txt").write_text(noted)
    for name, text in logs.items():
        (folder / f"{name.replace('_', '-')}.txt").write_text(text)
    ended = [("node", 0, 1, str(folder / "node-0.txt"))]
    found = causes.cause(causes.failures(ended, str(folder / "failed.txt"), []))
    return found.name, found.code, found.line


PEER = "RuntimeError: [gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:9601"


def test_torch_puts_the_rank_before_each_line(tmp_path: Path) -> None:
    found = cause(tmp_path, "rank-1 1 0\n", rank_1="[rank1]: ValueError: no such layer\n")
    assert found == ("rank-1", 1, "ValueError: no such layer")


def test_a_node_whose_rank_lost_its_peer_is_not_the_cause_either(tmp_path: Path) -> None:
    last = "a rank of this node failed: rank-0 (exit code 1)"
    found = cause(tmp_path, "rank-0 1 0\n", rank_0=f"[rank0]: {PEER}\n", node_0=last)
    assert found == ("rank-0", 1, PEER)


def test_what_failed_before_the_last_restart_does_not_count(tmp_path: Path) -> None:
    noted = "rank-1 1 0\nrank-0 1 0\nrank-0 137 1\n"
    found = cause(tmp_path, noted, rank_0="epoch 3\n", rank_1="ValueError: no such layer\n")
    assert found == ("rank-0", -9, "epoch 3")


def test_lines_that_are_something_else_are_passed_over(tmp_path: Path) -> None:
    noted = "\nrank\nrank-x 1\nnode-1 1\nrank-2 one\nrank-2 3\nrank-1 1 -1\n"
    assert cause(tmp_path, noted, rank_2="Killed\n") == ("rank-2", 3, "Killed")
