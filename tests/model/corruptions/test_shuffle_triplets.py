from __future__ import annotations

import pytest
import torch

from data.errors import UserError
from model.batch import Draws
from model.corruptions import shuffle_triplets
from model.corruptions.shuffle_triplets import PERMUTATIONS_P3
from model.facts import Facts
from tests.model.worked import small_batch, small_rows


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
    corrupt = shuffle_triplets.build({"rate": 0.5}, facts=tiny_facts, rows=small_rows())
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
    corrupt = shuffle_triplets.build({}, facts=tiny_facts, rows=small_rows())
    triplets_BR = corrupt(batch, Draws(seed=1, epoch=0)).triplets_BR
    starts = triplets_BR == torch.arange(36)
    blocked = (triplets_BR >= 0) & ~starts
    free = ~blocked[:, :34]
    assert abs(float(starts[:, :34][free].float().mean()) - 0.05) < 0.003


def test_disjoint_windows_start_at_every_third_region_and_are_each_shuffled_at_the_rate(tiny_facts: Facts) -> None:
    batch = small_batch(num_rows=3000, num_regions=36)
    corrupt = shuffle_triplets.build({"starts": "disjoint"}, facts=tiny_facts, rows=small_rows())
    triplets_BR = corrupt(batch, Draws(seed=1, epoch=0)).triplets_BR
    windows = triplets_BR.view(3000, 12, 3)
    is_shuffled = windows[:, :, 0] >= 0
    assert torch.equal(windows, torch.where(is_shuffled, torch.arange(0, 36, 3), -1)[:, :, None].expand(-1, -1, 3))
    assert abs(float(is_shuffled.float().mean()) - 0.05) < 0.004


def test_a_window_with_a_masked_region_stays(tiny_facts: Facts) -> None:
    masked = torch.tensor([[False, False, False, False, True, False]])
    batch = small_batch(num_regions=6, masked_regions_BR=masked)
    corrupt = shuffle_triplets.build({"starts": "disjoint", "rate": 1.0}, facts=tiny_facts, rows=small_rows())
    assert corrupt(batch, Draws(seed=1, epoch=0)).triplets_BR.tolist() == [[0, 0, 0, -1, -1, -1]]


@pytest.mark.parametrize(("options", "share"), [({}, 0.0), ({"identity": True}, 1 / 6)])
def test_the_order_is_kept_in_no_triplet_or_in_one_of_six(
    options: dict[str, bool], share: float, tiny_facts: Facts
) -> None:
    batch = small_batch(num_rows=3000)
    corrupt = shuffle_triplets.build({"rate": 1.0, **options}, facts=tiny_facts, rows=small_rows())
    shuffled = corrupt(batch, Draws(seed=1, epoch=0))
    assert (shuffled.triplets_BR == 0).all()
    assert float((shuffled.sources_BR == batch.sources_BR).all(1).float().mean()) == pytest.approx(share, abs=0.02)


@pytest.mark.parametrize("boxes", ["move", True])
def test_boxes_that_move_along_are_refused_with_the_reason(boxes: object, tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="what cannot be seen cannot be learnt"):
        shuffle_triplets.build({"boxes": boxes}, facts=tiny_facts, rows=small_rows())


def test_an_unknown_kind_of_start_is_refused_with_the_known_ones(tiny_facts: Facts) -> None:
    with pytest.raises(UserError, match="one of sliding, disjoint"):
        shuffle_triplets.build({"starts": "fixed"}, facts=tiny_facts, rows=small_rows())
