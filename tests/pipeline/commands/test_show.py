"""`multigrain show`: counts, columns and rows of what `current/` has under a label."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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


def test_bytes_of_a_row_are_shown_by_their_number(built: Path, ask: Ask) -> None:
    result = (built / "current" / "ImageTable").resolve() / "result"
    (result.parent / "result").chmod(0o700)
    pq.write_table(pa.table({"image_id": ["coco:7"], "encoded": [bytes(1234)]}), result / "a.parquet")
    assert "encoded 1,234 bytes" in ask("show", "ImageTable").lines
    assert ask("show", "ImageTable", "--json").json["rows"] == [{"image_id": "coco:7", "encoded": "1,234 bytes"}]
