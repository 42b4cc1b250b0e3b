"""TITP, topics of image and text in phrases: the words that are labels of the shown image (MSP, 3.2)."""

from __future__ import annotations

from model.facts import Facts
from model.objectives import Objective
from model.specs import Network, Options
from model.topic_prediction import TopicPrediction


def build(options: Options, *, network: Network, facts: Facts) -> Objective:
    """Options: those of `TopicSettings`."""
    return TopicPrediction(options, network, facts)
