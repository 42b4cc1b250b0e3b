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


def _vilbert(small: Any, name: str, *rows: tuple[int, list[str]]) -> Path:
    """Captions by image in ViLBERT's layout, which calls them by image and place."""
    path: Path = small.root / name
    path.write_text(
        "".join(json.dumps({"id": image, "img_path": "", "sentences": said}) + "\n" for image, said in rows)
    )
    return path


def _karpathy(small: Any, *captions: tuple[int, int, str]) -> Path:
    """`captions` are (id, image id, text), as `small.captions` has them."""
    path: Path = small.root / "dataset_coco.json"
    images = [{"cocoid": image, "sentences": [{"raw": text, "sentid": number}]} for number, image, text in captions]
    path.write_text(json.dumps({"images": images}))
    return path


def _build_all(small: Any, inputs: Any, files: dict[str, tuple[Path, ...]]) -> tuple[dict[str, str], dict[str, Any]]:
    """The texts by row id, and counts.json; no record may be rejected."""
    into: Path = small.empty_folder("sentence")
    settings = SentenceSettings(max_length=8, images_per_shard=1, max_rejected_rate=0.0)
    build(files, **inputs.paths(), settings=settings, into=into, progress=silent, workplace=small.place())
    corpora_contract.check(into, **inputs.paths(), max_length=8)
    table = tables.read(into / "corpus")
    rows = dict(zip(table["row_id"].to_pylist(), table["text"].to_pylist(), strict=True))
    return rows, json.loads((into / "counts.json").read_text()) | {
        "examples": pq.read_table(into / "filtered.parquet").to_pylist()
    }


def test_a_caption_that_another_file_has_of_the_image_is_a_row_once(small: Any, inputs: Any) -> None:
    coco = small.captions([(7, 1, "A big  dog."), (9, 2, "a dog"), (11, 1, "on a dog")])
    karpathy = _karpathy(small, (7, 1, "A big dog. "), (9, 2, "a dog"))
    vilbert = _vilbert(small, "train.jsonline", (1, ["on a dog", "A big dog.", "shirt"]), (2, ["on a dog"]))
    files = {"coco_vilbert": (vilbert,), "coco_karpathy": (karpathy,), "coco_captions": (coco,)}
    rows, counts = _build_all(small, inputs, files)
    assert rows == {
        "coco:11": "on a dog",  # by the first source in the order of names, whose ids are COCO's
        "coco:7": "A big dog.",
        "coco:1#2": "shirt",
        "coco:2#0": "on a dog",  # so it is said of another image
        "coco:9": "a dog",
    }
    assert counts["read"] == 9
    assert counts["rejected"] == {}
    assert counts["filtered"] == {"the same caption of the image in another file": 4}
    assert {"image_id": "coco:2", "text": "a dog", "reason": "the same caption of the image in another file"} in counts[
        "examples"
    ]


def test_two_people_who_use_the_same_words_in_one_file_are_two_rows(small: Any, inputs: Any) -> None:
    coco = small.captions([(7, 1, "a dog"), (8, 1, "a dog"), (9, 1, "A dog")])
    alone, counts = _build_all(small, inputs, {"coco_captions": (coco,)})
    assert alone == {"coco:7": "a dog", "coco:8": "a dog", "coco:9": "A dog"}
    assert counts["filtered"] == {"the same caption of the image in another file": 0}
    vilbert = _vilbert(small, "train.jsonline", (1, ["a dog", "a dog", "A dog"]))
    with_another, counts = _build_all(small, inputs, {"coco_captions": (coco,), "coco_vilbert": (vilbert,)})
    assert with_another == alone
    assert counts["filtered"] == {"the same caption of the image in another file": 3}


def test_two_files_of_a_source_may_overlap(small: Any, inputs: Any) -> None:
    first = _vilbert(small, "train.jsonline", (1, ["a dog", "a dog"]))
    second = _vilbert(small, "valid.jsonline", (1, ["a dog", "a dog"]), (2, ["shirt"]))
    rows, counts = _build_all(small, inputs, {"coco_vilbert": (first, second)})
    assert rows == {"coco:1#0": "a dog", "coco:1#1": "a dog", "coco:2#0": "shirt"}
    assert counts["filtered"] == {"the same caption of the image in another file": 2}


def test_an_id_that_two_files_give_to_different_captions_is_rejected_the_second_time(small: Any, inputs: Any) -> None:
    karpathy = [(7, 1, "shirt"), (8, 2, "a dog"), (9, 1, "a dog"), (9, 2, "big dog"), (10, 1, "on a dog")]
    files = {
        "coco_captions": (small.captions([(7, 1, "a dog"), (8, 1, "a dog"), (8, 1, "on a dog")]),),
        "coco_karpathy": (_karpathy(small, *karpathy),),
    }
    into = small.empty_folder("sentence")
    settings = SentenceSettings(max_length=8, images_per_shard=1, max_rejected_rate=1.0)
    build(files, **inputs.paths(), settings=settings, into=into, progress=silent, workplace=small.place())
    # "a dog" of image 1 is in the first file, so its id 9 is still free for what the second file says of image 2; "on a
    # dog" was rejected there, so it is taken from the second.
    assert tables.read(into / "corpus")["row_id"].to_pylist() == ["coco:10", "coco:7", "coco:8", "coco:9"]
    counts = json.loads((into / "counts.json").read_text())
    assert counts["rejected"] == {"repeated caption id": 3}
    assert counts["filtered"] == {"the same caption of the image in another file": 1}


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
