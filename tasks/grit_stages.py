"""Pre-training on pairs of pictures and captions: GRIT-VLP's, ALBEF's, and whatever lies between."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from model.curricula import grit
from model.specs import Curriculum
from tasks.grit import initial_weights
from tasks.parameters import SpeltParameter
from tasks.settings import current_profile
from tasks.stages import PretrainStage


class GritStage(PretrainStage):
    """GRIT-VLP's stage on pairs, or its control's."""

    identity = ("readings",)

    readings: SpeltParameter = SpeltParameter(
        default="grit",
        spell=lambda text: grit.spell(grit.parse(text)),
        description="grit, albef, or one of them with changes, such as grit+mask_rate=0.3",
    )

    @property
    def variant(self) -> str:
        """What departs from GRIT-VLP, and the seed."""
        return f"{self.readings}-seed{self.seed}"

    def curriculum(self) -> Curriculum:
        """Its one stage."""
        sizes = current_profile(self.profile).grit
        return grit.curriculum(sizes, seed=self.seed, readings=grit.parse(self.readings))

    def before(self) -> None:
        """None: it is the first."""
        return

    def initial_weights(self) -> Mapping[str, Path]:
        """Those that `[Grit]` names."""
        return initial_weights()

    @property
    def can_match(self) -> bool:
        """Always."""
        return True
