"""The image corpus: every image of pre-training that has a picture, or regions, a row each, without any text.

Copies of a picture under several ids (a user's folder may hold pictures of COCO) are one row: the bytes are the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from data import images as image_table
from data import shards, tables
from data.corpora.building import FOLDER
from data.corpora.tally import Tally
from data.corpora.token import OF_A_BENCHMARK
from data.errors import UserError
from data.images import ImageTable
from data.pictures.store import TABLE
from data.progress import Progress
from data.records import PRETRAINING
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import image_ids_of
from data.schema import CORPUS, SPLITS
from data.shards import Finished, PartFiles, Workplace
from data.writers import write_parquet

ImagesFrom = Literal["pictures", "regions"]
COPY = "the same picture under another id"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """A stored image: what tells it from others, and the source and name under which it was found."""

    image_id: str
    split: str
    digest: str
    source_id: str


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """The file to write, and its rows."""

    path: Path
    rows: Sequence[_Seen]


def build(
    *,
    images: Path,
    store: Path,
    images_from: ImagesFrom,
    images_per_shard: int,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write the table's parts, counts.json, rejected.parquet and filtered.parquet into the folder `into`.

    `images` is the result of ImageTable, `store` that of PictureStore or RegionFeatures, which has rejected what cannot
    be used. Raises UserError where no image is left.
    """
    tally = Tally()
    table = image_table.load(images)
    stored = list(_STORED[images_from](store, table))
    rows = _once(_seen(stored, table, tally), tally)
    if not rows:
        raise UserError(
            expected=f"{images_from} of pre-training",
            found="none that are not a benchmark's",
            where=f"the sources of {images_from} under [sources] in luigi.cfg",
            way_out=_WAYS_OUT[images_from],
        )
    shelf = PartFiles(workplace=workplace, name=FOLDER, suffix=tables.SUFFIX)
    ranges = shards.ranges(len(rows), images_per_shard)
    items = {name: _Shard(path=shelf.path(name), rows=rows[its.start : its.stop]) for name, its in ranges.items()}
    finished = shards.build(FOLDER, items, _write, shelf=shelf, workplace=workplace, progress=progress)
    for shard in finished.values():
        tally.add(shard.summary)
    shards.publish({FOLDER: (shelf, finished)}, into)
    tally.write(into, num_read=len(stored), reasons=(COPY, OF_A_BENCHMARK))
    progress(1.0, f"{tally.rows.total():,} rows")


def _seen(stored: Sequence[_Seen], table: ImageTable, tally: Tally) -> list[_Seen]:
    """The images of pre-training; a picture that a benchmark alone lists is left out, copies too."""
    of_benchmarks = {each.digest for each in stored if table.pool[each.image_id] != PRETRAINING}
    for each in stored:
        if each.digest in of_benchmarks:
            tally.filtered.add(each.image_id, "", OF_A_BENCHMARK)
    return [each for each in stored if each.digest not in of_benchmarks]


def _pictures(pictures: Path, table: ImageTable) -> Iterator[_Seen]:
    rows = tables.read(pictures / TABLE, ["image_id", "sha256", "source", "path"])
    for image_id, digest, source, path in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        yield _Seen(image_id=image_id, split=table.split[image_id], digest=digest, source_id=f"{source}/{path}")


def _regions(regions: Path, table: ImageTable) -> Iterator[_Seen]:
    """There are no bytes to compare: each image is its own."""
    for image_id in image_ids_of(regions / REGIONS_FILE):
        yield _Seen(image_id=image_id, split=table.split[image_id], digest=image_id, source_id=image_id)


_STORED: Mapping[ImagesFrom, Callable[[Path, ImageTable], Iterator[_Seen]]] = {
    "pictures": _pictures,
    "regions": _regions,
}
_WAYS_OUT: Mapping[ImagesFrom, str] = {
    "pictures": "name folders of pictures: coco_images, vg_images or image_folders",
    "regions": "name a detector's files of COCO's or Visual Genome's images: obj36",
}


def _once(seen: Sequence[_Seen], tally: Tally) -> list[_Seen]:
    """Of equal pictures one: the first of those that are held out most strictly."""
    copies: defaultdict[str, list[_Seen]] = defaultdict(list)
    for each in seen:
        copies[each.digest].append(each)
    chosen = {min(same, key=_strictest).image_id for same in copies.values()}
    for each in seen:
        if each.image_id not in chosen:
            tally.filtered.add(each.image_id, "", COPY)
    return [each for each in seen if each.image_id in chosen]


def _strictest(each: _Seen) -> tuple[int, str]:
    return -SPLITS.index(each.split), each.image_id


def _write(shard: _Shard) -> Finished:
    tally = Tally()
    splits = [each.split for each in shard.rows]
    tally.rows.update(splits)
    tally.images.update(splits)
    columns = {
        "row_id": [f"{each.image_id}#i" for each in shard.rows],
        "image_id": [each.image_id for each in shard.rows],
        "split": splits,
        "text": [""] * len(shard.rows),
        "token_ids": [[]] * len(shard.rows),
        "topic_ids": [[]] * len(shard.rows),
        "source_ids": [[each.source_id] for each in shard.rows],
    }
    table = pa.table(columns, schema=CORPUS)
    digest = shards.write_part(shard.path, lambda path: write_parquet(path, table, CORPUS))
    return Finished(digest=digest, summary=tally.plain())
