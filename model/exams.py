"""A benchmark with its rows and all that is shown of them: what a form asks from.

Legend: B rows, T texts, L word pieces, I images, R regions, F features of a region, P pairs, A answers or options.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model import looks, plugins, questions, regions
from model.batch import HIDDEN, Draws, own_sources
from model.benchmarks import Benchmark
from model.facts import Facts
from model.pairs import Pairs
from model.questions import Questions
from model.regions import Pieces
from model.rows import Texts
from model.specs import Options, Sees

if TYPE_CHECKING:  # it needs Pillow, which regions do without
    from data.pictures.views import View

CORPUS = "benchmark"  # what a job calls the folder of rows


@dataclass(frozen=True, kw_only=True)
class Exam:
    """A benchmark's declaration, its folder of rows, its possible answers, and how texts and images are shown.

    With a `view` pairs show pictures as it does, by draws of `seed`; without one, and wherever else, they are whole.
    """

    benchmark: Benchmark
    folder: Path
    answers: tuple[str, ...]
    facts: Facts
    max_length: int
    sees: Sees
    view: View | None = None
    seed: int = 0

    def for_training(self, view: Options, *, seed: int) -> Exam:
        """The same, for rows that are learnt from. Raises UserError on options of a view where there are regions."""
        return dataclasses.replace(self, view=regions.training_view(self.facts.store, view), seed=seed)

    def questions(self, split: str, *, may_be_empty: bool = False) -> Questions:
        """The rows of one split, or of `submit`. Raises UserError where there are none and there must be."""
        return questions.read(
            self.folder,
            split=split,
            store=self.facts.store,
            num_images=self.benchmark.num_images,
            num_answers=len(self.answers),
            may_be_empty=may_be_empty,
            has_texts=self.benchmark.reads != "image",
        )

    def image_ids(self, images: NDArray[np.int64]) -> list[str]:
        """The ids of rows of the region store."""
        return [str(self.facts.store.image_ids[image]) for image in images.tolist()]

    def pairs(
        self,
        questions: Questions,
        *,
        epoch: int,
        rows_B: NDArray[np.int64],
        texts_P: NDArray[np.int64],
        images_P: NDArray[np.int64],
        targets_BA: NDArray[np.float32],
        num_asked: int,
    ) -> Pairs:
        """The pairs of some rows: `texts_P` are row numbers of `questions`, `images_P` rows of the region store.

        A text alone is in a pair with an image of no region, an image alone with a text of no word piece.
        """
        text_TL, text_P = self._texts(questions, texts_P)
        regions_IRF, boxes_IR4, image_P = (
            self._no_images(len(texts_P))
            if self.benchmark.reads == "text"
            else self._whole(images_P)
            if self.view is None or not self._sees_images
            else self._altered(questions, self.view, epoch, rows_B=rows_B, texts_P=texts_P, images_P=images_P)
        )
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

    def _texts(self, questions: Questions, texts_P: NDArray[np.int64]) -> tuple[Tensor, NDArray[np.int64]]:
        """Each text once, (T, L), and which of them each pair shows; of images alone one without a piece for each."""
        if self.benchmark.reads == "image":
            return torch.empty(len(texts_P), 0, dtype=torch.int64), np.arange(len(texts_P))
        rows_T, text_P = np.unique(texts_P, return_inverse=True)
        return self.show_texts(questions, rows_T), text_P

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

    def _no_images(self, num_pairs: int) -> tuple[Tensor, Tensor, NDArray[np.int64]]:
        """An image of no region for each pair: features, boxes, and which of them each pair shows."""
        size = regions.feature_size(self.facts.store)
        features_IRF = torch.empty(num_pairs, 0, size, dtype=torch.float16)
        return features_IRF, torch.empty(num_pairs, 0, 4), np.arange(num_pairs)

    def _whole(self, images_P: NDArray[np.int64]) -> tuple[Tensor, Tensor, NDArray[np.int64]]:
        """Each image once: features, boxes, and which of them each pair shows. Unseen, all are the same one."""
        images_I, image_P = np.unique(images_P if self._sees_images else np.zeros_like(images_P), return_inverse=True)
        return *self.show_images(images_I), image_P

    def _altered(
        self,
        questions: Questions,
        view: View,
        epoch: int,
        *,
        rows_B: NDArray[np.int64],
        texts_P: NDArray[np.int64],
        images_P: NDArray[np.int64],
    ) -> tuple[Tensor, Tensor, NDArray[np.int64]]:
        """As `_whole`, each image once for each row."""
        store, drawn = self.facts.store, Draws(seed=self.seed, epoch=epoch)
        assert isinstance(store, Pieces), "regions have no view"
        seen = looks.of(questions, store=store, answers=self.answers, rows_B=rows_B, texts_P=texts_P, images_P=images_P)
        patches_IRF = store.seen(seen.images_I, seen.keys_I, drawn, view, may_flip_I=seen.may_flip_I)
        return patches_IRF, store.labels(seen.images_I).boxes_BR4, seen.look_P

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
