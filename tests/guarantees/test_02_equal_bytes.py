"""Promise 2: where a changed parameter yields equal bytes, that task runs and nothing that descends from it does."""

from __future__ import annotations

from pathlib import Path

import luigi
import pytest

from tests.guarantees.workspaces import SMALL, give


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_equal_bytes_stop_there(small_run: Path) -> None:
    given = give("FullCurriculum", small_run, *SMALL, "--PhraseCorpus-max-rejected-rate", "0.06")
    assert given.code == 0, given.said
    assert given.built == {"PhraseCorpus"}
    assert given.changed() == set()
    assert give("FullCurriculum", small_run, *SMALL).built == set()


class Rounded(luigi.Task):
    """A plain task that does put its parameter into the name of its file."""

    folder: luigi.Parameter[str] = luigi.Parameter()
    number: luigi.FloatParameter = luigi.FloatParameter()

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(Path(self.folder) / f"rounded-{self.number}.txt"))

    def run(self) -> None:
        with self.output().open("w") as file:
            file.write(str(round(self.number)))


class Trained(luigi.Task):
    """A plain task that reads it, and counts how often it ran."""

    folder: luigi.Parameter[str] = luigi.Parameter()
    number: luigi.FloatParameter = luigi.FloatParameter()

    def requires(self) -> Rounded:
        return Rounded(folder=self.folder, number=self.number)

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(Path(self.folder) / f"trained-{self.number}.txt"))

    def run(self) -> None:
        with (Path(self.folder) / "runs.txt").open("a") as file:
            file.write("x")
        with self.input().open() as given, self.output().open("w") as file:
            file.write(given.read())


def test_the_trap_plain_tasks_named_by_parameters_run_again_on_equal_bytes(tmp_path: Path) -> None:
    for number in (1.0, 1.2):
        task = Trained(folder=str(tmp_path), number=number)
        assert luigi.build([task], workers=1, local_scheduler=True, log_level="CRITICAL")
    assert (tmp_path / "runs.txt").read_text() == "xx"
