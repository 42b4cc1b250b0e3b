"""Random reads of kept pictures beside their files and Parquet's own reader; batches on two threads beside one."""

from __future__ import annotations

import hashlib
import io
import os
import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image

from data import draws
from data.pictures.building import PICTURES_PER_GROUP
from data.pictures.store import TABLE, PictureStore
from data.pictures.views import Training
from data.schema import PICTURES
from data.writers import write_with_blobs
from model.batch import Draws
from model.pictures import Pictures
from speed.measuring import Row, Target, interleaved

NUM_PICTURES = 2_048
BATCH_SIZE = 64
_NUM_DIFFERENT = 32
_SIZE_PX = (640, 480)  # COCO's usual
_AGAINST_FILES = Target(limit="at most", ratio=3.0)
_AGAINST_GROUPS = Target(limit="at least", ratio=5.0)
_AGAINST_ONE_THREAD = Target(limit="at least", ratio=1.6)


def measure(
    num_pictures: int = NUM_PICTURES, *, batch_size: int = BATCH_SIZE, folder: Path | None = None, num_rounds: int = 15
) -> list[Row]:
    """A random batch of a store of that many pictures: read, and made ready for a network."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        (place / TABLE).mkdir()
        encoded = _encoded()
        contents = [encoded[number % len(encoded)] for number in range(num_pictures)]
        files = [_written(place / f"{number:012}.jpg", content) for number, content in enumerate(contents)]
        part = place / TABLE / "part-00000.parquet"
        write_with_blobs(part, _groups(contents), PICTURES, blobs="encoded")
        os.sync()
        store = PictureStore.open(place)
        return [*_reading(store, part, files, batch_size, num_rounds), *_showing(store, batch_size, num_rounds)]


def _reading(store: PictureStore, part: Path, files: list[Path], batch_size: int, num_rounds: int) -> list[Row]:
    draw = random.Random(0)
    rows: list[int] = []

    def again() -> None:
        rows[:] = draw.sample(range(len(files)), batch_size)

    def groups() -> None:
        with pq.ParquetFile(part) as file:
            for row in rows:
                file.read_row_group(row // PICTURES_PER_GROUP, columns=["encoded"])

    taken = interleaved(
        {
            "ours": lambda: [store.read(row) for row in rows],
            "files": lambda: [files[row].read_bytes() for row in rows],
            "groups": groups,
        },
        num_rounds=num_rounds,
        tidy=again,
    )
    work = f"{batch_size} random pictures of {len(files):,} read and checked, warm"
    return [
        Row(
            work=work,
            against="files read, not checked",
            ours=taken["ours"],
            theirs=taken["files"],
            target=_AGAINST_FILES,
        ),
        Row(
            work=work,
            against="Parquet's reader, a row group each",
            ours=taken["ours"],
            theirs=taken["groups"],
            target=_AGAINST_GROUPS,
        ),
    ]


def _showing(store: PictureStore, batch_size: int, num_rounds: int) -> list[Row]:
    images_B = torch.arange(batch_size) % len(store)
    keys_B = draws.row_keys(map(str, range(batch_size)))
    with ExitStack() as stack:
        one, two = (stack.enter_context(Pictures(store, num_threads=number)) for number in (1, 2))
        draw = Draws(seed=0, epoch=0)
        taken = interleaved(
            {
                "one": partial(one.take, images_B, keys_B, draw, Training()),
                "two": partial(two.take, images_B, keys_B, draw, Training()),
            },
            num_rounds=max(1, num_rounds // 3),
        )
    return [
        Row(
            work=f"{batch_size} pictures as training sees them, on two threads",
            against="one thread",
            ours=taken["two"],
            theirs=taken["one"],
            target=_AGAINST_ONE_THREAD,
            notes={"pictures a second": f"{batch_size / taken['two'].seconds:.0f}"},
        )
    ]


def _encoded() -> list[bytes]:
    """Pictures of soft noise, which are about as large as photographs."""
    generator, found = np.random.default_rng(0), []
    for _ in range(_NUM_DIFFERENT):
        noise = generator.integers(0, 256, (_SIZE_PX[1] // 4, _SIZE_PX[0] // 4, 3), np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noise).resize(_SIZE_PX, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
        found.append(buffer.getvalue())
    return found


def _groups(contents: list[bytes]) -> Iterator[pa.Table]:
    for start in range(0, len(contents), PICTURES_PER_GROUP):
        numbers = range(start, min(start + PICTURES_PER_GROUP, len(contents)))
        yield pa.Table.from_pylist([_row(number, contents[number]) for number in numbers], schema=PICTURES)


def _row(number: int, content: bytes) -> dict[str, object]:
    return {
        "image_id": f"coco:{number:012}",
        "width_px": _SIZE_PX[0],
        "height_px": _SIZE_PX[1],
        "format": "JPEG",
        "num_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "source": "coco_images",
        "folder": 0,
        "path": f"{number:012}.jpg",
        "encoded": content,
    }


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
