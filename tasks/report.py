"""The report: one page with everything that the curriculum built and measured, and the same numbers as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import report
from data.digests import file_digest
from model import plugins
from model.spec_json import to_plain
from report.contents import BenchmarkFolders, DagNode, ReportInputs
from report.leaks import FILE_NAME as LEAKS
from tasks.artifact import PAGE, ArtifactTask, Job
from tasks.benchmarks import available, benchmarks, left_out
from tasks.corpora import PhraseCorpus, SentenceCorpus, TokenCorpus
from tasks.fine_tuning import Evaluate
from tasks.hard_negatives import HardNegatives
from tasks.images import PICTURES, ImageTable, RegionFeatures, cautions
from tasks.leaks import LeakReport
from tasks.msp_stages import STAGES
from tasks.node import Input
from tasks.parameters import ChoiceParameter, SomeParameter
from tasks.settings import configured_sources, current_store
from tasks.sources import source_files, source_inputs, uses_world
from tasks.stages import PretrainStage
from tasks.starts import LAST_STAGE
from tasks.tagging import PhraseTags, PosTagger

_CORPORA = (ImageTable, RegionFeatures, TokenCorpus, PhraseCorpus, SentenceCorpus, HardNegatives)
_ROWS = (
    *("counts.json", "corpus", "images.parquet", "rows", "answers.json"),
    *("rejected.parquet", "filtered.parquet"),
)
_CURVES = ("metrics.parquet", "held_out.json", "epochs.json", "network.json")
_TRAINED = (*_CURVES, "weights.safetensors")  # of which the report counts the parameters
_SCORES = ("scores.json", "predictions.parquet", "epochs.json")
_TEMPLATES = Path(report.__file__).parent / "templates"


class Report(ArtifactTask):
    """`report.json`, and `report.html` beside it in the record, since the page shows times too."""

    benchmarks: SomeParameter = SomeParameter(
        default=(), choices=plugins.names("benchmarks"), description="run these only; empty: all that have sources"
    )
    text_only: ChoiceParameter = ChoiceParameter(
        default="yes", choices=("yes", "no"), description="fine-tune on the text alone too, as the baseline to beat"
    )
    every_stage: ChoiceParameter = ChoiceParameter(
        default="yes", choices=("yes", "no"), description="fine-tune from each earlier stage too, to see what each adds"
    )

    entry = ("report.page",)
    libraries = ("jinja2", "matplotlib", "numpy", "pillow", "pyarrow", "safetensors")

    def evaluations(self) -> dict[str, Evaluate]:
        """Every evaluation by the name under which it is read: `vqa`, `vqa.text`, `vqa.after.token`."""
        found: dict[str, Evaluate] = {}
        for name in available(self.benchmarks):
            declared = benchmarks()[name]
            found[name] = Evaluate(benchmark=name, profile=self.profile)
            if self.text_only == "yes" and declared.has_text_only and declared.num_epochs is not None:
                found[f"{name}.text"] = Evaluate(benchmark=name, sees="text", profile=self.profile)
            if self.every_stage == "yes" and declared.shows_stages:
                for stage in [stage for stage in STAGES if stage != LAST_STAGE]:
                    found[f"{name}.after.{stage}"] = Evaluate(benchmark=name, after=stage, profile=self.profile)
        return found

    def notices(self) -> tuple[str, ...]:
        """A sentence for each benchmark that is not run."""
        return left_out(self.benchmarks)

    def inputs(self) -> Mapping[str, Input]:
        """What every corpus, stage and benchmark says of itself, and what is needed to show some of it."""
        evaluations = self.evaluations()
        fine_tunings = {name: task.fine_tune() for name, task in evaluations.items() if not task.is_zero_shot()}
        return {
            **{f"corpus.{cls.__name__}": self._shown(cls(profile=self.profile)) for cls in _CORPORA},
            **{f"rows.{name}": self._shown(evaluations[name].corpus()) for name in available(self.benchmarks)},
            **{f"stage.{name}": Input(node=task, results=_TRAINED) for name, task in self._stages().items()},
            **{f"fine_tuning.{name}": Input(node=task, results=_CURVES) for name, task in fine_tunings.items()},
            **{f"evaluation.{name}": Input(node=task, results=_SCORES) for name, task in evaluations.items()},
            **self._tagger(),
            "leaks": Input(node=LeakReport(profile=self.profile), results=(LEAKS,)),
            **source_inputs(PICTURES, profile=self.profile),
        }

    def _shown(self, task: ArtifactTask) -> Input:
        """Tables and counts; the region store whole, since its boxes and labels are shown."""
        return Input(node=task) if isinstance(task, RegionFeatures) else Input(node=task, results=_ROWS)

    def _tagger(self) -> dict[str, Input]:
        """The tagger's scores, where one is trained."""
        tags = PhraseCorpus(profile=self.profile).inputs().get("tags")
        given = tags.node.inputs().get("tagger") if tags and isinstance(tags.node, PhraseTags) else None
        is_trained = given is not None and isinstance(given.node, PosTagger)
        return {"tagger": Input(node=given.node, results=("scores.json",))} if given and is_trained else {}

    def _stages(self) -> dict[str, PretrainStage]:
        return {name: cls(profile=self.profile) for name, cls in STAGES.items()}

    def settings(self) -> Mapping[str, Any]:
        """What the page says of the run: the curriculum, the profile, and whose data it is."""
        stages = list(self._stages().values())
        curriculum = dataclasses.replace(stages[0].curriculum(), stages=tuple(stage.stage() for stage in stages))
        return {
            "curriculum": to_plain(curriculum),
            "profile": self.profile,
            "is_world": uses_world(),
            "sources": sorted(configured_sources()),
            "left_out": [*self.notices(), *cautions()],
            "dag": {task.label: needed for task, needed in self._below()},
            "templates": {path.name: file_digest(path) for path in sorted(_TEMPLATES.iterdir())},
        }

    def build(self, job: Job) -> None:
        """Gather and write."""
        from report.page import write  # matplotlib takes a second to import, and every worker imports this module

        settings = self.settings()
        corpora, rows = _named(job.inputs, "corpus"), _named(job.inputs, "rows")
        write(
            ReportInputs(
                title="Token, phrase, sentence",
                is_world=settings["is_world"],
                profile=settings["profile"],
                curriculum=settings["curriculum"],
                corpora={**corpora, **{f"rows of {benchmarks()[name].title}": path for name, path in rows.items()}},
                stages=_named(job.inputs, "stage"),
                stage_corpora={name: _trained_on(task) for name, task in self._stages().items()},
                records={name: path.parent / "record" for name, path in _named(job.inputs, "stage").items()},
                fine_tunings=_named(job.inputs, "fine_tuning"),
                benchmarks=_folders(_named(job.inputs, "evaluation")),
                regions=corpora["RegionFeatures"],
                images=corpora["ImageTable"],
                pictures=source_files(job, PICTURES),
                tagger=job.inputs.get("tagger"),
                leaks=job.inputs["leaks"],
                left_out=tuple(settings["left_out"]),
                dag=tuple(_node(task, needed) for task, needed in self._below()),
            ),
            into=job.result,
            record=job.record,
        )

    def _below(self) -> Iterator[tuple[ArtifactTask, list[str]]]:
        """Every task that the report rests on, with the labels of those that it needs."""
        waiting: list[ArtifactTask] = [self]
        seen = {self.label}
        while waiting:
            task = waiting.pop()
            needed = [node for node in task.requires() if isinstance(node, ArtifactTask)]
            waiting += [node for node in needed if node.label not in seen]
            seen |= {node.label for node in needed}
            if task is not self:
                yield task, sorted({node.label for node in needed})

    def point_current(self) -> None:
        """Let `report.html` in the workspace lead to the page, too."""
        super().point_current()
        current_store().point(PAGE, Path("current") / self.label / "record" / PAGE)

    def page(self) -> Path:
        """Where the page of the last command lies."""
        return current_store().root / PAGE


