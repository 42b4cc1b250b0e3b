"""What a trained model is judged on, one file each; the folder is the list.

A file defines `BENCHMARK = Benchmark(...)` and imports no torch: Luigi's process reads it too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from model.specs import Form, Network

Reads = Literal["pair", "text", "image"]
"""What a row shows: a text with images, a text alone, or an image alone."""
Scores = Mapping[str, Mapping[str, float]]
"""Per cent by group (what was asked: `questions`, `image retrieval`) and metric; `rsum` is a sum of such."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One row with the answer that was given. `targets` are the scores of right answers, `published` as published."""

    row_id: str
    kind: str
    set_id: str
    published: tuple[str, ...]
    targets: Mapping[str, float]
    answer: str


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """Every text scored with every image, both in the publisher's order. Legend: T texts, I images."""

    scores_TI: NDArray[np.float32]
    image_of_text_T: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class AnswerRule:
    """How published answers become targets: `targets` gives the score in [0, 1] of each right answer of one row.

    Possible answers are those of the list under the source `list_source` where the user gives it, else those that are
    the best (or equally good) in at least `min_count` training rows. Others are left out of the targets. `fixed`: the
    possible answers where neither is asked.
    """

    targets: Callable[[Sequence[str]], Mapping[str, float]]
    min_count: int = 1
    list_source: str | None = None
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One benchmark: its rows, what is asked and learnt, how it is measured, and what others have published.

    `sources` are alternatives: of the first that are all set, the records of `content` become rows (docs/formats.md,
    BenchmarkCorpus): questions and captions are about images, sentences stand alone, and so do images of classes.
    `measure` takes a sequence of Answered, or one Ranked, as the form gives them; `chance` is what a random order
    scores, for a form that ranks (one that answers is set beside the majority's answer). `main` is the group and metric
    that headlines and results by kind show, and by which a form that answers chooses the best epoch.
    `num_epochs` is the paper's; None: not fine-tuned, judged with the heads that pre-training left. `submission` writes
    the file that the benchmark's server takes. `shows_stages`: also fine-tuned from each earlier stage. `max_texts`: at
    most so many texts of a test image are ranked, the publisher's first; None: all. `runs_on_world`: a run on the
    generated world has it without `[Report] benchmarks` naming it. `is_frozen`: judged after any stage, by what the
    encoder makes of rows as that stage left it, with no head of pre-training.
    """

    title: str
    about: str
    address: str
    sources: tuple[tuple[str, ...], ...]
    content: Literal["questions", "captions", "sentences", "classes"]
    form: Form
    measure: Callable[[Any], Scores]
    main: tuple[str, str]
    protocol: str
    answers: AnswerRule | None = None
    chance: Callable[[Ranked], Scores] | None = None
    num_epochs: int | None = None
    num_images: int = 1
    max_length: int = 20
    has_text_only: bool = True
    shows_stages: bool = False
    max_texts: int | None = None
    runs_on_world: bool = True
    is_frozen: bool = False
    submission: Callable[[Sequence[Answered], Path], None] | None = None
    published: Mapping[str, Scores] = field(default_factory=dict)

    @property
    def reads(self) -> Reads:
        """What its rows show; any network reads a pair, only some a text or an image alone."""
        return _READS.get(self.content, "pair")


_READS: Mapping[str, Reads] = {"sentences": "text", "classes": "image"}
_ALONE: Mapping[Reads, str] = {"text": "a text", "image": "an image"}


def check_reads(benchmark: Benchmark, network: Network, *, reads_alone: bool) -> None:
    """Raise UserError where the benchmark shows a text or an image alone, and the network does not read it so."""
    if benchmark.reads != "pair" and not reads_alone:
        raise UserError(
            expected=f"a network that reads {_ALONE[benchmark.reads]} alone",
            found=f"{network.name}, which reads texts together with images",
            where=f"the benchmark {benchmark.title}",
            way_out="judge a network on it whose encoder says reads_alone, or leave the benchmark out",
        )
