"""Executes a run on the machine of the one who asked for it (floor: services).

Travels in the zip: Python 3.6, standard library only.

    runner.py           starts itself again, detached, and returns
    runner.py --wait    returns when the run has ended, with its exit status

Beside it: run.json (what to run), killfile (made by whoever wants the run to end), status.json (how
it ended).
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, Dict, List, Optional

SETUP = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, SETUP)
from link import Link  # type: ignore[import-not-found] # noqa: E402 - it lies beside this file

ROOT = os.path.dirname(SETUP)
LOG = os.path.join(ROOT, "azureml-logs", "70_driver_log.txt")
METRICS = os.path.join(SETUP, "metrics.jsonl")
KILLFILE = os.path.join(SETUP, "killfile")
WINDOWS = os.name == "nt"
POLL_S = 0.1
STOPPED = []  # type: List[int]  # the signals that came
_SECRETS = re.compile(r"^(JPY_|JUPYTERHUB_|JUPYTER_TOKEN$|AZUREML_TARGET_TYPE$|AZUREML_RUN_TOKEN)")
_VARIABLE = re.compile(r"\$(?:\{((?:AZUREML_|AZ_BATCHAI_)\w+)\}|((?:AZUREML_|AZ_BATCHAI_)\w+))")
_ERROR = re.compile(r"^[\w.]*(Error|Exception|Interrupt|Exit)\b")


class CannotStart(Exception):
    """Why the run's process could not be started: a stable word, and one line."""


def environment(order: Dict[str, Any]) -> Dict[str, str]:
    """Return the variables of the run."""
    env = {name: value for name, value in os.environ.items() if not _SECRETS.match(name)}
    env.update(order["env"], JUPYTER_EXEC_METRICS=METRICS)
    return env


def interpreter(path: Optional[str]) -> str:
    """Return the Python that the definition names."""
    if path in (None, "", "python", "python3"):
        return shutil.which(path or "python3") or shutil.which("python3") or sys.executable
    found = shutil.which(os.path.expanduser(path))
    if found is None:
        raise CannotStart(
            "InterpreterMissing", "interpreterPath: %s is no program on this machine" % path
        )
    return found


def command_line(order: Dict[str, Any], env: Dict[str, str]) -> List[str]:
    """Return argv, as a run on a server has it."""

    def expand(word: str) -> str:
        return _VARIABLE.sub(
            lambda found: env.get(found.group(1) or found.group(2), found.group(0)), word
        )

    arguments = [expand(word) for word in order["arguments"]]
    command = order["command"]
    if command and not isinstance(command, str):
        return list(command) + arguments
    if command:
        shell = (
            [os.environ.get("COMSPEC", "cmd.exe"), "/c"]
            if WINDOWS
            else [shutil.which("bash") or "/bin/sh", "-c"]
        )
        more = [shell[0], *arguments] if arguments and not WINDOWS else []  # bash's $0 and $@
        return [*shell, command, *more]
    script = order["script"].replace("\\", "/")
    if not os.path.isfile(os.path.join(ROOT, script)):
        raise CannotStart("ScriptMissing", "%s is not in %s" % (script, ROOT))
    program = (
        ["/bin/bash"] if script.endswith(".sh") else [interpreter(order["interpreterPath"]), "-u"]
    )
    return [*program, script, *arguments]


class Process:
    """The run's process with everything that it starts."""

    def __init__(self, order: Dict[str, Any]) -> None:
        env = environment(order)
        argv = command_line(order, env)
        own = {"creationflags": 0x200} if WINDOWS else {"start_new_session": True}  # type: Dict[str, Any]
        with open(LOG, "ab") as log:
            try:
                self._process = subprocess.Popen(
                    argv, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **own
                )
            except OSError as error:
                message = "%s: %s" % (argv[0], error.strerror or error)
                raise CannotStart("StartFailed", message) from None
        self._grace_s = order["graceS"]

    def poll(self) -> Optional[int]:
        """Return the exit code, None while the process runs."""
        return self._process.poll()

    def end(self) -> int:
        """End the whole group: politely, then by force; returns the exit code."""
        if WINDOWS:
            subprocess.call(["taskkill", "/T", "/F", "/PID", str(self._process.pid)])
            return self._process.wait()
        self._signal(signal.SIGTERM)
        deadline = time.time() + self._grace_s
        while self._alive() and time.time() < deadline:
            time.sleep(POLL_S)
        self._signal(signal.SIGKILL)
        return self._process.wait()

    def end_rest(self) -> None:
        """End what the process has left behind."""
        if not WINDOWS and self._alive():
            self.end()

    def _alive(self) -> bool:
        self._process.poll()
        return self._signal(0)

    def _signal(self, number: int) -> bool:
        try:
            os.killpg(self._process.pid, number)
        except OSError:
            return False
        return True


