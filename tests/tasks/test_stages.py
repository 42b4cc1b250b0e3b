from __future__ import annotations

from pathlib import Path

import luigi
import pytest

from tasks.msp_stages import Pretrain


@pytest.mark.parametrize(
    ("chain", "swap", "needs_them"),
    [("S", "image", True), ("S-ITM_HS", "image", False), ("S", "sentence", False), ("T", "image", False)],
)
def test_hard_negatives_are_built_where_images_are_swapped_for_hard_ones(
    workspace: Path, chain: str, swap: str, needs_them: bool
) -> None:
    luigi.configuration.get_config().set("Msp", "swap", swap)
    task = Pretrain(chain=chain, profile="smoke")
    assert ("hard_negatives" in task.inputs()) == needs_them
    assert (f"model.corruptions.swap_{swap}" in task.plug_ins()) == chain.startswith("S")
