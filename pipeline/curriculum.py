"""The main job: every corpus, every stage, every benchmark, and the report that sets them side by side."""

from __future__ import annotations

import luigi

from tasks.command_line import KeepsCommandLine
from tasks.console import log
from tasks.parameters import ProfileParameter
from tasks.report import Report


class FullCurriculum(KeepsCommandLine, luigi.WrapperTask):
    """MSP from the sources to the report: token, phrase and sentence stages on LXMERT-S, then its benchmarks."""

    profile: luigi.Parameter[str] = ProfileParameter(default="miniature", description="sizes: a file of tasks/profiles")

    def requires(self) -> Report:
        """The report, which needs all the rest."""
        return Report(profile=self.profile)

    def run(self) -> None:
        """Say where the report lies."""
        log.info("Done. The report: %s", self.requires().page())


@FullCurriculum.event_handler(luigi.Event.DEPENDENCY_PRESENT)  # type: ignore[untyped-decorator]  # luigi's
def _nothing_to_do(task: FullCurriculum) -> None:
    task.requires().point_current()
    log.info("Nothing to do: everything is current. The report: %s", task.requires().page())
