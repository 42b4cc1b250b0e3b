"""Where MSP's paper, LXMERT's code and MSP's released code disagree: each place a setting, the paper's reading first.

What each means stands in docs/msp.md. Torch-free, as all specs are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data.errors import UserError
from model.specs import Corruption, Options


def _reading(default: Any, *others: Any, about: str) -> Any:
    """A field with its choices, the default first; no others: any value of the default's kind."""
    return field(default=default, metadata={"choices": (default, *others) if others else (), "about": about})


@dataclass(frozen=True, kw_only=True)
class MspReadings:
    """All that is read in one way or another; a profile may choose, and `[Msp]` in luigi.cfg."""

    visual_cls: str = _reading("no", "yes", about="a learnt [CLS] before the regions")
    pooled: str = _reading("text", "product", about="whose [CLS] the pooled state is made of")
    positions: str = _reading("piece", "word", about="what has a position of its own")
    gated_heads: str = _reading("no", "yes", about="visual heads multiplied by the pooled state")
    text_layers: int = _reading(0, about="layers of text alone (LXMERT: 9)")
    region_layers: int = _reading(0, about="layers of regions alone (LXMERT: 5)")
    random_words: str = _reading("words", "vocabulary", about="where MLM's random pieces come from")
    moc_scope: str = _reading("masked", "all_by_confidence", about="which regions MOC asks for")
    feature_loss: str = _reading("squared_l2", "smooth_l1", about="the distance between features in MRFR and IFRS")
    ifrs_head: str = _reading("regenerate", "put_back", about="how IFRS arrives at features")
    ifrs_starts: str = _reading("sliding", "disjoint", about="where a shuffled triplet may start")
    ifrs_identity: str = _reading("no", "yes", about="whether a triplet may be left in its order")
    ifrs_boxes: str = _reading("stay", "move", about="what boxes of a shuffled triplet do; move is refused")
    topic_unit: str = _reading("word", "piece", about="what texts and labels are compared by")
    topic_form: str = _reading("surface", "lemma", about="words as written, or singular and plural alike")
    topic_labels: str = _reading("words", "whole", about="labels of several words word by word, or whole")
    topic_head: str = _reading("linear", "tied", "bounded", about="what topics are read from the pooled state with")
    topic_bias: float = _reading(-3.0, about="where a tied topic head starts")
    swap: str = _reading("image", "sentence", about="what of a pair is swapped for matching")
    swapped_targets: str = _reading("shown", "none", about="what else a mismatched pair is asked")

    def __post_init__(self) -> None:
        if self.ifrs_boxes != "stay":
            raise UserError(
                expected="boxes of a shuffled triplet that stay: a network knows the place of a region by its box "
                "alone, so that features which take their boxes along look as before, and nothing can be learnt",
                found=f"ifrs_boxes = {self.ifrs_boxes}",
                where="[Msp]",
                way_out="leave it out",
            )

    def network_options(self) -> Options:
        """Those of the network."""
        return {
            "visual_cls": self.visual_cls == "yes",
            "pooled": self.pooled,
            "positions": self.positions,
            "text_layers": self.text_layers,
            "region_layers": self.region_layers,
        }

    def mrfr_options(self) -> Options:
        """Those of MRFR."""
        return {"loss": self.feature_loss, **self._gate()}

    def moc_options(self) -> Options:
        """Those of MOC."""
        return {"scope": self.moc_scope, **self._gate()}

    def ifrs_options(self) -> Options:
        """Those of IFRS."""
        return {"loss": self.feature_loss, "head": self.ifrs_head, **self._gate()}

    def topic_options(self) -> Options:
        """Those of TITP and TITS."""
        rule = {"unit": self.topic_unit, "form": self.topic_form, "labels": self.topic_labels}
        return {"head": self.topic_head, "bias": self.topic_bias, **rule}

    def mask_words(self) -> Corruption:
        """What MLM learns from."""
        return Corruption(name="mask_words", options={"random_from": self.random_words})

    def shuffle_triplets(self) -> Corruption:
        """What IFRS learns from."""
        options = {"starts": self.ifrs_starts, "identity": self.ifrs_identity == "yes", "boxes": self.ifrs_boxes}
        return Corruption(name="shuffle_triplets", options=options)

    def mismatch(self, *, is_hard: bool) -> Corruption:
        """What matching learns from. Only images have hard negatives."""
        targets = {"swapped_targets": self.swapped_targets}
        if self.swap == "sentence":
            return Corruption(name="swap_sentence", options=targets)
        if is_hard:
            return Corruption(name="swap_image", options=targets, has_negatives=True)
        return Corruption(name="swap_image", options={**targets, "num_negatives": 0})

    def _gate(self) -> Options:
        return {"gated": self.gated_heads == "yes"}


MODELS: Mapping[str, Options] = {
    "paper": {"visual_cls": "no", "pooled": "text", "positions": "piece", "gated_heads": "no", "topic_head": "linear"},
    "released": {
        **{"visual_cls": "yes", "pooled": "product", "positions": "word", "gated_heads": "yes"},
        "topic_head": "bounded",
    },
}
"""The two models of MSP, as what they read otherwise than each other."""
