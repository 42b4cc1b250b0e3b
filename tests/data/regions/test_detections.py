"""A detector's files become the region store: 36 regions, boxes as shares, everything else rejected with a reason."""

import base64
import functools
import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import SourceError, UserError
from data.progress import silent
from data.regions import detections, places
from data.regions.detections import DetectionSettings, build
from data.regions.filling import Fill
from data.regions.store import RegionStore, lay_out_store
from data.shards import Workplace

ANY = DetectionSettings(images_per_shard=2, max_rejected_rate=1.0)
VOCABULARIES = {"object_vocabulary": "cat\ndog\nbird", "attribute_vocabulary": "red,reddish\nblue"}


def place(folder):
    return Workplace(scratch=folder / "scratch")


@pytest.fixture
def make_store(tmp_path, make_files, make_table, coco):
    """(store, counts) from a detector's text, for the images 1 to 9 of COCO and vg:7, which is coco:2."""
    vg = [{"image_id": 7, "width": 200, "height": 100, "coco_id": 2}]
    files = make_files(coco_captions=coco(*range(1, 10)), vg_image_data=vg, obj36="", **VOCABULARIES)
    table = make_table(files)

    def make(text, settings=ANY):
        files["obj36"][0].write_text(text, newline="")
        into = tmp_path / "regions"
        for folder in (into, tmp_path / "scratch"):
            shutil.rmtree(folder, ignore_errors=True)
        into.mkdir()
        build(
            files,
            images=table,
            settings=settings,
            into=into,
            progress=silent,
            workplace=Workplace(scratch=tmp_path / "scratch"),
        )
        return RegionStore.open(into / "regions.h5"), json.loads((into / "counts.json").read_text())

    return make


def _name(number):
    return f"COCO_train2014_{number:012}"


def test_boxes_become_shares_of_the_image_and_features_half_precision(make_store, obj36):
    store, counts = make_store(obj36(_name(3)) + obj36(_name(1)))
    assert store.image_ids.tolist() == ["coco:1", "coco:3"]
    assert store.boxes_NR4[0, 0].tolist() == pytest.approx([0.1, 0.1, 0.5, 0.5])  # 20, 10, 100, 50 of 200 x 100
    assert store.features_NRF[0, :, 0].tolist() == list(range(36))
    assert store.object_ids_NR[0, :4].tolist() == [0, 1, 2, 0]
    assert store.sizes_N2.tolist() == [[100, 200]] * 2
    assert store.object_names == ("cat", "dog", "bird")
    assert store.attribute_names == ("red", "blue")
    assert counts["rows"] == {"train": 2, "validation": 0, "test": 0}
    assert (counts["read"], counts["rejected"]) == (2, {})


def test_of_more_than_36_boxes_the_most_confident_stay_highest_first(make_store, obj36):
    conf = np.full(40, 0.5)
    conf[[39, 20]] = [0.9, 0.8]
    store, _ = make_store(obj36(_name(1), 40, object_conf=conf))
    assert store.features_NRF[0, :4, 0].tolist() == [39, 20, 0, 1]
    assert store.features_NRF[0, 35, 0] == 34  # 36 of 40: the last of the ties is 34, since 20 is taken


def test_exactly_36_boxes_keep_the_order_of_their_source(make_store, obj36):
    store, _ = make_store(obj36(_name(1), object_conf=np.linspace(0.2, 0.9, 36)))
    assert store.features_NRF[0, :, 0].tolist() == list(range(36))


def test_an_image_under_its_other_id_is_the_same_image_and_its_first_row_wins(make_store, obj36):
    store, counts = make_store(obj36("7", features=np.ones((36, 2048))) + obj36(_name(2)))
    assert store.image_ids.tolist() == ["coco:2"]
    assert (store.features_NRF == 1).all()
    assert counts["rejected"] == {"image listed before": 1}
    assert counts["read"] == 2


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"num_boxes": 35}, "fewer than 36 boxes"),
        ({"boxes": np.tile([20.0, 10.0, 200.1, 50.0], (36, 1))}, "box outside the image"),
        ({"boxes": np.tile([-0.1, 10.0, 100.0, 50.0], (36, 1))}, "box outside the image"),
        ({"boxes": np.tile([100.0, 10.0, 20.0, 50.0], (36, 1))}, "box whose corners are swapped"),
        ({"object_ids": np.full(36, 3)}, "id outside the 3 labels of the vocabulary"),
        ({"attribute_ids": np.full(36, -2)}, "id outside the 2 labels of the vocabulary"),
        ({"object_conf": np.full(36, 1.1)}, "outside [0, 1]"),
        ({"features": np.full((36, 2048), -65536.0)}, "feature too large for float16"),
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_reason(make_store, obj36, tmp_path, arrays, reason):
    store, counts = make_store(obj36(_name(1)) + obj36(_name(2), **arrays) + obj36(_name(3)))
    assert store.image_ids.tolist() == ["coco:1", "coco:3"]
    assert counts["rejected"] == {reason: 1}
    assert pq.read_table(tmp_path / "regions/rejected.parquet")["record"].to_pylist() == ["coco:2"]


