"""Features that turn out bad where the store is filled: the next row of the image wins, and nothing good is lost."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from data.errors import SourceError
from data.progress import silent
from data.regions import detections, places
from data.regions.detections import build
from data.regions.filling import Fill
from data.regions.store import lay_out_store
from data.shards import Workplace
from tests.data.regions.obj36 import ANY, VOCABULARIES, broken, name_of, place


@pytest.mark.parametrize(
    ("make", "rejection"),
    [
        (broken, ["obj36", "line 2", "features", "not base64"]),
        (lambda line: line[:-50] + "\t" + line[-49:], ["obj36", "line 2", "line", "not ten columns"]),
        (np.nan, ["obj36", "line 2", "features", "NaN or infinity"]),
        (-np.inf, ["obj36", "line 2", "features", "NaN or infinity"]),
        (65504.5, ["regions", "coco:2", "features", "feature too large for float16"]),
        (-1e30, ["regions", "coco:2", "features", "feature too large for float16"]),
    ],
)
def test_features_that_turn_out_bad_leave_the_image_to_its_next_row(make_store, obj36, tmp_path, make, rejection):
    features = np.ones((36, 2048))
    if callable(make):
        bad = make(obj36(name_of(2), features=features))
    else:
        features[35, 2047] = make
        bad = obj36(name_of(2), features=features)
    second, unknown = obj36(name_of(2), features=np.full((36, 2048), 2)), obj36(name_of(10))
    store, counts = make_store(obj36(name_of(1)) + bad + unknown + obj36(name_of(3)) + second + second)
    assert store.image_ids.tolist() == ["coco:1", "coco:2", "coco:3"]
    assert (store.features_NRF[1] == 2).all()
    rejected = pq.read_table(tmp_path / "regions/rejected.parquet").to_pylist()
    assert [list(row.values()) for row in rejected] == [
        rejection,
        ["regions", "coco:10", "img_id", "image not in the image table"],
        ["regions", "coco:2", "img_id", "image listed before"],
    ]
    assert counts["rejected"] == {rejection[3]: 1, "image not in the image table": 1, "image listed before": 1}
    assert counts["read"] == 6


def test_the_largest_that_float16_can_be_is_kept(make_store, obj36):
    features = np.ones((36, 2048))
    features[0, :2] = [65504, -65504]
    store, _ = make_store(obj36(name_of(1), features=features))
    assert store.features_NRF[0, 0, :3].tolist() == [65504, -65504, 1]


def test_of_two_rows_with_bad_features_each_is_met_in_its_turn(make_store, obj36):
    bad, good = broken(obj36(name_of(2))), obj36(name_of(2), features=np.full((36, 2048), 3))
    store, counts = make_store(obj36(name_of(1)) + bad + bad + good)
    assert (store.features_NRF[1] == 3).all()
    assert counts["rejected"] == {"not base64": 2}


def test_features_of_an_image_that_is_unknown_or_has_a_row_are_never_looked_at(make_store, obj36):
    lines = obj36(name_of(1)) + broken(obj36(name_of(10))) + broken(obj36(name_of(1))) + obj36(name_of(2))
    _, counts = make_store(lines)
    assert counts["rejected"] == {"image not in the image table": 1, "image listed before": 1}


@pytest.fixture
def given_bad(make_files, make_table, coco, obj36, tmp_path):
    """What `build` is given for six images, of which the fourth line, that of coco:2, is bad."""
    lines = [obj36(name_of(number), features=np.full((36, 2048), number)) for number in (6, 1, 4, 2, 5, 3)]
    lines[3] = broken(lines[3])
    files = make_files(coco_captions=coco(*range(1, 7)), obj36="".join(lines), **VOCABULARIES)
    return {"files": files, "images": make_table(files), "settings": ANY, "into": tmp_path, "progress": silent}


def test_a_store_that_was_filled_again_has_the_bytes_of_one_that_never_met_the_bad_row(given_bad, tmp_path):
    build(**given_bad, workplace=Workplace(scratch=tmp_path / "again", num_workers=2))
    found = {name: (tmp_path / name).read_bytes() for name in ("regions.h5", "shards.json", "counts.json")}
    table = given_bad["files"]["obj36"][0]
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for number, line in enumerate(lines) if number != 3))
    build(**given_bad, workplace=Workplace(scratch=tmp_path / "once"))
    assert (tmp_path / "regions.h5").read_bytes() == found["regions.h5"]
    assert (tmp_path / "shards.json").read_bytes() == found["shards.json"]
    assert json.loads(found["counts.json"])["rejected"] == {"not base64": 1}


@pytest.mark.parametrize("killed_at", [0, 3, 5])
def test_a_kill_while_a_store_is_filled_again_loses_the_shard_under_way(given_bad, tmp_path, monkeypatch, killed_at):
    build(**given_bad, workplace=Workplace(scratch=tmp_path / "undisturbed"))
    expected = (tmp_path / "regions.h5").read_bytes()
    fill = Fill.__call__
    filled = []

    def killed(self, shard):
        if len(filled) == killed_at:
            raise OSError("killed")
        filled.append(shard.rows)
        return fill(self, shard)

    monkeypatch.setattr(Fill, "__call__", killed)
    with pytest.raises(OSError, match="killed"):
        build(**given_bad, workplace=place(tmp_path))
    monkeypatch.setattr(Fill, "__call__", fill)
    again = place(tmp_path)
    build(**given_bad, workplace=again)
    assert (tmp_path / "regions.h5").read_bytes() == expected
    # The list of lines, of the second reading after three shards; two shards of the second filling after five.
    assert again.tally["kept"] == {0: 1, 3: 1, 5: 3}[killed_at]
    assert filled == [range(0, 2), range(2, 4), range(4, 6), range(0, 2), range(2, 4), range(4, 5)][:killed_at]


def test_features_that_are_bad_in_one_reading_and_good_in_the_next_are_an_error(
    make_store, obj36, monkeypatch, tmp_path
):
    monkeypatch.setattr(places, "reason_of_features", lambda record: None)
    text = obj36(name_of(1)) + obj36(name_of(2), features=np.full((36, 2048), 1e30))
    with pytest.raises(SourceError, match=r"good ones in one, and bad ones in the next.*obj36, 3\d{5}"):
        make_store(text)


def test_a_table_that_changes_before_the_store_is_filled_is_an_error(make_store, obj36, tmp_path, monkeypatch):
    lines = [obj36(name_of(number)) for number in (1, 2)]

    def lay_out(*arguments):
        (tmp_path / "obj36").write_text("".join(lines[::-1]))
        return lay_out_store(*arguments)

    monkeypatch.setattr(detections, "lay_out_store", lay_out)
    with pytest.raises(SourceError, match=r"the regions of coco:1, as in the first reading; found coco:2"):
        make_store("".join(lines))
