"""The store of pictures open for reading: the encoded bytes of any picture at once, from any thread.

Kept bytes lie in a Parquet file as they are, one page for each row group (`data.writers.write_with_blobs`), so that a
picture's place follows from the footer and the sizes before it: a random read is one read of just its bytes. Pictures
that are not kept are read in the user's folders. Either way their digest tells whether they are still what was checked.
Legend: N pictures, G of a row group.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data import tables
from data.errors import ContractError, SourceError, UserError
from data.schema import PICTURE_FILES, PICTURES
from data.sources import SourceFiles

TABLE = "pictures"
"""The folder of the table's parts."""
Keep = Literal["bytes", "files"]
"""Whether a store holds the pictures, or where they lie and what they were."""
_BLOBS = "encoded"
_LENGTH_BYTES = 4  # before each value of a column of bytes
_NO_FILES: SourceFiles = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class PictureStore:
    """Pictures by row, sorted by image id; `read` gives the encoded bytes, checked."""

    image_ids: tuple[str, ...]
    row_of: Mapping[str, int]
    sizes_N2: NDArray[np.int32]  # width, height in px, upright
    keep: Keep
    _paths: tuple[Path, ...]  # of each picture: a part of the table, or the user's file
    _offsets_N: NDArray[np.int64]
    _num_bytes_N: NDArray[np.int64]
    _digests: tuple[str, ...]

    @classmethod
    def open(cls, folder: Path, files: SourceFiles = _NO_FILES) -> PictureStore:
        """The store in the result folder of an artifact; `files` are the folders of pictures, where it keeps none.

        Raises ContractError where it is no such store, UserError where a folder is missing.
        """
        parts = tables.parts(folder / TABLE)
        keep: Keep = "bytes" if _BLOBS in pq.read_schema(parts[0]).names else "files"
        rows = tables.read(folder / TABLE, PICTURE_FILES.names)
        places = list(_in_parts(parts)) if keep == "bytes" else list(_in_folders(rows, files))
        image_ids = tuple(rows["image_id"].to_pylist())
        return cls(
            image_ids=image_ids,
            row_of={image_id: row for row, image_id in enumerate(image_ids)},
            sizes_N2=np.stack([rows["width_px"].to_numpy(), rows["height_px"].to_numpy()], axis=1),
            keep=keep,
            _paths=tuple(path for path, _ in places),
            _offsets_N=np.array([offset for _, offset in places], np.int64),
            _num_bytes_N=rows["num_bytes"].to_numpy(),
            _digests=tuple(rows["sha256"].to_pylist()),
        )

    def __len__(self) -> int:
        return len(self.image_ids)

    def read(self, row: int) -> bytes:
        """The encoded picture of a row. Raises SourceError where it is not what it was when the store was built."""
        path, num_bytes = self._paths[row], int(self._num_bytes_N[row])
        try:
            with path.open("rb", buffering=0) as file:
                encoded = os.pread(file.fileno(), num_bytes, int(self._offsets_N[row]))
                is_longer = self.keep == "files" and os.fstat(file.fileno()).st_size != num_bytes
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            self._refuse(row, (error.strerror or "no such file").lower())
        if is_longer or hashlib.sha256(encoded).hexdigest() != self._digests[row]:
            self._refuse(row, "other bytes")
        return encoded

    def _refuse(self, row: int, found: str) -> NoReturn:
        kept = self.keep == "bytes"
        raise SourceError(
            expected=f"the picture of {self.image_ids[row]} as it was when PictureStore was built",
            found=found,
            where=str(self._paths[row]),
            way_out="look after the disk (multigrain verify PictureStore), and give the command again"
            if kept
            else "give the command again: pictures that changed are checked anew; "
            "with [PictureStore] keep = bytes none can change beneath a training",
        )


def _in_parts(parts: list[Path]) -> Iterator[tuple[Path, int]]:
    """The part and the offset of the bytes of each picture, in order."""
    for part in parts:
        with pq.ParquetFile(part) as file:
            sizes = file.read(columns=["num_bytes"])["num_bytes"].to_numpy()
            start = 0
            for number in range(file.num_row_groups):
                group = file.metadata.row_group(number)
                sizes_G = sizes[start : start + group.num_rows]
                for offset in _offsets(group.column(file.schema_arrow.get_field_index(_BLOBS)), sizes_G, part):
                    yield part, offset
                start += group.num_rows


def _offsets(chunk: Any, sizes_G: NDArray[np.int64], part: Path) -> list[int]:
    """Where each value of a row group's column begins in the file: a header, then each value after its length."""
    lengths_G = sizes_G + _LENGTH_BYTES
    header = chunk.total_compressed_size - int(lengths_G.sum())
    if chunk.compression != "UNCOMPRESSED" or chunk.has_dictionary_page or not 0 <= header < 2**10:
        raise ContractError(
            expected="encoded pictures that lie in the table as they are, in one page for each row group",
            found=f"{chunk.compression}, {header} bytes beside the pictures",
            where=str(part),
            way_out="build PictureStore again",
        )
    ends_G = chunk.data_page_offset + header + np.cumsum(lengths_G)
    return [int(offset) for offset in ends_G - sizes_G]


def _in_folders(rows: pa.Table, files: SourceFiles) -> Iterator[tuple[Path, int]]:
    """The user's file of each picture, and 0."""
    columns = (rows[name].to_pylist() for name in ("source", "folder", "path"))
    for source, number, path in zip(*columns, strict=True):
        folders = files.get(source, ())
        if number >= len(folders):
            raise UserError(
                expected=f"the folders of pictures with which PictureStore was built: at least {number + 1}",
                found=f"{len(folders)}",
                where=f"[sources] {source} in luigi.cfg",
                way_out="set them again, or set [PictureStore] keep = bytes",
            )
        yield folders[number] / path, 0


def schema_of(keep: Keep) -> pa.Schema:
    """The columns of the table."""
    return PICTURES if keep == "bytes" else PICTURE_FILES
