"""MNLI: whether a sentence follows from another, contradicts it, or neither (https://arxiv.org/abs/1704.05426).

As GLUE has it. The generated world writes a small one of its own in the same form.
"""

from __future__ import annotations

from collections.abc import Sequence

from data.answers import exact_target
from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.accuracy import accuracy
from model.specs import Form


def _measure(answered: Sequence[Answered]) -> Scores:
    return {"pairs": {"accuracy": accuracy(answered)}}


BENCHMARK = Benchmark(
    title="MNLI",
    about="Say whether the second sentence follows from the first, contradicts it, or neither. No image is shown.",
    address="https://gluebenchmark.com/tasks",
    sources=(("mnli",),),
    content="sentences",
    form=Form(name="answer", options={"loss": "cross_entropy"}),
    measure=_measure,
    main=("pairs", "accuracy"),
    protocol="share of the pairs of GLUE's dev files judged right (the labels of its test files are not public)",
    answers=AnswerRule(targets=exact_target),
    num_epochs=3,  # BERT's on GLUE
    num_images=0,
    max_length=64,
    has_text_only=False,
    # Table 1 of BERT (https://arxiv.org/abs/1810.04805).
    published={
        "BERT base (GLUE test, matched)": {"pairs": {"accuracy": 84.6}},
        "BERT base (GLUE test, mismatched)": {"pairs": {"accuracy": 83.4}},
    },
)
