"""A given pool of hard negatives is a source of HardNegatives where it is asked for, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import luigi.configuration
import pytest

from data.errors import UserError
from tasks.hard_negatives import HardNegatives


def set_sources(*names: str) -> None:
    for name in names:
        luigi.configuration.get_config().set("sources", name, f"/data/{name}")


def test_all_given_pools_are_read_and_only_where_they_are_asked_for(workspace: Path) -> None:
    pools = ("coco_hard_negatives", "flickr30k_hard_negatives")
    set_sources("coco_captions", "coco_images", *pools)
    given = HardNegatives(profile="smoke", pool="given")
    assert set(given.inputs()) == {"images", "regions", *(f"{name}.0" for name in pools)}
    assert given.plug_ins() == tuple(f"data.sources.{name}" for name in pools)
    assert set(HardNegatives(profile="smoke").inputs()) == {"images", "regions"}
    assert HardNegatives(profile="smoke").plug_ins() == ()
    assert given.notices() == ()
    assert HardNegatives(profile="smoke").notices() == tuple(
        f"[sources] {name} is not read: [HardNegatives] pool is cosine; pool = given takes it." for name in pools
    )


def test_a_given_pool_without_a_file_names_the_settings(workspace: Path) -> None:
    set_sources("coco_captions", "coco_images")
    with pytest.raises(UserError, match=r"\[sources\] coco_hard_negatives .* or \[sources\] flickr30k_hard_negatives"):
        HardNegatives(profile="smoke", pool="given").inputs()


def test_on_the_generated_world_it_is_not_said_that_the_world_would_do(workspace: Path) -> None:
    with pytest.raises(UserError, match="none in the generated world") as caught:
        HardNegatives(profile="smoke", pool="given").inputs()
    assert "no source at all" not in caught.value.way_out
