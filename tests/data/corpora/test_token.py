from __future__ import annotations

import json
from typing import Any

import pytest

from data import tables
from data.contracts import corpora as corpora_contract
from data.corpora.token import TokenSettings, build
from data.errors import SourceError
from data.progress import silent


def _build(small: Any, inputs: Any, max_length: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows and what counts.json says."""
    into = small.empty_folder("token")
    settings = TokenSettings(max_length=max_length, images_per_shard=1)
    build(**inputs.paths(), settings=settings, into=into, progress=silent, workplace=small.place())
    corpora_contract.check(into, **inputs.paths(), max_length=max_length)
    rows: list[dict[str, Any]] = tables.read(into / "corpus").to_pylist()
    return rows, json.loads((into / "counts.json").read_text())


def test_a_row_is_the_labels_of_one_image_in_the_order_of_its_regions(small: Any, inputs: Any) -> None:
    first, second = _build(small, inputs, 44)[0]
    assert first == {
        "row_id": "coco:1#t",
        "image_id": "coco:1",
        "split": "train",
        "text": "fire hydrant dog dog t-shirt",
        "token_ids": inputs.ids("[CLS] fire hyd ##rant dog dog t - shirt [SEP]"),
        "topic_ids": sorted(inputs.ids("fire hyd ##rant dog t shirt")),
        "source_ids": ["coco:1"],
    }
    assert (second["text"], second["split"]) == ("zebra dog", "test")
    assert second["topic_ids"] == inputs.ids("dog")  # "zebra" is [UNK], which is no topic


def test_topics_are_of_the_words_that_survive_truncation(small: Any, inputs: Any) -> None:
    (row, _), _ = _build(small, inputs, 5)
    assert row["token_ids"] == inputs.ids("[CLS] fire hyd ##rant [SEP]")
    assert row["topic_ids"] == inputs.ids("fire hyd ##rant")
    (row, _), counts = _build(small, inputs, 4)
    assert row["topic_ids"] == inputs.ids("fire")  # of "hydrant" one piece is left: no word
    assert counts["notes"] == {
        "regions without a label": 32 + 34,
        "mean word pieces": 4.0,
        "truncated rows": 1,
        "share of rows with a topic": 1.0,
    }


def test_images_of_benchmarks_give_no_row_and_are_counted(small: Any, inputs: Any) -> None:
    small.images({"coco:1": "train", "coco:2": "test", "coco:3": "train"}, pool={"coco:2": "vqa"})
    rows, counts = _build(small, inputs, 44)
    assert [row["image_id"] for row in rows] == ["coco:1"]
    assert (counts["read"], counts["rejected"]) == (2, {})
    assert counts["filtered"] == {"image that only a benchmark lists": 1}


def test_images_without_any_label_are_rejected_and_counted(small: Any, inputs: Any) -> None:
    small.regions([small.region_row("coco:1", []), small.region_row("coco:2", [0])], ["dog"])
    with pytest.raises(SourceError, match=r"1 of 2.*coco:1 \(text: empty text\)"):
        _build(small, inputs, 44)
