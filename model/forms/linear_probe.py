"""Linear probe: logistic regression on the pooled states of a frozen encoder, on all training rows at once.

Legend: N rows of a split, D width of the network, A possible answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from model import logistic
from model.facts import Facts
from model.forms import Form
from model.frozen import Frozen, Judged, Pooled
from model.logistic import Logistic, Scale
from model.plugins import read_options
from model.specs import Network, Options


@dataclass(frozen=True, kw_only=True)
class ProbeSettings:
    """`l2`: how much weights cost; of several the one by which most validation rows are answered right is used."""

    l2: tuple[float, ...] = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


def build(
    options: Options,
    *,
    network: Network,
    facts: Facts,
    num_images: int,
    num_answers: int,
    trained: Mapping[str, Options],
) -> Form:
    """A form without weights of its own."""
    return LinearProbe(read_options(ProbeSettings, options, where="form linear_probe"))


class LinearProbe(Frozen):
    """Answers by logistic regression."""

    def __init__(self, settings: ProbeSettings) -> None:
        super().__init__()
        self._l2 = settings.l2

    def answer(self, train: Pooled, validation: Pooled, test_ND: Tensor, *, num_answers: int) -> Judged:
        """Of costs that do equally well on validation rows the first counts: the list begins with the simplest."""
        scale = Scale.of(train.states_ND)
        train_ND, validation_ND = scale(train.states_ND), scale(validation.states_ND)
        found: dict[float, float] = {}
        best: Logistic | None = None
        fitted: Logistic | None = None
        for l2 in self._l2:
            fitted = logistic.fit(train_ND, train.right_N, num_answers=num_answers, l2=l2, start=fitted)
            accuracy = validation.accuracy(fitted.probabilities(validation_ND))
            if best is None or accuracy > max(found.values()):
                best, chosen = fitted, l2
            found[l2] = accuracy
        assert best is not None, "no cost to choose from"
        return Judged(
            probabilities_NA=best.probabilities(scale(test_ND)),
            chosen={"l2": chosen, "validation": {str(l2): 100.0 * share for l2, share in found.items()}},
        )
