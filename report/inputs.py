"""What a report is made from: the results of a run by the names to show, and what each artifact cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.sources import SourceFiles


@dataclass(frozen=True, kw_only=True)
class DagNode:
    """One artifact of the run: what it cost and which others it needs, by their names. None: not known."""

    name: str
    family: str
    seconds: float | None
    num_bytes: int
    num_rows: int | None
    needs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class BenchmarkFolders:
    """The results of Evaluate for one benchmark: of the whole model, of one that sees the text alone, and of those
    fine-tuned after the stages before the last, by the stage's name."""

    pair: Path
    text: Path | None = None
    after: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReportInputs:
    """What a run left, as the result folders of docs/formats.md, by the names to show; shown in the order given.

    `curriculum` is `model.spec_json.to_plain` of the Curriculum that ran. `regions`, `images`, `tagger` and `leaks` are
    the results of RegionFeatures, ImageTable, PosTagger and LeakReport; `pictures` the folders of pictures by the name
    of their source. `stage_corpora`: by stage the names in `corpora` of what it was trained on; `records`: the
    folder of its record. `left_out` says in whole sentences what was not done and why. `is_comparable`: training had
    the paper's own data and sizes; only the caller knows which files were read, hence the cautious default. `peers`:
    the models whose published scores stand beside the run's at a glance. `is_in_msp_paper`: the run is MSP's, so that
    its paper's Tables 1 to 3 are shown.
    """

    title: str
    is_world: bool
    profile: str
    curriculum: Mapping[str, Any]
    corpora: Mapping[str, Path]
    stages: Mapping[str, Path]
    benchmarks: Mapping[str, BenchmarkFolders]
    stage_corpora: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    records: Mapping[str, Path] = field(default_factory=dict)
    fine_tunings: Mapping[str, Path] = field(default_factory=dict)
    dag: tuple[DagNode, ...] = ()
    regions: Path | None = None
    images: Path | None = None
    pictures: SourceFiles = field(default_factory=dict)
    tagger: Path | None = None
    leaks: Path | None = None
    left_out: tuple[str, ...] = ()
    is_comparable: bool = False
    peers: tuple[str, ...] = ()
    is_in_msp_paper: bool = False
