from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import phrase_tags, tables
from data.contracts import corpora as corpora_contract
from data.corpora.filtered import FilterLog
from data.corpora.phrase import PhraseSettings, build
from data.errors import ContractError, UserError
from data.phrase_tags import TaggingSettings
from data.progress import silent
from data.schema import PHRASE_TAGS
from data.writers import write_parquet


def _build(small: Any, inputs: Any, phrases: dict[int, list[str]], tags: Path, **options: Any) -> Path:
    into: Path = small.empty_folder("phrase")
    settings = PhraseSettings(max_rejected_rate=1.0, **{"max_length": 10, "images_per_shard": 1, **options})
    files = {"vg_region_descriptions": (small.phrases(phrases),)}
    place = small.place()
    build(files, **inputs.paths(), tags=tags, settings=settings, into=into, progress=silent, workplace=place)
    corpora_contract.check(into, **inputs.paths(), max_length=settings.max_length)
    return into


@pytest.fixture
def tags(small: Any) -> Path:
    """The parts of speech of the phrases below: "runs" is a verb, anything else a noun."""
    phrases = ["red dog", "dog runs", "a big t-shirt", "RED dog", "dog", "Red dog", "a dog", "a dog runs", "RED DOG"]
    phrases += ["red red red red red red"]
    folder: Path = small.folder("phrase-tags")
    rows = [
        {"text": text, "tags": ["VERB" if word == "runs" else "NOUN" for word in text.split()], "settled_by": "tagger"}
        for text in sorted(phrases)
    ]
    (folder / "tags").mkdir()
    write_parquet(folder / "tags" / "part-00000.parquet", pa.Table.from_pylist(rows, PHRASE_TAGS), PHRASE_TAGS)
    return folder


def test_verb_free_phrases_are_joined_into_rows_of_bounded_length(small: Any, inputs: Any, tags: Path) -> None:
    # Pieces: "red dog" 2, "a big t-shirt" 5, "dog" 1; a comma between phrases 1; room for 8 beside [CLS] and [SEP].
    phrases = {11: ["red dog", "dog runs", "a big t-shirt", "RED  dog ", "dog"]}
    rows = tables.read(_build(small, inputs, phrases, tags) / "corpus").to_pylist()
    assert [(row["row_id"], row["image_id"], row["text"]) for row in rows] == [
        ("coco:1#p0", "coco:1", "red dog, a big t-shirt"),
        ("coco:1#p1", "coco:1", "dog"),
    ]
    assert rows[0]["token_ids"] == inputs.ids("[CLS] red dog , a big t - shirt [SEP]")
    assert rows[0]["topic_ids"] == sorted(inputs.ids("dog t shirt"))
    assert rows[0]["source_ids"] == ["vg:1", "vg:4", "vg:3"]  # the repeated phrase keeps both records


def test_counts_say_what_became_of_every_phrase(small: Any, inputs: Any, tags: Path) -> None:
    phrases = {11: ["red dog", "dog runs", "Red dog", " "], 99: ["a dog"]}
    counts = json.loads((_build(small, inputs, phrases, tags) / "counts.json").read_text())
    assert counts["read"] == 5
    assert sum(counts["rejected"].values()) == 2
    assert counts["filtered"] == {"phrase with a verb": 1, "phrase repeated within its image": 1}
    assert counts["notes"]["phrases kept"] == 1


