"""What a report is made from and what it says, as frozen data: nothing here of how it looks.

`Contents` is what `report.json` holds, field by field, and the page is rendered from that very JSON, so that the two
cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT = 1
"""The version of report.json's layout; raised when a field changes its meaning or goes."""


@dataclass(frozen=True, kw_only=True)
class ReportInputs:
    """What a run left, as the result folders of docs/formats.md, by the names to show; shown in the order given.

    `curriculum` is `model.specs.to_plain` of the Curriculum that ran. `left_out` says in whole sentences what was not
    done and why. `is_comparable`: training had the paper's own data and sizes; only the caller knows which files were
    read, hence the cautious default.
    """

    title: str
    is_world: bool
    profile: str
    curriculum: Mapping[str, Any]
    corpora: Mapping[str, Path]
    stages: Mapping[str, Path]
    benchmarks: Mapping[str, Path]
    left_out: tuple[str, ...] = ()
    is_comparable: bool = False


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """The counts of one corpus: rows and images by split, records read, and what was dropped by reason."""

    rows: dict[str, float]
    images: dict[str, float]
    num_read: int
    num_dropped: int
    dropped: dict[str, float]
    notes: dict[str, float]


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
class Benchmark:
    """Scores in per cent by direction and metric, those of chance, and those that others published.

    `is_comparable`: the published ones come from the same data, protocol and sizes, both in training and here.
    """

    benchmark: str
    protocol: str
    split: str
    is_comparable: bool
    sizes: dict[str, float]
    scores: dict[str, dict[str, float]]
    chance: dict[str, dict[str, float]]
    published: dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A whole report. `missing` names what the curriculum announces and the run did not leave."""

    title: str
    is_world: bool
    profile: str
    is_trial_run: bool
    curriculum: dict[str, Any]
    corpora: dict[str, Corpus]
    stages: dict[str, Stage]
    benchmarks: dict[str, Benchmark]
    left_out: list[str]
    missing: list[str]
