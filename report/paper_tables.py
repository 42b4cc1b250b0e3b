"""The MSP paper's Tables 1 to 3 with this run in them: what was trained on what, and what it scores.

Published numbers are in `published.py`. Parameters are counted in the weights that the last stage left, by the names of
the tensors, as docs/formats.md has them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from safetensors import SafetensorError, safe_open

from data import tables
from report import artifacts, published

if TYPE_CHECKING:
    from report.contents import Benchmark, Corpus, ReportInputs

WEIGHTS = "weights.safetensors"
_ROWS = "corpus"
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
class Parameters:
    """The parameters of the trained network, exactly; `as_in_paper`: cross-modality layers and visual encoder alone."""

    stage: str
    total: int
    as_in_paper: int
    parts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class StageData:
    """What a stage was trained on: training rows, their images and word pieces; `paper_pairs` in millions."""

    corpora: list[str]
    num_pairs: int
    num_images: int
    num_pieces: int
    paper_pairs: float | None


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
    """Table 1 as `models`, `parameters` and `num_pairs` (of all stages, each corpus once), Tables 2 and 3 as `scores`.

    `is_comparable`: this run had the paper's own data and sizes.
    """

    is_comparable: bool
    models: dict[str, dict[str, float | str | None]]
    parameters: Parameters | None
    num_pairs: int
    stages: dict[str, StageData]
    scores: list[ScoreTable]


def paper_tables(
    inputs: ReportInputs, corpora: Mapping[str, Corpus], benchmarks: Mapping[str, Benchmark]
) -> PaperTables | None:
    """The tables of a run, from what the report says of its corpora and benchmarks; None where nothing was trained."""
    if not inputs.stages:
        return None
    known = {
        stage: [name for name in names if name in corpora]
        for stage, names in inputs.stage_corpora.items()
        if stage in inputs.stages
    }
    return PaperTables(
        is_comparable=inputs.is_comparable,
        models={model: dict(row) for model, row in published.MODELS.items()},
        parameters=_parameters_of_last(inputs.stages),
        num_pairs=sum(
            _in_training(corpora[name].rows) for name in {name for names in known.values() for name in names}
        ),
        stages={stage: _data(stage, names, inputs.corpora, corpora) for stage, names in known.items() if names},
        scores=[table for table in (_answers(benchmarks), _retrieval(benchmarks)) if table.ours],
    )


def count_parameters(path: Path, stage: str) -> Parameters:
    """Count a weights file by its header: the parts are the encoder's children and the heads, largest first."""
    parts: Counter[str] = Counter()
    try:
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118  # it is no mapping
                parts[".".join(name.split(".")[:2])] += int(np.prod(file.get_slice(name).get_shape(), dtype=np.int64))
    except (OSError, SafetensorError) as error:
        artifacts.refuse("weights as safetensors", error, str(path))
    return Parameters(
        stage=stage,
        total=parts.total(),
        as_in_paper=sum(parts[part] for part in _COUNTED_BY_PAPER),
        parts=dict(parts.most_common()),
    )


def _parameters_of_last(stages: Mapping[str, Path]) -> Parameters | None:
    """Of the last stage whose weights are there."""
    there = [stage for stage, folder in stages.items() if (folder / WEIGHTS).is_file()]
    return count_parameters(stages[there[-1]] / WEIGHTS, there[-1]) if there else None


def _data(stage: str, names: list[str], folders: Mapping[str, Path], corpora: Mapping[str, Corpus]) -> StageData:
    return StageData(
        corpora=names,
        num_pairs=sum(_in_training(corpora[name].rows) for name in names),
        num_images=sum(_in_training(corpora[name].images) for name in names),
        num_pieces=sum(_num_pieces(folders[name] / _ROWS) for name in names),
        paper_pairs=published.PAIRS_OF_STAGE.get(stage),
    )


def _in_training(counts: Mapping[str, float]) -> int:
    return int(counts.get("train", 0))


def _num_pieces(folder: Path) -> int:
    """The word pieces of all training rows, [CLS] and [SEP] included; 0 where the table is not there."""
    num_pieces = 0
    for part in tables.parts(folder) if folder.is_dir() else ():
        found = artifacts.columns(part, pa.schema([("split", pa.string()), ("token_ids", pa.list_(pa.int32()))]))
        lengths = pc.list_value_length(found.filter(pc.equal(found["split"], "train"))["token_ids"])
        num_pieces += pc.sum(lengths).as_py() or 0
    return num_pieces


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
