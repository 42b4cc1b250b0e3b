"""Phrases read, grouped by image, joined and written, beside pandas: `python -m speed.phrases [REGIONS [ROUNDS]]`.

Twice: from a table that is sorted by image, which is the grouping alone, and from Visual Genome's JSON, where our way
also checks every record, joins images by id, keeps to a length, and makes word pieces and topics. Tagging is apart.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data.corpora import phrase, phrase_chunks
from data.corpora.phrase_chunks import Phrases, Room, runs
from data.corpora.rows import ROWS
from data.progress import silent
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import lay_out_store, write_vocabularies
from data.schema import NUM_REGIONS, TEXTS
from data.shards import Workplace
from data.sources.vg_region_descriptions import phrases_in_bulk
from data.text_tables import regrouped
from data.vocabulary import FILE_NAME as VOCABULARY_FILE
from speed import generating
from speed.captions import entries_of
from speed.measuring import Row, Target, apart, elsewhere, table

TARGET = Target(limit="at least", ratio=6.0)
_LABELS = ("man", "woman", "t-shirt", "tall tree", "dog", "sign", "window", "train")
_ROOM = Room(num_pieces=1 << 40, joining=0)
_ROW_GROUP = 1 << 18
_BATCH = 1 << 16


def measure(num_regions: int = generating.NUM_VG_REGIONS, *, num_rounds: int = 3) -> list[Row]:
    """Both comparisons, on that many generated regions, 50 an image."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        elsewhere(partial(_prepare, folder, num_regions))
        grouped = apart(
            {"ours": partial(_grouped, folder), "pandas": partial(_grouped_by_pandas, folder)}, num_rounds=num_rounds
        )
        elsewhere(partial(_hold_same_rows, folder))
        whole = apart(
            {"ours": partial(_corpus, folder), "pandas": partial(_corpus_by_pandas, folder)}, num_rounds=num_rounds
        )
    return [
        Row(
            work=f"{num_regions:,} phrases of a table read, grouped by image, joined, written",
            against="pandas groupby.agg",
            ours=grouped["ours"],
            theirs=grouped["pandas"],
            target=TARGET,
        ),
        Row(
            work="the whole corpus from JSON: checked, joined by id, filtered, cut to length, encoded, topics",
            against="json.load, drop_duplicates, groupby.agg: none of these",
            ours=whole["ours"],
            theirs=whole["pandas"],
            target=None,
        ),
    ]


def _prepare(folder: Path, num_regions: int) -> None:
    """The source, the table of its phrases, and the artifacts that the corpus is joined with."""
    num_images = max(num_regions // 50, 1)
    source = folder / "region_descriptions.json"
    generating.region_descriptions(source, num_images=num_images, num_regions=num_regions)
    texts: list[str] = []
    with pq.ParquetWriter(folder / "phrases.parquet", TEXTS, compression="zstd") as file:
        for found in regrouped(phrases_in_bulk(source, print), _ROW_GROUP):
            file.write_table(found, row_group_size=_ROW_GROUP)
            texts += found["text"][:1000].to_pylist()
    ids = sorted(f"vg:{number}" for number in range(1, num_images + 1))
    generating.image_table(folder, ids)
    lay_out_store(folder, ids)
    with h5py.File(folder / REGIONS_FILE, "r+") as store:
        labels = np.random.default_rng(0).integers(-1, len(_LABELS), (num_images, NUM_REGIONS))
        store["object_ids"][...] = labels.astype(np.int16)
    write_vocabularies(folder, object_names=_LABELS, attribute_names=())
    (folder / VOCABULARY_FILE).write_text("".join(f"{entry}\n" for entry in entries_of(texts)), "utf-8")


def _grouped(folder: Path) -> None:
    """A row of all phrases of each image; some thousand images at a time."""
    with pq.ParquetWriter(folder / "ours.parquet", ROWS, compression="zstd") as file:
        for rows in map(_joined, _of_whole_images(folder / "phrases.parquet")):
            file.write_table(rows)


def _joined(phrases: pa.Table) -> pa.Table:
    sizes = np.zeros(len(phrases), np.int64)
    nameless = pa.ListArray.from_arrays(pa.array(np.append(sizes, 0), pa.int32()), pa.array([], pa.string()))
    found = Phrases(table=phrases, sayings=nameless, repeated=phrases.slice(0, 0))
    return phrase_chunks.joined(found, sizes, _ROOM, ", ")


def _of_whole_images(path: Path) -> Iterator[pa.Table]:
    """The rows of a table that is sorted by image, cut where an image ends."""
    columns = ["image_id", "text"]
    rest = TEXTS.empty_table().select(columns)
    for batch in pq.ParquetFile(path).iter_batches(batch_size=_BATCH, columns=columns):
        found = pa.concat_tables([rest, pa.Table.from_batches([batch])]).combine_chunks()
        starts = runs(found["image_id"].combine_chunks())
        yield found.slice(0, starts[-1])
        rest = found.slice(starts[-1])
    yield rest


def _grouped_by_pandas(folder: Path) -> None:
    frame = pd.read_parquet(folder / "phrases.parquet", columns=["image_id", "text"])
    rows = frame.groupby("image_id", sort=False)["text"].agg(", ".join).reset_index()
    rows.to_parquet(folder / "theirs.parquet", compression="zstd")


def _hold_same_rows(folder: Path) -> None:
    ours, theirs = (
        pq.read_table(folder / f"{name}.parquet", columns=["image_id", "text"]) for name in ("ours", "theirs")
    )
    if ours.to_pydict() != theirs.to_pydict():
        raise AssertionError("the two ways give different rows")


def _corpus(folder: Path) -> None:
    """The phrase corpus without a verb rule, by two workers."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        into = Path(name) / "corpus"
        into.mkdir()
        phrase.build(
            {"vg_region_descriptions": (folder / "region_descriptions.json",)},
            images=folder,
            regions=folder,
            vocabulary=folder,
            tags=None,
            settings=phrase.PhraseSettings(max_length=64, images_per_shard=10_000, rule="none"),
            into=into,
            progress=silent,
            workplace=Workplace(scratch=Path(name) / "scratch", num_workers=2),
        )


def _corpus_by_pandas(folder: Path) -> None:
    images = json.loads((folder / "region_descriptions.json").read_bytes())
    rows = [(image["id"], region["phrase"]) for image in images for region in image["regions"]]
    frame = pd.DataFrame(rows, columns=["image_id", "text"]).drop_duplicates()
    frame.groupby("image_id", sort=False)["text"].agg(", ".join).reset_index().to_parquet(folder / "theirs.parquet")


if __name__ == "__main__":
    sizes = list(map(int, sys.argv[1:]))
    print(table(measure(*sizes[:1], num_rounds=sizes[1] if sizes[1:] else 3)))
