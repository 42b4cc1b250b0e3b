"""Two images with regions (coco:1 in training, coco:2 in test), one without (coco:3), and a small vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

WORDS = ["dog", "##s", "red", "a", "fire", "hyd", "##rant", ",", "t", "-", "shirt", "on", "big", "'", "s"]
LABELS = ["dog", "fire hydrant", "t-shirt", "zebra"]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    images: Path
    regions: Path
    vocabulary: Path

    def ids(self, text: str) -> list[int]:
        """Ids of entries separated by spaces; [PAD] [UNK] [CLS] [SEP] [MASK] are 0 to 4."""
        entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
        return [entries.index(entry) for entry in text.split()]

    def paths(self) -> dict[str, Path]:
        return {"images": self.images, "regions": self.regions, "vocabulary": self.vocabulary}


@pytest.fixture
def inputs(small: Any) -> Inputs:
    images = small.images(
        {"coco:1": "train", "coco:2": "test", "coco:3": "train"}, known_as={"coco:1": ["coco:1", "vg:11"]}
    )
    rows = [small.region_row("coco:2", [3, 0]), small.region_row("coco:1", [1, 0, -1, 0, 2])]
    return Inputs(images=images, regions=small.regions(rows, LABELS), vocabulary=small.vocabulary(WORDS))
