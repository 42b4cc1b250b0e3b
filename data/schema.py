"""Schemas of all row tables, and the shapes and types of the region store: the one place that names columns."""

from __future__ import annotations

import pyarrow as pa

NUM_REGIONS = 36
FEATURE_SIZE = 2048
SPLITS = ("train", "validation", "test")
NO_IMAGE = ""
"""The image of a row of text alone."""

IMAGES = pa.schema(
    [
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("known_as", pa.list_(pa.string()), nullable=False),
        pa.field("group_id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("pool", pa.string(), nullable=False),
        pa.field("file_name", pa.string()),
        pa.field("width_px", pa.int32()),
        pa.field("height_px", pa.int32()),
        pa.field("photo_id", pa.string()),
    ],
    metadata={
        "sorted_by": "image_id",
        "split": "train, validation or test",
        "pool": "pretraining, or the benchmark that alone lists the image",
        "photo_id": "number on Flickr: images that share it are one photograph",
    },
)

JOINS = pa.schema(
    [
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("collection", pa.string(), nullable=False),
        pa.field("own_id", pa.string(), nullable=False),
        pa.field("part", pa.string()),
        pa.field("split", pa.string()),
        pa.field("known_by", pa.string(), nullable=False),
    ],
    metadata={
        "sorted_by": "image_id, collection, own_id, part",
        "image_id": "canonical",
        "collection": "coco, vg, a benchmark, or lists: the user's validation and test images",
        "own_id": "the id under which it is listed there",
        "part": "as the publisher calls it: train2014, testdev",
        "split": "train, validation or test, as the publisher has it",
        "known_by": "own id, coco_id (Visual Genome's word), or photograph (the same number on Flickr)",
    },
)

LEAKS = pa.schema(
    [
        pa.field("benchmark", pa.string(), nullable=False),
        pa.field("split_by", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("part", pa.string()),
        pa.field("corpus", pa.string(), nullable=False),
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("known_by", pa.string(), nullable=False),
        pa.field("row_ids", pa.list_(pa.string()), nullable=False),
    ],
    metadata={
        "sorted_by": "benchmark, split_by, split, part, corpus, image_id",
        "split_by": "publisher, or here: the image table",
        "row_ids": "rows of the corpus that are trained on and show the image",
    },
)

TEXTS = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("image_id", "record_id", "text")])
"""Phrases or captions on their way from a source to a corpus: a text on one line, its image, and its record."""

CORPUS = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("token_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("topic_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("source_ids", pa.list_(pa.string()), nullable=False),
    ],
    metadata={
        "sorted_by": "image_id, row_id",
        "token_ids": "word pieces from [CLS] to [SEP], lines of vocab.txt",
        "topic_ids": "distinct word pieces, ascending",
    },
)

PHRASE_TAGS = pa.schema(
    [
        pa.field("text", pa.string(), nullable=False),
        pa.field("tags", pa.list_(pa.string()), nullable=False),
        pa.field("settled_by", pa.string(), nullable=False),
    ],
    metadata={
        "sorted_by": "text",
        "text": "distinct, on one line",
        "tags": "the universal part of speech of each word, as the tagger splits them; by the lexicon VERB or nothing",
        "settled_by": "tagger or lexicon",
    },
)

BENCHMARK_ROWS = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("image_ids", pa.list_(pa.string()), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("token_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("published", pa.list_(pa.string()), nullable=False),
        pa.field("target_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("target_scores", pa.list_(pa.float32()), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("set_id", pa.string(), nullable=False),
        pa.field("place", pa.int64(), nullable=False),
    ],
    metadata={
        "sorted_by": "split (train, validation, test, submit), row_id",
        "split": "train, validation or test; submit: no answer is published",
        "token_ids": "word pieces from [CLS] to [SEP], lines of vocab.txt",
        "published": "the answers as published, in their order",
        "target_ids": "entries of answers.json, ascending",
        "target_scores": "in [0, 1], one for each of target_ids",
        "place": "captions: how many stand before it in the publisher's files, rejected ones too; questions: 0",
    },
)

PREDICTIONS = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("image_ids", pa.list_(pa.string()), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("truth", pa.list_(pa.string()), nullable=False),
        pa.field("answers", pa.list_(pa.string()), nullable=False),
        pa.field("probabilities", pa.list_(pa.float32()), nullable=False),
        pa.field("credit", pa.float32(), nullable=False),
    ],
    metadata={
        "sorted_by": "row_id",
        "truth": "what counts as right, best first",
        "answers": "the three best, best first",
        "probabilities": "in [0, 1], one for each of answers",
        "credit": "what the first answer earns by the benchmark's main metric, in [0, 1]",
    },
)

_PICTURE = (
    pa.field("image_id", pa.string(), nullable=False),
    pa.field("width_px", pa.int32(), nullable=False),
    pa.field("height_px", pa.int32(), nullable=False),
    pa.field("format", pa.string(), nullable=False),
    pa.field("num_bytes", pa.int64(), nullable=False),
    pa.field("sha256", pa.string(), nullable=False),
    pa.field("source", pa.string(), nullable=False),
    pa.field("folder", pa.int32(), nullable=False),
    pa.field("path", pa.string(), nullable=False),
)
_ABOUT_PICTURES = {
    "sorted_by": "image_id",
    "width_px": "as it is seen, upright",
    "height_px": "as it is seen, upright",
    "format": "as Pillow calls it: JPEG, PNG",
    "num_bytes": "of the encoded picture",
    "sha256": "of the encoded picture",
    "source": "key of [sources] under which it was found",
    "folder": "the number of the folder given there, from 0",
    "path": "below that folder",
}
PICTURE_FILES = pa.schema([*_PICTURE], metadata=_ABOUT_PICTURES)
"""Pictures that stay in the user's folders."""
PICTURES = pa.schema(
    [*_PICTURE, pa.field("encoded", pa.binary(), nullable=False)],
    metadata={**_ABOUT_PICTURES, "encoded": "the picture itself, in that format"},
)
"""Pictures that are kept whole."""

FILTERED = pa.schema(
    [
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)

REJECTED = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("record", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
