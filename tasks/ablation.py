"""MSP's ablation: every row of its table trained with several seeds, stages that rows share trained once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import report
from data.digests import file_digest
from model import plugins
from model.msp_chains import parse
from report.ablation_inputs import AblationInputs, Row
from tasks.ablations.msp import ABLATION
from tasks.artifact import ArtifactTask, Job
from tasks.benchmarks import available, benchmarks
from tasks.console import log
from tasks.fine_tuning import Evaluate
from tasks.images import cautions
from tasks.msp_stages import Pretrain
from tasks.node import Input
from tasks.parameters import OptionalCountParameter, SomeParameter
from tasks.settings import configured_sources, current_profile, current_store
from tasks.sources import uses_world
from tasks.stages import PretrainStage
from tasks.starts import VANILLA

PAGE = "ablation.html"
_TEMPLATES = Path(report.__file__).parent / "templates"


class AblationTable(ArtifactTask):
    """Table 4 of MSP: mean and 95 % interval over seeds beside each published cell, as JSON, Markdown and a page."""

    rows: SomeParameter = SomeParameter(
        default=(), choices=[row.chain for row in ABLATION.rows], description="only these rows; empty: all"
    )
    benchmarks: SomeParameter = SomeParameter(
        default=(), choices=plugins.names("benchmarks"), description="only these; empty: those of the profile"
    )
    num_seeds: OptionalCountParameter = OptionalCountParameter(
        default=None, description="trainings of each row, with seeds 1, 2, ...; empty: the profile's, by benchmark"
    )

    entry = ("report.ablation",)
    libraries = ("jinja2", "matplotlib", "numpy")

    def chosen_rows(self) -> tuple[Row, ...]:
        """The rows of the table."""
        return tuple(row for row in ABLATION.rows if not self.rows or row.chain in self.rows)

    def seeds(self) -> dict[str, range]:
        """The seeds by benchmark."""
        sizes = current_profile(self.profile).ablation
        wanted = self.benchmarks or tuple(sizes.num_seeds)
        shown = {column.benchmark for column in ABLATION.columns}
        return {
            name: range(1, 1 + (self.num_seeds or sizes.num_seeds.get(name, 1)))
            for name in available(wanted)
            if name in shown
        }

    def evaluations(self) -> dict[tuple[str, int, str], Evaluate]:
        """Every evaluation by benchmark, seed and row; none where a row leaves nothing to judge without fine-tuning."""
        return {
            (name, seed, row.chain): Evaluate(benchmark=name, after=row.chain, seed=seed, profile=self.profile)
            for name, seeds in self.seeds().items()
            for seed in seeds
            for row in self.chosen_rows()
            if benchmarks()[name].num_epochs is not None or _can_match(row.chain)
        }

    def trainings(self) -> tuple[int, int]:
        """How many stages are trained, and how many there would be if each row trained its own."""
        lasts = {task.stage() for task in self.evaluations().values()} - {None}
        stages = {stage for last in lasts if last is not None for stage in _so_far(last)}
        return len(stages), sum(len(parse(last.chain).links) for last in lasts if isinstance(last, Pretrain))

    def notices(self) -> tuple[str, ...]:
        """What sharing stages saves."""
        num_trained, num_apart = self.trainings()
        return (
            f"{self.label}: {num_trained} stages are trained, {num_apart - num_trained} fewer than if each row of each "
            f"seed trained its own.",
        )

    def inputs(self) -> Mapping[str, Input]:
        """The scores of every row, seed and benchmark."""
        return {
            f"{name}.{seed}.{chain}": Input(node=task, results=("scores.json",))
            for (name, seed, chain), task in self.evaluations().items()
        }

    def settings(self) -> Mapping[str, Any]:
        """The table as it is asked for, and whose data it is."""
        return {
            "ablation": dataclasses.asdict(dataclasses.replace(ABLATION, rows=self.chosen_rows())),
            "stages": {row.chain: self._lengths(row.chain) for row in self.chosen_rows()},
            "trainings": self.trainings(),
            "profile": self.profile,
            "is_world": uses_world(),
            "sources": sorted(configured_sources()),
            "cautions": cautions(),
            "templates": {path.name: file_digest(path) for path in sorted(_TEMPLATES.iterdir())},
        }

    def _lengths(self, chain: str) -> list[str]:
        """How long each stage of a row is trained."""
        if chain == VANILLA:
            return []
        stages = [task.stage() for task in _so_far(Pretrain(chain=chain, seed=1, profile=self.profile))]
        return [
            f"{stage.name}: {stage.budget.num_steps or stage.budget.num_epochs:,} "
            f"{'updates' if stage.budget.num_steps else 'epochs'}"
            for stage in reversed(stages)
        ]

    def build(self, job: Job) -> None:
        """Gather and write."""
        from report.ablation import write  # matplotlib takes a second to import

        settings = self.settings()
        scores: dict[tuple[str, str], dict[int, Path]] = {}
        for name, path in job.inputs.items():
            benchmark, seed, chain = name.split(".", 2)
            scores.setdefault((chain, benchmark), {})[int(seed)] = path / "scores.json"
        write(
            AblationInputs(
                ablation=dataclasses.replace(ABLATION, rows=self.chosen_rows()),
                stages=settings["stages"],
                scores=scores,
                trainings=settings["trainings"],
                profile=self.profile,
                is_world=settings["is_world"],
                cautions=settings["cautions"],
            ),
            into=job.result,
            record=job.record,
        )

    def point_current(self) -> None:
        """Let `ablation.html` in the workspace lead to the page, too."""
        super().point_current()
        current_store().point(PAGE, Path("current") / self.label / "record" / PAGE)
        log.info("The table: %s", current_store().root / PAGE)


def _can_match(chain: str) -> bool:
    return chain != VANILLA and parse(chain).can_match


def _so_far(stage: PretrainStage) -> Iterator[PretrainStage]:
    """A stage and those before it, the last one first."""
    task: PretrainStage | None = stage
    while task is not None:
        yield task
        task = task.before()
