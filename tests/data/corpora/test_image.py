"""Images alone: those that files list, and the user's own in folders, tar shards and Parquet, from files to rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import images as image_table
from data import tables
from data.contracts import images as images_contract
from data.contracts import pictures as pictures_contract
from data.contracts.unimodal import check_images
from data.corpora import image
from data.digests import files_below
from data.errors import ContractError, SourceError, UserError
from data.images import SplitSettings
from data.pictures import building
from data.pictures.building import StoreSettings, check_can_stay
from data.pictures.store import PictureStore
from data.progress import silent
from data.regions.pictures import find
from data.schema import CORPUS
from data.sources import SourceFiles
from data.writers import write_parquet
from tests.data.sources.files_alone import of_images, parquet, picture, tar

SPLITS = SplitSettings(validation_rate=0.25, test_rate=0.25, seed=1, max_rejected_rate=0.5)


class Built:
    """The image table, the store of pictures and the corpus of some files, each held to its contract."""

    def __init__(self, small: Any, files: SourceFiles, *, num_workers: int = 1, **store: Any) -> None:
        self.images, self.pictures, self.corpus = (small.empty_folder(name) for name in ("images", "pictures", "rows"))
        image_table.build(files, SPLITS, into=self.images, progress=silent)
        images_contract.check(self.images)
        settings = StoreSettings(**{"images_per_shard": 3, "max_rejected_rate": 0.9, **store})
        place = small.place(num_workers)
        building.build(
            files, images=self.images, settings=settings, into=self.pictures, progress=silent, workplace=place
        )
        pictures_contract.check(self.pictures, images=self.images, keep=settings.keep)
        inputs: dict[str, Any] = {"images": self.images, "store": self.pictures, "images_from": "pictures"}
        place = small.place(num_workers)
        image.build(**inputs, images_per_shard=3, into=self.corpus, progress=silent, workplace=place)
        check_images(self.corpus, **inputs)

    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = tables.read(self.corpus / "corpus").to_pylist()
        return rows

    def counts(self, folder: Path) -> dict[str, Any]:
        counts: dict[str, Any] = json.loads((folder / "counts.json").read_text("utf-8"))
        return counts

    def names(self) -> list[str]:
        """Where each row's picture was found."""
        return sorted(row["source_ids"][0] for row in self.rows())


def _folder(small: Any, contents: dict[str, bytes], name: str = "mine") -> Path:
    folder: Path = small.folder(name)
    for file, encoded in contents.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(encoded)
    return folder


def _file(small: Any, name: str, contents: bytes) -> Path:
    path: Path = small.folder("files") / name
    path.write_bytes(contents)
    return path


def _coco(small: Any, *numbers: int) -> Path:
    """Instances that list these images, of 12 x 8 pixels."""
    listed = [{"id": n, "file_name": f"{n:012}.jpg", "width": 12, "height": 8} for n in numbers]
    path: Path = small.root / "instances.json"
    path.write_text(json.dumps({"images": listed, "annotations": [], "categories": []}))
    return path


