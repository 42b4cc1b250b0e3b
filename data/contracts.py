"""What must hold of an artifact before it is published; anything else is a ContractError that names file and rows.

Tables are read a row group at a time and features a block at a time, so memory stays flat.
Legend: N images, B images of a block, R regions, K neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data import hard_negatives
from data import images as image_table
from data import vocabulary as word_pieces
from data.corpora.rows import FILE_NAME as CORPUS_FILE
from data.errors import ContractError
from data.images import ImageTable
from data.records import PRETRAINING
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.schema import CORPUS, FEATURE_SIZE, IMAGES, NUM_REGIONS, SPLITS
from data.vocabulary import Vocabulary

_BLOCK = 256  # images
_NUM_NAMED = 3  # rows that a message names


def check_images(folder: Path) -> None:
    """Ids are sorted and unique, no id means two pictures, no group straddles two splits, sizes are possible."""
    path = folder / image_table.FILE_NAME
    split_of: dict[str, str] = {}
    canonical: dict[str, str] = {}
    last = ""
    for rows in row_groups(path, IMAGES):
        for row in rows:
            image_id = row["image_id"]
            hold(image_id > last, path, "image ids sorted, none twice", [image_id])
            hold(row["split"] in SPLITS, path, f"a split of {', '.join(SPLITS)}", [image_id], row["split"])
            straddled = split_of.setdefault(row["group_id"], row["split"])
            hold(straddled == row["split"], path, f"the group {row['group_id']} in one split", [image_id])
            hold(image_id in row["known_as"], path, "known_as to hold the image's own id", [image_id])
            hold(bool(row["pool"]), path, "the name of a pool", [image_id])
            size_px = (row["width_px"], row["height_px"])
            possible = size_px == (None, None) if None in size_px else min(size_px) > 0
            hold(possible, path, "width and height above 0, or neither", [image_id], str(size_px))
            for name in row["known_as"]:
                hold(canonical.setdefault(name, image_id) == image_id, path, "each id to mean one image", [name])
            last = image_id


def check_regions(folder: Path) -> None:
    """Shapes, sorted ids, finite features, boxes in [0, 1] in order, labels within their vocabularies."""
    path = folder / REGIONS_FILE
    store = RegionStore.open(path)
    num_images = len(store.image_ids)
    shapes = {
        "features": (store.features_NRF.shape, (num_images, NUM_REGIONS, FEATURE_SIZE)),
        "boxes": (store.boxes_NR4.shape, (num_images, NUM_REGIONS, 4)),
        "object_ids": (store.object_ids_NR.shape, (num_images, NUM_REGIONS)),
        "object_conf": (store.object_conf_NR.shape, (num_images, NUM_REGIONS)),
        "attribute_ids": (store.attribute_ids_NR.shape, (num_images, NUM_REGIONS)),
        "attribute_conf": (store.attribute_conf_NR.shape, (num_images, NUM_REGIONS)),
        "sizes": (store.sizes_N2.shape, (num_images, 2)),
    }
    for name, (found, expected) in shapes.items():
        hold(found == expected, path, f"{name} of shape {expected}", [], str(found))
    image_ids = store.image_ids.tolist()
    hold(image_ids == sorted(set(image_ids)), path, "image ids sorted, none twice", [])
    _check_numbers(store, path)


def _check_numbers(store: RegionStore, path: Path) -> None:
    ids = store.image_ids
    low, high = store.boxes_NR4[..., :2], store.boxes_NR4[..., 2:]
    inside = (low >= 0) & (low <= high) & (high <= 1)  # false for NaN
    _hold_all(inside, ids, path, "boxes x1 <= x2, y1 <= y2 within [0, 1]")
    _hold_all(store.sizes_N2 > 0, ids, path, "sizes above 0")
    labels = {
        "object": (store.object_ids_NR, store.object_conf_NR, store.object_names),
        "attribute": (store.attribute_ids_NR, store.attribute_conf_NR, store.attribute_names),
    }
    for name, (ids_NR, conf_NR, names) in labels.items():
        known = (ids_NR >= -1) & (ids_NR < len(names))
        _hold_all(known, ids, path, f"{name}_ids from -1 to {len(names) - 1}")
        _hold_all((conf_NR >= 0) & (conf_NR <= 1), ids, path, f"{name}_conf in [0, 1]")
    for start in range(0, len(ids), _BLOCK):
        finite = np.isfinite(store.features_NRF[start : start + _BLOCK])
        _hold_all(finite, ids[start : start + _BLOCK], path, "finite features")


def check_corpus(folder: Path, images: Path, regions: Path, vocabulary: Path, max_length: int) -> None:
    """The schema; rows sorted, unique and of images with regions; texts and ids as docs/formats.md says."""
    path = folder / CORPUS_FILE
    rules = _CorpusRules(
        path=path,
        images=image_table.load(images),
        regions=RegionStore.open(regions / REGIONS_FILE),
        vocabulary=word_pieces.load(vocabulary),
        max_length=max_length,
    )
    for rows in row_groups(path, CORPUS):
        for row in rows:
            rules.check(row)


@dataclass(kw_only=True)
class _CorpusRules:
    """The rules of a corpus, and what they need to know of the rows before."""

    path: Path
    images: ImageTable
    regions: RegionStore
    vocabulary: Vocabulary
    max_length: int
    last: tuple[str, str] = ("", "")
    row_ids: set[str] = field(default_factory=set)

    def check(self, row: dict[str, Any]) -> None:
        """Raise ContractError at the first rule that a row breaks."""
        named = [row["row_id"]]
        place = (row["image_id"], row["row_id"])
        hold(place > self.last, self.path, "rows sorted by image id, then row id", named)
        hold(row["row_id"] not in self.row_ids, self.path, "row ids that do not repeat", named)
        self.last = place
        self.row_ids.add(row["row_id"])
        hold(bool(row["text"].strip()), self.path, "no empty text", named)
        has_regions = row["image_id"] in self.regions.row_of
        hold(has_regions, self.path, "an image of the region store", named, row["image_id"])
        split = self.images.split.get(row["image_id"])
        hold(row["split"] == split, self.path, f"the image's split, {split}", named, row["split"])
        pool = self.images.pool[row["image_id"]]
        hold(pool == PRETRAINING, self.path, "no image that a benchmark alone lists", named, pool)
        check_token_ids(row["token_ids"], self.vocabulary, self.max_length, self.path, named)
        topic_ids = row["topic_ids"]
        hold(topic_ids == sorted(set(topic_ids)), self.path, "topic_ids distinct and ascending", named)
        hold(set(topic_ids) <= set(row["token_ids"][1:-1]), self.path, "topic_ids among the token_ids", named)


def check_token_ids(
    token_ids: list[int], vocabulary: Vocabulary, max_length: int, path: Path, named: list[str]
) -> None:
    """From [CLS] to [SEP], at least one word piece between them, none of which is another special but [UNK]."""
    cls_id, sep_id = vocabulary.cls_id, vocabulary.sep_id
    ends = (token_ids[:1], token_ids[-1:])
    hold(ends == ([cls_id], [sep_id]), path, "token_ids from [CLS] to [SEP]", named, str(token_ids[:5]))
    inner = token_ids[1:-1]
    hold(bool(inner) and len(token_ids) <= max_length, path, f"3 to {max_length} token_ids", named, str(len(token_ids)))
    forbidden = {cls_id, sep_id, vocabulary.pad_id, vocabulary.mask_id}
    allowed = all(0 <= number < vocabulary.size and number not in forbidden for number in inner)
    hold(allowed, path, f"word pieces below {vocabulary.size} and no specials", named, str(inner[:5]))


def check_hard_negatives(folder: Path) -> None:
    """Shapes; neighbours are other images, none twice, with -1 last; scores fall, and where they tie rows ascend."""
    path = folder / hard_negatives.FILE_NAME
    found = hard_negatives.load(folder)
    ids = found.image_ids
    image_ids = ids.tolist()
    hold(image_ids == sorted(set(image_ids)), path, "image ids sorted, none twice", [])
    hold(found.neighbours_NK.shape == found.scores_NK.shape, path, "a score for each neighbour", [])
    hold(found.neighbours_NK.shape[0] == len(ids), path, f"{len(ids)} rows of neighbours", [])
    for start in range(0, len(ids), _BLOCK):
        block = slice(start, start + _BLOCK)
        _check_neighbours(found.neighbours_NK[block], found.scores_NK[block], ids[block], start, len(ids), path)


def _check_neighbours(
    rows_BK: NDArray[np.int32],
    scores_BK: NDArray[np.float32],
    ids: NDArray[Any],
    start: int,
    num_images: int,
    path: Path,
) -> None:
    own_B1 = np.arange(start, start + len(rows_BK))[:, None]
    known_BK = (rows_BK >= -1) & (rows_BK < num_images)
    _hold_all(known_BK, ids, path, f"neighbours from -1 to {num_images - 1}")
    _hold_all(rows_BK != own_B1, ids, path, "no image to be its own neighbour")
    _hold_all((scores_BK >= -1.001) & (scores_BK <= 1.001), ids, path, "cosines in [-1, 1]")
    here_BK, next_BK = rows_BK[:, :-1], rows_BK[:, 1:]
    falling = scores_BK[:, :-1] > scores_BK[:, 1:]
    tied = (scores_BK[:, :-1] == scores_BK[:, 1:]) & (here_BK < next_BK)
    ordered = np.where(next_BK < 0, True, (here_BK >= 0) & (falling | tied))
    _hold_all(ordered, ids, path, "neighbours by falling score, ties by image id, -1 last")
    present_BK = np.sort(rows_BK, axis=1)
    repeated = (present_BK[:, 1:] == present_BK[:, :-1]) & (present_BK[:, 1:] >= 0)
    _hold_all(~repeated, ids, path, "no neighbour twice")


def row_groups(path: Path, schema: pa.Schema) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table, a row group at a time, once its columns are seen to be those of `schema`."""
    with pq.ParquetFile(path) as file:
        found = file.schema_arrow
        same = found.names == schema.names and all(found.field(f.name).type == f.type for f in schema)
        hold(
            same, path, f"columns {', '.join(f'{f.name}: {f.type}' for f in schema)}", [], str(found.remove_metadata())
        )
        for number in range(file.num_row_groups):
            table = file.read_row_group(number)
            for column in schema:
                absent = not column.nullable and table[column.name].null_count > 0
                hold(not absent, path, f"no missing {column.name}", [], f"{table[column.name].null_count} missing")
            yield table.to_pylist()


def _hold_all(good: NDArray[np.bool_], ids: NDArray[Any], path: Path, expected: str) -> None:
    """`good` has one entry or one array of entries for each of `ids`."""
    bad = ids[~good.all(axis=tuple(range(1, good.ndim)))].tolist()
    hold(not bad, path, expected, bad, f"{len(bad)} images of which it is not true")


def hold(good: bool, path: Path, expected: str, rows: Sequence[str], found: str = "otherwise") -> None:
    """Raise ContractError unless `good`; `rows` are the ids of those of which it is not true."""
    if good:
        return
    named = f", {', '.join(rows[:_NUM_NAMED])}" if rows else ""
    raise ContractError(
        expected=expected,
        found=found,
        where=f"{path}{named}",
        way_out="nothing was published; this is a fault of the builder: please report it with this message",
    )
