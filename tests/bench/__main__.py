"""Measure us and the peers in turns, and print a table in Markdown."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

from bench import (
    rows_environments,
    rows_folder,
    rows_frameworks,
    rows_list,
    rows_logs,
    rows_many,
    rows_server,
    rows_single,
    rows_spark,
    rows_templates,
    rows_tensorflow,
    rows_torch,
)
from bench.harness import Plan, Row, say
from bench.table import table, write_between_markers

GROUPS = {
    "script": rows_single.script,
    "notebook": rows_single.notebook,
    "cold": rows_single.cold,
    "many": rows_many.many,
    "list": rows_list.lists,
    "log": rows_logs.lines,
    "flood": rows_logs.flood,
    "replicas": rows_logs.replicas,
    "folder": rows_folder.folder,
    "environments": rows_environments.environments,
    "tensorflow": rows_tensorflow.tensorflow,
    "mpi": rows_frameworks.mpi,
    "templates": rows_templates.templates,
    "spark": rows_spark.spark,
    "experiments": rows_templates.experiments,
    "torch": rows_torch.torch,
    "start": rows_server.start,
    "lag": rows_server.lag,
}
ROUNDS_PER_HEAVY_ROUND = 5


def main(words: list[str] | None = None) -> int:
    """Run the benchmark; the exit status is 1 where a group could not be measured."""
    options = _parser().parse_args(words)
    names = options.rows.split(",") if options.rows else list(GROUPS)
    unknown = set(names) - GROUPS.keys()
    if unknown:
        _parser().error(f"no such rows: {', '.join(sorted(unknown))}")
    rounds = options.rounds or (3 if options.quick else 10)
    heavy = max(1, rounds // ROUNDS_PER_HEAVY_ROUND)
    rows: list[Row] = []
    failed = []
    for name in names:
        begin = time.monotonic()
        say(f"== {name}")
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
            try:
                rows += GROUPS[name](Plan(rounds, heavy, options.quick, Path(folder)))
            except Exception:  # noqa: BLE001 - the outermost frame of a group; the others go on
                traceback.print_exc()
                failed.append(name)
        say(f"   {time.monotonic() - begin:.0f} s")
    size = "quick, smaller sizes, " if options.quick else ""
    text = table(rows, f"{size}{rounds} rounds, {heavy} of what takes minutes")
    print(text)
    if failed:
        say(f"not measured: {', '.join(failed)}")
        return 1
    if options.markdown:
        write_between_markers(options.markdown, text)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("scripts/bench", description=__doc__)
    parser.add_argument("--rows", help=f"only these, with commas between: {', '.join(GROUPS)}")
    parser.add_argument("--rounds", type=int, help="default 10; with --quick 3")
    parser.add_argument("--quick", action="store_true", help="smaller sizes: does it work at all?")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="also put the table between <!-- bench --> and <!-- /bench --> of this page",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