def _node(task: ArtifactTask, needed: list[str]) -> DagNode:
    """What the task's artifact took and what it holds."""
    artifact = task.artifact()
    assert artifact is not None
    return DagNode(
        name=task.label,
        family=task.task_family,
        seconds=artifact.manifest["recorded"]["seconds"],
        num_bytes=sum(entry["bytes"] for entry in artifact.files.values()),
        num_rows=max((entry["rows"] for entry in artifact.files.values() if "rows" in entry), default=None),
        needs=tuple(needed),
    )


def _trained_on(stage: PretrainStage) -> tuple[str, ...]:
    """The corpora of a stage's streams, by the names of their tasks."""
    given = (given.node for name, given in stage.inputs().items() if name.startswith("corpus."))
    return tuple(node.task_family for node in given)


def _named(inputs: Mapping[str, Path], kind: str) -> dict[str, Path]:
    return {name.partition(".")[2]: path for name, path in inputs.items() if name.partition(".")[0] == kind}


def _folders(evaluations: Mapping[str, Path]) -> dict[str, BenchmarkFolders]:
    """The evaluations of each benchmark together."""
    return {
        name: BenchmarkFolders(
            pair=folder,
            text=evaluations.get(f"{name}.text"),
            after=_after(name, evaluations),
        )
        for name, folder in evaluations.items()
        if "." not in name
    }


def _after(name: str, evaluations: Mapping[str, Path]) -> dict[str, Path]:
    """What it scores after each earlier stage, as far as that was asked for."""
    found = {stage: evaluations.get(f"{name}.after.{stage}") for stage in STAGES}
    return {stage: folder for stage, folder in found.items() if folder is not None}
