"""obj36 into the region store, and random batches of it, beside other ways: `python -m speed.regions [ROWS [FOLDER]]`.

20,000 rows are 8 GB, and 3 GB for what is written, in FOLDER: the system's for temporary files unless given.

The published way is LXMERT's loader, with a row of HDF5 written for each image; a part is done, and scaled up. The raw
way reads, decodes, halves and writes the same bytes on one core, and nothing else: no line is looked for, no number
checked, no digest made, and no disk waited for. Ours is the whole of `detections.build` by two workers.
"""

from __future__ import annotations

import base64
import csv
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import h5py
import numpy as np
import pybase64

from data import workers
from data.contracts import regions as contract
from data.progress import silent
from data.regions import detections
from data.regions.detections import DetectionSettings
from data.regions.store import FILE_NAME, RegionStore
from data.row_ranges import RowFile
from data.schema import FEATURE_SIZE, NUM_REGIONS
from data.shards import Workplace
from data.sources.region_tsv import TEN_COLUMNS
from speed import generating, region_batches, region_files
from speed.measuring import ProcessorTime, Row, Taken, Target, elsewhere, interleaved, table

NUM_ROWS = 20_000
NUM_PUBLISHED = 1_000  # rows
_PER_SHARD = 1024
_NUM_WORKERS = 2
_AGAINST_PUBLISHED = Target(limit="at least", ratio=15.0)
_AGAINST_RAW = Target(limit="at least", ratio=0.5)
_ARRAYS = {
    "objects_id": (np.int64, (NUM_REGIONS,)),
    "objects_conf": (np.float32, (NUM_REGIONS,)),
    "attrs_id": (np.int64, (NUM_REGIONS,)),
    "attrs_conf": (np.float32, (NUM_REGIONS,)),
    "boxes": (np.float32, (NUM_REGIONS, 4)),
    "features": (np.float32, (NUM_REGIONS, FEATURE_SIZE)),
}
_WHOLE, _HALF = "obj36.tsv", "half.tsv"
_STARTS = "starts.npy"
_PUBLISHED = f"csv, base64, frombuffer, a row of HDF5 at a time (from {NUM_PUBLISHED:,} rows)"
_RAW = "read, decoded, halved and written raw, on one core"
Executors = Callable[[int], Executor]


