"""What is kept of pictures, what is left out and why, and bytes that depend on nothing else."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from data import tables
from data.digests import files_below
from data.errors import SourceError, UserError
from data.pictures import building
from data.pictures.building import StoreSettings
from data.pictures.decoding import decode
from data.shards import Finished
from tests.data.pictures.built import Built, noise

Make = Callable[..., Built]
USABLE = [f"coco:{number}" for number in range(1, 7)]


def contents(folder: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files_below(folder)}


@pytest.mark.parametrize("keep", ["bytes", "files"])
def test_every_picture_that_can_be_used_has_a_row_with_what_it_was(make: Make, folder: Path, keep: str) -> None:
    built = make(keep=keep)
    table = tables.read(built.into / "pictures")
    assert table["image_id"].to_pylist() == USABLE
    first = table.to_pylist()[0]
    published = (folder / f"train2014/{1:012}.jpg").read_bytes()
    assert first.pop("encoded", published) == published
    assert first == {
        "image_id": "coco:1",
        "width_px": 40,
        "height_px": 30,
        "format": "JPEG",
        "num_bytes": len(published),
        "sha256": hashlib.sha256(published).hexdigest(),
        "source": "coco_images",
        "folder": 0,
        "path": "train2014/000000000001.jpg",
    }


def test_kept_files_leave_the_pictures_where_they_are(make: Make, folder: Path) -> None:
    built = make(keep="files")
    assert sum(map(len, contents(built.into / "pictures").values())) < 20_000
    assert str(folder) not in str(contents(built.into))


def test_what_cannot_be_used_is_counted_and_named_with_its_reason(make: Make) -> None:
    built = make()
    assert built.counts["rejected"] == {
        "picture of no bytes": 1,
        "picture that is cut off": 1,
        "picture that cannot be decoded": 1,
    }
    assert built.counts["rows"] == {"train": 5, "validation": 0, "test": 1}
    assert built.counts["read"] == 9
    assert built.counts["notes"]["images without a picture"] == 1
    rejected = pq.read_table(built.into / "rejected.parquet").to_pylist()
    assert rejected[0] == {
        "source": "coco_images",
        "record": "coco:7",
        "field": "000000000007.jpg",
        "reason": "picture of no bytes",
    }


def test_more_unusable_pictures_than_allowed_are_an_error_that_names_them(make: Make) -> None:
    with pytest.raises(SourceError, match="at most 5% of the records of PictureStore rejected; found 3 of 9") as caught:
        make(max_rejected_rate=0.05)
    assert "coco:7 (000000000007.jpg: picture of no bytes)" in caught.value.found
    assert "[PictureStore] max_rejected_rate" in caught.value.way_out


def test_a_picture_of_another_shape_than_listed_is_refused_unless_it_only_lies_on_its_side(
    make: Make, folder: Path
) -> None:
    noise(1, width=40, height=40).save(folder / f"train2014/{1:012}.jpg")
    noise(2, width=30, height=40).save(folder / f"train2014/{2:012}.jpg")
    noise(3, width=80, height=60).save(folder / f"train2014/{3:012}.jpg")
    built = make()
    assert built.counts["rejected"]["picture of another shape than listed"] == 1
    assert built.open().image_ids == tuple(USABLE[1:])


def test_a_file_that_is_too_large_is_not_read(make: Make, folder: Path) -> None:
    with (folder / f"train2014/{1:012}.jpg").open("r+b") as file:
        file.truncate(2**25 + 1)
    assert make().counts["rejected"]["picture of more than 32 MiB"] == 1


def test_pictures_that_are_too_large_are_made_smaller_once_and_the_others_left_alone(make: Make, folder: Path) -> None:
    noise(1, width=160, height=120).save(folder / f"train2014/{1:012}.jpg")
    (folder / f"train2014/{2:012}.jpg").unlink()
    noise(2, width=120, height=90).save(folder / f"train2014/{2:012}.png")
    built = make(max_side_px=80)
    store = built.open()
    assert store.sizes_N2.tolist() == [[80, 60], [80, 60], *[[40, 30]] * 4]
    formats = tables.read(built.into / "pictures", ["format"])["format"].to_pylist()
    assert formats == ["JPEG", "PNG", *["JPEG"] * 4]
    smaller = noise(2, width=120, height=90).resize((80, 60), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(np.asarray(decode(store.read(1))), np.asarray(smaller))
    assert store.read(2) == (folder / f"train2014/{3:012}.jpg").read_bytes()
    assert built.counts["notes"]["pictures made smaller"] == 2


def test_a_picture_is_made_smaller_as_it_is_seen_and_not_turned_twice(make: Make, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    noise(1, width=160, height=120).save(folder / f"train2014/{1:012}.jpg", exif=exif)
    store = make(max_side_px=80).open()
    assert store.sizes_N2[0].tolist() == [60, 80]
    assert decode(store.read(0)).size == (60, 80)


@pytest.mark.parametrize("keep", ["bytes", "files"])
def test_the_bytes_do_not_depend_on_the_number_of_workers(make: Make, keep: str) -> None:
    one, two = make("one", keep=keep), make("two", keep=keep, num_workers=2)
    assert contents(one.into) == contents(two.into)


def test_what_was_finished_before_a_failure_is_not_built_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    write = building._write

    def fails_on_the_second(shard: building._Shard, **settings: Any) -> Finished:
        if shard.candidates[0].image_id == "coco:5":
            raise OSError("killed")
        return write(shard, **settings)

    with monkeypatch.context() as patched:
        patched.setattr(building, "_write", fails_on_the_second)
        with pytest.raises(OSError, match="killed"):
            make("first")
    again = make("second", scratch="first")
    assert again.workplace.tally == {"kept": 1, "built": 2, "salvaged": 0}
    assert contents(again.into) == contents(make("undisturbed").into)


def test_no_picture_at_all_is_an_error(make: Make, folder: Path) -> None:
    for path in sorted(folder.rglob("*.jpg")):
        path.unlink()
    with pytest.raises(UserError, match="none that can be used"):
        make()


def test_files_that_are_not_kept_cannot_be_made_smaller() -> None:
    with pytest.raises(UserError, match="keep = files and max_side_px = 80"):
        StoreSettings(images_per_shard=1, keep="files", max_side_px=80)


def test_a_shard_without_a_usable_picture_is_an_empty_part(make: Make) -> None:
    built = make(images_per_shard=3)  # coco:7, coco:8 and coco:9 make the last one
    assert [pq.read_metadata(part).num_rows for part in tables.parts(built.into / "pictures")] == [3, 3, 0]
    assert len(built.open()) == 6


def test_an_encoded_picture_is_read_by_any_reader_of_parquet(make: Make) -> None:
    frame = tables.read(make().into / "pictures").to_pandas()
    assert Image.open(io.BytesIO(frame["encoded"][0])).size == (40, 30)
