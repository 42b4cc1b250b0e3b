"""Systems: what is pre-trained, judged and reported together, one file each; the folder is the list.

A system's file defines `SYSTEM = System(...)`. What its networks see and read follows from its stages.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.artifact import ArtifactTask
from tasks.parameters import ChoiceParameter
from tasks.stages import PretrainStage
from tasks.starts import start

MAIN = "msp"


@dataclass(frozen=True, kw_only=True)
class System:
    """Stages in order, each from the weights of the one before, and what the last of them is judged on.

    `stages` gives a start (tasks/starts.py) by the name of each stage. `benchmarks` are run where none are asked for;
    empty: all that have sources. `peers` are the models whose published scores the report sets beside this run's at a
    glance; `is_in_msp_paper`: it stands in Tables 1 to 3 of that paper, which the report then has.
    """

    title: str
    stages: Mapping[str, str]
    benchmarks: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()
    is_in_msp_paper: bool = False

    def tasks(self, profile: str) -> dict[str, PretrainStage]:
        """The task of each stage, by its name."""
        found = {name: start(text, seed=None, profile=profile) for name, text in self.stages.items()}
        return {name: task for name, task in found.items() if task is not None}

    def corpora(self, profile: str) -> dict[str, ArtifactTask]:
        """What the stages are trained on, by the labels of the tasks, in the order in which it is read."""
        return {node.label: node for task in self.tasks(profile).values() for node in task.corpora()}


class SystemParameter(ChoiceParameter):
    """The name of a file of tasks/systems."""

    def __init__(self) -> None:
        super().__init__(default=MAIN, choices=system_names(), description="a file of tasks/systems")


def system_names() -> tuple[str, ...]:
    """The names of all systems."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@functools.cache
def load_system(name: str) -> System:
    """The system of that name; it must be one of `system_names()`."""
    system = importlib.import_module(f"{__name__}.{name}").SYSTEM
    assert isinstance(system, System)
    return system
