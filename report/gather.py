"""From the folders that a run left to the contents of its report. What is not there is named, never invented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.regions.store import RegionStore
from report import corpora, leaks, training
from report.benchmarks import PREDICTIONS, SCORES, benchmark
from report.contents import Benchmark, Contents, Corpus
from report.inputs import ReportInputs
from report.overview import published_of
from report.paper_tables import paper_tables
from report.trained import trained

TRIAL_PROFILES = ("miniature", "smoke")
"""Profiles whose sizes are too small to measure anything on real files."""
UNLEARNT_PROFILES = ("smoke",)
"""Profiles that are too short to learn anything, whatever the files."""
_COUNTS = "counts.json"
_STAGE_FILES = {"metrics.parquet": "losses", "held_out.json": "held-out numbers"}
_FINE_TUNING_FILES = {"metrics.parquet": "losses", "epochs.json": "epochs"}
_BENCHMARK_FILES = {SCORES: "scores", PREDICTIONS: "predictions"}


def gather(inputs: ReportInputs, store: RegionStore | None = None) -> Contents:
    """Read every artifact; a malformed one raises ContractError, an absent one becomes a line of `missing`."""
    stages = [stage["name"] for stage in inputs.curriculum["stages"]]
    tagger = inputs.tagger / "scores.json" if inputs.tagger else None
    known_corpora = _corpora(inputs, store)
    benchmarks = _benchmarks(inputs, stages)
    known_training = trained(inputs, known_corpora)
    return Contents(
        title=inputs.title,
        is_world=inputs.is_world,
        profile=inputs.profile,
        is_trial_run=not inputs.is_world and inputs.profile in TRIAL_PROFILES,
        is_unlearnt=inputs.profile in UNLEARNT_PROFILES,
        curriculum=dict(inputs.curriculum),
        dag={node.name: list(node.needs) for node in inputs.dag},
        corpora=known_corpora,
        tagger=corpora.tagger(tagger) if tagger and tagger.is_file() else None,
        leaks=leaks.leaks(inputs.leaks) if inputs.leaks and (inputs.leaks / leaks.FILE_NAME).is_file() else [],
        stages={
            name: training.stage(folder, _objectives(inputs.curriculum, name)) for name, folder in inputs.stages.items()
        },
        fine_tunings={name: training.fine_tuned(folder) for name, folder in inputs.fine_tunings.items()},
        benchmarks=benchmarks,
        peers=published_of(inputs.peers, (row for found in benchmarks.values() for row in found.published)),
        trained=known_training,
        paper=paper_tables(known_training, benchmarks, is_comparable=inputs.is_comparable)
        if known_training is not None and inputs.is_in_msp_paper
        else None,
        left_out=list(inputs.left_out),
        missing=[*_not_trained(inputs), *_not_there(inputs)],
    )


def _corpora(inputs: ReportInputs, store: RegionStore | None) -> dict[str, Corpus]:
    return {
        name: corpora.corpus(name, folder, store)
        for name, folder in inputs.corpora.items()
        if (folder / _COUNTS).is_file()
    }


def _benchmarks(inputs: ReportInputs, stages: list[str]) -> dict[str, Benchmark]:
    return {
        name: benchmark(folders, stages, is_comparable=inputs.is_comparable, corpora=list(inputs.corpora.values()))
        for name, folders in inputs.benchmarks.items()
        if (folders.pair / SCORES).is_file()
    }


def _not_trained(inputs: ReportInputs) -> Iterator[str]:
    for stage in inputs.curriculum["stages"]:
        if stage["name"] not in inputs.stages:
            yield f"stage {stage['name']}: not trained"


def _not_there(inputs: ReportInputs) -> Iterator[str]:
    for owner, folder, files in _expected(inputs):
        for name, what in files.items():
            if not (folder / name).is_file():
                yield f"{owner}: its {what} ({name}) are not there"


def _expected(inputs: ReportInputs) -> Iterator[tuple[str, Path, Mapping[str, str]]]:
    """Whose folder is to hold which files."""
    for name, folder in inputs.corpora.items():
        yield f"corpus {name}", folder, {_COUNTS: "counts"}
    if inputs.tagger is not None:
        yield "tagger", inputs.tagger, {"scores.json": "scores"}
    if inputs.leaks is not None:
        yield "leak report", inputs.leaks, {leaks.FILE_NAME: "counts"}
    for name, folder in inputs.stages.items():
        yield f"stage {name}", folder, _STAGE_FILES
    for name, folder in inputs.fine_tunings.items():
        yield f"fine-tuning {name}", folder, _FINE_TUNING_FILES
    for name, folders in inputs.benchmarks.items():
        yield f"benchmark {name}", folders.pair, _BENCHMARK_FILES
        if folders.text is not None:
            yield f"benchmark {name}, seeing the text alone", folders.text, {SCORES: "scores"}
        for stage_name, folder in folders.after.items():
            yield f"benchmark {name}, after {stage_name}", folder, _BENCHMARK_FILES


def _objectives(curriculum: Mapping[str, Any], stage_name: str) -> list[str]:
    """A stage's objectives in the order of its spec, of all showings of its rows."""
    streams = [stream for stage in curriculum["stages"] if stage["name"] == stage_name for stream in stage["streams"]]
    showings = [showing for stream in streams for showing in (stream, *stream["more"])]
    return [objective["name"] for showing in showings for objective in showing["objectives"]]
