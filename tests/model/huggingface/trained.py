"""A network with random weights as a stage leaves it, and what `transformers` makes of the same inputs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch

from model import learner
from model.exercise import Shown
from model.facts import Facts
from model.learner import Learner
from model.specs import Network, Objective
from tests.model.tiny import NUM_FEATURES, TOKENS, TinySet
from tests.model.tiny_specs import tiny_network

HEADS = (Objective(name="mlm"), Objective(name="itm_hs"), Objective(name="moc"))


def network_of(**changes: Any) -> Network:
    options = {"init": "fan_in", **changes.pop("options", {})}
    return tiny_network(**{"hidden_size": 24, "num_heads": 3, "options": options, **changes})


def write(
    folder: Path, tiny: TinySet, facts: Facts, *, network: Network, seed: int, heads: tuple[Objective, ...] = HEADS
) -> Learner:
    """The result folder of a stage; biases and norms are random too, so that none can be forgotten."""
    pupil = Learner(network, heads, facts, seed=seed).eval()
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in pupil.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=random))
    folder.mkdir()
    learner.write(pupil, folder, description=learner.describe(network, heads, facts))
    shutil.copyfile(tiny.vocabulary / "vocab.txt", folder / "vocab.txt")
    return pupil


def shown(*, seed: int, num_regions: int) -> Shown:
    """Three texts of one, four and seven pieces, padded, beside random regions."""
    random = torch.Generator().manual_seed(seed)
    mask_BL = torch.arange(7) < torch.tensor([[1], [4], [7]])
    return Shown(
        text_BL=torch.randint(1, len(TOKENS), (3, 7), generator=random) * mask_BL,
        text_mask_BL=mask_BL,
        regions_BRF=torch.randn(3, num_regions, NUM_FEATURES, generator=random),
        boxes_BR4=torch.rand(3, num_regions, 4, generator=random),
    )


def given(seen: Shown) -> dict[str, torch.Tensor]:
    """The same as LxmertModel takes it."""
    return {
        "input_ids": seen.text_BL,
        "attention_mask": seen.text_mask_BL.long(),
        "visual_feats": seen.regions_BRF,
        "visual_pos": seen.boxes_BR4,
    }
