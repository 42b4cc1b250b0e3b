"""Promise 1: a changed parameter rebuilds exactly what descends from it, and `why` names it."""

from __future__ import annotations

from pathlib import Path

import luigi
import pytest

from tests.guarantees.workspaces import SMALL, ask, give, manifest

BELOW_THE_PHRASES = {
    *("PhraseCorpus", "PhraseStage", "SentenceStage", "FineTune-vqa", "Evaluate-vqa", "LeakReport", "Report"),
}
OTHER_LENGTH = ("--PhraseCorpus-max-length", "17")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_exactly_the_descendants_of_a_changed_parameter_are_built_and_nothing_else_is_touched(small_run: Path) -> None:
    length = manifest(small_run, "PhraseCorpus")["decided_by"]["settings"]["max_length"]
    assert length != 17
    asked = ask("why", small_run, "PhraseCorpus", *SMALL[:2], *OTHER_LENGTH)
    assert asked.returncode == 0, asked.stderr
    assert "max_length" in asked.stdout
    assert f"{length} -> 17" in asked.stdout

    given = give("FullCurriculum", small_run, *SMALL, *OTHER_LENGTH)
    assert given.code == 0, given.said
    assert given.built == BELOW_THE_PHRASES
    assert given.changed() == set()

    back = give("FullCurriculum", small_run, *SMALL)
    assert back.code == 0, back.said
    assert (back.built, back.changed()) == (set(), set())


class PlainCorpus(luigi.Task):
    """As luigi's own tutorials write it: the file's name does not say what is in it."""

    folder: luigi.Parameter[str] = luigi.Parameter()
    max_length: luigi.IntParameter = luigi.IntParameter()

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(Path(self.folder) / "corpus.txt"))

    def run(self) -> None:
        with self.output().open("w") as file:
            file.write("x" * self.max_length)


def test_the_trap_a_plain_task_serves_the_data_of_the_old_parameter(tmp_path: Path) -> None:
    for max_length in (20, 17):
        task = PlainCorpus(folder=str(tmp_path), max_length=max_length)
        assert luigi.build([task], workers=1, local_scheduler=True, log_level="CRITICAL")
    assert len((tmp_path / "corpus.txt").read_text()) == 20
