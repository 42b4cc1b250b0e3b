"""What a run trained: the parameters of its network, and what each stage was trained on.

Parameters are counted in the weights that the last stage left, by the names of the tensors (docs/formats.md).
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
from report import artifacts

if TYPE_CHECKING:
    from report.contents import Corpus
    from report.inputs import ReportInputs

WEIGHTS = "weights.safetensors"
_ROWS = "corpus"


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of the trained network, exactly: all, and by the encoder's children and the heads."""

    stage: str
    total: int
    parts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class StageData:
    """What a stage was trained on: training rows, their images and word pieces."""

    corpora: list[str]
    num_pairs: int
    num_images: int
    num_pieces: int


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The network after the last stage whose weights are there, and the stages; `num_pairs` counts each corpus once."""

    parameters: Parameters | None
    num_pairs: int
    stages: dict[str, StageData]


def trained(inputs: ReportInputs, corpora: Mapping[str, Corpus]) -> Trained | None:
    """What was trained, from what the report says of its corpora; None where nothing was."""
    if not inputs.stages:
        return None
    known = {
        stage: [name for name in names if name in corpora]
        for stage, names in inputs.stage_corpora.items()
        if stage in inputs.stages
    }
    return Trained(
        parameters=_parameters_of_last(inputs.stages),
        num_pairs=sum(
            _in_training(corpora[name].rows) for name in {name for names in known.values() for name in names}
        ),
        stages={stage: _data(names, inputs.corpora, corpora) for stage, names in known.items() if names},
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
    return Parameters(stage=stage, total=parts.total(), parts=dict(parts.most_common()))


def _parameters_of_last(stages: Mapping[str, Path]) -> Parameters | None:
    """Of the last stage whose weights are there."""
    there = [stage for stage, folder in stages.items() if (folder / WEIGHTS).is_file()]
    return count_parameters(stages[there[-1]] / WEIGHTS, there[-1]) if there else None


def _data(names: list[str], folders: Mapping[str, Path], corpora: Mapping[str, Corpus]) -> StageData:
    return StageData(
        corpora=names,
        num_pairs=sum(_in_training(corpora[name].rows) for name in names),
        num_images=sum(_in_training(corpora[name].images) for name in names),
        num_pieces=sum(_num_pieces(folders[name] / _ROWS) for name in names),
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