def test_counts_say_what_each_rule_drops_of_all_images_and_of_those_that_are_cocos_too(
    small: Any, inputs: Any, tags: Path
) -> None:
    small.images({"coco:1": "train", "vg:12": "train"}, known_as={"coco:1": ["coco:1", "vg:11"]})
    small.regions([small.region_row("coco:1"), small.region_row("vg:12")])
    rows = tables.read(tags / "tags").to_pylist()
    rows.append({"text": "dog is red", "tags": ["NOUN", "AUX", "ADJ"], "settled_by": "tagger"})
    rows.sort(key=lambda row: str(row["text"]))
    write_parquet(tags / "tags" / "part-00000.parquet", pa.Table.from_pylist(rows, PHRASE_TAGS), PHRASE_TAGS)
    # Pieces: "red dog" 2, "dog is red" 3 ("is" is [UNK]), "a big t-shirt" 5, a comma 1; room for 8.
    phrases = {11: ["red dog", "dog is red", "dog runs", "a big t-shirt"], 12: ["red dog", "dog is red", "RED dog"]}
    notes = {}
    for rule in ("verb", "verb_or_aux"):
        counts = json.loads((_build(small, inputs, phrases, tags, rule=rule) / "counts.json").read_text())
        notes[rule] = {name: number for name, number in counts["notes"].items() if ": " in name}
        assert counts["rows"]["train"] == counts["notes"][f"all images: rows that {rule} leaves"]
    assert notes["verb"] == notes["verb_or_aux"]
    assert notes["verb"] == {
        "all images: images with phrases": 2,
        "all images: distinct phrases": 6,
        "all images: phrases that verb drops": 1,
        "all images: phrases that verb_or_aux drops": 3,
        "all images: rows that verb leaves": 3,  # "red dog, dog is red" / "a big t-shirt" / "red dog, dog is red"
        "all images: rows that verb_or_aux leaves": 2,  # "red dog, a big t-shirt" / "red dog"
        "images that are COCO's too: images with phrases": 1,
        "images that are COCO's too: distinct phrases": 4,
        "images that are COCO's too: phrases that verb drops": 1,
        "images that are COCO's too: phrases that verb_or_aux drops": 2,
        "images that are COCO's too: rows that verb leaves": 2,
        "images that are COCO's too: rows that verb_or_aux leaves": 1,
    }


def test_examples_of_what_was_filtered_are_kept_by_image_and_text(small: Any, inputs: Any, tags: Path) -> None:
    small.images({"coco:1": "train", "coco:2": "test"}, known_as={"coco:1": ["coco:1", "vg:11"]})
    small.regions([small.region_row("coco:1"), small.region_row("coco:2")])
    phrases = {11: ["red dog", "dog runs", "Red dog", "a dog runs", "RED DOG"]}
    into = _build(small, inputs, phrases, tags)
    assert pq.read_table(into / "filtered.parquet").to_pylist() == [
        {"image_id": "coco:1", "text": "RED DOG", "reason": "phrase repeated within its image"},
        {"image_id": "coco:1", "text": "Red dog", "reason": "phrase repeated within its image"},
        {"image_id": "coco:1", "text": "a dog runs", "reason": "phrase with a verb"},
        {"image_id": "coco:1", "text": "dog runs", "reason": "phrase with a verb"},
    ]
    assert pq.read_schema(into / "filtered.parquet").names == ["image_id", "text", "reason"]


def test_of_many_filtered_texts_the_first_hundred_of_each_reason_are_kept_in_any_order() -> None:
    texts = [(f"coco:{n % 7}", f"text {n:04}") for n in range(3000)]
    expected = [{"image_id": image_id, "text": text, "reason": "b"} for image_id, text in sorted(texts)[:100]]
    for order in (texts, texts[::-1]):
        log = FilterLog()
        for image_id, text in order:
            log.add(image_id, text, "b")
        columns = [pa.chunked_array([list(column)], pa.string()) for column in zip(*order, strict=True)]
        log.add_all(*columns, "c")
        log.add("coco:0", "text 0", "a")
        assert log.counts == {"a": 1, "b": 3000, "c": 3000}
        rows = log.table().to_pylist()
        assert [row for row in rows if row["reason"] == "b"] == expected
        assert [{**row, "reason": "b"} for row in rows if row["reason"] == "c"] == expected
        assert rows[0] == {"image_id": "coco:0", "text": "text 0", "reason": "a"}


def test_a_phrase_that_is_too_long_alone_is_a_truncated_row(small: Any, inputs: Any, tags: Path) -> None:
    phrases = {11: ["dog", "red red red red red red", "a dog"]}
    into = _build(small, inputs, phrases, tags, max_length=6)
    rows = tables.read(into / "corpus").to_pylist()
    assert [row["text"] for row in rows] == ["dog", "red red red red red red", "a dog"]
    assert rows[1]["token_ids"] == inputs.ids("[CLS] red red red red [SEP]")
    assert json.loads((into / "counts.json").read_text())["notes"]["truncated rows"] == 1


