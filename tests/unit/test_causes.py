"""Which of several failures is the cause, whatever the run has put where it is looked for."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_exec.targets.container_plan import ReplicaPlan
from jupyter_exec.targets.container_verdict import AttemptPlan, End, end_of, failure_of, judge
from jupyter_exec.targets.shim import memory
from jupyter_exec.targets.shim.causes import Failure, cause, failures, is_echo, signed, verdict

if TYPE_CHECKING:
    from pathlib import Path

ECHOES = [
    (1, "ConnectionResetError: [Errno 104] Connection reset by peer"),
    (1, "BrokenPipeError: [Errno 32] Broken pipe"),
    (1, "EOFError"),
    (1, "asyncio.exceptions.IncompleteReadError: 0 bytes read on a total of 4 expected bytes"),
    (1, "RuntimeError: [../gloo/pair.cc:525] Connection closed by peer [127.0.0.1]:1234"),
    (1, "[rank1]: torch.distributed.DistBackendError: Socket closed"),
    (1, "tensorflow.python.framework.errors_impl.UnavailableError: failed to connect"),
    (1, "java.io.EOFException"),
    (-15, ""),
    (-13, ""),
    (-9, ""),
]
BY_SOMEBODY = " (sent by somebody, or by a guard of the machine's memory)"
CAUSES = [(1, "ValueError: no such column"), (3, ""), (-11, ""), (-9, "epoch 3"), (2, "loss: nan")]


@given(
    echoes=st.lists(st.sampled_from(ECHOES), max_size=8),
    own=st.sampled_from(CAUSES),
    place=st.integers(0, 8),
)
def test_the_only_one_with_a_reason_is_the_cause(
    echoes: list[tuple[int, str]], own: tuple[int, str], place: int
) -> None:
    ended = [Failure(f"worker-{index}", *echo) for index, echo in enumerate(echoes)]
    ended.insert(place, Failure("chief-0", *own))
    assert [failure.name for failure in ended if not is_echo(failure)] == ["chief-0"]
    assert cause(ended).name == "chief-0"


def test_the_first_of_equals() -> None:
    echoes = [Failure(f"worker-{index}", 1, "Connection reset by peer") for index in (2, 0, 1)]
    assert cause(echoes).name == "worker-2"
    owns = [Failure(f"worker-{index}", 1, "ValueError: x") for index in (2, 0, 1)]
    assert cause([*echoes, *owns]).name == "worker-2"


def test_what_is_known_is_no_echo() -> None:
    killed = Failure("worker-1", -9, "", ("MemoryLimit", "used more than its 1 GiB"))
    assert cause([Failure("worker-0", 1, "Broken pipe"), killed]) is killed
    assert verdict(killed, named=True) == {
        "code": "MemoryLimit",
        "message": "worker-1: used more than its 1 GiB",
        "exit_code": -9,
    }


@pytest.mark.parametrize(
    ("code", "line", "said"),
    [
        (1, "boom", "boom (exit code 1)"),
        (7, "", "exit code 7"),
        (-11, "boom", "ended by SIGSEGV"),
        (-9, "", f"ended by SIGKILL{BY_SOMEBODY}"),
        (-40, "", "ended by signal 40"),
    ],
)
def test_words(code: int, line: str, said: str) -> None:
    words = verdict(Failure("main-0", code, line), named=False)
    assert words["message"] == said
    assert words["code"] == ("ExitCode" if code > 0 else "Signal")
    assert verdict(Failure("worker-1", code, line), named=True)["message"] == f"worker-1: {said}"


@pytest.mark.parametrize("name", ["mpirun-0", "rank-2"])
def test_a_signal_names_whom_it_ended_unless_that_is_all(name: str) -> None:
    assert verdict(Failure(name, -9, ""), named=False)["message"].startswith(f"{name}: ended by")


def test_out_of_memory_is_said_where_the_kernel_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = Failure("main-0", -9, "")
    said = "ended by SIGKILL (the kernel has killed for lack of memory meanwhile)"
    assert verdict(killed, named=False, out_of_memory=True)["message"] == said
    alone = plan_of(tmp_path, "")
    assert said_of(alone, {"c0": End(-9, out_of_memory=True)}) == f"worker-0: {said}"
    vmstat = tmp_path / "vmstat"
    monkeypatch.setattr(memory, "_VMSTAT", str(vmstat))
    assert memory.kernel_kills() is None
    vmstat.write_text("nr_free_pages 7\noom_kill_x 1\noom_kill 25\n")
    assert memory.kernel_kills() == 25


def test_signals() -> None:
    assert [signed(code) for code in (0, 1, 128, 137, 192, 193, 255)] == [
        0,
        1,
        128,
        -9,
        -64,
        193,
        255,
    ]


# ------------------------------------------------------------------ ranks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main-0.retry-1.txt").write_text("mpirun noticed\nPrimary job terminated\n")
    (tmp_path / "rank-0.retry-1.txt").write_text("Connection reset by peer\n")
    (tmp_path / "rank-3.retry-1.txt").write_text("started\nValueError: token-1234 is wrong\n")
    (tmp_path / "rank-3.txt").write_text("of the attempt before\n")
    return tmp_path


def found(
    folder: Path, failed: bytes | None, masked: tuple[str, ...] = ()
) -> list[tuple[str, int, str]]:
    path = folder / "failed.txt"
    if failed is not None:
        path.write_bytes(failed)
    ended = [("main", 0, 1, str(folder / "main-0.retry-1.txt"))]
    return [(one.name, one.code, one.line) for one in failures(ended, str(path), masked)]


MAIN = ("main-0", 1, "Primary job terminated")


def test_ranks_come_first_and_secrets_never(folder: Path) -> None:
    assert found(folder, b"rank-0 1\nrank-3 137\nrank-0 2\n", ("token-1234",)) == [
        ("rank-0", 1, "Connection reset by peer"),
        ("rank-3", -9, "ValueError: *** is wrong"),
        MAIN,
    ]


@pytest.mark.parametrize(
    "failed",
    [
        b"",
        b"rank-1 999\n",
        b"rank-1 0\n",
        b"rank-1 -1\n",
        b"../../x 1\n",
        b"rank-../../x 1\n",
        b"rank-1/../../../etc/passwd 1\n",
        "rank-² 1\nrank-1 ²\nrank-1 ١\n".encode(),  # noqa: RUF001 - digits, but no numbers
        b"rank-1 " + b"9" * 5000 + b"\n",
        b"rank-" + b"9" * 5000 + b" 1\n",
        b"rank-1 13",  # of 137, or of 13
        b"\n\n  \n",
        os.urandom(1 << 18),
        b"\0" * (1 << 20),
    ],
)
def test_anything_else_is_no_rank(folder: Path, failed: bytes) -> None:
    assert found(folder, failed) == [MAIN]


def test_a_huge_file_costs_little(folder: Path) -> None:
    names = [name for name, _, _ in found(folder, b"rank-3 1\n" * 10_000_000)]
    assert names == ["rank-3", "main-0"]


def told(folder: Path, ends: bytes) -> str:
    (folder / "failed.txt").write_bytes(ends)
    ended = [("main", 0, 1, str(folder / "main-0.retry-1.txt"))]
    said = verdict(cause(failures(ended, str(folder / "failed.txt"), ())), named=True)
    return str(said["message"])


def test_who_had_left_is_said_where_it_may_matter(folder: Path) -> None:
    lost = "rank-0: Connection reset by peer (exit code 1)"
    main = "main-0: Primary job terminated (exit code 1)"
    before = "; rank-1 had ended before, with exit code 0"
    assert told(folder, b"rank-1 0\nrank-0 1\n") == main
    (folder / "main-0.retry-1.txt").write_text("a rank of this node failed: rank-0\n")
    assert told(folder, b"rank-1 0\nrank-0 1\n") == lost + before
    assert (
        told(folder, b"rank-1 0\nrank-3 1\n")
        == "rank-3: ValueError: token-1234 is wrong (exit code 1)"
    )
    (folder / "main-0.retry-1.txt").write_text("Primary job terminated\n")
    assert told(folder, b"rank-1 0\n") == main + before
    many = b"".join(b"rank-%d 0\n" % rank for rank in range(1, 8))
    assert told(folder, many).endswith(
        "; rank-1, rank-2, rank-3 and 4 others had ended before, with exit code 0"
    )


def test_only_the_last_round_counts(folder: Path) -> None:
    assert found(folder, b"rank-3 1 0\nrank-0 0 0\nnode-0 0 1\n") == [MAIN]
    assert [name for name, *_ in found(folder, b"rank-3 1 0\nnode-0 0 1\nrank-0 1 1\n")] == [
        "rank-0",
        "main-0",
    ]


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "loop", "nothing"])
def test_what_is_no_file_is_not_read(folder: Path, kind: str) -> None:
    path = folder / "failed.txt"
    (folder / "elsewhere").write_text("rank-0 1\n")
    make = {
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
        "link": lambda: path.symlink_to(folder / "elsewhere"),
        "loop": lambda: path.symlink_to(path),
        "nothing": lambda: None,
    }
    make[kind]()
    assert found(folder, None) == [MAIN]


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_logs_that_are_none_tell_nothing(folder: Path, kind: str) -> None:
    secret = folder / "secret"
    secret.write_text("not for everybody\n")
    log = folder / "rank-3.retry-1.txt"
    log.unlink()
    make = {
        "folder": log.mkdir,
        "pipe": lambda: os.mkfifo(log),
        "link": lambda: log.symlink_to(secret),
    }
    make[kind]()
    assert found(folder, b"rank-3 1\n") == [("rank-3", 1, ""), MAIN]


# ------------------------------------------------------------------ containers


def plan_of(folder: Path, *texts: str, memory_bytes: int | None = None) -> AttemptPlan:
    replicas = []
    for index, text in enumerate(texts):
        log = folder / f"worker-{index}.txt"
        log.write_text(text)
        replicas.append(
            ReplicaPlan(
                role="worker",
                index=index,
                name=f"c{index}",
                log=str(log),
                memory_bytes=memory_bytes,
                decides=True,
                shell=True,
                program="python",
            )
        )
    return AttemptPlan(tuple(replicas), None, 1.0)


def said_of(
    plan: AttemptPlan, ends: dict[str, End], masked: tuple[str, ...] = (), *, in_doubt: bool = False
) -> str | None:
    failure = failure_of(plan, ends, "", masked, in_doubt=in_doubt)
    decided = judge(plan, ends, failure, canceled=False, age_s=0)
    return decided.message if decided else None


def test_containers_that_lost_their_peer_are_not_the_cause(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "Connection reset by peer", "ValueError: s3cret", "going on")
    ends = {"c0": End(1)}
    assert said_of(plan, ends, in_doubt=True) is None
    assert said_of(plan, ends) == "worker-0: Connection reset by peer (exit code 1)"
    ends["c1"] = End(1)
    for in_doubt in (True, False):
        said = said_of(plan, ends, ("s3cret",), in_doubt=in_doubt)
        assert said == "worker-1: ValueError: *** (exit code 1)"
    echoes = {"c0": End(1), "c1": End(0), "c2": End(0)}  # nobody is left to wait for
    assert said_of(plan, echoes, in_doubt=True) is not None


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (End(-9, out_of_memory=True), "worker-1: used more than its 1 MiB"),
        (
            End(None, fault=("ContainerGone", "somebody removed it")),
            "worker-1: somebody removed it",
        ),
        (End(-9, fault=("EngineRestarted", "it stopped")), "worker-1: it stopped"),
        (End(-11), "worker-1: ended by SIGSEGV"),
    ],
)
def test_what_engines_know_is_the_cause(tmp_path: Path, end: End, said: str) -> None:
    plan = plan_of(tmp_path, "Broken pipe", "", "", memory_bytes=2**20)
    assert said_of(plan, {"c0": End(1), "c1": end}, in_doubt=True) == said


def test_signals_of_containers(tmp_path: Path) -> None:
    alone = plan_of(tmp_path, "")
    stopped = "worker-0: ended by SIGTERM (somebody stopped the container, or its engine)"
    assert said_of(alone, {"c0": End(-15)}) == stopped
    assert said_of(alone, {"c0": End(-9)}) == f"worker-0: ended by SIGKILL{BY_SOMEBODY}"
    for number in (signal.SIGKILL, signal.SIGTERM):
        end = end_of({"Status": "exited", "ExitCode": 128 + number})
        assert end == End(-number)
    assert said_of(plan_of(tmp_path, "a", "b"), {"c0": End(0), "c1": End(0)}) is None


def test_what_does_not_decide_may_stumble(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "", "the chief has hung up")
    plan = replace(plan, replicas=(plan.replicas[0], replace(plan.replicas[1], decides=False)))
    assert said_of(plan, {"c1": End(1), "c0": End(0)}) is None
    assert said_of(plan, {"c1": End(1)}) == "worker-1: the chief has hung up (exit code 1)"
    decided = judge(plan, {"c0": End(0)}, None, canceled=True, age_s=0)
    assert decided is not None
    assert (decided.exit_code, decided.canceled) == (0, False)
