"""A template whose parameters are the numbers of processes and nodes, filled in from every face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from framework_runs import logs
from magics.conftest import kernel
from needs import need

from jupyter_exec.model.documents import load_yaml
from jupyter_exec.model.instance import instantiate
from jupyter_exec.model.template import TemplateSpec
from jupyter_exec.model.wire import parse

if TYPE_CHECKING:
    from magics.conftest import Kernel
    from servers import RunningServer

__all__ = ["kernel"]
pytestmark = pytest.mark.timeout(240)
PARAMETERS = """
parameters:
- {name: framework, enum: [Python, PyTorch, TensorFlow], value: Python}
- {name: communicator, value: Mpi}
- {name: processes, type: integer, minimum: 1, value: 2}
- {name: nodes, type: integer, value: 1}
"""
CONFIGURATION = """
run:
  definition:
    configuration:
      script: train.py
      framework: "{{framework}}"
      communicator: "{{communicator}}"
      nodeCount: "{{nodes}}"
      mpi: {processCountPerNode: "{{processes}}"}
"""
EVERYTHING = """\
      pyTorch: {processCount: "{{processes}}"}
      tensorflow: {workerCount: "{{processes}}", parameterServerCount: "{{nodes}}"}
"""
TRAIN = """\
      resources: {{cpus: 0.1}}
      environment: {{python: {{interpreterPath: {python}, userManagedDependencies: true}}}}
  overlay:
    train.py:
      text: |
        from mpi4py import MPI
        print(MPI.COMM_WORLD.allreduce(1))
"""


def test_numbers_reach_every_field() -> None:
    text = f"name: scaled\n{PARAMETERS}{CONFIGURATION}{EVERYTHING}  source: {{path: project}}\n"
    spec = parse(TemplateSpec, load_yaml(text))
    spec.check()
    values = {"framework": "PyTorch", "communicator": "Gloo", "processes": 6, "nodes": "3"}
    asked = instantiate(spec, values).request.definition.configuration
    assert (asked.framework, asked.communicator, asked.node_count) == ("PyTorch", "Gloo", 3)
    assert asked.pytorch.process_count == asked.tensorflow.worker_count == 6
    assert asked.tensorflow.parameter_server_count == 3
    assert asked.mpi.process_count_per_node == 6


def asked_of(server: RunningServer, run_id: str) -> dict[str, Any]:
    run = server.wait_for_end(run_id, 100)
    assert run["status"] == "Completed", logs(server, run)
    configuration = run["definition"]["configuration"]
    count = configuration["mpi"]["processCountPerNode"] * configuration.get("nodeCount", 1)
    told = logs(server, run)
    assert [told[f"rank-{rank}"] for rank in range(count)] == [f"{count}\n"] * count
    return dict(configuration)


def test_from_a_line_and_from_a_form(
    kernel: Kernel, server: RunningServer, learning_python: str
) -> None:
    need("mpirun", "scripts/engines")
    train = TRAIN.format(python=learning_python)
    cell = kernel.execute(f"%%template create scaled{PARAMETERS}{CONFIGURATION}{train}")
    assert cell.status == "ok", cell.stream("stderr")
    cell = kernel.execute("%template run scaled processes=2 nodes=2")
    assert cell.status == "ok", cell.stream("stderr")
    configuration = asked_of(server, kernel.value("run.run_id"))
    assert configuration["nodeCount"] == 2
    assert configuration["mpi"] == {"processCountPerNode": 2}

    kernel.execute(
        "from jupyter_exec import ExecClient\nfrom jupyter_exec.widgets import TemplateForm\n"
        "form = TemplateForm(ExecClient().templates.get('scaled'))\n"
        "form.fill({'processes': 3})\nagain = form.run()"
    )
    assert kernel.value("form.faults") == []
    assert asked_of(server, kernel.value("again.run_id"))["mpi"] == {"processCountPerNode": 3}

    for wrong, where in (("processes=0", "processes"), ("nodes=0", "nodeCount")):
        cell = kernel.execute(f"%template run scaled {wrong}")
        assert cell.status == "error"
        assert where in cell.stream("stderr")
    cell = kernel.execute("%template run scaled communicator=Nccl")
    assert "no communicator 'Nccl'" in cell.stream("stderr")