def test_folders_tars_and_parquet_become_rows_beside_what_files_list(small: Any) -> None:
    files = {
        "coco_instances": (_coco(small, 1, 2),),
        "coco_images": (_folder(small, {f"{1:012}.jpg": picture(1, "JPEG")}, "coco"),),
        "image_folders": (_folder(small, {"cats/1.jpg": picture(2, "JPEG"), "dogs/x/2.png": picture(3)}),),
        "image_tars": (_file(small, "s-0.tar", tar({"k.jpg": picture(4, "JPEG"), "k.txt": b"a dog"})),),
        "image_parquet": (_file(small, "a.parquet", parquet(of_images(picture(5), picture(6), picture(7)))),),
    }
    built = Built(small, files)
    assert built.names() == [
        f"coco_images/{1:012}.jpg",
        "image_folders/cats/1.jpg",
        "image_folders/dogs/x/2.png",
        "image_parquet/row 0",
        "image_parquet/row 1",
        "image_parquet/row 2",
        "image_tars/k.jpg",
    ]
    rows = built.rows()
    assert all((row["text"], row["token_ids"], row["topic_ids"]) == ("", [], []) for row in rows)
    assert rows[0]["row_id"] == "coco:1#i"
    store = PictureStore.open(built.pictures)
    contents = {row["source_ids"][0]: store.read(store.row_of[row["image_id"]]) for row in rows}
    assert contents["image_tars/k.jpg"] == picture(4, "JPEG")
    assert contents["image_parquet/row 2"] == picture(7)
    splits = image_table.load(built.images).split
    assert [row["split"] for row in rows] == [splits[row["image_id"]] for row in rows]
    assert built.counts(built.corpus)["read"] == 7
    assert built.counts(built.pictures)["notes"]["images without a picture"] == 1


def test_bad_pictures_of_all_forms_are_rejected_and_counted(small: Any) -> None:
    cut = picture(1, "JPEG")[:300]
    files = {
        "image_folders": (_folder(small, {"a.jpg": b"", "b.jpg": cut, "c.png": b"<html>", "d.png": picture(2)}),),
        "image_tars": (_file(small, "s.tar", tar({"a.jpg": cut, "b.jpg": b"x"})),),
        "image_parquet": (_file(small, "a.parquet", parquet(of_images(None, b"", cut))),),
    }
    built = Built(small, files)
    assert built.names() == ["image_folders/d.png"]
    assert built.counts(built.pictures)["rejected"] == {
        "picture of no bytes": 2,
        "picture that is cut off": 3,
        "picture that cannot be decoded": 2,
        "no picture there": 1,
    }
    fields = {row["field"] for row in pq.read_table(built.pictures / "rejected.parquet").to_pylist()}
    assert {"a.jpg", "row 0"} <= fields


def test_a_picture_under_two_ids_is_a_row_once_and_held_out_if_one_of_them_is(small: Any) -> None:
    many = {f"{number}.png": picture(number) for number in range(12)}
    files = {
        "image_folders": (_folder(small, many),),
        "image_parquet": (_file(small, "a.parquet", parquet(of_images(*many.values()))),),
    }
    built = Built(small, files)
    rows = built.rows()
    assert len(rows) == 12
    store = tables.read(built.pictures / "pictures").to_pylist()
    splits = image_table.load(built.images).split
    digest_of = {row["image_id"]: row["sha256"] for row in store}
    held_out = {row["sha256"] for row in store if splits[row["image_id"]] == "test"}
    assert {digest_of[row["image_id"]] for row in rows if row["split"] == "test"} == held_out
    assert len(held_out) > sum(splits[row["image_id"]] == "test" for row in store) / 2
    assert built.counts(built.corpus)["filtered"] == {
        "the same picture under another id": 12,
        "image that only a benchmark lists": 0,
    }


def test_a_benchmarks_picture_is_no_row_and_neither_is_its_copy_in_a_folder(small: Any) -> None:
    flickr = {"images": [{"filename": "5.jpg", "split": "train", "sentences": [{"raw": "a dog", "sentid": 1}]}]}
    shown = picture(1, "JPEG")
    files = {
        "flickr30k": (_file(small, "flickr.json", json.dumps(flickr).encode()),),
        "flickr30k_images": (_folder(small, {"5.jpg": shown}, "flickr"),),
        "image_folders": (_folder(small, {"mine.jpg": shown, "other.jpg": picture(2, "JPEG")}),),
    }
    built = Built(small, files)
    assert built.names() == ["image_folders/other.jpg"]
    assert built.counts(built.corpus)["filtered"]["image that only a benchmark lists"] == 2


