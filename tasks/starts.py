"""Where a fine-tuning starts from, by name: a stage of the main job, a chain of stages, another system, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import luigi

from data.errors import UserError
from model import msp_chains
from model.curricula import grit
from tasks.grit_stages import GritStage
from tasks.msp_stages import STAGES, Pretrain
from tasks.spelling import nearest
from tasks.stages import PretrainStage

LAST_STAGE = list(STAGES)[-1]
VANILLA = "vanilla"
"""No stage at all: fine-tuned from initial weights."""
NAMES = (*STAGES, VANILLA)
_SPELLERS: Sequence[Callable[[str], str]] = (
    lambda text: str(msp_chains.parse(text)),
    lambda text: grit.spell(grit.parse(text)),
)
"""Of each kind of start that is no name: its text in the one spelling. Raises UserError for what is none of it."""


class StartParameter(luigi.Parameter[str]):
    """What a network was pre-trained on before a benchmark."""

    def __init__(self, *, description: str, **others: Any) -> None:
        kinds = f"{', '.join(NAMES)}, a chain such as T.P-TITP.S, or grit, albef and their changes"
        super().__init__(description=f"{description} ({kinds})", **others)

    def parse(self, x: str) -> str:
        """The one spelling; ValueError for what names no start."""
        if x in NAMES:
            return x
        faults = []
        for spell in _SPELLERS:
            try:
                return spell(x)
            except UserError as error:
                faults.append(f"{error.found}: expected {error.expected}")
        raise ValueError(f"it is none{nearest(x, NAMES)}; {'; or '.join(faults)}")


def start(name: str, *, seed: int | None, profile: str) -> PretrainStage | None:
    """The stage whose weights that name means, None for none. `seed`: not of the main job's, which have their own."""
    if name == VANILLA:
        return None
    if name in STAGES:
        return STAGES[name](profile=profile)
    stage = _unnamed(name, profile)
    return stage if seed is None else stage.clone(seed=seed)


def _unnamed(name: str, profile: str) -> PretrainStage:
    try:
        return Pretrain(chain=str(msp_chains.parse(name)), profile=profile)
    except UserError:
        return GritStage(readings=grit.spell(grit.parse(name)), profile=profile)
