"""`multigrain show`: counts, columns and rows of what `current/` has under a label."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.commands.verbs import Ask


def test_it_shows_counts_columns_with_types_and_rows(built: Path, ask: Ask) -> None:
    said = ask("show", "ImageTable", "--rows", "1")
    assert said.code == 0, said.err
    assert "images: 1 rows; sorted by image_id" in said.lines
    assert "split string train, validation or test" in said.lines
    assert "width_px int32" in said.lines
    assert "image_id coco:7" in said.lines
    assert said.lines.count("row 0") == 1
    shown = ask("show", "ImageTable", "--rows", "0", "--json").json
    assert shown["rows"] == []
    assert shown["description"]["tables"][0]["num_rows"] == 1
    assert ask("show", "ImageTable", "--json").json["rows"][0]["width_px"] == 4


def test_a_mistyped_label_exits_2_with_the_nearest(built: Path, ask: Ask) -> None:
    said = ask("show", "ImageTabel")
    assert said.code == 2
    assert "ImageTabel (did you mean ImageTable?)" in said.err