def measure(num_rows: int = NUM_ROWS, *, folder: Path | None = None, num_rounds: int = 3) -> list[Row]:
    """The store from a table of that many rows against both ways, and against the raw way with less or more done."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        elsewhere(partial(_prepare, place, num_rows))
        half, whole = (_peak_mib(place, name) for name in (_HALF, _WHOLE))  # while this process is still small
        peak = f"{whole:,.0f} MiB (of half the rows {half:,.0f} MiB)"
        (place / _HALF).unlink()  # so that the other table stays in memory
        _hold_same_rows(place)
        processors = ProcessorTime()
        ways = processors.metered(
            {
                **{what: partial(_build, place, **changed) for what, changed in _OURS.items()},
                _PUBLISHED: partial(_published, place),
                _RAW: partial(_raw, place),
            }
        )
        taken = interleaved(ways, num_rounds=num_rounds, tidy=partial(_tidy, place))
    scales = {_PUBLISHED: num_rows / min(num_rows, NUM_PUBLISHED), _RAW: 1.0}
    held = [("", _PUBLISHED, _AGAINST_PUBLISHED), *((what, _RAW, None if what else _AGAINST_RAW) for what in _OURS)]
    rows = []
    for what, against, target in held:
        scale = scales[against]
        processor_time = f"{processors.median(what):.1f} s to {processors.median(against) * scale:.1f} s"
        rows.append(
            Row(
                work=f"{num_rows:,} rows of obj36 into the region store{what}",
                against=against,
                ours=taken[what],
                theirs=Taken(seconds=taken[against].seconds * scale),
                target=target,
                notes={"processor time": processor_time, "peak": peak},
            )
        )
    return rows


def _prepare(place: Path, num_rows: int) -> None:
    generating.image_table(place, region_files.image_ids(num_rows))
    region_files.vocabularies(place)
    np.save(place / _STARTS, region_files.table(place / _WHOLE, num_rows=num_rows))
    region_files.table(place / _HALF, num_rows=max(num_rows // 2, 1))


def _tidy(place: Path) -> None:
    """Nothing of what was written before is there, or still on its way to the disk."""
    shutil.rmtree(place / "out", ignore_errors=True)
    (place / "out").mkdir()
    os.sync()


def _build(place: Path, name: str = _WHOLE, *, executor: Executors = workers.executor, is_held: bool = False) -> None:
    """Ours: the store with its vocabularies and counts, and its contract where `is_held`."""
    into = place / "out" / "result"
    into.mkdir(parents=True)
    detections.build(
        {"obj36": (place / name,), **region_files.vocabularies(place)},
        images=place,
        settings=DetectionSettings(images_per_shard=_PER_SHARD),
        into=into,
        progress=silent,
        workplace=Workplace(scratch=place / "out" / "scratch", num_workers=_NUM_WORKERS, executor=executor),
    )
    if is_held:
        contract.check(into, images_per_shard=_PER_SHARD, num_threads=_NUM_WORKERS)


def _peak_mib(place: Path, name: str) -> float:
    """The most memory of any process that builds a store from this table."""
    _tidy(place)
    return elsewhere(partial(_build, place, name)).peak_mib


def _without_disk(num_workers: int) -> Executor:
    """As ours, of workers for whom what they wrote is on the disk at once."""
    return _executor(num_workers, _pass_over_disk)


def _without_digests(num_workers: int) -> Executor:
    """The same, who make no digest either."""
    return _executor(num_workers, _pass_over_digests)


def _executor(num_workers: int, begin: Callable[[], None]) -> Executor:
    if num_workers <= 1:
        return workers.Inline()
    return ProcessPoolExecutor(num_workers, mp_context=get_context("spawn"), initializer=begin)


def _pass_over_disk() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"
    mock.patch.object(os, "fsync").start()


def _pass_over_digests() -> None:
    _pass_over_disk()
    mock.patch.object(RowFile, "digest", return_value="none").start()


_OURS: dict[str, dict[str, Any]] = {
    "": {},
    ", without waiting for the disk": {"executor": _without_disk},
    ", without the disk and digests": {"executor": _without_digests},
    ", and held to its contract": {"is_held": True},
}
"""What is done less or more than what `detections.build` does, and how."""


def _raw(place: Path) -> None:
    """The features alone, from their known places in the table into a file."""
    import torch

    torch.set_num_threads(1)
    read_from = os.open(place / _WHOLE, os.O_RDONLY)
    write_to = os.open(place / "out" / "raw", os.O_WRONLY | os.O_CREAT)
    text = memoryview(bytearray(region_files.NUM_SIGNS))
    halves = torch.empty(NUM_REGIONS * FEATURE_SIZE, dtype=torch.float16)
    for start in np.load(place / _STARTS).tolist():
        os.preadv(read_from, [text], start)
        halves.copy_(torch.frombuffer(pybase64.b64decode_as_bytearray(text, validate=True), dtype=torch.float32))
        os.write(write_to, halves.numpy().data)
    os.close(read_from)
    os.close(write_to)


def _published(place: Path) -> None:
    """One image after the other: parsed as text, decoded by the standard library, written as float32."""
    with h5py.File(place / "out" / "published.h5", "w") as file:
        features = file.create_dataset("features", (NUM_PUBLISHED, NUM_REGIONS, FEATURE_SIZE), np.float32)
        boxes = file.create_dataset("boxes", (NUM_PUBLISHED, NUM_REGIONS, 4), np.float32)
        for number, item in enumerate(_published_items(place)):
            features[number] = item["features"]
            boxes[number] = item["boxes"]


def _published_items(place: Path) -> Iterator[dict[str, Any]]:
    csv.field_size_limit(sys.maxsize)
    with (place / _WHOLE).open() as file:
        for item in islice(csv.DictReader(file, TEN_COLUMNS.names, delimiter="\t"), NUM_PUBLISHED):
            decoded: dict[str, Any] = {**item}
            for name, (dtype, shape) in _ARRAYS.items():
                decoded[name] = np.frombuffer(base64.b64decode(item[name]), dtype).reshape(shape)
            yield decoded


def _hold_same_rows(place: Path) -> None:
    """Raise AssertionError unless the published way and ours decode to the same numbers."""
    _tidy(place)
    _build(place)
    store = RegionStore.open(place / "out" / "result" / FILE_NAME)
    for item in islice(_published_items(place), 100):
        row = store.row_of[f"coco:{int(item['img_id'].rpartition('_')[2])}"]
        same = (
            np.array_equal(store.features_NRF[row], item["features"].astype(np.float16))
            and np.array_equal(store.object_ids_NR[row], item["objects_id"])
            and np.array_equal(store.object_conf_NR[row], item["objects_conf"])
        )
        if not same:
            raise AssertionError(f"the two ways give different rows for {item['img_id']}")


def main() -> None:
    """Both measurements, as a table."""
    num_rows = int(sys.argv[1]) if sys.argv[1:] else NUM_ROWS
    folder = Path(sys.argv[2]) if sys.argv[2:] else None
    print(table([*measure(num_rows, folder=folder), *region_batches.measure(folder=folder)]))


if __name__ == "__main__":
    main()
