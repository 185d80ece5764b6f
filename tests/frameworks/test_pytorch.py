"""Framework PyTorch: ranks of torch's own elastic launcher."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from framework_runs import finish, logs

if TYPE_CHECKING:
    from servers import RunningServer

DDP = """
import json, os
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

alone = "RANK" not in os.environ
rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
inputs, wanted = torch.randn(64, 8), torch.randn(64, 1)
if not alone:
    distributed.init_process_group("gloo")
    model = DistributedDataParallel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(10):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(inputs[rank::world]), wanted[rank::world]).backward()
    optimizer.step()
with torch.no_grad():
    loss = nn.functional.mse_loss(model(inputs), wanted).item()
if not alone:
    distributed.destroy_process_group()
names = ["LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "AZ_BATCHAI_TASK_INDEX", "MASTER_ADDR",
         "MASTER_PORT", "AZ_BATCHAI_PYTORCH_INIT_METHOD", "OMP_NUM_THREADS"]
print(json.dumps({"loss": loss, "rank": rank, "world": world,
                  **{name: os.environ.get(name) for name in names}}))
"""


def pytorch(**fields: Any) -> dict[str, Any]:
    """Return the fields of a job with Gloo."""
    return {"framework": "PyTorch", "communicator": "Gloo", **fields}


def test_data_parallel_over_nodes_learns_what_one_process_does(
    server: RunningServer, torch_python: str
) -> None:
    fields = pytorch(nodeCount=2, pyTorch={"processCount": 4})
    run = finish(server, DDP, torch_python, **fields)
    assert (run["status"], run["error"]) == ("Completed", None), logs(server, run)
    told = logs(server, run)
    ranks = [json.loads(told[f"rank-{rank}"]) for rank in range(4)]
    assert len({rank["loss"] for rank in ranks}) == 1
    port = ranks[0]["MASTER_PORT"]
    for number, rank in enumerate(ranks):
        assert (rank["rank"], rank["world"]) == (number, 4)
        assert rank["AZ_BATCHAI_TASK_INDEX"] == str(number)
        assert rank["NODE_RANK"] == rank["GROUP_RANK"] == str(number // 2)
        assert rank["LOCAL_RANK"] == str(number % 2)
        assert (rank["MASTER_ADDR"], rank["MASTER_PORT"]) == ("127.0.0.1", port)
        assert rank["AZ_BATCHAI_PYTORCH_INIT_METHOD"] == f"tcp://127.0.0.1:{port}"
        assert rank["OMP_NUM_THREADS"] == "1"
    alone = finish(server, DDP, torch_python, framework="PyTorch")
    assert (alone["status"], alone["error"]) == ("Completed", None)
    (printed,) = logs(server, alone).values()
    assert json.loads(printed)["loss"] == pytest.approx(ranks[0]["loss"], rel=1e-5)
