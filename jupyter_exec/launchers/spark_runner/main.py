"""Finds the Spark of a run, waits for the run's other processes, and becomes Spark.

    python main.py WAIT_S spark-submit [ARGUMENT]...
    python main.py WAIT_S spark-class CLASS [ARGUMENT]...

Standard library only, Python 3.6 and later; it is the run's interpreter that executes this, so what
it finds is what the run has. Spark's own `find-spark-home` would ask the first `python3` on PATH.

`JUPYTER_EXEC_SPARK` in the environment is JSON: `words` go before the arguments, `peers` are those
to wait for (name -> host:port).
"""

import json
import os
import sys
import time
from importlib.util import find_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional

TOLD = "JUPYTER_EXEC_SPARK"

_POLL_S = 0.1
_ANSWER_S = 1.0


def main(argv: "List[str]") -> None:
    """Become Spark.

    Raises:
        SystemExit: there is no Spark, no Java, or a process that it needs does not answer.
    """
    wait_s, program, rest = float(argv[0]), argv[1], argv[2:]
    told = json.loads(os.environ.pop(TOLD, "{}"))
    home = spark_home()
    find_java()
    wait_for(told.get("peers", {}), wait_s)
    os.environ["SPARK_HOME"] = home
    first, rest = (rest[:1], rest[1:]) if program == "spark-class" else ([], rest)
    path = os.path.join(home, "bin", program)
    sys.stdout.flush()
    os.execv(path, [path, *first, *told.get("words", []), *rest])  # noqa: S606 - the point of it


def spark_home() -> str:
    """Return the folder of Spark: $SPARK_HOME, else pyspark's own, else that of PATH.

    Raises:
        SystemExit: there is none.
    """
    named = os.environ.get("SPARK_HOME")
    if named:
        if not _has_spark(named):
            sys.exit(
                "SPARK_HOME is %s, which has no bin/spark-submit; set it right or unset it" % named
            )
        return named
    found = _of_pyspark() or _of_path()
    if found is None:
        sys.exit(
            "There is no Spark here: %s has no pyspark, SPARK_HOME is not set, and PATH has no "
            "spark-submit. Install one of them, for example: pip install pyspark" % sys.executable
        )
    return found


def _of_pyspark() -> "Optional[str]":
    spec = find_spec("pyspark")  # does not import it
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if _has_spark(folder):
            return folder
    return None


def _of_path() -> "Optional[str]":
    program = _on_path("spark-submit")
    if program is None:
        return None
    home = os.path.dirname(os.path.dirname(os.path.realpath(program)))
    return home if _has_spark(home) else None


def _on_path(name: str) -> "Optional[str]":
    """Return the path of a program; `shutil` would cost more than the rest of this."""
    for folder in os.get_exec_path():
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
    return None


def _has_spark(folder: str) -> bool:
    return os.access(os.path.join(folder, "bin", "spark-submit"), os.X_OK)


def find_java() -> None:
    """Look where Spark looks for Java.

    Raises:
        SystemExit: there is none.
    """
    named = os.environ.get("JAVA_HOME")
    if named and not os.access(os.path.join(named, "bin", "java"), os.X_OK):
        sys.exit("JAVA_HOME is %s, which has no bin/java; set it right or unset it" % named)
    if not named and _on_path("java") is None:
        sys.exit(
            "There is no Java here, which Spark needs: PATH has no java and JAVA_HOME is not set. "
            "Install one, for example: apt-get install openjdk-17-jre-headless"
        )


def wait_for(peers: "Dict[str, str]", wait_s: float) -> None:
    """Return when all of them accept connections.

    Args:
        peers: name -> host:port.
        wait_s: how long to wait for all of them together.

    Raises:
        SystemExit: some do not; they are named.
    """
    until = time.monotonic() + wait_s
    while True:
        peers = {name: peers[name] for name in peers if not _answers(peers[name])}
        if not peers:
            return
        if time.monotonic() >= until:
            names = ", ".join("%s (%s)" % item for item in sorted(peers.items()))
            sys.exit(
                "%s did not answer within %g s; see the logs of that name; startTimeoutSeconds "
                "says how long to wait" % (names, wait_s)
            )
        time.sleep(_POLL_S)


def _answers(address: str) -> bool:
    import socket  # most runs wait for nobody

    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _ANSWER_S).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
