"""Hard negatives that someone else searched, as the user's files list them (ViLBERT's `hard_negative.pkl`).

They keep the order of their file. What must not be a negative here is left out, and counted by the first reason that
holds. Legend: N images of the store, G given neighbours of one image, K neighbours kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from data.images import ImageTable
from data.nearest import Nearest
from data.negative_pools import Plan
from data.progress import Progress
from data.records import NegativesRecord, Rejection
from data.rejects import RejectLog
from data.row_ranges import RowFile
from data.sources import SourceFiles, read, that_give

_UNKNOWN, _WITHOUT_REGIONS = -1, -2
_NO_IMAGE = {_UNKNOWN: "image not in the image table", _WITHOUT_REGIONS: "image has no regions"}
_LEFT_OUT = (
    *_NO_IMAGE.values(),
    "the image itself",
    "another split or pool",
    "its group",
    "its photograph",
    "repeated",
)
_TELL_EVERY = 10_000


@dataclass(kw_only=True)
class Given:
    """What the files say, by rows of the store: -1 where there is no neighbour (any more)."""

    neighbours_NK: NDArray[np.int32]
    is_listed_N: NDArray[np.bool_]
    log: RejectLog = field(default_factory=RejectLog)
    num_read: int = 0
    num_left_out: Counter[str] = field(default_factory=Counter)

    def notes(self) -> Mapping[str, int]:
        """What there is to be counted beside the records."""
        reasons = (*_LEFT_OUT, "more than are kept")
        return {
            "images that no file lists": int((~self.is_listed_N).sum()),
            **{f"given neighbours left out: {reason}": self.num_left_out[reason] for reason in reasons},
        }


@dataclass(frozen=True, kw_only=True)
class GivenSearch:
    """Neighbours that need not be sought any more: `file` has them, in the order of the store. Sent to workers."""

    file: RowFile

    def neighbours(self, rows: range, *, num_kept: int) -> Nearest:
        """As they were given. Nobody says how much alike they are, so each score is NaN."""
        places_QK = np.asarray(self.file.read("neighbours")[rows.start : rows.stop, :num_kept])
        return Nearest(places_QK=places_QK, scores_QK=np.full(places_QK.shape, np.nan))


def gather(files: SourceFiles, plan: Plan, table: ImageTable, *, num_kept: int, progress: Progress) -> Given:
    """Read all files: of an image that is listed again, under whichever of its ids, the first list counts.

    Raises UserError where no file is given.
    """
    num_images = len(plan.image_ids)
    given = Given(
        neighbours_NK=np.full((num_images, num_kept), -1, np.int32), is_listed_N=np.zeros(num_images, np.bool_)
    )
    row_of = _rows_by_name(plan, table)

    def reject(rejection: Rejection) -> None:
        given.num_read += 1
        given.log.add(rejection)

    for record in read(files, "negatives", reject):
        row = row_of.get(record.image_id, _UNKNOWN)
        reason = _NO_IMAGE.get(row) or ("repeated image" if given.is_listed_N[row] else None)
        if reason is not None:
            reject(Rejection(source="negatives", record=record.image_id, field="image_id", reason=reason))
            continue
        given.num_read += 1
        given.is_listed_N[row] = True
        _take(record, row, row_of, plan, given)
        if given.num_read % _TELL_EVERY == 0:
            progress(0.0, f"{given.num_read:,} images with given neighbours read")
    if not given.num_read:
        raise UserError(
            expected=f"hard negatives, from one of {', '.join(that_give('negatives'))}",
            found="none",
            where="[HardNegatives] pool = given",
            way_out="set one of these under [sources], or have them searched: pool = cosine",
        )
    return given


def _rows_by_name(plan: Plan, table: ImageTable) -> dict[str, int]:
    """The row of the store of every image under all its ids; `_WITHOUT_REGIONS` where it is not there."""
    rows = {image_id: row for row, image_id in enumerate(plan.image_ids.tolist())}
    return {name: rows.get(image_id, _WITHOUT_REGIONS) for name, image_id in table.canonical.items()}


def _take(record: NegativesRecord, row: int, row_of: Mapping[str, int], plan: Plan, given: Given) -> None:
    """Write down those of an image's neighbours that may be its negatives, and count the others."""
    rows_G = np.array([row_of.get(name, _UNKNOWN) for name in record.negative_ids], np.int32)
    why_not_G = _why_not(rows_G, row, plan)
    kept_K = rows_G[why_not_G == len(_LEFT_OUT)]
    counts = np.bincount(why_not_G, minlength=len(_LEFT_OUT)).tolist()
    given.num_left_out.update(dict(zip(_LEFT_OUT, counts, strict=False)))
    num_kept = given.neighbours_NK.shape[1]
    given.num_left_out["more than are kept"] += max(len(kept_K) - num_kept, 0)
    given.neighbours_NK[row, : len(kept_K)] = kept_K[:num_kept]


def _why_not(rows_G: NDArray[np.int32], row: int, plan: Plan) -> NDArray[np.intp]:
    """Which of `_LEFT_OUT` is the first that holds of each neighbour; their number where none does."""
    known_G = np.maximum(rows_G, 0)
    is_repeated_G = np.ones(len(rows_G), np.bool_)
    is_repeated_G[np.unique(rows_G, return_index=True)[1]] = False
    reasons = (
        rows_G == _UNKNOWN,
        rows_G == _WITHOUT_REGIONS,
        rows_G == row,
        plan.kind_N[known_G] != plan.kind_N[row],
        plan.group_N[known_G] == plan.group_N[row],
        plan.photo_N[known_G] == plan.photo_N[row],
        is_repeated_G,
    )
    first_G: NDArray[np.intp] = np.select(reasons, range(len(_LEFT_OUT)), default=len(_LEFT_OUT))
    return first_G
