"""PyTorch: what a run costs over torchrun, started by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework_environments import python_with

from bench.harness import Row, alternate
from bench.places import Ours
from bench.rows_frameworks import FirstLine

if TYPE_CHECKING:
    from bench.harness import Plan


def torch(plan: Plan) -> list[Row]:
    """Measure the first line of two ranks of torchrun."""
    python = python_with("torch")
    hand = [python, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    ours = Ours(plan.folder / "torch")
    ours.start()
    try:
        first = FirstLine(
            ours,
            framework="PyTorch",
            communicator="Gloo",
            pyTorch={"processCount": 2},
            environment={"python": {"userManagedDependencies": True, "interpreterPath": python}},
        )
        first.measure()
        lines = alternate(plan.rounds, ours=first.measure, torchrun=lambda: first.by_hand(hand, {}))
    finally:
        ours.end()
    return [
        Row(
            "2 ranks of PyTorch, POST → first line of the script",
            lines["ours"],
            peer="torchrun by hand",
            theirs=lines["torchrun"],
            by="difference",
            limit=0.15,
        )
    ]
