"""Schemas of all row tables, and the shapes and types of the region store: the one place that names columns."""

from __future__ import annotations

import pyarrow as pa

NUM_REGIONS = 36
FEATURE_SIZE = 2048
SPLITS = ("train", "validation", "test")

IMAGES = pa.schema(
    [
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("known_as", pa.list_(pa.string()), nullable=False),
        pa.field("group_id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("file_name", pa.string()),
        pa.field("width_px", pa.int32(), nullable=False),
        pa.field("height_px", pa.int32(), nullable=False),
    ],
    metadata={"sorted_by": "image_id", "split": "train, validation or test"},
)

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

REJECTED = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("record", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
