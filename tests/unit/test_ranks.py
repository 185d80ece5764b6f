"""What starts the ranks of mpirun."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from jupyter_exec.launchers import mpi, ranks
from jupyter_exec.launchers.base import LaunchContext
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.targets.shim.record import STARTED_AGAIN

if TYPE_CHECKING:
    from pathlib import Path


def context(folder: Path) -> LaunchContext:
    log, failed = str(folder / "{}.retry-1.txt"), str(folder / "failed.txt")
    return LaunchContext(
        "r",
        str(folder),
        sys.executable,
        "",
        None,
        {},
        log=log,
        failed=failed,
    )


def run(folder: Path, command: list[str], **env: str) -> tuple[int, str, str]:
    """Run a rank; return its exit code, its log, and what it noted."""
    words = ranks.python_rank_command(command, context(folder))
    variables = {"PATH": os.environ["PATH"], **env}
    code = subprocess.run(words, cwd=folder, env=variables, check=False).returncode
    (log,) = folder.glob("rank-*.retry-1.txt")
    noted = folder / "failed.txt"
    return code, log.read_text(), noted.read_text() if noted.exists() else ""


def test_the_starter_goes_with_python_36() -> None:
    ast.parse(ranks.STARTER, feature_version=(3, 6))


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({}, "0 1 0 1 0 -"),
        (
            {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"},
            "3 4 1 2 3 -",
        ),
        ({"PMI_RANK": "1", "PMI_SIZE": "2", "MPI_LOCALRANKID": "0"}, "1 2 0 2 1 1"),
        (
            {
                "OMPI_COMM_WORLD_RANK": "5",
                "OMPI_COMM_WORLD_SIZE": "8",
                "OMPI_COMM_WORLD_LOCAL_RANK": "1",
                "OMPI_COMM_WORLD_LOCAL_SIZE": "4",
                "RANK": "0",
            },
            "5 8 1 4 5 5",
        ),
    ],
)
def test_who_a_rank_is(tmp_path: Path, env: dict[str, str], told: str) -> None:
    names = "$RANK $WORLD_SIZE $LOCAL_RANK $LOCAL_WORLD_SIZE $AZ_BATCHAI_TASK_INDEX"
    line = f"echo {names} ${{OMPI_COMM_WORLD_RANK:--}}"
    assert run(tmp_path, ["/bin/sh", "-c", line], **env)[:2] == (0, told + "\n")


def test_variables_of_the_user_are_left_alone(tmp_path: Path) -> None:
    names = ("rank", "size", "local", "failed", "code", "asked")
    line = "echo " + " ".join(f"${name}" for name in names)
    env = dict.fromkeys(names, "mine")
    assert run(tmp_path, ["/bin/sh", "-c", line], **env)[1] == "mine " * 5 + "mine\n"


@pytest.mark.parametrize(
    ("script", "code", "last"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit('why')", 1, "why"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero"),
        ("x = = 1", 1, "SyntaxError: invalid syntax"),
        ("import sys; sys.exit(256 + 4)", 4, ""),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
    ],
)
def test_a_script_that_fails(tmp_path: Path, script: str, code: int, last: str) -> None:
    (tmp_path / "train.py").write_text(script)
    ended, log, noted = run(tmp_path, [sys.executable, "-u", "train.py"])
    assert (ended, (log.splitlines() or [""])[-1]) == (code, last)
    assert ranks.STARTER[:20] not in log
    assert '"<string>"' not in log
    assert set(noted.splitlines()) == {f"rank-0 {code}"}


@pytest.mark.parametrize("script", ["", "import sys; sys.exit()", "raise SystemExit(0)"])
def test_a_script_that_succeeds(tmp_path: Path, script: str) -> None:
    (tmp_path / "train.py").write_text(script)
    assert run(tmp_path, [sys.executable, "-u", "train.py"]) == (0, "", "rank-0 0\n")


def test_a_module(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").touch()
    (tmp_path / "package" / "train.py").write_text(
        "import sys\nfrom . import __name__ as p\nprint(__name__, p, sys.argv[1:])\nsys.exit(2)"
    )
    told = run(tmp_path, ["python3", "-m", "package.train", "-m", "x"], PYTHONDONTWRITEBYTECODE="1")
    assert told == (2, "__main__ package ['-m', 'x']\n", "rank-0 2\nrank-0 2\n")


@pytest.mark.parametrize(
    ("script", "noted"),
    [
        ("import mpi4py.MPI, sys; from mpi4py import MPI; sys.exit()", "rank-2 came\nrank-2 0\n"),
        ("import mpi4py.run", "rank-2 came\nrank-2 0\n"),
        ("import mpi4py; mpi4py.rc.initialize = False; import mpi4py.MPI", "rank-2 0\n"),
        ("import mpi4py; exit()", "rank-2 0\n"),
        ("import importlib.util as u; u.find_spec('mpi4py.MPI'); exit()", "rank-2 0\n"),
        ("import importlib as i; i.import_module('mpi4py.MPI')", "rank-2 came\nrank-2 0\n"),
        ("import os\nif os.fork(): os.wait()", "rank-2 0\n"),
    ],
)
def test_a_rank_tells_when_it_waits_for_the_others(tmp_path: Path, script: str, noted: str) -> None:
    package = tmp_path / "mpi4py"
    package.mkdir()
    (package / "__init__.py").write_text("class rc:\n    initialize = True\n")
    (package / "run.py").write_text("from . import MPI")
    (package / "MPI.py").write_text("import sys; print([type(one) for one in sys.meta_path])")
    (tmp_path / "train.py").write_text(script)
    code, log, told = run(tmp_path, [sys.executable, "train.py"], RANK="2")
    assert (code, told) == (0, noted)
    assert "Coming" not in log
    assert ("MetaFinder" in log) or "came" not in noted


def test_ranks_that_cannot_tell_run_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "failed.txt").mkdir()
    (tmp_path / "mpi4py.py").write_text("__path__ = []")
    (tmp_path / "train.py").write_text("try: import mpi4py.MPI\nexcept ImportError: print('up')")
    words = ranks.python_rank_command([sys.executable, "train.py"], context(tmp_path))
    subprocess.run(words, cwd=tmp_path, check=True)
    assert (tmp_path / "rank-0.retry-1.txt").read_text() == "up\n"


@pytest.mark.parametrize("options", [["-W", "ignore"], ["-Xdev", "-BO", "-u"], ["-m"]])
def test_options_of_python_stay_before_the_script(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "train.py").write_text("import sys; print(sys.argv[1:], sys.flags.optimize)")
    script = ["train"] if options == ["-m"] else ["train.py"]
    words = [sys.executable, *options, *script, "-O", "x"]
    _, log, _ = run(tmp_path, words, PYTHONDONTWRITEBYTECODE="1")
    assert log == f"['-O', 'x'] {int('-BO' in options)}\n"
    assert ranks.STARTER in ranks.python_rank_command(words, context(tmp_path))


def test_a_start_after_the_first_says_so(tmp_path: Path) -> None:
    _, log, _ = run(tmp_path, ["echo", "up"], TORCHELASTIC_RESTART_COUNT="0")
    assert log == "up\n"
    run(tmp_path, ["echo", "up"], TORCHELASTIC_RESTART_COUNT="1")
    log = (tmp_path / "rank-0.retry-1.txt").read_text()
    assert log == f"up\n{STARTED_AGAIN}1 ---\nup\n"


def test_a_rank_that_is_asked_to_end_has_not_failed(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import signal\nprint('up')\nsignal.pause()")
    words = ranks.python_rank_command([sys.executable, "-u", "train.py"], context(tmp_path))
    os.mkfifo(tmp_path / "rank-0.retry-1.txt")
    with subprocess.Popen(words, cwd=tmp_path, start_new_session=True) as process:
        with (tmp_path / "rank-0.retry-1.txt").open() as log:
            assert log.readline() == "up\n"
            os.killpg(process.pid, signal.SIGTERM)
            log.read()
        assert process.wait() == 128 + signal.SIGTERM
    assert not (tmp_path / "failed.txt").exists()


def test_the_shell_says_nothing_of_a_signal(tmp_path: Path) -> None:
    code, log, noted = run(tmp_path, ["/bin/sh", "-c", "echo up; kill -SEGV $$"])
    assert (code, log, noted) == (139, "up\n", "rank-0 139\n")
    (tmp_path / "rank-0.retry-1.txt").unlink()
    code, log, _ = run(tmp_path, ["no-such-program"])
    assert code == 127
    assert "not found" in log


@pytest.mark.parametrize("program", [["printf", "%s\\n"], [sys.executable, "-u", "args.py"]])
def test_arguments_name_what_only_a_rank_is_told(tmp_path: Path, program: list[str]) -> None:
    (tmp_path / "args.py").write_text("import sys\nprint(*sys.argv[1:], sep='\\n')")
    words = ["--rank=$AZ_BATCHAI_TASK_INDEX", "it's ${AZ_BATCH_MASTER_NODE}", "$HOME `x` $RANK"]
    env = {"OMPI_COMM_WORLD_RANK": "2", "AZ_BATCH_MASTER_NODE": "a b:1"}
    _, log, _ = run(tmp_path, [*program, *words], **env)
    assert log.splitlines() == ["--rank=2", "it's a b:1", "$HOME `x` $RANK"]


def test_too_many_ranks_are_a_fault() -> None:
    fields = {"script": "a.py", "nodeCount": 300, "mpi": {"processCountPerNode": 4}}
    (fault,) = mpi.MpiLauncher().faults(RunConfiguration.model_validate(fields))
    assert fault.target == "configuration.nodeCount"
    assert fault.message.startswith("1200 processes are too many")
