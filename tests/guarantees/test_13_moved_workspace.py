"""Promise 13: a workspace that was moved, or copied, is still current."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import luigi
import pytest

from tests.guarantees.giving import Toys
from tests.guarantees.workspaces import SMALL, give


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("mv",), id="mv"),
        pytest.param(("cp", "-r"), id="cp -r", marks=pytest.mark.slow),
        pytest.param(("cp", "-a"), id="cp -a", marks=pytest.mark.slow),
    ],
)
def test_a_moved_or_copied_workspace_is_current(command: tuple[str, ...], toys: Toys) -> None:
    toys.sign("slow.go").touch()
    assert toys.give("Pair").returncode == 0
    elsewhere = Toys(folder=toys.folder / "another" / "place")
    elsewhere.folder.mkdir(parents=True)
    subprocess.run([*command, str(toys.root), str(elsewhere.root)], check=True)
    done = elsewhere.give("Pair")
    assert done.returncode == 0, done.stderr
    assert " built in " not in done.stderr
    assert "Pair                   unchanged" in done.stderr
    assert elsewhere.num_tries("slow") == elsewhere.num_tries("quick") == 0
    assert not (elsewhere.root / "quarantine").exists()
    assert (elsewhere.root / "current" / "Pair" / "result" / "both").resolve().is_relative_to(elsewhere.folder)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_copy_of_the_main_jobs_workspace_is_current(small_run: Path, copy_of: Callable[[Path], Path]) -> None:
    moved = copy_of(small_run)
    given = give("FullCurriculum", moved, *SMALL)
    assert given.code == 0, given.said
    assert given.built == set()
    # each manifest notes the new inodes, so that nothing is read a second time
    assert {Path(name).name for name in given.changed()} == {"manifest.json"}
    assert give("FullCurriculum", moved, *SMALL).changed() == set()


class Indexed(luigi.Task):
    """A plain task that lists the files it made, as paths."""

    folder: luigi.Parameter[str] = luigi.Parameter()

    def output(self) -> luigi.LocalTarget:
        return luigi.LocalTarget(str(Path(self.folder) / "index.txt"))

    def run(self) -> None:
        rows = Path(self.folder) / "rows.txt"
        rows.write_text("rows")
        with self.output().open("w") as file:
            file.write(str(rows))


def test_the_trap_a_plain_task_in_a_moved_folder_is_complete_and_leads_nowhere(tmp_path: Path) -> None:
    folder, moved = tmp_path / "here", tmp_path / "there"
    folder.mkdir()
    assert luigi.build([Indexed(folder=str(folder))], workers=1, local_scheduler=True, log_level="CRITICAL")
    folder.rename(moved)
    assert Indexed(folder=str(moved)).complete()
    assert not Path((moved / "index.txt").read_text()).exists()
