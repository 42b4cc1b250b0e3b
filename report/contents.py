"""What a report says, as frozen data: nothing here of how it looks, nor of what it is made from (`inputs.py`).

`Contents` is what `report.json` holds, field by field, and the page is rendered from that very JSON, so that the two
cannot disagree. Only what a run cost (`DagNode`, `costs.py`) is on the page alone: it decides
nothing and is never twice the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from report.paper_tables import PaperTables
from report.trained import Trained

FORMAT = 3
"""The version of report.json's layout; raised when a field changes its meaning or goes."""

Scores = dict[str, dict[str, float]]
"""Per cent by group and metric."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """A labelled region: x1, y1, x2, y2 as shares of width and height, and the detector's confidence in [0, 1]."""

    label: str
    confidence: float
    box: list[float]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One row of a corpus: a text with a few regions of its image, or a question with how often each answer was given.

    `answers`: the commonest first.
    """

    row_id: str
    image_ids: list[str]
    text: str
    answers: dict[str, int]
    regions: list[Region]


@dataclass(frozen=True, kw_only=True)
class Example:
    """Something that was dropped, and the record or image where it stood."""

    text: str
    where: str


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """How much was dropped for one reason; `on_purpose` tells a filter from a record that could not be used."""

    num_records: int
    on_purpose: bool
    examples: list[Example]


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The counts of one corpus: rows and images by split, records read, what was dropped by reason; and a few rows."""

    rows: dict[str, float]
    images: dict[str, float]
    num_read: int
    num_dropped: int
    dropped: dict[str, Dropped]
    notes: dict[str, float]
    samples: list[Sample]


@dataclass(frozen=True, kw_only=True)
class Tagger:
    """A tagger on held-out sentences, in [0, 1]; `rules`: precision and recall of `holds a verb`, by verb rule."""

    accuracy: float
    num_sentences: int
    rules: dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Images that a benchmark holds out, and how many of them how many rows of a corpus show that are trained on.

    `split_by`: its `publisher`, whose word for the `part` may be known, or `here`. `known_by`: images by how each is
    known to be one of them. `examples`: the ids of a few rows.
    """

    benchmark: str
    split_by: str
    split: str
    part: str
    corpus: str
    num_held_out_images: int
    num_images: int
    num_rows: int
    num_trained_rows: int
    known_by: dict[str, int]
    examples: list[str]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One loss over a stage, in at most 120 equal spans of its steps: their middles, moving mean, least and largest."""

    num_steps: int
    step: list[int]
    mean: list[float]
    low: list[float]
    high: list[float]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """One objective on validation rows, beside predictors that see no input.

    `margin` is how far the model is ahead of `best_blind`: where lower is better the share by which it is below
    (0.1: ten per cent), else the difference. None where there is no blind predictor, or its loss is 0.
    """

    metric: str
    lower_is_better: bool
    model: float
    blind: dict[str, float]
    best_blind: str | None
    margin: float | None
    num_rows: int


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A trained stage: its loss curves by objective (`total` is their weighted sum) and its held-out numbers."""

    curves: dict[str, Curve]
    held_out: dict[str, HeldOut]


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One epoch of a fine-tuning: the last step in it, and the score on validation rows after it."""

    epoch: int
    step: int
    validation: float


@dataclass(frozen=True, kw_only=True)
class TuningSettings:
    """What a reader asks first of a fine-tuning: its form with options, rows an update, and optimiser."""

    form: str
    options: dict[str, Any]
    batch_size: int
    optimizer: str
    learning_rate: float


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """A fine-tuning: its loss, `metric` (group, name) on validation rows after each epoch, and the epoch kept."""

    settings: TuningSettings | None
    curves: dict[str, Curve]
    metric: list[str]
    epochs: list[Epoch]
    best: int | None


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a model answered for one row: its best answers with their probabilities, and what the first one earns.

    `verdicts`: for each answer whether it is right, right in part, or wrong.
    """

    row_id: str
    image_ids: list[str]
    text: str
    kind: str
    truth: list[str]
    answers: list[str]
    probabilities: list[float]
    credit: float
    verdicts: list[str]


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """A few right and wrong predictions. Right: worth at least half a point; wrong: worth nothing; others lie between.

    `is_graded`: some are worth a part of a point. `are_independent`: each answer is judged on its own, which shows in
    probabilities of one row that add up to more than 1.
    """

    num_rows: int
    num_right: int
    num_wrong: int
    num_between: int
    is_graded: bool
    are_independent: bool
    right: list[Prediction]
    wrong: list[Prediction]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """How predictions change from stage to stage: rows whose first answer changes and is right after some stage.

    `num_changed` of `num_rows` rows are such; `rows` are a few, each as {stage: its prediction}.
    """

    num_rows: int
    num_changed: int
    rows: list[dict[str, Prediction]]


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One benchmark: scores in per cent of the model, of what sees less, of what others published, and by kind of row.

    `main` is the group and metric of headlines and of `by_kind`. `after`: the model fine-tuned after each stage in
    their order, the last one included; empty where only the last was. `is_comparable`: the published scores come from
    the same data, protocol and sizes, both in training and here.
    """

    title: str
    about: str
    address: str
    protocol: str
    split: str
    data: list[str]
    is_zero_shot: bool
    is_comparable: bool
    sizes: dict[str, float]
    main: list[str]
    scores: Scores
    text_only: Scores | None
    baselines: dict[str, Scores]
    after: dict[str, Scores]
    published: dict[str, Scores]
    by_kind: dict[str, dict[str, float]]
    predictions: Predictions | None
    changes: Changes | None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A whole report. `dag` is what each artifact needs; `missing` names what a run was to leave and did not.

    `peers`: those of ReportInputs of which a score is there. `trained`: None where no stage was; `paper`: None then,
    and where the run is not MSP's.
    `is_trial_run`: real files, with sizes that measure nothing; `is_unlearnt`: steps too few to learn, on any files.
    """

    title: str
    is_world: bool
    profile: str
    is_trial_run: bool
    is_unlearnt: bool
    curriculum: dict[str, Any]
    dag: dict[str, list[str]]
    corpora: dict[str, Corpus]
    tagger: Tagger | None
    leaks: list[Leak]
    stages: dict[str, Stage]
    fine_tunings: dict[str, FineTuned]
    benchmarks: dict[str, Benchmark]
    peers: list[str]
    trained: Trained | None
    paper: PaperTables | None
    left_out: list[str]
    missing: list[str]
