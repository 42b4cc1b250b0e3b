"""A built store of pictures as the tests ask it, and the pictures that it is built from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from data.pictures.store import PictureStore
from data.shards import Workplace
from data.sources import SourceFiles


@dataclass(frozen=True, kw_only=True)
class Built:
    """A built store, and where everything lies."""

    into: Path
    files: SourceFiles
    workplace: Workplace

    @property
    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = json.loads((self.into / "counts.json").read_text("utf-8"))
        return counts

    def open(self) -> PictureStore:
        return PictureStore.open(self.into, self.files)


def noise(number: int, *, width: int = 40, height: int = 30) -> Image.Image:
    return Image.fromarray(np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8))
