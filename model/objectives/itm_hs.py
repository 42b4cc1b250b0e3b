"""ITM_HS, image-text matching with hard samples: is the shown image the text's own? (MSP, section 3.3).

Which pairs do not match is up to a corruption, `swap_image` or `swap_sentence`. Legend: B rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.batch import Batch, Output
from model.exercise import Asked, Shown, of_rows
from model.facts import Facts
from model.judging import AccuracyJudge, Judge, Parts
from model.matching import Matching
from model.objectives import Objective
from model.plugins import read_options
from model.specs import Network, Options


@dataclass(frozen=True, kw_only=True)
class MatchSettings:
    """`form`: see `model.matching`."""

    form: str = "two_way"


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """A linear layer on the pooled state."""
    settings = read_options(MatchSettings, options, where="itm_hs")
    return ItmHs(network.hidden_size, settings.form, where="itm_hs")


class ItmHs(Matching):
    """Asks of every row of the batch."""

    def ask(self, batch: Batch) -> tuple[Asked, ...]:
        """Whether image and text of each row belong together."""
        return (of_rows(batch.matched_B),)

    def losses(self, asked: tuple[Asked, ...], shown: Shown, output: Output) -> Parts:
        """One part: the loss of each row."""
        return (self.match_losses(output.pooled_BD, asked[0].targets_N),)

    def judge(self) -> Judge:
        """By accuracy, against the majority: its loss may rise by overfitting while retrieval still improves."""
        return AccuracyJudge(
            answers=lambda asked: asked[0].targets_N,
            answered=lambda asked, output: (self.match_scores(output.pooled_BD), asked[0].targets_N),
        )
