"""MoMo's stages: images, images and text, text and pairs, or whatever the readings name."""

from __future__ import annotations

from model.curricula import momo
from model.specs import Curriculum
from tasks.parameters import SpeltParameter
from tasks.settings import current_profile
from tasks.stages import PretrainStage


class MomoStage(PretrainStage):
    """The last of the stages that the readings name."""

    identity = ("readings",)

    readings: SpeltParameter = SpeltParameter(
        default="momo",
        spell=lambda text: momo.spell(momo.parse(text)),
        description="momo, or with changes, such as momo+mixing=alternate or momo+stages=image.joint",
    )

    @property
    def variant(self) -> str:
        """What departs from MoMo, and the seed."""
        return f"{self.readings}-seed{self.seed}"

    def curriculum(self) -> Curriculum:
        """Its stages up to this one."""
        sizes = current_profile(self.profile).momo
        return momo.curriculum(sizes, seed=self.seed, readings=momo.parse(self.readings))

    def before(self) -> PretrainStage | None:
        """The stage before it; None: it is the first."""
        before = momo.parse(self.readings).before()
        spelt = None if before is None else momo.spell(before)
        return None if spelt is None else MomoStage(readings=spelt, seed=self.seed, profile=self.profile)

    @property
    def can_match(self) -> bool:
        """Whether its last stage reads pairs."""
        return "pair" in momo.STREAMS[momo.parse(self.readings).stages.split(".")[-1]]
