"""The report: one page with everything that a system built and measured, and the same numbers as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import report
from data.digests import file_digest
from model import plugins
from model.spec_json import to_plain
from report.inputs import BenchmarkFolders, DagNode, ReportInputs
from report.leaks import FILE_NAME as LEAKS
from tasks.artifact import PAGE, ArtifactTask, Job
from tasks.benchmarks import available, benchmarks, left_out
from tasks.fine_tuning import Evaluate, FineTune
from tasks.images import PICTURES, ImageTable, RegionFeatures, cautions
from tasks.leaks import LeakReport
from tasks.node import Input
from tasks.parameters import ChoiceParameter, SomeParameter
from tasks.settings import configured_sources, current_store
from tasks.sources import source_files, source_inputs, uses_world
from tasks.systems import MAIN, System, SystemParameter, load_system
from tasks.tagging import PhraseTags, PosTagger

_TRAINED_ON = ("regions", "pictures", "hard_negatives")  # and corpora: the inputs of a training that are shown
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

    identity = ("system",)

    system: SystemParameter = SystemParameter()
    benchmarks: SomeParameter = SomeParameter(
        default=(),
        choices=plugins.names("benchmarks"),
        description="run these only; empty: those of the system, as far as they have sources",
    )
    text_only: ChoiceParameter = ChoiceParameter(
        default="yes", choices=("yes", "no"), description="fine-tune on the text alone too, as the baseline to beat"
    )
    every_stage: ChoiceParameter = ChoiceParameter(
        default="yes", choices=("yes", "no"), description="fine-tune from each earlier stage too, to see what each adds"
    )

    entry = ("report.page",)
    libraries = ("jinja2", "matplotlib", "numpy", "pillow", "pyarrow", "safetensors")

    @property
    def variant(self) -> str:
        """The system, unless it is the main job's."""
        return "" if self.system == MAIN else str(self.system)

    def of_system(self) -> System:
        """What its file says."""
        return load_system(self.system)

    def wanted(self) -> tuple[str, ...]:
        """The benchmarks that are asked for; none: all that have sources."""
        return self.benchmarks or self.of_system().benchmarks

    def evaluations(self) -> dict[str, Evaluate]:
        """Every evaluation by the name under which it is read: `vqa`, `vqa.text`, `vqa.after.token`."""
        *earlier, (_, last) = self.of_system().stages.items()
        found: dict[str, Evaluate] = {}
        for name in available(self.wanted()):
            declared = benchmarks()[name]
            found[name] = Evaluate(benchmark=name, after=last, profile=self.profile)
            if self.text_only == "yes" and declared.has_text_only and declared.num_epochs is not None:
                found[f"{name}.text"] = Evaluate(benchmark=name, after=last, sees="text", profile=self.profile)
            if self.every_stage == "yes" and declared.shows_stages:
                for stage, text in earlier:
                    found[f"{name}.after.{stage}"] = Evaluate(benchmark=name, after=text, profile=self.profile)
        return found

    def fine_tunings(self) -> dict[str, FineTune]:
        """The fine-tunings that they judge, by the same names."""
        return {name: task.fine_tune() for name, task in self.evaluations().items() if not task.is_zero_shot()}

    def notices(self) -> tuple[str, ...]:
        """A sentence for each benchmark that is not run."""
        return left_out(self.wanted())

    def inputs(self) -> Mapping[str, Input]:
        """What every corpus, stage and benchmark says of itself, and what is needed to show some of it."""
        evaluations, fine_tunings = self.evaluations(), self.fine_tunings()
        stages = self.of_system().tasks(self.profile)
        return {
            **{f"corpus.{name}": _shown(task) for name, task in self._trained_on().items()},
            **{f"rows.{name}": _shown(task.corpus()) for name, task in evaluations.items() if "." not in name},
            **{f"stage.{name}": Input(node=task, results=_TRAINED) for name, task in stages.items()},
            **{f"fine_tuning.{name}": Input(node=task, results=_CURVES) for name, task in fine_tunings.items()},
            **{f"evaluation.{name}": Input(node=task, results=_SCORES) for name, task in evaluations.items()},
            **self._tagger(),
            "leaks": Input(node=LeakReport(system=self.system, profile=self.profile), results=(LEAKS,)),
            **source_inputs(PICTURES, profile=self.profile),
        }

    def _trained_on(self) -> dict[str, ArtifactTask]:
        """Images, corpora and negatives, by the labels of their tasks, in the order in which trainings read them."""
        trainings = (*self.of_system().tasks(self.profile).values(), *self.fine_tunings().values())
        inputs = [item for task in trainings for item in task.inputs().items()]
        nodes = [given.node for name, given in inputs if name in _TRAINED_ON or name.startswith("corpus.")]
        found = [ImageTable(profile=self.profile), *nodes]
        return {task.label: task for task in found if isinstance(task, ArtifactTask)}

    def _tagger(self) -> dict[str, Input]:
        """The tagger's scores, where one is trained."""
        corpora = self.of_system().corpora(self.profile).values()
        below = [given.node for task in corpora for given in task.inputs().values()]
        tags = [node for node in below if isinstance(node, PhraseTags)]
        taggers = [given.node for task in tags for given in task.inputs().values() if isinstance(given.node, PosTagger)]
        return {"tagger": Input(node=taggers[0], results=("scores.json",))} if taggers else {}

    def settings(self) -> Mapping[str, Any]:
        """What the page says of the run: the system, its curriculum, the profile, and whose data it is."""
        stages = list(self.of_system().tasks(self.profile).values())
        curriculum = dataclasses.replace(stages[-1].curriculum(), stages=tuple(stage.stage() for stage in stages))
        return {
            "system": dataclasses.asdict(self.of_system()),
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

        settings, system = self.settings(), self.of_system()
        corpora, rows = _named(job.inputs, "corpus"), _named(job.inputs, "rows")
        write(
            ReportInputs(
                title=system.title,
                peers=system.peers,
                is_in_msp_paper=system.is_in_msp_paper,
                is_world=settings["is_world"],
                profile=settings["profile"],
                curriculum=settings["curriculum"],
                corpora={**corpora, **{f"rows of {benchmarks()[name].title}": path for name, path in rows.items()}},
                stages=_named(job.inputs, "stage"),
                stage_corpora={
                    name: tuple(corpus.label for corpus in task.corpora())
                    for name, task in system.tasks(self.profile).items()
                },
                records={name: path.parent / "record" for name, path in _named(job.inputs, "stage").items()},
                fine_tunings=_named(job.inputs, "fine_tuning"),
                benchmarks=_folders(_named(job.inputs, "evaluation")),
                regions=corpora.get("RegionFeatures"),
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


def _shown(task: ArtifactTask) -> Input:
    """Tables and counts; the region store whole, since its boxes and labels are shown."""
    return Input(node=task) if isinstance(task, RegionFeatures) else Input(node=task, results=_ROWS)


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
    head = f"{name}.after."
    return {key.removeprefix(head): folder for key, folder in evaluations.items() if key.startswith(head)}
