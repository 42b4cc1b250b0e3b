"""MSP's stages, those of the main job and any chain of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

from model.curricula import msp
from model.msp_chains import Chain, parse
from model.specs import Curriculum
from tasks.msp import current_sizes, initial_weights
from tasks.parameters import SpeltParameter
from tasks.stages import PretrainStage


class MspStage(PretrainStage):
    """The last stage of a chain."""

    @abstractmethod
    def stages_so_far(self) -> Chain:
        """Its stage and those that came before it."""

    def curriculum(self) -> Curriculum:
        """The chain, at the profile's sizes and with the user's readings."""
        return msp.curriculum(current_sizes(self.profile), seed=self.seed, chain=self.stages_so_far())

    @property
    def can_match(self) -> bool:
        """Whether the last stage learns matching."""
        return self.stages_so_far().can_match

    def initial_weights(self) -> Mapping[str, Path]:
        """Those that `[Msp]` names."""
        return initial_weights()


class Pretrain(MspStage):
    """The last stage of any chain of stages; those before it are trained first, once for all chains that share them."""

    identity = ("chain",)

    chain: SpeltParameter = SpeltParameter(
        spell=lambda text: str(parse(text)), description="the stages, each from the weights of the one before"
    )

    @property
    def variant(self) -> str:
        """The chain and the seed."""
        return f"{self.chain}-seed{self.seed}"

    def stages_so_far(self) -> Chain:
        """The chain."""
        return parse(self.chain)

    def before(self) -> PretrainStage | None:
        """The chain without its last stage, of the same seed."""
        before = self.stages_so_far().before
        return None if before is None else Pretrain(chain=str(before), seed=self.seed, profile=self.profile)


class TokenStage(MspStage):
    """Stage 1: category labels; MLM, MRFR, MOC, IFRS."""

    def stages_so_far(self) -> Chain:
        """The first."""
        return parse("T")

    def before(self) -> PretrainStage | None:
        """None: it starts from scratch."""
        return None


class PhraseStage(MspStage):
    """Stage 2: verb-free phrases; MLM, MRFR, MOC, TITP."""

    def stages_so_far(self) -> Chain:
        """The first two."""
        return parse("T.P")

    def before(self) -> PretrainStage:
        """The token stage."""
        return TokenStage(profile=self.profile)


class SentenceStage(MspStage):
    """Stage 3: captions; MLM, MRFR, MOC, TITS, ITM_HS."""

    def stages_so_far(self) -> Chain:
        """All three."""
        return parse("T.P.S")

    def before(self) -> PretrainStage:
        """The phrase stage."""
        return PhraseStage(profile=self.profile)


STAGES: Mapping[str, type[PretrainStage]] = {"token": TokenStage, "phrase": PhraseStage, "sentence": SentenceStage}
"""Those of the main job, by name."""
