"""The documentation names every setting, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from jupyter_exec.app import ExecApp

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def test_every_setting_is_documented_with_its_default():
    page = (NOTEBOOKS / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `ExecApp\.(\w+)` \| (.+?) \|", page, re.MULTILINE))
    own = {
        name: trait
        for name, trait in ExecApp.class_traits(config=True).items()
        if trait.this_class is ExecApp
    }
    assert set(rows) == set(own)
    for name in ("max_snapshot_bytes", "warm_kernels", "warm_idle_s", "count_runs_as_activity"):
        assert rows[name].strip("`") == str(own[name].default_value)
    assert all(trait.help for trait in own.values())


def test_every_variable_of_a_run_is_documented():
    from jupyter_exec.model.lifecycle import RunStatus
    from jupyter_exec.model.run import Run
    from jupyter_exec.services.variables import run_variables

    run = Run("r", "e", "d", RunStatus.QUEUED, "local", 0.0, "f", {})
    page = (NOTEBOOKS / "settings.md").read_text()
    missing = [name for name in run_variables(run, {}, "m", "u", "t") if f"`{name}`" not in page]
    assert not missing
