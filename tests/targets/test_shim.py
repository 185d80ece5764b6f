"""The shim by itself: its lines, its records, its start, with every Python that the machine has."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_runs import LINUX

from jupyter_exec.targets.link import SHIM
from jupyter_exec.targets.shim import proctree, record
from jupyter_exec.targets.shim.usage import UsageWatch

MARKER = secrets.token_hex(8)


def pythons() -> list[str]:
    """This Python, and one of each other minor version on PATH or of pyenv, from 3.6 on."""
    found = {sys.version_info[:2]: sys.executable}
    for minor in range(6, 20):
        roots = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3.{minor}"))
        path = next(map(str, roots), None) or shutil.which(f"python3.{minor}")
        if path:
            found.setdefault((3, minor), path)
    return [
        path
        for path in found.values()
        if subprocess.run([path, "-c", "pass"], capture_output=True, check=False).returncode == 0
    ]


class Shim:
    """A running shim and the server's ends of its pipes."""

    def __init__(self, python: str = sys.executable) -> None:
        self.process = subprocess.Popen(
            [python, "-I", "-S", str(SHIM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"]},
            start_new_session=True,
        )

    def send(self, message: dict[str, Any]) -> None:
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        try:
            return json.loads(line)
        except ValueError:
            raise AssertionError(line + self.process.stdout.read()) from None

    def end(self) -> None:
        self.process.stdin.close()
        assert self.process.wait(20) == 0
        self.process.stdout.close()


def job(folder: Path, *command: str, **more: Any) -> dict[str, Any]:
    """A job line of one replica."""
    folder.mkdir(exist_ok=True)
    replica = {
        "role": "main",
        "index": 0,
        "command": list(command),
        "env": {"PATH": os.environ["PATH"], "JUPYTER_EXEC_SHIM": MARKER, "ODD": "\udcff ü\n"},
        "cwd": str(folder),
        "log": str(folder / "log.txt"),
        "memory_bytes": None,
        "decides": True,
    }
    plan = {
        "attempt_dir": str(folder),
        "marker": MARKER,
        "time_limit_s": None,
        "grace_s": 5.0,
        "replicas": [replica],
        "use_standby": False,
    }
    return {"job": {**plan, **more}}


def outcome(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "exit.json").read_text())


@pytest.mark.parametrize("python", pythons())
def test_serves_a_run_with_every_python(python: str, tmp_path: Path) -> None:
    shim = Shim(python)
    shim.send(job(tmp_path / "a", "sh", "-c", 'printf %s "$ODD"; (sleep 60 &) ; exit 3'))
    started = shim.answer()["started"]
    assert started == json.loads((tmp_path / "a/started.json").read_text())
    assert started["shim"]["pid"] == shim.process.pid
    assert [replica["role"] for replica in started["replicas"]] == ["main"]
    shim.end()
    assert (tmp_path / "a/log.txt").read_bytes() == b"\xff \xc3\xbc\n"
    ended = outcome(tmp_path / "a")
    assert ended["replicas"] == [{"role": "main", "index": 0, "exit_code": 3}]
    assert (ended["exit_code"], ended["code"]) == (3, "ExitCode")
    assert ended["max_rss_bytes"] > 0
    assert not proctree.marked(MARKER)
    assert not list((tmp_path / "a").glob("*.new"))


@LINUX
@pytest.mark.parametrize("python", pythons())
def test_tells_what_a_run_uses_with_every_python(python: str, tmp_path: Path) -> None:
    usage = tmp_path / "usage.jsonl"
    shim = Shim(python)
    wait = f"until [ -s {usage} ]; do sleep 0.05; done"
    spend = "import time\nx = b'x' * 50_000_000\nwhile time.process_time() < 0.3: pass\n"
    program = f'{sys.executable} -c "{spend}"; {wait}'
    shim.send(job(tmp_path / "a", "sh", "-c", program, usage=str(usage)))
    shim.answer()
    shim.end()
    line = json.loads(usage.read_text().splitlines()[0])
    assert list(line) == ["time", "memoryBytes", "cpuSeconds", "processes"]
    moment = datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
    assert abs(moment.timestamp() - time.time()) < 60
    assert 0 < line["memoryBytes"] < 2**30
    assert 0 <= line["cpuSeconds"] < 20
    assert line["processes"] in {1, 2}
    ended = outcome(tmp_path / "a")
    ticks = 0.05  # the kernel counts in hundredths, and rounds each process down
    assert ended["cpu_seconds"] >= max(0.3, line["cpuSeconds"]) - ticks
    assert ended["max_rss_bytes"] > 50_000_000


@LINUX
def test_a_month_makes_less_than_two_thousand_lines(tmp_path: Path) -> None:
    path = tmp_path / "usage.jsonl"
    watch = UsageWatch(str(path), 0.0)
    looked = []
    while watch.due is not None and watch.due < 30 * 24 * 3600:
        looked.append(watch.due)
        watch.look(watch.due - 0.001)  # too early
        watch.look(watch.due)
    assert looked[0] == 1.0
    assert looked[1] - looked[0] >= 5.0
    assert looked[-1] - looked[-2] > 3600
    assert 500 < len(looked) < 2000
    assert len(path.read_text().splitlines()) == len(looked)


@pytest.mark.parametrize("python", pythons())
def test_cancels_and_limits_with_every_python(python: str, tmp_path: Path) -> None:
    shim = Shim(python)
    shim.send(job(tmp_path / "a", "sleep", "60"))
    shim.answer()
    shim.process.send_signal(signal.SIGTERM)
    shim.end()
    assert outcome(tmp_path / "a")["canceled"] is True
    shim = Shim(python)
    line = job(tmp_path / "b", "sleep", "60", time_limit_s=0.2)
    line["job"]["replicas"][0]["memory_bytes"] = 2**30
    shim.send(line)
    shim.answer()
    shim.end()
    assert outcome(tmp_path / "b")["message"] == "ran longer than its limit of 0.2 s"


@pytest.mark.parametrize("python", pythons())
def test_a_cancel_between_two_starts(python: str, tmp_path: Path) -> None:
    """The third log is a pipe that nobody reads: the shim waits there until this test does."""
    line = job(tmp_path, "sleep", "60")
    (first,) = line["job"]["replicas"]
    decides = {"decides": False}
    line["job"]["replicas"] = [
        {**first, "index": index, "log": str(tmp_path / f"{index}.txt"), **decides}
        for index in range(300)
    ]
    line["job"]["replicas"][299]["decides"] = True
    os.mkfifo(tmp_path / "2.txt")
    shim = Shim(python)
    shim.send(line)
    while not (tmp_path / "1.txt").exists():
        pass
    shim.process.terminate()
    reading = os.open(tmp_path / "2.txt", os.O_RDONLY | os.O_NONBLOCK)  # it goes on
    started = shim.answer()["started"]
    os.close(reading)
    assert [replica["index"] for replica in started["replicas"]] in ([0, 1], [0, 1, 2])
    shim.end()
    ended = outcome(tmp_path)
    assert (ended["canceled"], ended["code"], ended["exit_code"]) == (True, None, None)
    assert not (tmp_path / "3.txt").exists()
    assert not proctree.marked(MARKER)


@pytest.mark.parametrize("python", pythons())
def test_start_errors_repeat_no_value(python: str, tmp_path: Path) -> None:
    line = job(tmp_path, "true", masked=["no-such-place"])
    line["job"]["replicas"][0]["env"]["KEY"] = "se\0cret"
    shim = Shim(python)
    shim.send(line)
    error = {"code": "InvalidCommand", "message": "there is a NUL in variable KEY"}
    assert shim.answer()["error"] == error
    shim.process.communicate()
    line = job(tmp_path, "/no-such-place/true", masked=["no-such-place"])
    shim = Shim(python)
    shim.send(line)
    error = {"code": "CommandNotFound", "message": "command /***/true does not exist"}
    assert shim.answer()["error"] == error
    shim.process.communicate()


def test_start_imports_next_to_nothing() -> None:
    """Each of these costs every run between one and ten milliseconds."""
    code = (
        f"import sys; sys.path[:0] = [{str(SHIM.parent)!r}]; import main; main.stand_alone();"
        "from jupyter_exec.targets.shim import protocol, start;"
        "start.adopt_orphans(); from jupyter_exec.targets.shim.record import dumps, loads;"
        "loads(dumps({})); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, check=True)
    loaded = set(done.stdout.decode().split())
    assert "jupyter_exec.targets.shim.supervisor" in loaded
    heavy = {"json", "re", "enum", "signal", "subprocess", "ctypes", "typing", "pathlib", "asyncio"}
    assert not loaded & heavy


def test_ends_without_a_job(tmp_path: Path) -> None:
    shim = Shim()
    shim.end()
    shim = Shim()
    shim.process.stdin.write(json.dumps(job(tmp_path, "true")).encode()[:-5])
    shim.end()
    assert not list(tmp_path.iterdir())


def test_one_shim_an_attempt(tmp_path: Path) -> None:
    first = Shim()
    first.send(job(tmp_path, "sleep", "60"))
    first.answer()
    second = Shim()
    second.send(job(tmp_path, "touch", "again"))
    assert second.answer()["error"]["code"] == "AlreadyRunning"
    assert second.process.wait(20) == 1
    second.process.communicate()
    first.process.terminate()
    first.end()
    third = Shim()
    third.send(job(tmp_path, "touch", "again"))
    assert third.answer()["error"]["code"] == "AlreadyRunning"
    third.process.communicate()
    assert not (tmp_path / "again").exists()


def open_files(pid: int) -> list[str]:
    """What a process holds open, but for what it closes while one looks."""
    found = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(str(descriptor.readlink()))
    return found


def test_lock_is_not_inherited(tmp_path: Path) -> None:
    shim = Shim()
    shim.send(job(tmp_path, "sleep", "60"))
    replica = shim.answer()["started"]["replicas"][0]
    links = open_files(replica["pid"])
    while any(link.startswith(("/lib", "/usr", "/etc", "/proc")) for link in links):
        links = open_files(replica["pid"])  # the dynamic loader is still at work
    shim.process.terminate()
    assert sorted(links) == sorted(["/dev/null", *[str(tmp_path / "log.txt")] * 2])
    shim.end()
    with (tmp_path / "shim.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_server_that_does_not_listen(tmp_path: Path) -> None:
    """A server that died after its job line changes nothing."""
    shim = Shim()
    shim.process.stdout.close()
    shim.send(job(tmp_path, "sh", "-c", "echo done"))
    shim.process.stdin.close()
    assert shim.process.wait(20) == 0
    assert outcome(tmp_path)["exit_code"] == 0
    assert (tmp_path / "log.txt").read_text() == "done\n"


# ------------------------------------------------------------------ standby


def standby(folder: Path, *command: str) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    env = {"PATH": os.environ["PATH"], "JUPYTER_EXEC_SHIM": MARKER}
    log = str(folder / "standby.txt")
    return {"standby": {"command": command, "env": env, "cwd": str(folder), "log": log}}


@pytest.mark.parametrize("python", pythons())
def test_standby_becomes_the_replica(python: str, tmp_path: Path) -> None:
    shim = Shim(python)
    shim.send(standby(tmp_path / "s", "sh", "-c", 'read line; echo "$line"; exit 6'))
    shim.send(job(tmp_path / "a", "train", "--fast", use_standby=True))
    shim.answer()
    shim.end()
    assert outcome(tmp_path / "a")["exit_code"] == 6
    work = json.loads((tmp_path / "a/log.txt").read_text())
    assert set(work) == {"env", "cwd", "argv"}
    assert work["argv"] == ["train", "--fast"]
    assert work["cwd"] == str(tmp_path / "a")
    assert not list((tmp_path / "s").iterdir())


def test_standby_ends_with_the_server(tmp_path: Path) -> None:
    shim = Shim()
    shim.send(standby(tmp_path, "sh", "-c", "sleep 60 & echo $$; exec sleep 61"))
    while not (tmp_path / "standby.txt").exists():
        pass
    shim.end()
    assert not proctree.marked(MARKER)
    assert not list(tmp_path.iterdir())


def test_standby_that_died_says_so(tmp_path: Path) -> None:
    shim = Shim()
    shim.send(standby(tmp_path / "s", "true"))
    assert shim.process.stdout.readline() == b""  # the shim notices and ends
    shim.end()
    assert not list((tmp_path / "s").iterdir())


def test_standby_that_cannot_start(tmp_path: Path) -> None:
    shim = Shim()
    shim.send(standby(tmp_path, "/no/such/python"))
    assert shim.answer()["error"]["code"] == "InterpreterMissing"
    shim.process.communicate()
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------ records

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


TRACEBACK = b'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\n'


GROUP = b"""Traceback (most recent call last):
  |   File "a.py", line 1, in <module>
  | ExceptionGroup: eg (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "a.py", line 1, in f
    | ValueError: boom
    +------------------------------------
"""


@given(PLAIN)
def test_json_is_json(value: Any) -> None:
    text = record.dumps(value)
    assert "\n" not in text
    if "inf" not in text:
        assert json.loads(text) == value
        assert record.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (b"", ""),
        (b"\n \n\n", ""),
        (b"one\ntwo\n\n", "two"),
        (b"one\rtwo\r", "two"),
        (b"\x1b[0;31mKeyError\x1b[0m: \x1b[1m'x'\x1b[0m\n", "KeyError: 'x'"),
        (b"\xffbad\0\n", "\ufffdbad"),
        (b"first\n" + b"y" * 20_000, "y" * 300),
        (b"why\n----------\n == \n", "why"),
        (TRACEBACK + b"ValueError: x\n", "ValueError: x"),
        (TRACEBACK + b"ValueError: a:\n\tb\n", "ValueError: a: … b"),
        (TRACEBACK + b"ValueError: x\nbye\n", "ValueError: x … bye"),
        (TRACEBACK + b"ValueError: x\n" + b"epoch\n" * 30, "epoch"),
        (
            b"[rank1]: " + TRACEBACK.replace(b"\n ", b"\n[rank1]:  ") + b"[rank1]: E: x\n",
            "[rank1]: E: x",
        ),
        (b"  + Exception Group " + GROUP, "ValueError: boom"),
        (TRACEBACK + b"RuntimeError: a:\n" + b"\tb\n" * 60, "RuntimeError: a: … b"),
        (TRACEBACK + b"ValueError: x\n--- started again, number 1 ---\n", ""),
        (TRACEBACK + b"ValueError: x\n--- started again, number 1 ---\ny\n", "y"),
        (b"why\nException ignored in: <a>\n" + TRACEBACK + b"OSError: y\n", "why"),
        (b"why\n" + b"-" * 70 + b"\nsummary\n  5 s\n" + b"-" * 70 + b"\n", "5 s"),
        (
            TRACEBACK + b"ValueError: x\nException ignored in: <a>\n" + TRACEBACK + b"OSError: y\n",
            "ValueError: x",
        ),
    ],
)
def test_last_line(tmp_path: Path, log: bytes, line: str) -> None:
    (tmp_path / "log").write_bytes(log)
    assert record.last_line(str(tmp_path / "log")) == line
    assert not record.last_line(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("log", "line"),
    [
        ("no key tok-12345678\n", "no key ***"),
        ("\x1b[1mtok-12345678\x1b[0m, tok-12345678!\n", "***, ***!"),
        ("x" * 295 + "tok-12345678", "x" * 295 + "***"),
        ("cut by the program: tok-12345\n", "cut by the program: ***"),
        ("678 is only its end\n", "678 is only its end"),
        ("tok-12345678" * 2_000 + "!", "***" * 100),
        ("ValueError: " + repr("two\nlines 'of'") + "\n", 'ValueError: "***"'),
        ("ValueError: two\nlines 'of'\n", "ValueError: ***"),
        ("ValueError: two\n\nlines 'of', x\n", "***, x"),
        ("a b c\n", "a b c"),
    ],
)
def test_last_line_without_secrets(tmp_path: Path, log: str, line: str) -> None:
    (tmp_path / "log").write_text(log)
    masked = ["tok-12345678", "two\nlines 'of'", "b"]
    assert record.last_line(str(tmp_path / "log"), masked)[:300] == line


@given(st.text("ab'\"\\\n", min_size=4), st.text("xy", max_size=5), st.integers(0, 2))
def test_mask(value: str, around: str, form: int) -> None:
    written = [value, repr(value)[1:-1], json.dumps(value)[1:-1]][form]
    assert written not in record.mask(around + written + around, [value])
    assert record.mask(around, [value]) == around


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (2 * 2**30, "2 GiB"),
        (512 * 2**20, "512 MiB"),
        (1.5 * 2**30, "1.5 GiB"),
        (5 * 10**9, "4.657 GiB"),
        (100, "100 bytes"),
    ],
)
def test_size_words(size_bytes: float, words: str) -> None:
    assert record.size_words(size_bytes) == words


# ------------------------------------------------------------------ the process tree


def test_identity_tells_processes_apart() -> None:
    first = subprocess.Popen(["sleep", "60"])
    mine, other = proctree.identity(os.getpid()), proctree.identity(first.pid)
    assert mine
    assert other
    assert mine == proctree.identity(os.getpid())
    first.kill()
    first.wait()
    assert proctree.identity(first.pid) is None


def test_descendants_and_marks() -> None:
    env = {**os.environ, "JUPYTER_EXEC_SHIM": "mark-1"}
    with subprocess.Popen(
        ["sh", "-c", "sleep 60 & sleep 60 & echo; wait"], env=env, stdout=subprocess.PIPE
    ) as parent:
        parent.stdout.readline()
        below = proctree.descendants(parent.pid)
        assert parent.pid in proctree.descendants(os.getpid())
        assert parent.pid in proctree.children(os.getpid())
        assert len(below) == 2
        assert proctree.rss_bytes(below[0]) > 0
        assert proctree.pss_bytes(below[0]) > 0
        assert set(proctree.marked("mark-1")) == {parent.pid, *below}
        assert not proctree.marked("mark-")
        for pid in (parent.pid, *below):
            os.kill(pid, signal.SIGKILL)
