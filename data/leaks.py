"""Which rows of pre-training show an image that a benchmark holds out, and how that image is known to be the same.

For each benchmark twice: by its publisher's own parts (VQA's val2014), and by the splits that are used here, by which
there should be none. Rows are those that are trained on: rows of held-out images are in the corpora too, and are not.
"""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data import images as image_table
from data import joins, tables
from data.images import ImageTable
from data.schema import LEAKS, SPLITS
from data.writers import write_json, write_parquet

FILE_NAME = "leaks.json"
TABLE_NAME = "leaks.parquet"
PUBLISHER, HERE = "publisher", "here"
_NUM_EXAMPLES = 3
_SUREST = ("own id", "coco_id", "photograph")
"""How an image is known, the surest first."""


@dataclass(frozen=True, kw_only=True, order=True)
class HeldOut:
    """Images that a benchmark holds out: by whose word, as which split, in which part (empty where none is named)."""

    benchmark: str
    split_by: str
    split: str
    part: str


@dataclass(frozen=True, kw_only=True)
class Touch:
    """An image of the held-out ones that rows of a corpus show."""

    image_id: str
    known_by: str
    row_ids: Sequence[str]


def build(*, images: Path, corpora: Mapping[str, Path], into: Path) -> None:
    """Write leaks.json, what the report shows, and leaks.parquet, every image and row of it, into the folder `into`.

    `images` is the result of ImageTable; `corpora` are results of pre-training corpora by the name to show.
    """
    held_out = _held_out(joins.load(images), image_table.load(images))
    rows_of = {name: _trained_on(folder) for name, folder in corpora.items()}
    found = {
        (held, corpus): list(_touches(known, rows_of[corpus]))
        for held, known in sorted(held_out.items())
        for corpus in sorted(rows_of)
    }
    summaries = [
        _summary(
            held, corpus, touches, num_images=len(held_out[held]), num_rows=sum(map(len, rows_of[corpus].values()))
        )
        for (held, corpus), touches in found.items()
    ]
    write_json(into / FILE_NAME, {"leaks": summaries})
    write_parquet(into / TABLE_NAME, _table(found), LEAKS)


def _held_out(members: pa.Table, table: ImageTable) -> dict[HeldOut, dict[str, str]]:
    """The images that each benchmark holds out, by their canonical id, with how each is known to be one of them."""
    found: defaultdict[HeldOut, dict[str, str]] = defaultdict(dict)
    is_benchmark = pc.is_in(members["collection"], pa.array([*joins.benchmarks_of_sources(), joins.LISTS]))
    for row in members.filter(is_benchmark).to_pylist():
        own_split = table.split[table.canonical[row["own_id"]]]
        for split_by, split in ((PUBLISHER, row["split"]), (HERE, own_split)):
            part = (row["part"] or "") if split_by == PUBLISHER else ""
            if split in SPLITS[1:]:
                held = HeldOut(benchmark=row["collection"], split_by=split_by, split=split, part=part)
                known = found[held].get(row["image_id"], row["known_by"])
                found[held][row["image_id"]] = min(known, row["known_by"], key=_SUREST.index)
    return found


def _trained_on(corpus: Path) -> dict[str, list[str]]:
    """The ids of the training rows of each image."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for part in tables.parts(corpus / "corpus"):
        rows = pq.read_table(part, columns=["image_id", "row_id"], filters=pc.field("split") == "train")
        for image_id, row_id in zip(rows["image_id"].to_pylist(), rows["row_id"].to_pylist(), strict=True):
            found[image_id].append(row_id)
    return dict(found)


def _touches(known: Mapping[str, str], rows_of: Mapping[str, Sequence[str]]) -> Iterator[Touch]:
    for image_id in sorted(known.keys() & rows_of.keys()):
        yield Touch(image_id=image_id, known_by=known[image_id], row_ids=rows_of[image_id])


def _summary(
    held: HeldOut, corpus: str, touches: Sequence[Touch], *, num_images: int, num_rows: int
) -> dict[str, object]:
    """What leaks.json says of one kind of held-out images and one corpus."""
    rows = itertools.chain.from_iterable(touch.row_ids for touch in touches)
    return {
        **asdict(held),
        "corpus": corpus,
        "num_held_out_images": num_images,
        "num_images": len(touches),
        "num_rows": sum(len(touch.row_ids) for touch in touches),
        "num_trained_rows": num_rows,
        "known_by": dict(sorted(Counter(touch.known_by for touch in touches).items())),
        "examples": list(itertools.islice(rows, _NUM_EXAMPLES)),
    }


def _table(found: Mapping[tuple[HeldOut, str], Iterable[Touch]]) -> pa.Table:
    rows = [
        {**asdict(held), "part": held.part or None, "corpus": corpus, **asdict(touch)}
        for (held, corpus), touches in found.items()
        for touch in touches
    ]
    return pa.Table.from_pylist(rows, schema=LEAKS)
