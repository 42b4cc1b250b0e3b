"""The region store: features and labels of 36 regions per image in one HDF5 file that is mapped into memory.

All datasets are contiguous and uncompressed, so that a row is read at the speed of a memory copy, and carry no times,
so that equal content gives equal bytes. Legend: N images, R regions (36), F features (2048), 4 box corners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from data.errors import ContractError
from data.schema import FEATURE_SIZE, NUM_REGIONS

FILE_NAME = "regions.h5"
OBJECT_VOCABULARY = "object_vocabulary.txt"
ATTRIBUTE_VOCABULARY = "attribute_vocabulary.txt"
MAX_ID_BYTES = 64
FLOAT16_MAX = 65504.0

_DATASETS: dict[str, tuple[tuple[int, ...], str]] = {
    "features": ((NUM_REGIONS, FEATURE_SIZE), "<f2"),
    "boxes": ((NUM_REGIONS, 4), "<f4"),
    "object_ids": ((NUM_REGIONS,), "<i2"),
    "object_conf": ((NUM_REGIONS,), "<f4"),
    "attribute_ids": ((NUM_REGIONS,), "<i2"),
    "attribute_conf": ((NUM_REGIONS,), "<f4"),
    "sizes": ((2,), "<i4"),
}


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


class RegionStoreWriter:
    """Writes `regions.h5` and its two vocabularies; rows may come in any order, each exactly once.

    A context manager: leaving it without an error asserts that every row was written.
    """

    def __init__(
        self, into: Path, *, image_ids: Sequence[str], object_names: Sequence[str], attribute_names: Sequence[str]
    ) -> None:
        self.row_of = {image_id: row for row, image_id in enumerate(sorted(image_ids))}
        assert len(self.row_of) == len(image_ids), "image ids repeat"
        write_labels(into / OBJECT_VOCABULARY, object_names)
        write_labels(into / ATTRIBUTE_VOCABULARY, attribute_names)
        self._missing = set(self.row_of)
        self._file = h5py.File(into / FILE_NAME, "w")
        _create(self._file, "image_ids", (len(image_ids),), f"S{MAX_ID_BYTES}")
        self._datasets = {
            name: _create(self._file, name, (len(image_ids), *shape), dtype)
            for name, (shape, dtype) in _DATASETS.items()
        }
        if self.row_of:
            self._file["image_ids"][...] = np.array([_id_bytes(image_id) for image_id in self.row_of])

    def write(self, row: RegionRow) -> None:
        """Write the regions of one of the images named at the start."""
        number = self.row_of[row.image_id]
        self._missing.remove(row.image_id)
        self._datasets["features"][number] = row.features_RF
        self._datasets["boxes"][number] = row.boxes_R4
        self._datasets["object_ids"][number] = row.object_ids_R
        self._datasets["object_conf"][number] = row.object_conf_R
        self._datasets["attribute_ids"][number] = row.attribute_ids_R
        self._datasets["attribute_conf"][number] = row.attribute_conf_R
        self._datasets["sizes"][number] = (row.height_px, row.width_px)

    def __enter__(self) -> RegionStoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        assert kind is not None or not self._missing, f"{len(self._missing)} rows were never written"


@dataclass(frozen=True, kw_only=True)
class RegionStore:
    """A region store open for reading: `features_NRF` is mapped, everything else is in memory."""

    image_ids: NDArray[np.str_]
    row_of: dict[str, int]
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
                columns = {name: file[name][...] for name in ("image_ids", *_DATASETS) if name != "features"}
                features_NRF = _mapped(path, file["features"])
        except (OSError, KeyError) as error:
            raise _not_a_store(path, str(error)) from error
        image_ids = np.char.decode(columns["image_ids"], "utf-8")
        return cls(
            image_ids=image_ids,
            row_of={image_id: row for row, image_id in enumerate(image_ids.tolist())},
            features_NRF=features_NRF,
            boxes_NR4=columns["boxes"],
            object_ids_NR=columns["object_ids"],
            object_conf_NR=columns["object_conf"],
            attribute_ids_NR=columns["attribute_ids"],
            attribute_conf_NR=columns["attribute_conf"],
            sizes_N2=columns["sizes"],
            object_names=read_labels(path.parent / OBJECT_VOCABULARY),
            attribute_names=read_labels(path.parent / ATTRIBUTE_VOCABULARY),
        )


def write_labels(path: Path, labels: Sequence[str]) -> None:
    """One label a line, UTF-8, newline at the end."""
    path.write_bytes("".join(f"{label}\n" for label in labels).encode())


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels that `write_labels` wrote: a line's number is the label's id."""
    return tuple(path.read_text("utf-8").split("\n")[:-1])


def _create(file: Any, name: str, shape: tuple[int, ...], dtype: str) -> Any:
    # The default fill time writes every byte twice: 4.7 times slower for small batches of rows.
    return file.create_dataset(name, shape, dtype, fill_time="never", track_times=False)


def _mapped(path: Path, dataset: Any) -> NDArray[np.float16]:
    if dataset.shape[0] == 0:
        return np.zeros(dataset.shape, np.float16)
    offset = dataset.id.get_offset()
    if offset is None or dataset.dtype != np.float16:
        raise _not_a_store(path, f"features of {dataset.dtype}, chunked or compressed")
    return np.memmap(path, np.float16, mode="r", offset=offset, shape=dataset.shape)


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
