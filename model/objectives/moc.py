"""MOC, masked object classification: the object and attribute labels of masked regions (MSP, after Qi et al. 2020).

Legend: B rows, R regions, N regions asked, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from model.batch import Batch, Output
from model.facts import Facts
from model.heads import Transform
from model.judging import Blind, Frequencies, Judge, LossJudge, Parts
from model.objectives import Objective
from model.plugins import choose, read_options
from model.specs import Network, Options

_LXMERT_WEIGHT = 1 / 0.15  # LXMERT's factor of every visual loss


@dataclass(frozen=True, kw_only=True)
class MocSettings:
    """`masked`: masked regions, all alike (the paper). `all_by_confidence`: every region, its loss times the detector's
    confidence and LXMERT's 1/0.15, masked or not (what LXMERT's code does).
    """

    scope: str = "masked"


@dataclass(frozen=True, kw_only=True)
class Labels:
    """One kind of label of the regions asked for: where, which, and what each loss is weighted by."""

    asked_BR: Tensor
    targets_N: Tensor
    weights_N: Tensor


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """One transform and two linear layers."""
    settings = read_options(MocSettings, options, where="moc")
    return Moc(
        network.hidden_size,
        facts.num_objects,
        facts.num_attributes,
        choose(_SCOPES, settings.scope, where="moc, scope"),
    )


class Moc(Objective):
    """Cross-entropy of objects plus that of attributes; a label that is not known is not asked."""

    def __init__(self, width: int, num_objects: int, num_attributes: int, scope: Scope) -> None:
        super().__init__()
        self.transform = Transform(width)
        self.objects = nn.Linear(width, num_objects)
        self.attributes = nn.Linear(width, num_attributes)
        self._sizes = (num_objects, num_attributes)
        self._scope = scope

    def losses(self, batch: Batch, output: Output) -> Parts:
        """Two parts: objects and attributes."""
        states_BRD = self.transform(output.regions_BRD)
        heads = (self.objects, self.attributes)
        return tuple(
            labels.weights_N
            * functional.cross_entropy(head(states_BRD[labels.asked_BR]), labels.targets_N, reduction="none")
            for head, labels in zip(heads, self._scope(batch), strict=True)
        )

    def judge(self) -> Judge:
        """By the loss, against how often each label was asked for in training."""
        return LossJudge(self.losses, {"label frequencies": _LabelFrequencies(self._sizes, self._scope)})


class _LabelFrequencies(Blind):
    def __init__(self, sizes: tuple[int, int], scope: Scope) -> None:
        self._frequencies = [Frequencies(size) for size in sizes]
        self._scope = scope

    def learn(self, batch: Batch) -> None:
        for frequencies, labels in zip(self._frequencies, self._scope(batch), strict=True):
            frequencies.add(labels.targets_N)

    def losses(self, batch: Batch) -> Parts:
        return tuple(
            labels.weights_N * frequencies.losses(labels.targets_N)
            for frequencies, labels in zip(self._frequencies, self._scope(batch), strict=True)
        )


def _masked(batch: Batch) -> tuple[Labels, Labels]:
    def of(ids_BR: Tensor, conf_BR: Tensor) -> Labels:
        asked_BR = batch.masked_regions_BR & (ids_BR >= 0)
        return Labels(asked_BR=asked_BR, targets_N=ids_BR[asked_BR], weights_N=conf_BR.new_ones(int(asked_BR.sum())))

    return of(batch.object_ids_BR, batch.object_conf_BR), of(batch.attribute_ids_BR, batch.attribute_conf_BR)


def _all_by_confidence(batch: Batch) -> tuple[Labels, Labels]:
    def of(ids_BR: Tensor, conf_BR: Tensor) -> Labels:
        asked_BR = ids_BR >= 0
        return Labels(asked_BR=asked_BR, targets_N=ids_BR[asked_BR], weights_N=conf_BR[asked_BR] * _LXMERT_WEIGHT)

    return of(batch.object_ids_BR, batch.object_conf_BR), of(batch.attribute_ids_BR, batch.attribute_conf_BR)


Scope = Callable[[Batch], tuple[Labels, Labels]]
_SCOPES: Mapping[str, Scope] = {"masked": _masked, "all_by_confidence": _all_by_confidence}
