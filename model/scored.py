"""The scores of all pairs of retrieval, in a file beside the job: a killed evaluation goes on from its last note.

Of COCO's 25,000 texts and 5,000 images that is half a gigabyte and hours of work. Legend: T texts, I images.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.writers import map_floats

TENSOR = "scores_TI"
_SCORES, _NOTE = "similarities.safetensors", "scored.json"


@dataclass(frozen=True, kw_only=True)
class Scratch:
    """A folder that survives a kill, what decides the work in it, and how often a note is to be made."""

    folder: Path
    digest: str
    every_s: float


class Scored:
    """Scores to be filled in, text by text in an order that never changes; `num_done` are there from before."""

    def __init__(self, scratch: Scratch, *, num_texts: int, num_images: int) -> None:
        self._scratch = scratch
        scratch.folder.mkdir(parents=True, exist_ok=True)
        self.num_done = self._noted()
        self.scores_TI: NDArray[np.float32] = map_floats(self._path, TENSOR, (num_texts, num_images))
        self._noted_s = time.monotonic()

    def put(self, texts_T: NDArray[np.int64], scores_TI: NDArray[np.float32]) -> None:
        """The scores of the next texts. Now and then they are synced, and noted after that."""
        self.scores_TI[texts_T] = scores_TI
        self.num_done += len(texts_T)
        if time.monotonic() - self._noted_s > self._scratch.every_s:
            self.note()

    def note(self) -> None:
        """Have all scores on the disk, then say how many there are."""
        assert isinstance(self.scores_TI, np.memmap)
        self.scores_TI.flush()
        aside = self._note_path.with_suffix(".partial")
        with aside.open("w", encoding="utf-8") as file:
            json.dump(self._said(self.num_done), file)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._note_path)
        self._noted_s = time.monotonic()

    def copy(self, path: Path) -> None:
        """The scores as a file of their own."""
        self.note()
        shutil.copyfile(self._path, path)

    def _noted(self) -> int:
        """How many texts an earlier process scored; none where it did other work or its scores are gone."""
        try:
            note = json.loads(self._note_path.read_text("utf-8"))
        except (OSError, ValueError):
            return 0
        return note["num_texts"] if note == self._said(note["num_texts"]) else 0

    def _said(self, num_texts: int) -> dict[str, Any]:
        """What a note says; the size tells whether the scores are those that it speaks of."""
        num_bytes = self._path.stat().st_size if self._path.is_file() else 0
        return {"digest": self._scratch.digest, "num_texts": num_texts, "num_bytes": num_bytes}

    @property
    def _path(self) -> Path:
        return self._scratch.folder / _SCORES

    @property
    def _note_path(self) -> Path:
        return self._scratch.folder / _NOTE
