"""Runs the real ``pulumi`` command line against a local AWS. ``conftest.py`` has fixtures for it."""

from .aws import LocalAws
from .machine import Machine
from .program import Program, Stack
from .results import Result, Step
from .toolchain import Toolchain

__all__ = ["LocalAws", "Machine", "Program", "Result", "Stack", "Step", "Toolchain"]
