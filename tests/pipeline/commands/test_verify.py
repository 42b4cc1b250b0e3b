"""`multigrain verify` names what is damaged, and moves it away when asked to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from tests.tasks.upkeep.toys import Top, folder, run


def test_it_exits_0_and_counts_what_was_read_where_all_is_whole(workspace: Path, give: Callable[..., Result]) -> None:
    run(Top())
    given = give("verify")
    # parity.txt 1, part/number.txt 1, copy.txt 1, both.txt 2
    assert (given.exit_code, given.output) == (0, "3 artifacts, 5 B read, 0 damaged\n")


def test_it_exits_1_and_names_the_file_and_its_next_run_builds_it_again(
    workspace: Path, give: Callable[..., Result]
) -> None:
    run(Top())
    middle = folder(workspace, "Middle")
    (middle / "result" / "copy.txt").unlink()
    given = give("verify")
    assert given.exit_code == 1
    assert f"Middle/{middle.name}\n  copy.txt: it is not there\n" in given.output
    assert "--quarantine" in given.output
    given = give("verify", "--quarantine", "--json")
    assert given.exit_code == 1
    (said,) = json.loads(given.output)["damaged"]
    assert said["damage"] == [{"path": "copy.txt", "what": "it is not there", "blocks": []}]
    assert Path(said["set_aside"]).parent == workspace / "quarantine"
    assert run(Top()) == ["Middle"]
    assert give("verify").exit_code == 0


def test_only_what_is_named_is_read(workspace: Path, give: Callable[..., Result]) -> None:
    run(Top())
    (folder(workspace, "Middle") / "result" / "copy.txt").unlink()
    assert give("verify", "Ground", str(workspace / "current" / "Top")).output == "2 artifacts, 4 B read, 0 damaged\n"
    assert give("verify", "Middle", "Ground").exit_code == 1
