"""Random batches of the region store, beside a copy of the same bytes, h5py's fancy indexing and a map read cold.

Legend: N images of the store, B of a batch, R regions, F features.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import h5py
import numpy as np
from numpy.typing import NDArray

from data.regions.store import FILE_NAME, RegionRow, RegionStore, write_store
from data.schema import FEATURE_SIZE, NUM_REGIONS
from data.workers import spawned
from speed.measuring import Row, Taken, Target, interleaved

NUM_IMAGES = 3_000
BATCH_SIZE = 256
_CHUNKED = "chunked.h5"
_AGAINST_COPY = Target(limit="at most", ratio=1.5)
_AGAINST_CHUNKED = Target(limit="at least", ratio=100.0)
_AGAINST_COLD_MAP = Target(limit="at least", ratio=5.0)


def measure(
    num_images: int = NUM_IMAGES, *, batch_size: int = BATCH_SIZE, folder: Path | None = None, num_rounds: int = 15
) -> list[Row]:
    """A random batch of a store of that many images: cold, then warm."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        _prepare(place, num_images)
        cold = {way: _cold_median(place, way, batch_size, num_rounds=num_rounds) for way in ("ours", "map")}
        warm = _warm(place, batch_size, num_rounds=num_rounds)
    work = f"random batch of {batch_size} of {num_images:,} images, "
    return [
        Row(
            work=work + "warm",
            against="a copy of as many bytes",
            ours=warm["ours"],
            theirs=warm["copy"],
            target=_AGAINST_COPY,
        ),
        Row(
            work=work + "warm",
            against="h5py, fancy index of chunks of an image",
            ours=warm["ours"],
            theirs=warm["chunked"],
            target=_AGAINST_CHUNKED,
        ),
        Row(
            work=work + "cold",
            against="a plain map",
            ours=cold["ours"],
            theirs=cold["map"],
            target=_AGAINST_COLD_MAP,
        ),
    ]


def _prepare(place: Path, num_images: int) -> None:
    write_store(place, _rows(num_images), object_names=["thing"], attribute_names=["kind"])
    with h5py.File(place / FILE_NAME) as store, h5py.File(place / _CHUNKED, "w") as other:
        chunks = (1, NUM_REGIONS, FEATURE_SIZE)
        features = other.create_dataset("features", (num_images, *chunks[1:]), np.float16, chunks=chunks)
        for start in range(0, num_images, 256):
            features[start : start + 256] = store["features"][start : start + 256]
    os.sync()


def _rows(num_images: int) -> Iterator[RegionRow]:
    generator = np.random.default_rng(0)
    few = [generator.normal(size=(NUM_REGIONS, FEATURE_SIZE)).astype(np.float16) for _ in range(16)]
    ids_R, conf_R = np.zeros(NUM_REGIONS, np.int16), np.ones(NUM_REGIONS, np.float32)
    for number in range(num_images):
        yield RegionRow(
            image_id=f"coco:{number}",
            height_px=480,
            width_px=640,
            boxes_R4=np.zeros((NUM_REGIONS, 4), np.float32),
            object_ids_R=ids_R,
            object_conf_R=conf_R,
            attribute_ids_R=ids_R,
            attribute_conf_R=conf_R,
            features_RF=few[number % len(few)],
        )


def _warm(place: Path, batch_size: int, *, num_rounds: int) -> dict[str, Taken]:
    """What each way takes in memory that is used again and again; every way sees other rows each time."""
    store = RegionStore.open(place / FILE_NAME)
    store.features_NRF.max()  # all of it is in memory
    out_BRF, copied_BRF = store.features.room(batch_size), store.features.room(batch_size)
    copied_BRF[...] = 1
    with h5py.File(place / _CHUNKED) as file:
        chunked_NRF = file["features"]
        draw = _Draw(len(store.image_ids), batch_size)
        return interleaved(
            {
                "ours": lambda: store.features.take(draw.rows_B, out_BRF),
                "copy": lambda: np.copyto(out_BRF, copied_BRF),
                "chunked": lambda: chunked_NRF[np.sort(draw.rows_B)],
            },
            num_rounds=num_rounds,
            tidy=draw.again,
        )


class _Draw:
    """Other rows each time, none twice."""

    def __init__(self, num_images: int, batch_size: int, *, seed: int = 0) -> None:
        self._generator = np.random.default_rng(seed)
        self._num_images = num_images
        self._batch_size = batch_size
        self.rows_B: NDArray[np.int64]
        self.again()

    def again(self) -> None:
        self.rows_B = self._generator.choice(self._num_images, self._batch_size, replace=False)


def _cold_median(place: Path, way: str, batch_size: int, *, num_rounds: int) -> Taken:
    """The median over fresh processes, before each of which the file is put out of memory."""
    seconds = []
    for number in range(num_rounds):
        descriptor = os.open(place / FILE_NAME, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
        with spawned(1) as pool:
            seconds.append(pool.submit(_cold, place, way, batch_size, number).result())
    return Taken(seconds=median(seconds))


def _cold(place: Path, way: str, batch_size: int, seed: int) -> float:
    """The seconds of one batch; the store is opened, and the room for the batch written to, before."""
    store = RegionStore.open(place / FILE_NAME)
    rows_B = _Draw(len(store.image_ids), batch_size, seed=seed).rows_B
    out_BRF = store.features.room(batch_size)
    out_BRF[...] = 0
    started = time.perf_counter()
    if way == "ours":
        store.features.take(rows_B, out_BRF)
    else:
        np.take(store.features_NRF, rows_B, axis=0, out=out_BRF, mode="clip")
    return time.perf_counter() - started
