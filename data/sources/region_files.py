"""A detector's regions of the images of one collection, in any of the forms in which projects hand them on.

A folder of `.npz` or `.npy` files (region_arrays.py), an LMDB (region_lmdb.py), HDF5 with a pickle beside it
(region_hdf5.py), or bottom-up attention's table of six columns (region_tsv.py). They call an image by its number alone,
and many collections count from 1: so each collection has a source of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from data.records import IsChecked, Marks, Place, RegionReader, RegionRecord, Reject, Source
from data.sources import region_arrays, region_hdf5, region_lines, region_lmdb
from data.sources.region_tsv import six_columns

_ADDRESS = (
    "https://github.com/peteanderson80/bottom-up-attention#pretrained-features, or to be made with "
    "https://github.com/MILVLG/bottom-up-attention.pytorch"
)


def source_of(collection: str, title: str) -> Source:
    """The source `<collection>_regions`."""
    name = f"{collection}_regions"
    return Source(
        name=name,
        title=f"Detector's regions of {title}",
        address=_ADDRESS,
        reads={"regions": partial(_regions, source=name, collection=collection)},
        regions=RegionReader(
            located=partial(located, source=name, collection=collection),
            at=partial(at, source=name, collection=collection),
        ),
        is_folder=None,
        beside=_beside,
        marks=(
            Marks(pattern=r"^[^\t\n]+\t[0-9]+\t[0-9]+\t[0-9]+\t[A-Za-z0-9+/]+=*\t"),
            Marks(member=r"data\.mdb|.*\.np[yz]"),
            Marks(pattern=r"^\x89HDF"),
        ),
    )


def located(
    path: Path, reject: Reject, is_checked: IsChecked, *, source: str, collection: str
) -> Iterator[tuple[Place, RegionRecord]]:
    """The regions of each image, each with its place: a file of the folder, a key of the LMDB, a row or an offset."""
    if _is_lmdb(path):
        return region_lmdb.located(path, reject, source=source, collection=collection)
    if region_hdf5.is_hdf5(path):
        return region_hdf5.located(path, reject, source=source, collection=collection)
    if path.is_dir():
        return region_arrays.located(path, reject, source=source, collection=collection)
    return region_lines.located(path, reject, is_checked, form=six_columns(collection), source=source)


def at(path: Path, places: Iterable[Any], *, source: str, collection: str) -> Iterator[RegionRecord]:
    """The regions at these places of what was read before. Raises SourceError where others are there by now."""
    if _is_lmdb(path):
        return region_lmdb.at(path, places, source=source, collection=collection)
    if region_hdf5.is_hdf5(path):
        return region_hdf5.at(path, places, source=source, collection=collection)
    if path.is_dir():
        return region_arrays.at(path, places, source=source, collection=collection)
    return region_lines.at(path, places, form=six_columns(collection), source=source)


def _regions(path: Path, reject: Reject, *, source: str, collection: str) -> Iterator[RegionRecord]:
    every = located(path, reject, lambda place: True, source=source, collection=collection)
    return (record for _, record in every)


def _beside(path: Path) -> tuple[Path, ...]:
    """The pickle of an HDF5 file."""
    return (region_hdf5.rows_file(path),) if region_hdf5.is_hdf5(path) else ()


def _is_lmdb(path: Path) -> bool:
    return path.suffix == ".mdb" or (path / region_lmdb.FILE_NAME).is_file()
