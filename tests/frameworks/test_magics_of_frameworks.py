"""`%tensorboard` and `%%submit --framework` in a real kernel, on real frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from magics.conftest import kernel

if TYPE_CHECKING:
    from magics.conftest import Kernel
    from servers import RunningServer

__all__ = ["kernel"]
pytestmark = pytest.mark.timeout(240)
SUMMARY = """
from torch.utils.tensorboard import SummaryWriter
with SummaryWriter("outputs/tb") as writer:
    writer.add_scalar("loss", 0.5, 1)
"""
GRADIENTS = """
import torch, torch.distributed as dist
dist.init_process_group()
weight = torch.nn.Parameter(torch.tensor([2.0]))
model = torch.nn.parallel.DistributedDataParallel(torch.nn.Linear(1, 1, bias=False))
torch.nn.init.constant_(model.module.weight, 2.0)
x = torch.tensor([[scale * (dist.get_rank() + 1)]])
model(x).sum().backward()
gradient = model.module.weight.grad.item()
total = torch.tensor([1.0])
dist.all_reduce(total)
processes = int(total.item())
print("rank", dist.get_rank(), "gradient", gradient)
dist.destroy_process_group()
"""


def test_tensorboard(kernel: Kernel, tracking_python: str) -> None:
    assert "there is no run yet" in kernel.execute("%tensorboard").stream("stderr")
    assert "%load_ext tensorboard" in kernel.execute("%tensorboard --logdir x").stream("stderr")
    cell = kernel.execute(f"%%submit --script --wait --env {tracking_python}\n{SUMMARY}", 90)
    assert cell.status == "ok", cell.contents("error")
    cell = kernel.execute("%tensorboard", 120)
    assert cell.status == "ok", cell.contents("error")
    (result,) = cell.contents("execute_result")
    address = kernel.value("run.tensorboard()")
    assert address.startswith("http://127.0.0.1:")
    name = kernel.value("run.name")
    assert result["data"]["text/plain"] == f"TensorBoard of {name}: {address}"
    page = result["data"]["text/html"]
    assert f'href="{address}" target="_blank" rel="noopener noreferrer"' in page
    assert f'<iframe src="{address}"' in page
    kernel.execute("mine = run.run_id\nother = run")
    for words in ("mine", "other", kernel.value("run.run_id")):
        assert (
            address
            in kernel.execute(f"%tensorboard {words}").contents("execute_result")[0]["data"][
                "text/plain"
            ]
        )
    assert "%tensorboard: " in kernel.execute("%tensorboard nobody").stream("stderr")


def test_the_magic_of_tensorboard_itself(kernel: Kernel) -> None:
    """It was loaded before: options are its own; what it gets is written down."""
    kernel.execute(
        "from IPython.core.magic import register_line_magic\n"
        "@register_line_magic\ndef tensorboard(line): return ['theirs', line]"
    )
    kernel.execute("%reload_ext jupyter_exec")
    (result,) = kernel.execute("%tensorboard --logdir logs").contents("execute_result")
    assert result["data"]["text/plain"] == "['theirs', '--logdir logs']"
    assert "%tensorboard: " in kernel.execute("%tensorboard nobody").stream("stderr")


def test_a_cell_as_several_processes(
    kernel: Kernel, server: RunningServer, torch_python: str
) -> None:
    """DDP averages 1 and 2, scaled; the first rank's values come back."""
    kernel.execute("scale = 10.0")
    line = "--framework pytorch --processes 2 --nodes 2 --in scale --out gradient,processes"
    cell = kernel.execute(f"%%submit --wait --env {torch_python} {line}\n{GRADIENTS}", 120)
    assert cell.status == "ok", cell.contents("error")
    assert kernel.value("[gradient, processes]") == [15.0, 2]
    configuration = server.run(kernel.value("run.run_id"))["definition"]["configuration"]
    assert (configuration["framework"], configuration["communicator"]) == ("PyTorch", "Gloo")
    assert configuration["pyTorch"] == {"processCount": 2}
    assert configuration["nodeCount"] == 2
