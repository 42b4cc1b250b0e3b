from __future__ import annotations

import numpy as np
import pytest
import torch

from data.errors import UserError
from model.batch import Draws
from model.corruptions import shuffle_triplets
from model.corruptions.shuffle_triplets import PERMUTATIONS_P3
from model.facts import Facts
from tests.model.worked import small_batch

NO_IMAGES = np.zeros(0, np.int64)


def test_the_identity_is_not_among_the_permutations() -> None:
    assert PERMUTATIONS_P3.tolist() == [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]


def test_windows_slide_never_overlap_and_leave_masked_regions_out() -> None:
    # Starts are drawn everywhere. Row 0: 0-2, 3-5, and no room at 6. Row 1: region 1 is masked, so 2-4, then no room.
    starts_BR = torch.ones(2, 7, dtype=torch.bool)
    masked_BR = torch.tensor([[False] * 7, [False, True, False, False, False, False, True]])
    triplets_BR = shuffle_triplets._triplets(starts_BR, masked_BR)
    assert triplets_BR.tolist() == [[0, 0, 0, 3, 3, 3, -1], [-1, -1, 2, 2, 2, -1, -1]]


def test_a_region_shows_what_the_permutation_of_its_triplet_says() -> None:
    # A triplet at 1 whose start drew (2, 0, 1): region 1 shows 3, region 2 shows 1, region 3 shows 2.
    triplets_BR = torch.tensor([[-1, 1, 1, 1, -1]])
    permutations_BR3 = torch.tensor([[[0, 2, 1], [2, 0, 1], [0, 2, 1], [1, 0, 2], [0, 2, 1]]])
    assert shuffle_triplets._shown(triplets_BR, permutations_BR3).tolist() == [[0, 3, 1, 2, 4]]


def test_features_move_and_boxes_labels_and_truth_do_not(tiny_facts: Facts) -> None:
    batch = small_batch(num_rows=40, num_regions=6)
    corrupt = shuffle_triplets.build({"rate": 0.5}, facts=tiny_facts, images_S=NO_IMAGES)
    shuffled = corrupt(batch, Draws(seed=1, epoch=0))
    in_triplet = shuffled.triplets_BR >= 0
    assert in_triplet.any()
    assert torch.equal(shuffled.sources_BR[~in_triplet], batch.sources_BR[~in_triplet])
    for row in range(40):
        for start in set(shuffled.triplets_BR[row].tolist()) - {-1}:
            window = slice(start, start + 3)
            before, after = batch.sources_BR[row, window], shuffled.sources_BR[row, window]
            assert not torch.equal(before, after)
            assert sorted(before.tolist()) == sorted(after.tolist())
    for column in ("boxes_BR4", "object_ids_BR", "attribute_ids_BR", "images_B"):
        assert getattr(shuffled, column) is getattr(batch, column)


def test_the_rate_is_the_chance_of_a_start_at_a_free_region(tiny_facts: Facts) -> None:
    batch = small_batch(num_rows=3000, num_regions=36)
    corrupt = shuffle_triplets.build({}, facts=tiny_facts, images_S=NO_IMAGES)
    triplets_BR = corrupt(batch, Draws(seed=1, epoch=0)).triplets_BR
    starts = triplets_BR == torch.arange(36)
    blocked = (triplets_BR >= 0) & ~starts
    free = ~blocked[:, :34]
    assert abs(float(starts[:, :34][free].float().mean()) - 0.05) < 0.003


def test_shuffling_boxes_too_cannot_even_be_asked_for(tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="expected options among rate"):
        shuffle_triplets.build({"boxes": True}, facts=tiny_facts, images_S=NO_IMAGES)
