"""Where a fine-tuning starts from, by name: a stage of the main job, a chain of stages, another system, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import luigi

from data.errors import UserError
from model import msp_chains
from model.curricula import grit, momo
from tasks.grit_stages import GritStage
from tasks.momo_stages import MomoStage
from tasks.msp_stages import STAGES, Pretrain
from tasks.spelling import nearest
from tasks.stages import PretrainStage

LAST_STAGE = list(STAGES)[-1]
VANILLA = "vanilla"
"""No stage at all: fine-tuned from initial weights."""
NAMES = (*STAGES, VANILLA)


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """Starts that a text describes. `spell` gives its one spelling and raises UserError for what is none of it."""

    spell: Callable[[str], str]
    stage: Callable[[str, str], PretrainStage]  # of a text and a profile


_KINDS = (
    _Kind(
        spell=lambda text: str(msp_chains.parse(text)),
        stage=lambda text, profile: Pretrain(chain=text, profile=profile),
    ),
    _Kind(
        spell=lambda text: grit.spell(grit.parse(text)),
        stage=lambda text, profile: GritStage(readings=text, profile=profile),
    ),
    _Kind(
        spell=lambda text: momo.spell(momo.parse(text)),
        stage=lambda text, profile: MomoStage(readings=text, profile=profile),
    ),
)


class StartParameter(luigi.Parameter[str]):
    """What a network was pre-trained on before a benchmark."""

    def __init__(self, *, description: str, **others: Any) -> None:
        kinds = f"{', '.join(NAMES)}, a chain such as T.P-TITP.S, or grit, albef, momo and their changes"
        super().__init__(description=f"{description} ({kinds})", **others)

    def parse(self, x: str) -> str:
        """The one spelling; ValueError for what names no start."""
        if x in NAMES:
            return x
        faults = []
        for kind in _KINDS:
            try:
                return kind.spell(x)
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
    for kind in _KINDS:
        with suppress(UserError):
            return kind.stage(kind.spell(name), profile)
    raise ValueError(f"{name!r} names no start")  # StartParameter has seen it
