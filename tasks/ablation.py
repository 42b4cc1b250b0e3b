"""An ablation: every row of its table trained with several seeds, stages that rows share trained once."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import report
from data.digests import file_digest
from data.errors import UserError
from model import plugins
from report.ablation_inputs import Ablation, AblationInputs, Row
from tasks import ablations
from tasks.artifact import ArtifactTask, Job
from tasks.benchmarks import available, benchmarks
from tasks.console import log
from tasks.fine_tuning import Evaluate
from tasks.images import cautions
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalCountParameter, SomeParameter
from tasks.settings import configured_sources, current_profile, current_store
from tasks.sources import uses_world
from tasks.stages import PretrainStage
from tasks.starts import start

PAGE = "ablation.html"
_TEMPLATES = Path(report.__file__).parent / "templates"


@functools.cache
def load(name: str) -> Ablation:
    """The ablation of a file of tasks/ablations."""
    found = importlib.import_module(f"{ablations.__name__}.{name}").ABLATION
    assert isinstance(found, Ablation)
    return found


NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(ablations.__path__)))
MSP = "msp"


class AblationTable(ArtifactTask):
    """Mean and 95 % interval over seeds beside each published cell, as JSON, Markdown and a page."""

    identity = ("ablation",)

    ablation: ChoiceParameter = ChoiceParameter(
        default=MSP, choices=NAMES, description="whose: Table 4 of MSP, or what GRIT-VLP adds to its control"
    )
    rows: SomeParameter = SomeParameter(
        default=(),
        choices=[row.chain for name in NAMES for row in load(name).rows],
        description="only these rows; empty: all",
    )
    benchmarks: SomeParameter = SomeParameter(
        default=(), choices=plugins.names("benchmarks"), description="only these; empty: those of the profile"
    )
    num_seeds: OptionalCountParameter = OptionalCountParameter(
        default=None, description="trainings of each row, with seeds 1, 2, ...; empty: the profile's, by benchmark"
    )

    entry = ("report.ablation",)
    libraries = ("jinja2", "matplotlib", "numpy")

    @property
    def variant(self) -> str:
        """The ablation, unless it is MSP's."""
        return "" if self.ablation == MSP else str(self.ablation)

    def chosen(self) -> Ablation:
        """The table with the rows that are wanted. Raises UserError where a row is another table's."""
        whole = load(self.ablation)
        theirs = sorted(set(self.rows) - {row.chain for row in whole.rows})
        if theirs:
            raise UserError(
                expected=f"rows of this ablation: {', '.join(row.chain for row in whole.rows)}",
                found=", ".join(theirs),
                where=f"--rows of the ablation {self.ablation}",
                way_out="name others, or give --ablation with the one that has them",
            )
        return dataclasses.replace(whole, rows=tuple(r for r in whole.rows if not self.rows or r.chain in self.rows))

    def chosen_rows(self) -> tuple[Row, ...]:
        """The rows of the table."""
        return self.chosen().rows

    def seeds(self) -> dict[str, range]:
        """The seeds by benchmark."""
        sizes = current_profile(self.profile).ablations[self.ablation]
        wanted = self.benchmarks or tuple(sizes.num_seeds)
        shown = {column.benchmark for column in load(self.ablation).columns}
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
            if benchmarks()[name].num_epochs is not None or self._can_match(row)
        }

    def trainings(self) -> tuple[int, int]:
        """How many stages are trained, and how many there would be if each row trained its own."""
        chains = [list(_so_far(last)) for last in {task.stage() for task in self.evaluations().values()}]
        return len({stage for chain in chains for stage in chain}), sum(map(len, chains))

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
            "ablation": dataclasses.asdict(self.chosen()),
            "stages": {row.chain: self._lengths(row) for row in self.chosen_rows()},
            "trainings": self.trainings(),
            "profile": self.profile,
            "is_world": uses_world(),
            "sources": sorted(configured_sources()),
            "cautions": cautions(),
            "templates": {path.name: file_digest(path) for path in sorted(_TEMPLATES.iterdir())},
        }

    def _last(self, row: Row) -> PretrainStage | None:
        return start(row.chain, seed=1, profile=self.profile)

    def _can_match(self, row: Row) -> bool:
        last = self._last(row)
        return last is not None and last.can_match

    def _lengths(self, row: Row) -> list[str]:
        """How long each stage of a row is trained."""
        stages = [task.stage() for task in _so_far(self._last(row))]
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
                ablation=self.chosen(),
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
        """Let `ablation.html` (`ablation-grit.html`) in the workspace lead to the page, too."""
        super().point_current()
        page = "-".join(filter(None, (Path(PAGE).stem, self.variant))) + Path(PAGE).suffix
        current_store().point(page, Path("current") / self.label / "record" / PAGE)
        log.info("The table: %s", current_store().root / page)


def _so_far(stage: PretrainStage | None) -> Iterator[PretrainStage]:
    """A stage and those before it, the last one first."""
    task = stage
    while task is not None:
        yield task
        task = task.before()