def test_a_file_of_ones_own_never_stands_for_an_image_that_a_file_lists(small: Any) -> None:
    rows = json.dumps({"image": "birds:17", "file_name": "17.jpg"}).encode() + b"\n"
    files = {
        "collection": (_file(small, "birds.jsonl", rows),),
        "collection_images": (_folder(small, {"a.jpg": picture(1, "JPEG")}, "birds"),),
        "image_folders": (_folder(small, {"17.jpg": picture(2, "JPEG"), "a.jpg": picture(3, "JPEG")}),),
    }
    built = Built(small, files)
    assert built.names() == ["image_folders/17.jpg", "image_folders/a.jpg"]
    table = image_table.load(built.images)
    assert find(files, table) == {}
    assert table.listed().image_ids == ("birds:17",)


def test_two_folders_of_one_name_with_a_picture_of_one_name_are_rejected_by_name(small: Any) -> None:
    folders = tuple(_folder(small, {"1.png": picture(n), f"x{n}.png": picture(9 + n)}, f"{n}/mine") for n in (1, 2))
    built = Built(small, {"image_folders": folders})
    assert built.names() == ["image_folders/1.png", "image_folders/x1.png", "image_folders/x2.png"]
    rejected = pq.read_table(built.images / "rejected.parquet").to_pylist()
    assert [(row["source"], row["record"]) for row in rejected] == [("image_folders", "1.png")]
    strict = SplitSettings(validation_rate=0.0, test_rate=0.0, seed=1)
    twice = {"image_folders": (folders[0], folders[0])}
    with pytest.raises(SourceError, match="two pictures of one name"):
        image_table.build(twice, strict, into=small.empty_folder("images"), progress=silent)


def test_pictures_in_folders_may_stay_there_and_those_inside_files_may_not(small: Any) -> None:
    files = {"image_folders": (_folder(small, {"cats/1.png": picture(1)}),)}
    built = Built(small, files, keep="files")
    store = PictureStore.open(built.pictures, files)
    assert store.read(0) == picture(1)
    check_can_stay("files", ["coco_images", "image_folders"])
    check_can_stay("bytes", ["image_tars"])
    with pytest.raises(UserError, match=r"image_parquet, image_tars.*keep = bytes"):
        check_can_stay("files", ["image_parquet", "image_tars"])


def test_the_number_of_workers_does_not_change_the_bytes(small: Any) -> None:
    files = {
        "image_folders": (_folder(small, {f"{number}.png": picture(number) for number in range(5)}),),
        "image_parquet": (_file(small, "a.parquet", parquet(of_images(*(picture(9 + n) for n in range(5))))),),
    }
    one, two = Built(small, files), Built(small, files, num_workers=2)
    for name in ("pictures", "corpus"):
        first, second = dict(files_below(getattr(one, name))), dict(files_below(getattr(two, name)))
        assert {key: path.read_bytes() for key, path in first.items()} == {
            key: path.read_bytes() for key, path in second.items()
        }
    assert len(tables.parts(one.corpus / "corpus")) == 4


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"text": "a dog"}, "no text"),
        ({"token_ids": [2, 3]}, "no text"),
        ({"row_id": "x"}, "the row id"),
        ({"split": "nowhere"}, "split"),
        ({"image_id": "coco:9", "row_id": "coco:9#i"}, "image of the store"),
    ],
)
def test_a_row_that_breaks_the_contract_blocks_the_corpus(small: Any, change: dict[str, Any], rule: str) -> None:
    built = Built(small, {"image_folders": (_folder(small, {"1.png": picture(1), "2.png": picture(2)}),)})
    part = tables.parts(built.corpus / "corpus")[0]
    first, second = pq.read_table(part).to_pylist()
    for rows, broken in (([{**first, **change}, second], rule), ([second, first], "sorted"), ([first, first], "once")):
        write_parquet(part, pa.Table.from_pylist(rows, schema=CORPUS), CORPUS)
        with pytest.raises(ContractError, match=broken):
            check_images(built.corpus, images=built.images, store=built.pictures, images_from="pictures")
