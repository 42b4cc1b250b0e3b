"""A folder of small pictures, some of them not usable, and the table of their images."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.contracts import pictures as contract
from data.pictures.building import StoreSettings, build
from data.progress import silent
from data.shards import Workplace
from tests.data.pictures.built import Built, noise


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of COCO's images 1 to 6; 7 is empty, 8 cut off, 9 no picture, and 10 is not there."""
    folder = tmp_path / "coco"
    (folder / "train2014").mkdir(parents=True)
    for number in range(1, 7):
        noise(number).save(folder / f"train2014/{number:012}.jpg", quality=90)
    (folder / f"{7:012}.jpg").write_bytes(b"")
    content = io.BytesIO()
    noise(8).save(content, "JPEG")
    (folder / f"{8:012}.jpg").write_bytes(content.getvalue()[:700])
    (folder / f"{9:012}.jpg").write_text("<html>404 not found</html>")
    return folder


@pytest.fixture
def make(tmp_path: Path, small: Any, folder: Path) -> Callable[..., Built]:
    """Builds a store of these pictures, and holds its contract."""
    images = small.images({f"coco:{n}": "test" if n == 2 else "train" for n in range(1, 11)}, size_px=(40, 30))

    def build_store(name: str = "result", *, num_workers: int = 1, scratch: str = "", **settings: Any) -> Built:
        into = tmp_path / name
        into.mkdir()
        workplace = Workplace(scratch=tmp_path / f"{scratch or name}-scratch", num_workers=num_workers)
        files = {"coco_images": (folder,)}
        wanted = StoreSettings(**{"images_per_shard": 4, "max_rejected_rate": 0.5, **settings})
        build(files, images=images, settings=wanted, into=into, progress=silent, workplace=workplace)
        contract.check(into, images=images, keep=wanted.keep)
        return Built(into=into, files=files, workplace=workplace)

    return build_store
