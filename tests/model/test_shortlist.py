"""Retrieval in two steps: who is scored, and where the others rank."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model import exams, ranking
from model.batch import Output
from model.exercise import Shown
from model.facts import Facts
from model.networks import Encoder
from model.scored import Scored, Scratch
from model.shortlist import shortlist
from tests.model.tiny import TinySet


class Alike(Encoder):
    """Texts and images are as alike as a table says; a text's state is its row of it, an image's its number."""

    def __init__(self, alike_TI: Tensor | None) -> None:
        super().__init__()
        self.alike_TI = alike_TI

    def text_features(self, text_TLD: Tensor, text_mask_TL: Tensor) -> Tensor | None:
        return None if self.alike_TI is None else text_TLD[:, 0]

    def image_features(self, regions_IRD: Tensor) -> Tensor | None:
        return None if self.alike_TI is None else torch.eye(len(regions_IRD))

    def forward(self, shown: Shown, regions_BRD: Tensor | None = None) -> Output:
        raise NotImplementedError

    def embed_text(self, text_BL: Tensor, text_mask_BL: Tensor) -> Tensor:
        raise NotImplementedError

    def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
        raise NotImplementedError

    def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
        raise NotImplementedError

    def repeated(self) -> Iterable[nn.Module]:
        return ()


TABLE_TI = torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.3, 0.4], [0.7, 0.2, 0.6], [0.1, 0.0, 0.5]])


def texts(alike_TI: Tensor) -> tuple[Tensor, Tensor]:
    """Texts of one place."""
    return alike_TI[:, None], torch.ones(len(alike_TI), 1, dtype=torch.bool)


def test_a_pair_is_scored_where_it_is_among_the_most_alike_of_its_text_or_of_its_image() -> None:
    # Of texts: 0, 0, 0, 2. Of images: the texts 0, 1, 2.
    chosen = shortlist(Alike(TABLE_TI), torch.zeros(3, 1, 1), iter([texts(TABLE_TI[:3]), texts(TABLE_TI[3:])]), most=1)
    assert chosen is not None
    is_scored_TI, behind_TI = chosen.choose(*texts(TABLE_TI))
    assert is_scored_TI.nonzero().tolist() == [[0, 0], [1, 0], [1, 1], [2, 0], [2, 2], [3, 2]]
    torch.testing.assert_close(behind_TI, TABLE_TI - 1000)


@pytest.mark.parametrize("most", [3, 4, 100])
def test_as_many_as_there_are_scores_all(most: int) -> None:
    chosen = shortlist(Alike(TABLE_TI), torch.zeros(3, 1, 1), iter([texts(TABLE_TI)]), most=most)
    assert chosen is not None
    assert chosen.choose(*texts(TABLE_TI))[0].all()


def test_a_network_that_compares_nothing_has_no_shortlist() -> None:
    assert shortlist(Alike(None), torch.zeros(3, 1, 1), iter([texts(TABLE_TI)]), most=1) is None


def test_pairs_that_are_not_scored_rank_behind_all_that_are_in_the_order_of_their_likeness(
    tiny: TinySet, tiny_facts: Facts, tmp_path: Path
) -> None:
    exam = exams.read("retrieval", tiny.retrieval, facts=tiny_facts, max_length=12, sees="pair")
    test = exam.questions("test")
    shown = ranking.candidates(test, max_texts=None)
    num_texts, num_images = len(shown.rows_T), len(shown.images_I)

    class Numbered(Alike):
        """Later images are more alike, and texts of higher word pieces a little; a pair's log-odds are -50."""

        def __init__(self) -> None:
            super().__init__(None)
            self.weight = nn.Parameter(torch.zeros(1))

        def text_features(self, text_TLD: Tensor, text_mask_TL: Tensor) -> Tensor:
            return torch.cat([text_TLD[:, 0] / 1000, torch.ones(len(text_TLD), 1)], 1)

        def image_features(self, regions_IRD: Tensor) -> Tensor:
            return torch.stack([torch.ones(len(regions_IRD)), torch.arange(float(len(regions_IRD))) / 10], 1)

        def embed_text(self, text_BL: Tensor, text_mask_BL: Tensor) -> Tensor:
            return text_BL.sum(1).float()[:, None, None].expand(*text_BL.shape, 1)

        def embed_regions(self, regions_BRF: Tensor, boxes_BR4: Tensor) -> Tensor:
            return torch.zeros(len(regions_BRF), 1, 1)

        def pool(self, text_BLD: Tensor, text_mask_BL: Tensor, regions_BRD: Tensor) -> Tensor:
            return torch.full((len(text_BLD), 1), -50.0)

    def score(folder: Path, *, most: int) -> NDArray[np.float32]:
        into = Scored(Scratch(folder=folder, digest="", every_s=9.0), num_texts=num_texts, num_images=num_images)
        ranking.score_all(
            Numbered(), lambda pooled_PD: pooled_PD[:, 0], exam, test, ranked=shown, most=most, into=into,
            progress=lambda share, message: None,
        )  # fmt: skip
        return np.array(into.scores_TI)

    assert (score(tmp_path / "all", most=0) == -50).all()
    scores_TI = score(tmp_path / "two", most=2)
    is_scored_TI = scores_TI == -50
    assert is_scored_TI[:, -2:].all()  # the two most alike images of each text
    assert (is_scored_TI.sum(0) >= 2).all()  # and two texts at least of each image
    assert not is_scored_TI.all()
    assert (scores_TI[~is_scored_TI] < -999).all()
    for text in range(num_texts):
        behind = scores_TI[text][~is_scored_TI[text]]
        assert (np.diff(behind) > 0.05).all()
