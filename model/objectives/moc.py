"""MOC, masked object classification: the object and attribute labels of masked regions (MSP, after Qi et al. 2020).

Legend: B rows, R regions, N regions asked, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from model.batch import Batch, Output
from model.exercise import Asked, Shown, where
from model.facts import Facts
from model.heads import Transform, at, gated, gates
from model.judging import Blind, Frequencies, Judge, LossJudge, Parts
from model.objectives import Objective
from model.plugins import choose, read_options
from model.specs import Modality, Network, Options

_LXMERT_WEIGHT = 1 / 0.15  # LXMERT's factor of every visual loss


@dataclass(frozen=True, kw_only=True)
class MocSettings:
    """`masked`: masked regions, all alike (the paper). `all_by_confidence`: every region, its loss times the detector's
    confidence and LXMERT's 1/0.15, masked or not (what LXMERT's code does). `gated`: see `model.heads.gates`.
    """

    scope: str = "masked"
    gated: bool = False


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """One transform and two linear layers."""
    settings = read_options(MocSettings, options, where="moc")
    return Moc(
        network.hidden_size,
        facts.num_objects,
        facts.num_attributes,
        choose(_SCOPES, settings.scope, where="moc, scope"),
        is_gated=settings.gated,
    )


class Moc(Objective):
    """Cross-entropy of objects plus that of attributes; a label that is not known is not asked."""

    needs: ClassVar[tuple[Modality, ...]] = ("images",)

    def __init__(self, width: int, num_objects: int, num_attributes: int, scope: Scope, *, is_gated: bool) -> None:
        super().__init__()
        self.transform = Transform(width)
        self.objects = nn.Linear(width, num_objects)
        self.attributes = nn.Linear(width, num_attributes)
        self._sizes = (num_objects, num_attributes)
        self._scope = scope
        self._is_gated = is_gated

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """Two parts: objects and attributes."""
        return self._scope(batch)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """Two parts: objects and attributes."""
        heads = (self.objects, self.attributes)
        return tuple(self._losses(head, part, output) for head, part in zip(heads, asked, strict=True))

    def _losses(self, head: nn.Module, asked: Asked, output: Output) -> Tensor:
        gates_ND = gates(output, asked) if self._is_gated else None
        logits_NC = head(gated(self.transform(at(output.regions_BRD, asked)), gates_ND))
        return functional.cross_entropy(logits_NC.float(), asked.targets_N, reduction="none")

    def judge(self) -> Judge:
        """By the loss, against how often each label was asked for in training."""
        return LossJudge(self.losses, {"label frequencies": _LabelFrequencies(self._sizes)})


class _LabelFrequencies(Blind):
    def __init__(self, sizes: tuple[int, int]) -> None:
        self._frequencies = [Frequencies(size) for size in sizes]

    def learn(self, asked: tuple[Asked, ...]) -> None:
        for frequencies, part in zip(self._frequencies, asked, strict=True):
            frequencies.add(part.targets_N)

    def losses(self, asked: tuple[Asked, ...], shown: Shown) -> Parts:
        return tuple(
            frequencies.losses(part.targets_N) for frequencies, part in zip(self._frequencies, asked, strict=True)
        )


def _masked(batch: Batch) -> tuple[Asked, Asked]:
    objects_BR, attributes_BR = batch.object_ids_BR, batch.attribute_ids_BR
    return (
        where(batch.masked_regions_BR & (objects_BR >= 0), objects_BR),
        where(batch.masked_regions_BR & (attributes_BR >= 0), attributes_BR),
    )


def _all_by_confidence(batch: Batch) -> tuple[Asked, Asked]:
    objects_BR, attributes_BR = batch.object_ids_BR, batch.attribute_ids_BR
    return (
        where(objects_BR >= 0, objects_BR, weights_BP=batch.object_conf_BR * _LXMERT_WEIGHT),
        where(attributes_BR >= 0, attributes_BR, weights_BP=batch.attribute_conf_BR * _LXMERT_WEIGHT),
    )


Scope = Callable[[Batch], tuple[Asked, Asked]]
_SCOPES: Mapping[str, Scope] = {"masked": _masked, "all_by_confidence": _all_by_confidence}
