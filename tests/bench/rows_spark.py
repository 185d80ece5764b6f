"""PySpark: from the submit to the first line of the script, against spark-submit by hand."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from framework_environments import python_with

from bench.harness import Plan, Row, alternate
from bench.places import Ours

if TYPE_CHECKING:
    from collections.abc import Callable

_SCRIPT = "import sys, time\nopen(sys.argv[1], 'w').write(str(time.time()))\n"


def spark(plan: Plan) -> list[Row]:
    """Measure a script that needs no Spark, since what comes after its first line is Spark's."""
    python = python_with("spark")
    home = next(Path(python).parent.parent.glob("lib/python*/site-packages/pyspark"))
    ours, mark = Ours(plan.folder / "spark"), plan.folder / "mark"
    (ours.root / "first.py").write_text(_SCRIPT)
    chosen = {"userManagedDependencies": True, "interpreterPath": python}
    configuration = {
        "framework": "PySpark",
        "script": "first.py",
        "arguments": [str(mark)],
        "environment": {"python": chosen},
    }
    body = {"definition": {"configuration": configuration}, "source": {"path": "first.py"}}
    variables = {
        **os.environ,
        "SPARK_HOME": str(home),
        "PYSPARK_PYTHON": python,
        "PYSPARK_DRIVER_PYTHON": python,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    submit = [str(home / "bin" / "spark-submit"), "--master", "local[*]"]
    by_hand = [*submit, str(ours.root / "first.py"), str(mark)]
    ours.start()
    try:
        measured = alternate(
            plan.rounds,
            ours=lambda: _until_first(mark, lambda: ours.measure(body)),
            theirs=lambda: _until_first(
                mark, lambda: subprocess.run(by_hand, env=variables, check=True)
            ),
        )
    finally:
        ours.end()
    what = "PySpark: POST → first line of the script"
    peer = "`spark-submit` by hand"
    return [Row(what, measured["ours"], "s", peer, measured["theirs"], by="difference", limit=0.15)]


def _until_first(mark: Path, call: Callable[[], object]) -> float:
    """Return the seconds until the script wrote when it began."""
    mark.unlink(missing_ok=True)
    begin = time.time()
    call()
    return float(mark.read_text()) - begin
