"""A detector's files become the region store: 36 regions, boxes as shares, everything else rejected with a reason."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from data.errors import SourceError, UserError
from data.progress import silent
from data.regions.detections import DetectionSettings, build
from data.regions.filling import Fill
from data.shards import Workplace
from tests.data.regions.obj36 import ANY, VOCABULARIES, name_of, place


def test_boxes_become_shares_of_the_image_and_features_half_precision(make_store, obj36):
    store, counts = make_store(obj36(name_of(3)) + obj36(name_of(1)))
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
    store, _ = make_store(obj36(name_of(1), 40, object_conf=conf))
    assert store.features_NRF[0, :4, 0].tolist() == [39, 20, 0, 1]
    assert store.features_NRF[0, 35, 0] == 34  # 36 of 40: the last of the ties is 34, since 20 is taken


def test_exactly_36_boxes_keep_the_order_of_their_source(make_store, obj36):
    store, _ = make_store(obj36(name_of(1), object_conf=np.linspace(0.2, 0.9, 36)))
    assert store.features_NRF[0, :, 0].tolist() == list(range(36))


def test_an_image_under_its_other_id_is_the_same_image_and_its_first_row_wins(make_store, obj36):
    store, counts = make_store(obj36("7", features=np.ones((36, 2048))) + obj36(name_of(2)))
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
    store, counts = make_store(obj36(name_of(1)) + obj36(name_of(2), **arrays) + obj36(name_of(3)))
    assert store.image_ids.tolist() == ["coco:1", "coco:3"]
    assert counts["rejected"] == {reason: 1}
    assert pq.read_table(tmp_path / "regions/rejected.parquet")["record"].to_pylist() == ["coco:2"]


def test_rounding_beyond_the_border_is_clipped(make_store, obj36):
    store, counts = make_store(obj36(name_of(1), boxes=np.tile([-0.0005, 0, 200.001, 100.0005], (36, 1))))
    assert store.boxes_NR4[0, 0].tolist() == [0, 0, 1, 1]
    assert counts["rejected"] == {}


def test_an_image_that_no_file_of_images_lists_is_rejected(make_store, obj36):
    _, counts = make_store(obj36(name_of(1)) + obj36(name_of(10)))
    assert counts["rejected"] == {"image not in the image table": 1}


def test_more_rejections_than_allowed_are_an_error_that_names_the_first(make_store, obj36):
    with pytest.raises(SourceError, match=r"coco:10.*image not in the image table"):
        make_store(obj36(name_of(1)) + obj36(name_of(10)), DetectionSettings(images_per_shard=2, max_rejected_rate=0.4))


def test_ids_without_a_vocabulary_are_an_error_that_names_the_setting(make_files, make_table, coco, obj36, tmp_path):
    files = make_files(coco_captions=coco(1), obj36=obj36(name_of(1)), object_vocabulary="cat")
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
    lines = [obj36(name_of(number), features=np.full((36, 2048), number)) for number in (1, 2, 3)]
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
    lines = [obj36(name_of(number), features=np.full((36, 2048), number)) for number in (3, 1, 4, 2)]
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
