"""What the table of an ablation is made from: the ablation as data, and the scores that were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way to pre-train. `chain` names it; `published` are a paper's scores by the name of the column.

    `unsure` are the columns whose published score may belong to another row.
    """

    chain: str
    group: str
    about: str
    published: Mapping[str, float] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Column:
    """A score: the mean of some metrics of one group of a benchmark."""

    name: str
    benchmark: str
    group: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Question:
    """Whether one row is better than another."""

    text: str
    row: str
    other: str


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One way to pre-train at several lengths: the share of the longest by row, ascending."""

    name: str
    rows: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """The table of a paper. `curves` are drawn beside the score of the row `target`."""

    title: str
    paper: str
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    questions: tuple[Question, ...]
    curves: tuple[Curve, ...] = ()
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class AblationInputs:
    """The scores.json of every (row, benchmark) by seed, and how each row was trained.

    `trainings`: how many stages were trained, and how many there would be without sharing.
    """

    ablation: Ablation
    stages: Mapping[str, Sequence[str]]
    scores: Mapping[tuple[str, str], Mapping[int, Path]]
    trainings: tuple[int, int]
    profile: str
    is_world: bool
    cautions: Sequence[str] = ()
