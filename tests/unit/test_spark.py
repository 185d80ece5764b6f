"""PySpark's plans beyond the golden ones, what is refused, and what is told of failures."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from unit_plans import CONTEXT

from jupyter_exec.launchers.pyspark import PySparkLauncher
from jupyter_exec.launchers.spark_packages import why_unresolved
from jupyter_exec.launchers.spark_runner import main as runner
from jupyter_exec.model.definition import RunConfiguration
from jupyter_exec.model.job import Address
from jupyter_exec.targets.shim.record import last_line

LAUNCHER = PySparkLauncher()
PACKAGE = {"group": "org.example", "artifact": "greetings", "version": "1.0"}
