"""Test suites for the authors of plug-ins; our own targets and launchers pass the same ones.

    class TestMyTarget(TargetContract):
        @pytest.fixture
        async def target(self, tmp_path):
            target = MyTarget("mine", standby_dir=tmp_path / "standby")
            yield target
            await target.close()

    class TestMyLauncher(LauncherContract):
        launcher = MyLauncher()
        definitions = ({"framework": "Mine", "script": "train.py"},)

Needs pytest; targets also pytest-asyncio with `asyncio_mode = "auto"`. The programs of the tests
are Python scripts in the run's working folder; they keep to the standard library of Python 3.6.
"""

from jupyter_exec.testing.jobs import (
    HOLD,
    READY,
    finished,
    is_held,
    make_placement,
    open_files,
    until,
)
from jupyter_exec.testing.launchers import LauncherContract
from jupyter_exec.testing.targets import TargetContract

__all__ = [
    "HOLD",
    "READY",
    "LauncherContract",
    "TargetContract",
    "finished",
    "is_held",
    "make_placement",
    "open_files",
    "until",
]
