"""The report: one page and one JSON file with everything that the curriculum measured."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import report.page
from model.specs import to_plain
from report.contents import ReportInputs
from tasks.artifact import ArtifactTask, Input, Job
from tasks.benchmarks import BENCHMARKS
from tasks.corpora import PhraseCorpus, SentenceCorpus, TokenCorpus
from tasks.images import HardNegatives, ImageTable, RegionFeatures
from tasks.settings import configured_sources, current_store
from tasks.sources import uses_world
from tasks.stages import STAGES
from tasks.store import file_digest

_CORPORA = (ImageTable, RegionFeatures, TokenCorpus, PhraseCorpus, SentenceCorpus, HardNegatives)
_COUNTS = ("counts.json",)
_CURVES = ("metrics.parquet", "held_out.json")
PAGE = "report.html"
_TEMPLATES = Path(report.page.__file__).parent


class Report(ArtifactTask):
    """`report.html`, self-contained, and the same numbers in `report.json`."""

    entry = ("report.page",)
    libraries = ("matplotlib", "jinja2")

    def inputs(self) -> Mapping[str, Input]:
        """What every corpus, stage and benchmark says of itself."""
        corpora = {f"corpus.{cls.__name__}": Input(node=cls(profile=self.profile), results=_COUNTS) for cls in _CORPORA}
        stages = {
            f"stage.{name}": Input(node=cls(profile=self.profile), results=_CURVES) for name, cls in STAGES.items()
        }
        benchmarks = {
            f"benchmark.{name}": Input(node=cls(profile=self.profile), results=("scores.json",))
            for name, cls in BENCHMARKS.items()
        }
        return {**corpora, **stages, **benchmarks}

    def settings(self) -> Mapping[str, Any]:
        """What the page says of the run: the curriculum, the profile, and whose data it is."""
        stages = [cls(profile=self.profile) for cls in STAGES.values()]
        curriculum = dataclasses.replace(stages[0].curriculum(), stages=tuple(stage.stage() for stage in stages))
        return {
            "curriculum": to_plain(curriculum),
            "profile": self.profile,
            "is_world": uses_world(),
            "sources": sorted(configured_sources()),
            "left_out": list(_left_out()),
            "template": {name: file_digest(_TEMPLATES / name) for name in ("page.html", "style.css")},
        }

    def build(self, job: Job) -> None:
        """Gather and write."""
        settings = self.settings()
        report.page.write(
            ReportInputs(
                title="Token, phrase, sentence",
                is_world=settings["is_world"],
                profile=settings["profile"],
                curriculum=settings["curriculum"],
                corpora=_named(job.inputs, "corpus"),
                stages=_named(job.inputs, "stage"),
                benchmarks=_named(job.inputs, "benchmark"),
                left_out=tuple(settings["left_out"]),
            ),
            into=job.result,
        )

    def page(self) -> Path:
        """Where the page of the last command lies."""
        return current_store().root / "current" / str(self.task_family) / "result" / PAGE


def _left_out() -> tuple[str, ...]:
    """What this version does not do, in whole sentences."""
    return ("Fine-tuning on VQA v2, GQA, NLVR2 and Flickr30k: not part of this version; retrieval is zero-shot.",)


def _named(inputs: Mapping[str, Path], kind: str) -> dict[str, Path]:
    return {name.partition(".")[2]: path for name, path in inputs.items() if name.partition(".")[0] == kind}
