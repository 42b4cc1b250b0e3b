"""A benchmark with its rows and all that is shown of them: what a form asks from.

Legend: B rows, T texts, L word pieces, I images, R regions, F features of a region, P pairs, A answers or options.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model import plugins, questions, regions
from model.batch import HIDDEN, own_sources
from model.benchmarks import Benchmark
from model.facts import Facts
from model.pairs import Pairs
from model.questions import Questions
from model.rows import Texts
from model.specs import Sees

CORPUS = "benchmark"  # what a job calls the folder of rows


@dataclass(frozen=True, kw_only=True)
class Exam:
    """A benchmark's declaration, its folder of rows, its possible answers, and how texts and images are shown."""

    benchmark: Benchmark
    folder: Path
    answers: tuple[str, ...]
    facts: Facts
    max_length: int
    sees: Sees

    def questions(self, split: str, *, may_be_empty: bool = False) -> Questions:
        """The rows of one split, or of `submit`. Raises UserError where there are none and there must be."""
        return questions.read(
            self.folder,
            split=split,
            store=self.facts.store,
            num_images=self.benchmark.num_images,
            num_answers=len(self.answers),
            may_be_empty=may_be_empty,
        )

    def image_ids(self, images: NDArray[np.int64]) -> list[str]:
        """The ids of rows of the region store."""
        return [str(self.facts.store.image_ids[image]) for image in images.tolist()]

    def pairs(
        self,
        texts: Texts,
        *,
        rows_B: NDArray[np.int64],
        texts_P: NDArray[np.int64],
        images_P: NDArray[np.int64],
        targets_BA: NDArray[np.float32],
        num_asked: int,
    ) -> Pairs:
        """The pairs of some rows: `texts_P` are row numbers of `texts`, `images_P` rows of the region store."""
        rows_T, text_P = np.unique(texts_P, return_inverse=True)
        # Where no image is seen all are the same one, which is then embedded once.
        images_I, image_P = np.unique(images_P if self._sees_images else np.zeros_like(images_P), return_inverse=True)
        text_TL = self.show_texts(texts, rows_T)
        regions_IRF, boxes_IR4 = self.show_images(images_I)
        return Pairs(
            rows_B=rows_B,
            text_TL=text_TL,
            text_mask_TL=text_TL != self.facts.pad_id,
            regions_IRF=regions_IRF,
            boxes_IR4=boxes_IR4,
            text_P=torch.from_numpy(text_P),
            image_P=torch.from_numpy(image_P),
            targets_BA=torch.from_numpy(targets_BA),
            num_asked=torch.tensor(float(max(num_asked, 1))),
        )

    def show_texts(self, texts: Texts, rows_T: NDArray[np.int64]) -> Tensor:
        """The word pieces of some rows, (T, L), as long as the longest of them that is not over the limit."""
        longest = int(texts.lengths(rows_T).max())
        length = min(longest, self.max_length)
        return torch.from_numpy(texts.tokens(rows_T, max_length=length, pad_id=self.facts.pad_id))

    def show_images(self, images_I: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Features and boxes of some images, (I, R, F) float16 and (I, R, 4): zeros where only the text is seen."""
        images = torch.from_numpy(images_I)
        boxes_IR4 = regions.labels(self.facts.store, images).boxes_BR4
        sources_IR = own_sources(images, boxes_IR4.shape[1])
        if not self._sees_images:
            sources_IR, boxes_IR4 = torch.full_like(sources_IR, HIDDEN), torch.zeros_like(boxes_IR4)
        return regions.features(self.facts.store, "cpu").take(sources_IR), boxes_IR4

    @property
    def _sees_images(self) -> bool:
        return self.sees == "pair"


def read(name: str, folder: Path, *, facts: Facts, max_length: int, sees: Sees) -> Exam:
    """The benchmark of that name, a file of model/benchmarks, on the rows in `folder`. Raises UserError."""
    benchmark: Benchmark = plugins.load("benchmarks", name).BENCHMARK
    return Exam(
        benchmark=benchmark,
        folder=folder,
        answers=questions.read_answers(folder),
        facts=facts,
        max_length=max_length,
        sees=sees,
    )