def test_rounding_beyond_the_border_is_clipped(make_store, obj36):
    store, counts = make_store(obj36(_name(1), boxes=np.tile([-0.0005, 0, 200.001, 100.0005], (36, 1))))
    assert store.boxes_NR4[0, 0].tolist() == [0, 0, 1, 1]
    assert counts["rejected"] == {}


def test_an_image_that_no_file_of_images_lists_is_rejected(make_store, obj36):
    _, counts = make_store(obj36(_name(1)) + obj36(_name(10)))
    assert counts["rejected"] == {"image not in the image table": 1}


def test_more_rejections_than_allowed_are_an_error_that_names_the_first(make_store, obj36):
    with pytest.raises(SourceError, match=r"coco:10.*image not in the image table"):
        make_store(obj36(_name(1)) + obj36(_name(10)), DetectionSettings(images_per_shard=2, max_rejected_rate=0.4))


def test_ids_without_a_vocabulary_are_an_error_that_names_the_setting(make_files, make_table, coco, obj36, tmp_path):
    files = make_files(coco_captions=coco(1), obj36=obj36(_name(1)), object_vocabulary="cat")
    with pytest.raises(UserError, match="attribute_vocabulary"):
        build(
            files,
            images=make_table(files),
            settings=ANY,
            into=tmp_path,
            progress=silent,
            workplace=Workplace(scratch=tmp_path / "scratch"),
        )


def test_equal_lines_in_any_order_are_equal_bytes(make_files, make_table, coco, obj36, tmp_path):
    lines = [obj36(_name(number), features=np.full((36, 2048), number)) for number in (1, 2, 3)]
    files = make_files(coco_captions=coco(1, 2, 3), obj36="".join(lines), **VOCABULARIES)
    table = make_table(files)
    written = []
    for order in (lines, lines[::-1]):
        files["obj36"][0].write_text("".join(order))
        build(
            files,
            images=table,
            settings=ANY,
            into=tmp_path,
            progress=silent,
            workplace=Workplace(scratch=tmp_path / "scratch"),
        )
        written.append((tmp_path / "regions.h5").read_bytes())
    assert written[0] == written[1]


def test_a_killed_build_does_not_read_the_lines_again_nor_fill_finished_shards(
    make_files, make_table, coco, obj36, tmp_path, monkeypatch
):
    lines = [obj36(_name(number), features=np.full((36, 2048), number)) for number in (3, 1, 4, 2)]
    files = make_files(coco_captions=coco(1, 2, 3, 4), obj36="".join(lines), **VOCABULARIES)
    given = {"images": make_table(files), "settings": ANY, "into": tmp_path, "progress": silent}
    build(files, workplace=Workplace(scratch=tmp_path / "undisturbed", num_workers=2), **given)
    expected = (tmp_path / "regions.h5").read_bytes()
    fill = Fill.__call__

    def killed(self, shard):
        if 2 in shard.rows:
            raise OSError("killed")
        return fill(self, shard)

    monkeypatch.setattr(Fill, "__call__", killed)
    with pytest.raises(OSError, match="killed"):
        build(files, workplace=place(tmp_path), **given)
    monkeypatch.setattr(Fill, "__call__", fill)
    again = place(tmp_path)
    build(files, workplace=again, **given)
    assert again.tally == {"kept": 2, "salvaged": 0, "built": 1}  # one file of lines and one of two shards
    assert (tmp_path / "regions.h5").read_bytes() == expected


def _broken(line):
    """The line with a sign in its features that is not base64; the reader takes no notice before it decodes them."""
    return line[:-50] + "*" + line[-49:]


