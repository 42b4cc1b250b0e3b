"""ITM_HS, image-text matching with hard samples: is the shown image the text's own? (MSP, section 3.3).

Legend: B rows, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from model.batch import Batch, Output
from model.exercise import Asked, Shown, of_rows
from model.facts import Facts
from model.judging import AccuracyJudge, Judge, Parts
from model.objectives import Objective
from model.plugins import choose, read_options
from model.specs import Network, Options


@dataclass(frozen=True, kw_only=True)
class MatchSettings:
    """`two_way` has a logit for "no" and one for "yes" (LXMERT, BERT); `logistic` has one."""

    form: str = "two_way"


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """A linear layer on the pooled state."""
    settings = read_options(MatchSettings, options, where="itm_hs")
    return ItmHs(network.hidden_size, choose(_FORMS, settings.form, where="itm_hs, form"))


@dataclass(frozen=True, kw_only=True)
class Form:
    """How many logits there are, and the one number they amount to: the log-odds of "yes", (B,)."""

    num_logits: int
    log_odds: Callable[[Tensor], Tensor]


class ItmHs(Objective):
    """The cross-entropy of the two answers, which is the logistic loss of their log-odds."""

    is_matching = True

    def __init__(self, width: int, form: Form) -> None:
        super().__init__()
        self.linear = nn.Linear(width, form.num_logits)
        self._form = form

    def match_scores(self, pooled_BD: Tensor) -> Tensor:
        """The log-odds that image and text belong together, (B,)."""
        return self._form.log_odds(self.linear(pooled_BD))

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """Whether image and text of each row belong together."""
        return (of_rows(batch.matched_B),)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: the loss of each row."""
        scores_B, is_match_B = self.match_scores(output.pooled_BD).float(), asked[0].targets_N.float()
        return (functional.binary_cross_entropy_with_logits(scores_B, is_match_B, reduction="none"),)

    def judge(self) -> Judge:
        """By accuracy, against the majority: its loss may rise by overfitting while retrieval still improves."""
        return AccuracyJudge(lambda output: self.match_scores(output.pooled_BD))


_FORMS: Mapping[str, Form] = {
    "two_way": Form(num_logits=2, log_odds=lambda logits_B2: logits_B2[:, 1] - logits_B2[:, 0]),
    "logistic": Form(num_logits=1, log_odds=lambda logits_B1: logits_B1[:, 0]),
}
