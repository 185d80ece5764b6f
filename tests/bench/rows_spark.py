"""PySpark: from the submit to the first line of the script, against spark-submit by hand."""

from __future__ import annotations

from pathlib import Path

from framework_environments import python_with

from bench.harness import Plan, Row, alternate
from bench.places import Ours
from bench.rows_frameworks import FirstLine


def spark(plan: Plan) -> list[Row]:
    """Measure a script that needs no Spark, since what comes after its first line is Spark's."""
    python = python_with("spark")
    home = next(Path(python).parent.parent.glob("lib/python*/site-packages/pyspark"))
    ours = Ours(plan.folder / "spark")
    chosen = {"userManagedDependencies": True, "interpreterPath": python}
    first = FirstLine(ours, framework="PySpark", environment={"python": chosen})
    variables = {
        "SPARK_HOME": str(home),
        "PYSPARK_PYTHON": python,
        "PYSPARK_DRIVER_PYTHON": python,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    submit = [str(home / "bin" / "spark-submit"), "--master", "local[*]"]
    ours.start()
    try:
        measured = alternate(
            plan.rounds, ours=first.measure, theirs=lambda: first.by_hand(submit, variables)
        )
    finally:
        ours.end()
    what = "PySpark: POST → first line of the script"
    peer = "`spark-submit` by hand"
    return [Row(what, measured["ours"], "s", peer, measured["theirs"], by="difference", limit=0.15)]
