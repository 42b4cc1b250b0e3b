"""The second reading of a detector's files: each shard of the store fetches its records and writes its rows.

Legend: B images at a time, R regions of one image, F features of a region.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from data.errors import SourceError
from data.records import RegionRecord
from data.regions.detected import Columns, Labels, columns_of, judged
from data.regions.halves import FeatureWriter
from data.regions.places import Found, Given, PlaceOfFile
from data.row_ranges import RowFile
from data.schema import FEATURE_SIZE, NUM_REGIONS
from data.shards import Finished
from data.sources.fields import RecordError

_BLOCK = 16  # images: few enough that what is written is still in the processor's cache


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Consecutive rows of the store, and where what they are made from lies."""

    rows: range
    found: tuple[Found, ...]


@dataclass(frozen=True, kw_only=True)
class Fill:
    """Writes such rows into `file` from the files `given`; can be sent to workers."""

    file: RowFile
    given: tuple[Given, ...]
    labels: Labels

    def __call__(self, shard: Rows) -> Finished:
        """Write them. Where features are bad, the summary is the places of their records, and the shard is not whole.

        Raises SourceError where the files hold other records by now.
        """
        writer = FeatureWriter()
        features_BRF = np.empty((_BLOCK, NUM_REGIONS, FEATURE_SIZE), np.float16)
        bad: list[PlaceOfFile] = []
        records = self._records(shard.found)
        for start in range(0, len(shard.found), _BLOCK):
            found = shard.found[start : start + _BLOCK]
            block = list(islice(records, len(found)))
            columns = self._columns(found, block)
            for one, record, into_RF in zip(found, block, features_BRF, strict=False):
                try:
                    writer.write(record, into_RF)
                except RecordError:
                    bad.append((one.file_number, one.place))
            self.file.write(shard.rows.start + start, {**columns, "features": features_BRF[: len(found)]})
        if bad:
            return Finished(digest="", summary=bad)  # the digest of no bytes, so that no kill lets the shard be kept
        return Finished(digest=self.file.seal(shard.rows))

    def _records(self, found: Sequence[Found]) -> Iterator[RegionRecord]:
        """Their records, in this order."""
        readers = {}
        for number in sorted({one.file_number for one in found}):
            file = self.given[number]
            readers[number] = file.reader().at(file.path, [one.place for one in found if one.file_number == number])
        for one in found:
            yield next(readers[one.file_number])

    def _columns(self, found: Sequence[Found], records: Sequence[RegionRecord]) -> Columns:
        """All columns of the records but the features."""
        for one, record in zip(found, records, strict=True):
            if record.image_id != one.named:
                raise self._changed(one, record.image_id)
        try:
            return columns_of(records, self.labels)
        except RecordError as error:
            reasons = zip(found, judged(records, self.labels), strict=True)
            one, bad = next((one, bad) for one, bad in reasons if bad)
            raise self._changed(one, f"{bad.field}: {bad.reason}") from error

    def _changed(self, one: Found, found: str) -> SourceError:
        return SourceError(
            expected=f"the regions of {one.image_id}, as in the first reading",
            found=found,
            where=f"{self.given[one.file_number].path}, {one.place}",
            way_out="leave the files alone while they are read, and give the command again",
        )
