"""The region store: features and labels of 36 regions per image in one HDF5 file that is mapped into memory.

All datasets are contiguous and uncompressed, so that a row is read at the speed of a memory copy, and carry no times,
so that equal content gives equal bytes. Legend: N images, R regions (36), F features (2048), 4 box corners.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from data.errors import ContractError
from data.regions.mapped import MappedRows
from data.row_ranges import Column, RowFile, lay_out
from data.schema import FEATURE_SIZE, NUM_REGIONS

FILE_NAME = "regions.h5"
OBJECT_VOCABULARY = "object_vocabulary.txt"
ATTRIBUTE_VOCABULARY = "attribute_vocabulary.txt"
MAX_ID_BYTES = 64

_COLUMNS = {
    "features": Column(shape=(NUM_REGIONS, FEATURE_SIZE), dtype="<f2"),
    "boxes": Column(shape=(NUM_REGIONS, 4), dtype="<f4"),
    "object_ids": Column(shape=(NUM_REGIONS,), dtype="<i2"),
    "object_conf": Column(shape=(NUM_REGIONS,), dtype="<f4"),
    "attribute_ids": Column(shape=(NUM_REGIONS,), dtype="<i2"),
    "attribute_conf": Column(shape=(NUM_REGIONS,), dtype="<f4"),
    "sizes": Column(shape=(2,), dtype="<i4"),
}
_BATCH = 64  # rows that are arrays at a time


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionRow:
    """One image of the store. Boxes are shares of width and height in [0, 1]; an id of -1 is not known."""

    image_id: str
    height_px: int
    width_px: int
    boxes_R4: NDArray[np.float32]
    object_ids_R: NDArray[np.int16]
    object_conf_R: NDArray[np.float32]
    attribute_ids_R: NDArray[np.int16]
    attribute_conf_R: NDArray[np.float32]
    features_RF: NDArray[np.float16]


def lay_out_store(folder: Path, image_ids: Sequence[str]) -> RowFile:
    """A `regions.h5` for these images, sorted and distinct, whose rows are still to be written."""
    assert list(image_ids) == sorted(set(image_ids)), "image ids are not sorted, or repeat"
    ids = np.array([_id_bytes(image_id) for image_id in image_ids], f"S{MAX_ID_BYTES}")
    return lay_out(folder / FILE_NAME, num_rows=len(ids), columns=_COLUMNS, fixed={"image_ids": ids})


def write_rows(file: RowFile, start: int, rows: Iterable[RegionRow]) -> str:
    """Write the rows of consecutive images, that of row `start` first; returns their digest. Memory stays flat."""
    waiting = iter(rows)
    number = start
    while batch := list(itertools.islice(waiting, _BATCH)):
        file.write(number, _arrays(batch))
        number += len(batch)
    return file.seal(range(start, number))


def write_store(
    folder: Path, rows: Iterable[RegionRow], *, object_names: Sequence[str], attribute_names: Sequence[str]
) -> str:
    """Write a whole store at once: `regions.h5` and its vocabularies; returns the digest of its rows."""
    ordered = sorted(rows, key=lambda row: row.image_id)
    write_vocabularies(folder, object_names=object_names, attribute_names=attribute_names)
    return write_rows(lay_out_store(folder, [row.image_id for row in ordered]), 0, ordered)


def rows_of(path: Path) -> RowFile:
    """The rows of a store that is whole."""
    with h5py.File(path, "r") as file:
        columns = {name: replace(column, offset=file[name].id.get_offset() or 0) for name, column in _COLUMNS.items()}
        return RowFile(path=path, num_rows=len(file["image_ids"]), columns=columns)


def write_vocabularies(folder: Path, *, object_names: Sequence[str], attribute_names: Sequence[str]) -> None:
    """The two files of labels beside a store."""
    write_labels(folder / OBJECT_VOCABULARY, object_names)
    write_labels(folder / ATTRIBUTE_VOCABULARY, attribute_names)


def _arrays(rows: Sequence[RegionRow]) -> dict[str, NDArray[Any]]:
    return {
        "features": np.stack([row.features_RF for row in rows]),
        "boxes": np.stack([row.boxes_R4 for row in rows]),
        "object_ids": np.stack([row.object_ids_R for row in rows]),
        "object_conf": np.stack([row.object_conf_R for row in rows]),
        "attribute_ids": np.stack([row.attribute_ids_R for row in rows]),
        "attribute_conf": np.stack([row.attribute_conf_R for row in rows]),
        "sizes": np.array([(row.height_px, row.width_px) for row in rows]),
    }


@dataclass(frozen=True, kw_only=True)
class RegionStore:
    """A region store open for reading: `features_NRF` is mapped, everything else is in memory.

    `features.take(rows)` gives random batches of the mapped features, and is the quickest way to them.
    """

    image_ids: NDArray[np.str_]
    row_of: dict[str, int]
    features: MappedRows
    features_NRF: NDArray[np.float16]
    boxes_NR4: NDArray[np.float32]
    object_ids_NR: NDArray[np.int16]
    object_conf_NR: NDArray[np.float32]
    attribute_ids_NR: NDArray[np.int16]
    attribute_conf_NR: NDArray[np.float32]
    sizes_N2: NDArray[np.int32]
    object_names: tuple[str, ...]
    attribute_names: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> RegionStore:
        """Open `path`, a `regions.h5` with its vocabularies beside it. Raises ContractError if it is not one."""
        try:
            with h5py.File(path, "r") as file:
                columns = {name: file[name][...] for name in ("image_ids", *_COLUMNS) if name != "features"}
                features = _mapped(path, file["features"])
        except (OSError, KeyError) as error:
            raise _not_a_store(path, str(error)) from error
        image_ids = np.char.decode(columns["image_ids"], "utf-8")
        return cls(
            image_ids=image_ids,
            row_of={image_id: row for row, image_id in enumerate(image_ids.tolist())},
            features=features,
            features_NRF=features.array,
            boxes_NR4=columns["boxes"],
            object_ids_NR=columns["object_ids"],
            object_conf_NR=columns["object_conf"],
            attribute_ids_NR=columns["attribute_ids"],
            attribute_conf_NR=columns["attribute_conf"],
            sizes_N2=columns["sizes"],
            object_names=read_labels(path.parent / OBJECT_VOCABULARY),
            attribute_names=read_labels(path.parent / ATTRIBUTE_VOCABULARY),
        )


def image_ids_of(path: Path) -> list[str]:
    """The ids of the images of `path`, a `regions.h5`, sorted, without reading anything else of it."""
    with h5py.File(path, "r") as file:
        ids: list[str] = np.char.decode(file["image_ids"][...], "utf-8").tolist()
    return ids


def write_labels(path: Path, labels: Sequence[str]) -> None:
    """One label a line, UTF-8, newline at the end."""
    path.write_bytes("".join(f"{label}\n" for label in labels).encode())


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels that `write_labels` wrote: a line's number is the label's id."""
    return tuple(path.read_text("utf-8").split("\n")[:-1])


def _mapped(path: Path, dataset: Any) -> MappedRows:
    offset = dataset.id.get_offset() if len(dataset) else 0
    if offset is None or dataset.dtype != np.float16:
        raise _not_a_store(path, f"features of {dataset.dtype}, chunked or compressed")
    return MappedRows(path, offset=offset, shape=dataset.shape)


def _not_a_store(path: Path, found: str) -> ContractError:
    return ContractError(
        expected="a region store: HDF5 with contiguous float16 features (docs/formats.md)",
        found=found,
        where=str(path),
        way_out="build RegionFeatures again",
    )


def _id_bytes(image_id: str) -> bytes:
    encoded = image_id.encode()
    assert len(encoded) <= MAX_ID_BYTES, f"the image id {image_id} is longer than {MAX_ID_BYTES} bytes"
    return encoded
