"""The folder of a notebook run, and what a target does with it: real processes, real kernels."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from jupyter_exec.launchers.notebook import RUNNER

if TYPE_CHECKING:
    from pathlib import Path

SOON_S = 30.0

# A kernel of another language, which writes what it was given to execute.
_ECHO_KERNEL = """
import sys
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Echo(Kernel):
    implementation, implementation_version, banner = "echo", "1", "echo"
    language_info = {"name": "R", "mimetype": "text/plain", "file_extension": ".r"}

    async def do_execute(self, code, silent, *args, **kwargs):
        text = {"name": "stdout", "text": code}
        self.send_response(self.iopub_socket, "stream", text)
        return {"status": "ok", "execution_count": self.execution_count, "payload": []}

IPKernelApp.launch_instance(kernel_class=Echo)
"""


def until(condition, what):
    deadline = time.monotonic() + SOON_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.01)
    return found


class Bench:
    """A run's folder, and what a target does with it."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.work.mkdir()
        self.log = folder / "main-0.txt"
        self.metrics = folder / "metrics.jsonl"
        self.path = self.work / "nb.ipynb"
        self.output = self.work / "outputs" / "nb.ipynb"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        self.env |= {"JUPYTER_EXEC_METRICS": str(self.metrics), "JUPYTER_PATH": str(folder)}
        self.kernels = folder / "kernels"

    def notebook(self, *cells, **metadata):
        nodes = [new_code_cell(each) if isinstance(each, str) else each for each in cells]
        nbformat.write(new_notebook(cells=nodes, metadata=metadata), self.path)

    def spec(self, parameters=None, kernel=None, python=sys.executable):
        spec = {"notebook": "nb.ipynb", "output": "outputs/nb.ipynb"}
        return json.dumps(spec | {"kernel": kernel, "python": python, "parameters": parameters})

    def start(self, *words, cwd=None, **options):
        command = [sys.executable, "-I", str(RUNNER), *words]
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command, cwd=cwd or self.work, env=self.env, stdout=log, stderr=log, **options
            )

    def run(self, **spec):
        return self.start(self.spec(**spec)).wait()

    def last_line(self):
        return [line for line in self.log.read_text().splitlines() if line.strip()][-1]

    def executed(self):
        notebook = nbformat.read(self.output, 4)
        nbformat.validate(notebook)
        return notebook

    def texts(self):
        return [
            "".join(o.get("text", "") for o in cell.get("outputs", []))
            for cell in self.executed().cells
        ]

    def progress(self):
        return [json.loads(line)["progress"] for line in self.metrics.read_text().splitlines()]

    def add_echo_kernel(self):
        folder = self.kernels / "echo"
        folder.mkdir(parents=True)
        (folder / "kernel.py").write_text(_ECHO_KERNEL)
        spec = {
            "argv": ["python3", "{resource_dir}/kernel.py", "-f", "{connection_file}"],
            "display_name": "Echo",
            "language": "R",
            "interrupt_mode": "message",
        }
        (folder / "kernel.json").write_text(json.dumps(spec))
