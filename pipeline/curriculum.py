"""The whole of a system: every corpus, every stage, every benchmark, and the report that sets them side by side."""

from __future__ import annotations

from abc import abstractmethod

import luigi

from tasks.command_line import KeepsCommandLine
from tasks.console import log
from tasks.parameters import ProfileParameter
from tasks.report import Report


class SystemCurriculum(KeepsCommandLine, luigi.WrapperTask):
    """From the sources to the report of a system."""

    profile: luigi.Parameter[str] = ProfileParameter(default="miniature", description="sizes: a file of tasks/profiles")

    @property
    @abstractmethod
    def system(self) -> str:
        """A file of tasks/systems."""

    def requires(self) -> Report:
        """The report, which needs all the rest."""
        return Report(system=self.system, profile=self.profile)

    def run(self) -> None:
        """Say where the report lies."""
        log.info("Done. The report: %s", self.requires().page())


class FullCurriculum(SystemCurriculum):
    """MSP from the sources to the report: token, phrase and sentence stages on LXMERT-S, then its benchmarks."""

    system = "msp"


class GritCurriculum(SystemCurriculum):
    """GRIT-VLP from the sources to the report: pairs that are alike together, then retrieval, VQA and NLVR2."""

    system = "grit"


class AlbefCurriculum(SystemCurriculum):
    """ALBEF without momentum, GRIT-VLP's control, from the sources to the report."""

    system = "albef"


class MomoCurriculum(SystemCurriculum):
    """MoMo from the sources to the report: images, images and text, text and pairs, then benchmarks of all three."""

    system = "momo"


CURRICULA = tuple(cls.__name__ for cls in (FullCurriculum, GritCurriculum, AlbefCurriculum, MomoCurriculum))
"""The main job first."""


@SystemCurriculum.event_handler(luigi.Event.DEPENDENCY_PRESENT)  # type: ignore[untyped-decorator]  # luigi's
def _nothing_to_do(task: SystemCurriculum) -> None:
    task.requires().point_current()
    log.info("Nothing to do: everything is current. The report: %s", task.requires().page())
