"""Corpora of the tiny set that lack one modality: its captions without images, its images without captions."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data.schema import CORPUS
from data.writers import write_parquet
from model.batch import Batch
from model.facts import Facts
from model.feed import Feed
from model.specs import Corruption, Network, Objective, Stream
from tests.model import tiny_pictures
from tests.model.tiny import NUM_IMAGES, OBJECTS, PIECES, image_id, split_of
from tests.parts import only_part

SPLITS = ("train", "validation", "test")


def momo(**changes: Any) -> Network:
    """MoMo's network for pictures of 4 patches."""
    options = {"embedding_size": 8, "init": "fan_in"}
    return dataclasses.replace(tiny_pictures.albef(), name="momo", **{"options": options, **changes})


def write_texts(folder: Path) -> Path:
    """A sentence of each pair of objects, three times over."""
    rows = []
    for number in range(48):
        first, second = OBJECTS[number % 4], OBJECTS[(number // 4) % 4]
        pieces = [2, 12, *PIECES[first], 13, 12, *PIECES[second], 3]
        split = SPLITS[0 if number < 32 else 1 if number < 40 else 2]
        rows.append(_row(f"text:{number:03}", split, text=f"a {first} and a {second}", token_ids=pieces))
    return _write(folder, rows)


def write_images(folder: Path) -> Path:
    """Every image once."""
    return _write(
        folder,
        [_row(image_id(image), split_of(image), image_id=image_id(image)) for image in range(NUM_IMAGES)],
    )


def stream(name: str, *, batch_size: int = 6, **changes: Any) -> Stream:
    """Texts alone for MLM, or images alone."""
    parts: dict[str, Any] = {
        "text": {"corruptions": (Corruption(name="mask_words"),), "objectives": (Objective(name="mlm"),)},
        "image": {"corruptions": (), "objectives": (), "view": tiny_pictures.PLAIN},
        "sentence": {"corruptions": (), "objectives": (), "view": tiny_pictures.PLAIN},
    }
    return Stream(corpus=name, max_length=12, batch_size=batch_size, **{**parts[name], **changes})


def clean(folder: Path, name: str, facts: Facts, *, num_rows: int = 3) -> Batch:
    """The first rows of a corpus as they are."""
    feed = Feed(stream(name, corruptions=()), corpus=folder, split="train", facts=facts, seed=1)
    return feed.clean(np.arange(num_rows))


def _row(row_id: str, split: str, *, image_id: str = "", text: str = "", token_ids: list[int] | None = None) -> Any:
    return {
        "row_id": row_id,
        "image_id": image_id,
        "split": split,
        "text": text,
        "token_ids": token_ids or [],
        "topic_ids": [],
        "source_ids": [row_id],
    }


def _write(folder: Path, rows: list[Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_parquet(only_part(folder, "corpus"), pa.Table.from_pylist(rows, schema=CORPUS), CORPUS)
    return folder
