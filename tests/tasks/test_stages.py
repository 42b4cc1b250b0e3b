from __future__ import annotations

import dataclasses

import pytest

from model.specs import Corruption
from tasks.stages import SentenceStage


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    ("swap", "needs_them"),
    [
        (Corruption(name="swap_image"), True),
        (Corruption(name="swap_image", options={"num_negatives": 10}), True),
        (Corruption(name="swap_image", options={"num_negatives": 0}), False),
        (Corruption(name="swap_sentence"), False),
    ],
)
def test_hard_negatives_are_built_where_images_are_swapped_for_hard_ones(
    swap: Corruption, needs_them: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = SentenceStage(profile="smoke").stage()
    stream = dataclasses.replace(stage.streams[0], corruptions=(swap, *stage.streams[0].corruptions[1:]))
    changed = dataclasses.replace(stage, streams=(stream,))
    monkeypatch.setattr(SentenceStage, "stage", lambda self: changed)
    task = SentenceStage(profile="smoke")
    assert ("hard_negatives" in task.inputs()) == needs_them
    assert f"model.corruptions.{swap.name}" in task.plug_ins()
