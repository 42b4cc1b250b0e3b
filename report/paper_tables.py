"""The MSP paper's Tables 1 to 3 with this run in them: what was trained on what, and what it scores.

Published numbers are in `published.py`, what this run trained in `trained.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from report import published

if TYPE_CHECKING:
    from report.contents import Benchmark
    from report.trained import Trained

_COUNTED_BY_PAPER = ("encoder.layers", "encoder.vision")
_METRICS = ("official accuracy", "soft score", "accuracy")  # the server's where it is measured
_TITLES = {
    "vqa": "VQA v2",
    "gqa": "GQA",
    "nlvr2": "NLVR2",
    "zero_shot_retrieval.image_retrieval": "image, zero-shot",
    "zero_shot_retrieval.text_retrieval_one_caption": "text, zero-shot",
    "retrieval.image_retrieval": "image, fine-tuned",
    "retrieval.text_retrieval_one_caption": "text, fine-tuned",
}

Scores = dict[str, dict[str, float]]
"""Per cent by group and metric."""


@dataclass(frozen=True, kw_only=True)
class ScoreTable:
    """One table of scores in the paper's layout: `groups` are its columns, by the title of what stands over them.

    `ours` has the paper's columns where the protocol is the paper's, else one that is named for what was measured.
    """

    number: int
    title: str
    groups: dict[str, list[str]]
    published: dict[str, Scores]
    ours: Scores


@dataclass(frozen=True, kw_only=True)
class PaperTables:
    """Table 1 as `models` with this run's parameters `as_in_paper`; Tables 2 and 3 as `scores`.

    The paper counts cross-modality layers and visual encoder alone; None where this run left no weights. `pairs` are
    the paper's of each stage, in millions. `is_comparable`: this run had the paper's own data and sizes.
    """

    is_comparable: bool
    models: dict[str, dict[str, float | str | None]]
    as_in_paper: int | None
    pairs: dict[str, float]
    scores: list[ScoreTable]


def paper_tables(found: Trained, benchmarks: Mapping[str, Benchmark], *, is_comparable: bool) -> PaperTables:
    """The tables of a run, from what it trained and what the report says of its benchmarks."""
    parts = found.parameters.parts if found.parameters else None
    return PaperTables(
        is_comparable=is_comparable,
        models={model: dict(row) for model, row in published.MODELS.items()},
        as_in_paper=None if parts is None else sum(parts.get(part, 0) for part in _COUNTED_BY_PAPER),
        pairs=dict(published.PAIRS_OF_STAGE),
        scores=[table for table in (_answers(benchmarks), _retrieval(benchmarks)) if table.ours],
    )


def _answers(benchmarks: Mapping[str, Benchmark]) -> ScoreTable:
    """Table 2. Its test sets are on servers, so that our own split stands under its own name."""
    ours: Scores = {}
    for name in published.ANSWER_COLUMNS.keys() & benchmarks.keys():
        metrics = next(iter(benchmarks[name].scores.values()), {})
        metric = next((metric for metric in _METRICS if metric in metrics), None)
        if metric is not None:
            ours[_TITLES[name]] = {f"{metric}, {benchmarks[name].split} split here": metrics[metric]}
    return _table(2, "VQA v2, GQA and NLVR2", published.ANSWER_COLUMNS, published.ANSWERS, ours)


def _retrieval(benchmarks: Mapping[str, Benchmark]) -> ScoreTable:
    """Table 3."""
    ours: Scores = {}
    for place in published.RETRIEVAL_COLUMNS:
        name, _, group = place.partition(".")
        if name in benchmarks and group in benchmarks[name].scores:
            ours[_TITLES[place]] = dict(benchmarks[name].scores[group])
    return _table(3, "retrieval on Flickr30k", published.RETRIEVAL_COLUMNS, published.RETRIEVAL, ours)


def _table(
    number: int, title: str, columns: Mapping[str, tuple[str, ...]], rows: published.Table, ours: Scores
) -> ScoreTable:
    return ScoreTable(
        number=number,
        title=title,
        groups={_TITLES[group]: list(names) for group, names in columns.items()},
        published={
            model: {_TITLES[group]: dict(scores) for group, scores in groups.items()} for model, groups in rows.items()
        },
        ours={_TITLES[group]: ours[_TITLES[group]] for group in columns if _TITLES[group] in ours},
    )
