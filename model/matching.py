"""The head that says whether an image and a text belong together: what all matching objectives have in common.

Legend: B rows, D width, P pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from model.objectives import Objective
from model.plugins import choose


@dataclass(frozen=True, kw_only=True)
class Form:
    """How many logits there are, and the one number they amount to: the log-odds of "yes", (P,)."""

    num_logits: int
    log_odds: Callable[[Tensor], Tensor]


FORMS: Mapping[str, Form] = {
    "two_way": Form(num_logits=2, log_odds=lambda logits_P2: logits_P2[:, 1] - logits_P2[:, 0]),
    "logistic": Form(num_logits=1, log_odds=lambda logits_P1: logits_P1[:, 0]),
}
"""`two_way` has a logit for "no" and one for "yes" (LXMERT, BERT); `logistic` has one."""


class Matching(Objective):
    """A linear layer on the pooled state of a pair; two logits' cross-entropy is their difference's logistic loss."""

    is_matching: ClassVar[bool] = True

    def __init__(self, width: int, form: str, *, where: str) -> None:
        super().__init__()
        self._form = choose(FORMS, form, where=f"{where}, form")
        self.linear = nn.Linear(width, self._form.num_logits)

    def match_scores(self, pooled_PD: Tensor) -> Tensor:
        """The log-odds that image and text belong together, (P,)."""
        return self._form.log_odds(self.linear(pooled_PD))

    def match_losses(self, pooled_PD: Tensor, is_match_P: Tensor) -> Tensor:
        """The loss of each pair, (P,)."""
        scores_P = self.match_scores(pooled_PD).float()
        return functional.binary_cross_entropy_with_logits(scores_P, is_match_P.float(), reduction="none")