@pytest.mark.parametrize(
    ("make", "rejection"),
    [
        (_broken, ["obj36", "line 2", "features", "not base64"]),
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
        bad = make(obj36(_name(2), features=features))
    else:
        features[35, 2047] = make
        bad = obj36(_name(2), features=features)
    second, unknown = obj36(_name(2), features=np.full((36, 2048), 2)), obj36(_name(10))
    store, counts = make_store(obj36(_name(1)) + bad + unknown + obj36(_name(3)) + second + second)
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
    store, _ = make_store(obj36(_name(1), features=features))
    assert store.features_NRF[0, 0, :3].tolist() == [65504, -65504, 1]


def test_of_two_rows_with_bad_features_each_is_met_in_its_turn(make_store, obj36):
    bad, good = _broken(obj36(_name(2))), obj36(_name(2), features=np.full((36, 2048), 3))
    store, counts = make_store(obj36(_name(1)) + bad + bad + good)
    assert (store.features_NRF[1] == 3).all()
    assert counts["rejected"] == {"not base64": 2}


def test_features_of_an_image_that_is_unknown_or_has_a_row_are_never_looked_at(make_store, obj36):
    lines = obj36(_name(1)) + _broken(obj36(_name(10))) + _broken(obj36(_name(1))) + obj36(_name(2))
    _, counts = make_store(lines)
    assert counts["rejected"] == {"image not in the image table": 1, "image listed before": 1}


@pytest.fixture
def given_bad(make_files, make_table, coco, obj36, tmp_path):
    """What `build` is given for six images, of which the fourth line, that of coco:2, is bad."""
    lines = [obj36(_name(number), features=np.full((36, 2048), number)) for number in (6, 1, 4, 2, 5, 3)]
    lines[3] = _broken(lines[3])
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
    text = obj36(_name(1)) + obj36(_name(2), features=np.full((36, 2048), 1e30))
    with pytest.raises(SourceError, match=r"good ones in one, and bad ones in the next.*obj36, 3\d{5}"):
        make_store(text)


def test_a_table_that_changes_before_the_store_is_filled_is_an_error(make_store, obj36, tmp_path, monkeypatch):
    lines = [obj36(_name(number)) for number in (1, 2)]

    def lay_out(*arguments):
        (tmp_path / "obj36").write_text("".join(lines[::-1]))
        return lay_out_store(*arguments)

    monkeypatch.setattr(detections, "lay_out_store", lay_out)
    with pytest.raises(SourceError, match=r"the regions of coco:1, as in the first reading; found coco:2"):
        make_store("".join(lines))


KINDS = ("good", "windows", "another image", "unknown", "35 boxes", "40 boxes", "*", "nan", "large", "outside", "long")


@pytest.fixture
def make_line(obj36):
    """A line of one of many kinds, for a numbered image; `value` fills its features."""

    @functools.cache
    def make(kind, number, value):
        num_boxes = {"35 boxes": 35, "40 boxes": 40}.get(kind, 36)
        features = np.full((num_boxes, 2048), value, np.float32) + np.arange(num_boxes, dtype=np.float32)[:, None] / 8
        features[num_boxes - 1, 7] = {"nan": np.nan, "large": 65505}.get(kind, 0.1)
        arrays = {"boxes": np.full((36, 4), 300.0)} if kind == "outside" else {}
        conf = np.linspace(0.2, 0.9, num_boxes)  # the last ones are kept
        line = obj36(
            _name(10 if kind == "unknown" else number), num_boxes, features=features, object_conf=conf, **arrays
        )
        return {"windows": line[:-1] + "\r\n", "*": _broken(line), "long": line[:-1] + "AAAA\n"}.get(kind, line)

    return make


def _plainly(lines):
    """{image: its 36 features} and the number of rejections, as anyone would write it down."""
    found, num_rejected = {}, 0
    for line in lines:
        values = line.rstrip("\r\n").split("\t")
        image, num_boxes = int(values[0][-12:]), int(values[7])
        try:
            text = base64.b64decode(values[9], validate=True)
        except ValueError:
            text = b""
        features = np.frombuffer(text, "<f4") if len(text) == num_boxes * 8192 else np.array([np.nan])
        is_good = np.isfinite(features).all() and features.max() <= 65504
        boxes = np.frombuffer(base64.b64decode(values[8]), "<f4")
        if not is_good or image > 9 or image in found or num_boxes < 36 or boxes.max() > 200:
            num_rejected += 1
        else:
            rows = features.reshape(num_boxes, 2048).astype(np.float16)
            found[image] = rows if num_boxes == 36 else rows[::-1][:36]
    return found, num_rejected


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=7),
    is_cut=st.booleans(),
)
def test_a_store_holds_what_a_plain_reading_finds(make_line, make_store, chosen, is_cut):
    lines = [make_line(*each) for each in [("good", 5, 1), *chosen, ("good", 6, 2)]]
    lines[-1] = lines[-1].rstrip("\n") if is_cut else lines[-1]
    expected, num_rejected = _plainly(lines)
    store, counts = make_store("".join(lines))
    assert store.image_ids.tolist() == [f"coco:{number}" for number in sorted(expected)]
    assert all((store.features_NRF[row] == expected[number]).all() for row, number in enumerate(sorted(expected)))
    assert sum(counts["rejected"].values()) == num_rejected
    assert counts["read"] == len(lines)
