"""STS-B: how alike two sentences mean, from 0 to 5 (https://arxiv.org/abs/1708.00055), as GLUE has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model.benchmarks import Answered, AnswerRule, Benchmark, Scores
from model.metrics.correlation import correlations
from model.specs import Form

MOST = "5"


def _share(answers: Sequence[str]) -> Mapping[str, float]:
    """The published number as a share of the most."""
    share = float(answers[0]) / float(MOST) if answers else 0.0
    return {MOST: share} if share > 0 else {}


def _measure(answered: Sequence[Answered]) -> Scores:
    return {"pairs": correlations(answered)}


BENCHMARK = Benchmark(
    title="STS-B",
    about="Say how alike two sentences mean, from 0 (not at all) to 5 (the same). No image is shown.",
    address="https://gluebenchmark.com/tasks",
    sources=(("stsb",),),
    content="sentences",
    form=Form(name="regress"),
    measure=_measure,
    main=("pairs", "Pearson"),
    protocol="correlation with people's numbers, times 100, over the pairs of GLUE's dev file (the numbers of its test "
    "file are not public)",
    answers=AnswerRule(targets=_share, fixed=(MOST,)),
    num_epochs=3,  # BERT's on GLUE
    num_images=0,
    max_length=64,
    has_text_only=False,
    # Table 1 of BERT (https://arxiv.org/abs/1810.04805).
    published={"BERT base (GLUE test)": {"pairs": {"Spearman": 85.8}}},
)
