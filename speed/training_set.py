"""What training reads, at any size: a region store, a vocabulary, hard negatives and a corpus of each grain, generated.

Every array has the true type and shape; words, labels and neighbours are drawn by a seeded generator. Legend: N images,
R regions, F features, K neighbours, M rows of a corpus, T all word pieces of all rows, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.hard_negatives import FILE_NAME as NEGATIVES_FILE
from data.regions.store import lay_out_store, write_vocabularies
from data.schema import FEATURE_SIZE, NUM_REGIONS
from data.vocabulary import FILE_NAME as VOCABULARY_FILE
from data.vocabulary import SPECIALS
from model import facts
from model.facts import Facts

VOCABULARY_SIZE = 30_522
_LABELS = {"object": 1600, "attribute": 400}  # as many as the bottom-up-attention detector knows
_NUM_NEGATIVES = 100
_IMAGES_PER_WRITE = 256


@dataclass(frozen=True, kw_only=True)
class Grain:
    """A corpus: its rows, and between how many and how many word pieces they have, [CLS] and [SEP] among them."""

    num_rows: int
    lengths: tuple[int, int]


PAPER: Mapping[str, Grain] = {
    "token": Grain(num_rows=123_287, lengths=(38, 64)),
    "phrase": Grain(num_rows=340_000, lengths=(30, 64)),
    "sentence": Grain(num_rows=616_767, lengths=(10, 20)),
}
"""The paper's 1.08 million pairs. 36 labels are about 51 word pieces, a caption is about 13."""

NUM_PAPER_IMAGES = 180_000
"""COCO's and Visual Genome's together: 26 GB of features."""


@dataclass(frozen=True, kw_only=True)
class TrainingSet:
    """Folders as the results of the tasks whose names they bear."""

    folder: Path

    def corpus(self, name: str) -> Path:
        """The corpus of one grain."""
        return self.folder / name

    def facts(self) -> Facts:
        """All that is read beside a corpus."""
        return facts.read(regions=self.folder, words=self.folder, negatives=self.folder)


def make(folder: Path, *, num_images: int, grains: Mapping[str, Grain], with_features: bool = True) -> TrainingSet:
    """Write all of it. Without features the store's are a hole in its file, which reads as zeros."""
    generator = np.random.default_rng(1)
    image_ids = [f"coco:{number:07}" for number in range(num_images)]
    _write_regions(folder, image_ids, generator, with_features=with_features)
    words = [*SPECIALS, *(f"w{number:05}" for number in range(VOCABULARY_SIZE - len(SPECIALS)))]
    (folder / VOCABULARY_FILE).write_text("".join(f"{word}\n" for word in words), "utf-8")
    with h5py.File(folder / NEGATIVES_FILE, "w") as file:
        file["image_ids"] = np.char.encode(image_ids, "utf-8").astype("S64")
        file["neighbours"] = generator.integers(0, num_images, (num_images, _NUM_NEGATIVES), np.int32)
        file["scores"] = np.zeros((num_images, _NUM_NEGATIVES))
    for name, grain in grains.items():
        _write_corpus(folder / name, image_ids, grain, generator)
    return TrainingSet(folder=folder)


def _write_regions(folder: Path, image_ids: list[str], generator: np.random.Generator, *, with_features: bool) -> None:
    shape = (len(image_ids), NUM_REGIONS)
    corners_NR2 = generator.random((*shape, 2), np.float32) / 2
    with h5py.File(lay_out_store(folder, image_ids).path, "r+") as file:
        file["boxes"][...] = np.concatenate([corners_NR2, corners_NR2 + 0.5], axis=2)
        for kind, num_labels in _LABELS.items():
            file[f"{kind}_ids"][...] = generator.integers(0, num_labels, shape)
            file[f"{kind}_conf"][...] = generator.random(shape, np.float32)
        for start in range(0, len(image_ids) if with_features else 0, _IMAGES_PER_WRITE):
            size = min(_IMAGES_PER_WRITE, len(image_ids) - start)
            drawn = generator.random((size, NUM_REGIONS, FEATURE_SIZE), np.float32)
            file["features"][start : start + size] = drawn.astype(np.float16)
    names = {kind: [f"w{number:05}" for number in range(size)] for kind, size in _LABELS.items()}
    write_vocabularies(folder, object_names=names["object"], attribute_names=names["attribute"])


def _write_corpus(folder: Path, image_ids: list[str], grain: Grain, generator: np.random.Generator) -> None:
    (folder / "corpus").mkdir(parents=True)
    lengths_M = generator.integers(grain.lengths[0], grain.lengths[1] + 1, grain.num_rows)
    images_M = generator.integers(0, len(image_ids), grain.num_rows)
    columns = {
        "row_id": [f"{image_ids[image]}#{row}" for row, image in enumerate(images_M.tolist())],
        "image_id": pa.array(image_ids).take(pa.array(images_M)),
        "split": np.repeat("train", grain.num_rows),
        "token_ids": _texts(lengths_M, generator),
    }
    pq.write_table(pa.table(columns), folder / "corpus" / "part-00000.parquet")


def _texts(lengths_M: NDArray[np.int64], generator: np.random.Generator) -> pa.ListArray:
    ends_M = np.cumsum(lengths_M)
    token_ids_T = generator.integers(len(SPECIALS), VOCABULARY_SIZE, ends_M[-1], np.int32)
    token_ids_T[ends_M - lengths_M] = SPECIALS.index("[CLS]")
    token_ids_T[ends_M - 1] = SPECIALS.index("[SEP]")
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends_M]), pa.int32()), pa.array(token_ids_T))
