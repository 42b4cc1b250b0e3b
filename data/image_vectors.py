"""One vector an image: the mean of its regions' features, or the words that its captions use.

Legend: B images of a block, R regions, F dimensions.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data import tables
from data.nearest import comparable
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.schema import FEATURE_SIZE

NUM_BUCKETS = 2048
_BLOCK = 256  # images
_WORD = re.compile(r"\w+")


class ImageVectors(Protocol):
    """Makes the vectors of images; sent to workers."""

    @property
    def size(self) -> int:
        """The number of dimensions."""
        ...

    def blocks(self, image_ids: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """The vectors of some images, (B, size) at a time; an image of which nothing is known has zeros."""
        ...


@dataclass(frozen=True, kw_only=True)
class PooledFeatures:
    """The mean of an image's region features: as it is, or `comparable`."""

    regions: Path
    is_comparable: bool
    size: int = FEATURE_SIZE

    def blocks(self, image_ids: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """The vectors of some images."""
        store = RegionStore.open(self.regions / REGIONS_FILE)
        for start in range(0, len(image_ids), _BLOCK):
            rows_B = [store.row_of[image_id] for image_id in image_ids[start : start + _BLOCK]]
            mean_BF = store.features_NRF[rows_B].mean(axis=1, dtype=np.float64)
            yield comparable(mean_BF) if self.is_comparable else mean_BF.astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class CaptionWords:
    """The words of all captions of an image, each by how often it is used times `weights`, its rarity.

    Words are hashed into buckets with a sign, so that those that meet in one cancel out as often as they add up
    (https://arxiv.org/abs/0902.2206). `corpus` is the result of SentenceCorpus.
    """

    corpus: Path
    weights: Mapping[str, float]
    size: int = NUM_BUCKETS

    def blocks(self, image_ids: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """The vectors of some images."""
        words = _words_of_images(self.corpus, first=min(image_ids, default=""), last=max(image_ids, default=""))
        words_of = dict(words)
        for start in range(0, len(image_ids), _BLOCK):
            yield comparable(
                np.array([self._vector(words_of.get(name, {})) for name in image_ids[start : start + _BLOCK]])
            )

    def _vector(self, words: Mapping[str, int]) -> NDArray[np.float64]:
        vector_F = np.zeros(self.size)
        for word, count in sorted(words.items()):
            bucket, sign = _bucket(word, self.size)
            vector_F[bucket] += sign * count * self.weights.get(word, self.weights[""])
        return vector_F


def caption_words(corpus: Path) -> CaptionWords:
    """The vectors for a SentenceCorpus: the rarity of a word is ln((1 + n) / (1 + m)) + 1, m of n images using it.

    Rarity is counted on training images alone; the word "" stands for all that these never use.
    """
    num_images, num_using = 0, Counter[str]()
    for _, words in _words_of_images(corpus, split="train"):
        num_images += 1
        num_using.update(words.keys())
    # Rounded, since the last bit of a logarithm is not everywhere the same.
    weights = {word: round(math.log((1 + num_images) / (1 + count)) + 1, 6) for word, count in num_using.items()}
    return CaptionWords(corpus=corpus, weights={**weights, "": round(math.log(1 + num_images) + 1, 6)})


def _words_of_images(
    corpus: Path, *, first: str = "", last: str | None = None, split: str | None = None
) -> Iterator[tuple[str, Counter[str]]]:
    """The images in order, from `first` to `last`, each with the words of its captions."""
    where = pc.field("image_id") >= first
    if last is not None:
        where &= pc.field("image_id") <= last
    if split is not None:
        where &= pc.field("split") == split
    for part in tables.parts(corpus / "corpus"):  # an image's rows are all in one part
        rows = pq.read_table(part, columns=["image_id", "text"], filters=where)
        pairs = zip(rows["image_id"].to_pylist(), rows["text"].to_pylist(), strict=True)
        for image_id, captions in itertools.groupby(pairs, key=lambda pair: pair[0]):
            yield image_id, Counter(word for _, text in captions for word in _WORD.findall(text.casefold()))


@functools.lru_cache(maxsize=2**17)
def _bucket(word: str, num_buckets: int) -> tuple[int, int]:
    number = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
    return (number >> 1) % num_buckets, 1 if number & 1 else -1
