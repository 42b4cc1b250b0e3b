"""SST-2: whether a phrase of a film review is positive (https://nlp.stanford.edu/sentiment), as GLUE has it."""

from __future__ import annotations

from collections.abc import Sequence

from data.answers import exact_target
from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.accuracy import accuracy
from model.specs import Form


def _measure(answered: Sequence[Answered]) -> Scores:
    return {"sentences": {"accuracy": accuracy(answered)}}


BENCHMARK = Benchmark(
    title="SST-2",
    about="Say whether a phrase of a film review is positive or negative. No image is shown.",
    address="https://gluebenchmark.com/tasks",
    sources=(("sst2",),),
    content="sentences",
    form=Form(name="answer", options={"loss": "cross_entropy"}),
    measure=_measure,
    main=("sentences", "accuracy"),
    protocol="share of GLUE's dev sentences judged right (the labels of its test file are not public)",
    answers=AnswerRule(targets=exact_target),
    num_epochs=3,  # BERT's on GLUE
    num_images=0,
    max_length=64,
    has_text_only=False,
    # Table 1 of BERT (https://arxiv.org/abs/1810.04805).
    published={"BERT base (GLUE test)": {"sentences": {"accuracy": 93.5}}},
)