def last_line() -> str:
    """Return the last line of the log if it names an error."""
    try:
        with open(LOG, "rb") as file:
            file.seek(max(0, os.path.getsize(LOG) - 4096))
            lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    said = [line for line in lines if line][-1:] or [""]
    return said[0][:500] if _ERROR.match(said[0]) else ""


def failure(code: str, message: str, exit_code: Optional[int] = None) -> Dict[str, Any]:
    """Return the report of a failed run."""
    return {"status": "Failed", "exitCode": exit_code, "error": {"code": code, "message": message}}


def ending(exit_code: int) -> Dict[str, Any]:
    """Return the report of a run that ended by itself."""
    if exit_code == 0:
        return {"status": "Completed", "exitCode": 0}
    if exit_code < 0:
        try:
            name = signal.Signals(-exit_code).name
        except ValueError:
            name = "signal %d" % -exit_code
        return failure("Signal", "ended by %s" % name, exit_code)
    said = last_line()
    how = "exit code %d" % exit_code
    return failure("ExitCode", "%s (%s)" % (said, how) if said else how, exit_code)


def unwanted(link: Any) -> bool:
    """Tell whether the client, the server, or who stops this program wants the run to end."""
    return bool(STOPPED) or link.cancel or os.path.exists(KILLFILE)


def watch(order: Dict[str, Any], link: Any) -> Dict[str, Any]:
    """Run it to its end and return the report of that."""
    if unwanted(link):
        return {"status": "Canceled"}
    try:
        process = Process(order)
    except CannotStart as error:
        with open(LOG, "a") as log:
            log.write("The run could not be started: %s\n" % error.args[1])
        return failure(*error.args)
    started = time.time()
    limit_s = order["timeLimitS"]
    while process.poll() is None:
        if unwanted(link):
            return {"status": "Canceled", "exitCode": process.end()}
        if limit_s is not None and time.time() - started > limit_s:
            message = "ran longer than maxRunDurationSeconds = %d" % limit_s
            return failure("TimeLimit", message, process.end())
        time.sleep(POLL_S)
    process.end_rest()
    return ending(process.poll() or 0)


def main() -> int:
    """Run what run.json says, once; return the exit status."""
    with open(os.path.join(SETUP, "run.json")) as file:
        order = json.load(file)
    for name in ("azureml-logs", "outputs", "logs"):
        os.makedirs(os.path.join(ROOT, name), exist_ok=True)
    try:
        os.close(os.open(os.path.join(SETUP, "started"), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except OSError:
        sys.stderr.write("run %s was started here already\n" % order["runId"])
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: STOPPED.append(number))
    link = Link(order, ROOT, LOG, METRICS)
    if not link.announce():
        end = {"status": "Canceled"}
    else:
        link.start()
        end = watch(order, link)
    status = os.path.join(SETUP, "status.json")
    with open(status + ".part", "w") as file:
        json.dump(end, file)
    os.replace(status + ".part", status)
    if link.is_alive():
        link.finish(end)
    elif not link.over:
        link.start()
        link.finish(end)
    return 0 if end["status"] == "Completed" else 1


def detach() -> int:
    """Start again without a terminal or a parent that waits."""
    own = {"start_new_session": True}  # type: Dict[str, Any]
    if WINDOWS:
        own = {"creationflags": 0x8 | 0x200}  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP
    with open(os.path.join(SETUP, "runner.log"), "ab") as log:
        command = [sys.executable, os.path.abspath(__file__), "--wait"]
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **own)
    return 0


if __name__ == "__main__":
    with suppress(OSError):
        os.chmod(os.path.join(SETUP, "run.json"), 0o600)
    sys.exit(main() if "--wait" in sys.argv[1:] else detach())
