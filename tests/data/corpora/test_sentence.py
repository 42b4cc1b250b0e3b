from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from data import tables
from data.contracts import corpora as corpora_contract
from data.corpora.joined import Joined
from data.corpora.sentence import SentenceSettings, build
from data.digests import files_below
from data.errors import UserError
from data.progress import silent


def _build(
    small: Any,
    inputs: Any,
    captions: list[tuple[int, int, str]],
    max_rejected_rate: float = 1.0,
    num_workers: int = 1,
) -> Path:
    into: Path = small.empty_folder("sentence")
    settings = SentenceSettings(max_length=8, images_per_shard=1, max_rejected_rate=max_rejected_rate)
    files = {"coco_captions": (small.captions(captions),)}
    place = small.place(num_workers)
    build(files, **inputs.paths(), settings=settings, into=into, progress=silent, workplace=place)
    corpora_contract.check(into, **inputs.paths(), max_length=8)
    return into


def test_every_caption_of_an_image_with_regions_is_a_row(small: Any, inputs: Any) -> None:
    into = _build(small, inputs, [(12, 2, "Red  dogs"), (7, 1, "A DOG's t-shirt\n"), (9, 1, "dogs")])
    rows = tables.read(into / "corpus").to_pylist()
    assert [row["row_id"] for row in rows] == ["coco:7", "coco:9", "coco:12"]  # by image, then by id as text
    assert rows[0] == {
        "row_id": "coco:7",
        "image_id": "coco:1",
        "split": "train",
        "text": "A DOG's t-shirt",
        "token_ids": inputs.ids("[CLS] a dog ' s t - [SEP]"),  # "shirt" is cut
        "topic_ids": inputs.ids("dog t"),
        "source_ids": ["coco:7"],
    }
    assert [row["topic_ids"] for row in rows[1:]] == [[], []]  # "dogs" is another word than "dog"
    counts = json.loads((into / "counts.json").read_text())
    assert counts["rows"] == {"train": 2, "validation": 0, "test": 1}
    assert counts["images"] == {"train": 1, "validation": 0, "test": 1}
    assert counts["notes"]["truncated rows"] == 1


def test_captions_of_a_benchmark_are_not_read_and_its_images_give_no_row(small: Any, inputs: Any) -> None:
    small.images({"coco:1": "train", "coco:2": "test", "flickr30k:5": "train"}, pool={"coco:2": "vqa"})
    small.regions([small.region_row(image_id) for image_id in ("coco:1", "coco:2", "flickr30k:5")])
    flickr = {"images": [{"filename": "5.jpg", "split": "train", "sentences": [{"raw": "a dog", "sentid": 1}]}]}
    path = small.folder("sources") / "flickr.json"
    path.write_text(json.dumps(flickr))
    files = {"coco_captions": (small.captions([(1, 1, "a dog"), (2, 2, "a dog")]),), "flickr30k": (path,)}
    into = small.folder("sentence")
    settings = SentenceSettings(max_length=8, images_per_shard=1, max_rejected_rate=0.5)
    build(files, **inputs.paths(), settings=settings, into=into, progress=silent, workplace=small.place())
    assert tables.read(into / "corpus")["row_id"].to_pylist() == ["coco:1"]
    counts = json.loads((into / "counts.json").read_text())
    assert (counts["read"], counts["rejected"]) == (2, {"image that only a benchmark lists": 1})


def test_what_cannot_be_a_row_is_rejected_by_reason(small: Any, inputs: Any) -> None:
    captions = [(1, 1, "a dog"), (1, 1, "again"), (2, 3, "a dog"), (3, 99, "a dog"), (4, 1, "\u200b \x07")]
    into = _build(small, inputs, captions)
    counts = json.loads((into / "counts.json").read_text())
    assert counts["read"] == 5
    assert sum(counts["rejected"].values()) == 4
    assert counts["rejected"]["image has no regions"] == 1
    assert counts["rejected"]["image not in the image table"] == 1
    assert counts["rejected"]["repeated caption id"] == 1
    assert counts["rejected"]["empty text"] == 1
    rejected = pq.read_table(into / "rejected.parquet").to_pylist()
    assert {"source": "captions", "record": "coco:2", "field": "image_id", "reason": "image has no regions"} in rejected


def test_too_many_rejected_records_are_an_error_that_names_the_first(small: Any, inputs: Any) -> None:
    with pytest.raises(UserError, match=r"1 of 2.*coco:2 \(image_id: image not in the image table\)"):
        _build(small, inputs, [(1, 1, "a dog"), (2, 99, "a dog")], max_rejected_rate=0.4)


def test_no_captions_at_all_are_an_error_that_names_the_sources(small: Any, inputs: Any) -> None:
    settings = SentenceSettings(max_length=8, images_per_shard=1)
    with pytest.raises(UserError, match="one of coco_captions"):
        build(
            {},
            **inputs.paths(),
            settings=settings,
            into=small.folder("sentence"),
            progress=silent,
            workplace=small.place(),
        )


def test_a_text_that_utf8_cannot_hold_is_rejected(inputs: Any) -> None:
    joined = Joined.open(**inputs.paths())
    assert joined.text_of("dog \ud800", source="captions", record="coco:1") is None
    assert joined.log.counts == {"text is not Unicode": 1}


def test_the_order_of_the_source_does_not_change_the_bytes(small: Any, inputs: Any) -> None:
    captions = [(1, 1, "a dog"), (2, 2, "big dog"), (3, 1, "on a dog")]
    first = parts(_build(small, inputs, captions))
    assert {"corpus/part-00000.parquet", "corpus/part-00001.parquet"} <= set(first)
    assert first == parts(_build(small, inputs, captions[::-1]))


def test_the_number_of_workers_does_not_change_the_bytes(small: Any, inputs: Any) -> None:
    captions = [(1, 1, "a dog"), (2, 2, "big dog"), (3, 1, "on a dog")]
    assert parts(_build(small, inputs, captions)) == parts(_build(small, inputs, captions, num_workers=2))


def parts(into: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in files_below(into)}