def test_an_image_whose_phrases_all_have_verbs_gives_no_row(small: Any, inputs: Any, tags: Path) -> None:
    into = _build(small, inputs, {11: ["dog runs"]}, tags)
    assert tables.read(into / "corpus").num_rows == 0


def test_a_phrase_that_was_never_tagged_is_an_error_that_names_it(small: Any, inputs: Any, tags: Path) -> None:
    with pytest.raises(ContractError, match="none of 'a new dog'"):
        _build(small, inputs, {11: ["dog", "a new dog"]}, tags)


def test_shards_and_workers_do_not_change_the_rows(small: Any, inputs: Any, tags: Path) -> None:
    small.images({"coco:1": "train", "coco:2": "test"}, known_as={"coco:1": ["coco:1", "vg:11"]})
    phrases = {11: ["red dog", "a dog runs"], 2: ["a dog"]}
    one = tables.read(_build(small, inputs, phrases, tags) / "corpus")
    assert tables.read(_build(small, inputs, phrases, tags, images_per_shard=9) / "corpus") == one


def test_a_separator_that_would_merge_words_is_refused() -> None:
    with pytest.raises(UserError, match="separator"):
        PhraseSettings(max_length=10, images_per_shard=1, separator="and")


def test_the_tagger_decides_on_real_phrases(
    small: Any, inputs: Any, trained_on_english: Callable[[str], Path], shared_data: Callable[[str], Path]
) -> None:
    source = shared_data("visual_genome/region_descriptions_2images.json")
    images = {item["id"]: [region["phrase"] for region in item["regions"]] for item in json.loads(source.read_text())}
    small.images({f"vg:{image}": "train" for image in images})
    small.regions([small.region_row(f"vg:{image}", [0]) for image in images], ["dog"])
    tags: Path = small.folder("phrase-tags")
    phrase_tags.build(
        {"vg_region_descriptions": (small.phrases(images),)},
        tagger=str(trained_on_english("nltk_tagger")),
        settings=TaggingSettings(backend="nltk_tagger", rows_per_shard=50),
        into=tags,
        progress=silent,
        workplace=small.place(num_workers=2),
    )
    into = _build(small, inputs, images, tags, max_length=64)
    counts = json.loads((into / "counts.json").read_text())
    repeated, with_verb = (
        counts["filtered"]["phrase repeated within its image"],
        counts["filtered"]["phrase with a verb"],
    )
    assert repeated + with_verb + counts["notes"]["phrases kept"] == 111
    assert 30 <= with_verb <= 60
    text = " ".join(tables.read(into / "corpus")["text"].to_pylist())
    assert "scoreboard on the wall" in text
    assert "man wearing a cap" not in text
    assert "are playing" not in text


def test_phrases_can_be_made_from_boxes_and_need_no_tagger(small: Any, inputs: Any) -> None:
    sizes = {"width": 100, "height": 100}
    listed = [{"id": number, "file_name": f"{number:012}.jpg", **sizes} for number in (1, 3)]
    boxes = [(1, 1, [0, 0, 10, 10]), (1, 1, [80, 0, 10, 10]), (3, 1, [0, 0, 10, 10]), (3, 1, [80, 0, 10, 10])]
    instances = {
        "images": listed,
        "categories": [{"id": 1, "name": "dog"}],
        "annotations": [
            {"id": number, "image_id": image, "category_id": category, "bbox": box, "iscrowd": 0, "area": 100}
            for number, (image, category, box) in enumerate(boxes)
        ],
    }
    path = small.folder("sources") / "instances.json"
    path.write_text(json.dumps(instances))
    into = small.empty_folder("phrase")
    # coco:3 has no regions: its two boxes are rejected, which is half of what was read and so just allowed
    settings = PhraseSettings(
        max_length=32, images_per_shard=1, max_rejected_rate=0.5, rule="none", phrases_from="boxes"
    )
    build(
        {"coco_instances": (path,)},
        **inputs.paths(),
        tags=None,
        settings=settings,
        into=into,
        progress=silent,
        workplace=small.place(),
    )
    rows = tables.read(into / "corpus").to_pylist()
    assert [row["text"] for row in rows] == ["dog on the left, dog on the right, two dogs"]
    assert json.loads((into / "counts.json").read_text())["rejected"] == {"image has no regions": 2}
