from __future__ import annotations

import dataclasses

import torch

from model.batch import HIDDEN, Draws
from model.corruptions import mask_regions
from model.facts import Facts
from tests.model.worked import small_batch, small_rows

ROWS = small_rows(*range(16))


def test_a_region_is_zeroed_replaced_or_kept_and_its_box_stays(tiny_facts: Facts) -> None:
    batch = small_batch(num_rows=2000, num_regions=6)
    masked = mask_regions.build({}, facts=tiny_facts, rows=ROWS)(batch, Draws(seed=1, epoch=0))
    asked = masked.masked_regions_BR
    assert abs(float(asked.float().mean()) - 0.15) < 0.01
    shown, true = masked.sources_BR[asked], batch.sources_BR[asked]
    assert abs(float((shown == HIDDEN).float().mean()) - 0.8) < 0.03
    assert abs(float((shown == true).float().mean()) - 0.1) < 0.03
    assert torch.equal(masked.sources_BR[~asked], batch.sources_BR[~asked])
    assert masked.boxes_BR4 is batch.boxes_BR4
    assert torch.equal(masked.true_sources(), batch.true_sources())


def test_a_replaced_region_is_one_of_an_image_of_the_split(tiny_facts: Facts) -> None:
    options = {"rate": 1.0, "zero_share": 0.0, "random_share": 1.0}
    batch = small_batch(num_rows=50, num_regions=6)
    masked = mask_regions.build(options, facts=tiny_facts, rows=small_rows(4, 9))(batch, Draws(seed=1, epoch=0))
    assert set(masked.sources_BR.flatten().tolist()) == {*range(24, 30), *range(54, 60)}  # images 4 and 9


def test_shuffled_regions_are_left_alone(tiny_facts: Facts) -> None:
    batch = small_batch(num_regions=6)
    batch = dataclasses.replace(batch, triplets_BR=torch.tensor([[-1, 1, 1, 1, -1, -1]]))
    corrupt = mask_regions.build({"rate": 1.0}, facts=tiny_facts, rows=ROWS)
    assert corrupt(batch, Draws(seed=1, epoch=0)).masked_regions_BR.tolist() == [
        [True, False, False, False, True, True]
    ]
