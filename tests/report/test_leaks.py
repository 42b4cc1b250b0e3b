from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import ContractError
from report.gather import gather
from report.inputs import ReportInputs
from report.leaks import leaks
from tests.report import run

MakeInputs = Callable[..., ReportInputs]


def test_held_out_images_that_no_row_shows_are_told_too(make_inputs: MakeInputs) -> None:
    here, published = gather(make_inputs()).leaks
    assert (here.benchmark, here.split_by, here.num_held_out_images, here.num_rows) == ("vqa", "here", 405, 0)
    assert (published.part, published.num_images, published.num_rows) == ("val2014", 37, 111)
    assert published.known_by == {"own id": 30, "photograph": 7}


def test_a_leak_report_that_is_not_there_is_named(make_inputs: MakeInputs, tmp_path: Path) -> None:
    inputs = make_inputs()
    (tmp_path / "leaks" / "leaks.json").unlink()
    contents = gather(inputs)
    assert contents.leaks == []
    assert contents.missing == ["leak report: its counts (leaks.json) are not there"]


@pytest.mark.parametrize("content", ["{}", '{"leaks": {}}', '{"leaks": [3]}', '{"leaks": [{"benchmark": "vqa"}]}', "x"])
def test_a_malformed_leak_report_is_one_clear_error(tmp_path: Path, content: str) -> None:
    folder = run.write_leaks(tmp_path / "leaks")
    (folder / "leaks.json").write_text(content)
    with pytest.raises(ContractError, match=r"leaks\.json"):
        leaks(folder)
