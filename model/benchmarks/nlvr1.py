"""NLVR (the first): whether a sentence is true of a drawn image (https://aclanthology.org/P17-2034)."""

from __future__ import annotations

from collections.abc import Sequence

from data.answers import exact_target
from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.accuracy import accuracy
from model.specs import Form


def _measure(answered: Sequence[Answered]) -> Scores:
    return {"statements": {"accuracy": accuracy(answered)}}


BENCHMARK = Benchmark(
    title="NLVR",
    about="Say whether a sentence is true of an image of coloured shapes in three boxes; each is shown with its boxes "
    "in all six orders.",
    address="https://github.com/lil-lab/nlvr/tree/master/nlvr",
    sources=(("nlvr1",),),
    content="questions",
    form=Form(name="answer", options={"loss": "cross_entropy"}),
    measure=_measure,
    main=("statements", "accuracy"),
    protocol="share of statements judged right, on images held out here and not on the published test set",
    answers=AnswerRule(targets=exact_target),
    num_epochs=8,  # NLVR2's: no paper of this family reports NLVR, so that there is neither a recipe nor a number
)
