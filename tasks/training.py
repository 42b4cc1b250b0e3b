"""What all tasks that train share: parameters of the budget, and going on after a kill."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any, cast, get_args

import luigi

from model.specs import Budget, Device, Mode, Optimizer, OptimizerName, Precision, Schedule
from tasks.artifact import ArtifactTask
from tasks.parameters import (
    OF_PROFILE,
    ChoiceParameter,
    OptionalCountParameter,
    OptionalProcessesParameter,
    OptionalRateParameter,
    ProcessesParameter,
    SecondsParameter,
    SeedParameter,
)

WEIGHTS = ("weights.safetensors", "network.json")


class TrainingTask(ArtifactTask):
    """A training in a process of its own. Parameters left empty come from the profile."""

    seed: SeedParameter = SeedParameter(default=1, description="of initial weights, order, draws, dropout")
    num_epochs: OptionalCountParameter = OptionalCountParameter(default=None, description="passes over the rows")
    batch_size: OptionalCountParameter = OptionalCountParameter(default=None, description="rows an update")
    learning_rate: luigi.OptionalFloatParameter = luigi.OptionalFloatParameter(default=None, description="its peak")
    optimizer: ChoiceParameter = ChoiceParameter(
        default=OF_PROFILE, choices=(*get_args(OptimizerName), OF_PROFILE), description="bertadam is LXMERT's"
    )
    warmup_rate: OptionalRateParameter = OptionalRateParameter(
        default=None, description="share of all updates over which the rate rises to its peak"
    )
    lr_schedule: ChoiceParameter = ChoiceParameter(
        default=OF_PROFILE, choices=(*get_args(Schedule), OF_PROFILE), description="of the rate after its peak"
    )
    weight_decay: luigi.OptionalFloatParameter = luigi.OptionalFloatParameter(
        default=None, description="of all weights alike"
    )
    clip_norm: luigi.OptionalFloatParameter = luigi.OptionalFloatParameter(
        default=None, description="norm to which gradients are cut down; inf: never"
    )
    device: ChoiceParameter = ChoiceParameter(default="cpu", choices=("cpu", "cuda"), description="where to train")
    precision: ChoiceParameter = ChoiceParameter(
        default="float32", choices=get_args(Precision), description="of matrix products; all else is float32"
    )
    mode: ChoiceParameter = ChoiceParameter(
        default="exact",
        choices=get_args(Mode),
        description="the same bits after a kill, or the fastest kernels",
    )
    num_devices: ProcessesParameter = ProcessesParameter(
        default=1, description="GPUs (or processes, on a CPU) that share each update's rows"
    )
    micro_batch_size: OptionalCountParameter = OptionalCountParameter(
        default=None, description="rows on a device at once, where an update's do not fit"
    )
    checkpoint_every_s: SecondsParameter = SecondsParameter(
        default=20.0, significant=False, description="seconds between checkpoints: what a kill can cost"
    )
    num_threads: OptionalProcessesParameter = OptionalProcessesParameter(
        default=None, description="CPU threads; part of the result's identity"
    )

    libraries = ("numpy", "pyarrow", "safetensors", "torch")

    def can_go_on(self, scratch: Path) -> bool:
        """Once there is a checkpoint."""
        return any((scratch / "checkpoints").glob("*"))

    def process_resources(self) -> dict[str, int]:
        """One GPU token where a GPU is used; a training on several has them all."""
        return {"gpu": 1} if self.device == "cuda" else {}

    def with_parameters(self, budget: Budget) -> Budget:
        """The budget with what the user set in place of the profile's sizes."""
        if self.num_epochs is not None:
            budget = dataclasses.replace(budget, num_steps=None, num_epochs=self.num_epochs)
        return dataclasses.replace(
            budget,
            optimizer=self._optimizer(budget.optimizer),
            device=cast(Device, self.device),
            precision=cast(Precision, self.precision),
            mode=cast(Mode, self.mode),
            num_threads=budget.num_threads if self.num_threads is None else self.num_threads,
        )

    def _optimizer(self, optimizer: Optimizer) -> Optimizer:
        given: dict[str, Any] = {
            "name": self.optimizer,
            "learning_rate": self.learning_rate,
            "warmup_rate": self.warmup_rate,
            "schedule": self.lr_schedule,
            "weight_decay": self.weight_decay,
            "clip_norm": self.clip_norm,
        }
        chosen = {name: value for name, value in given.items() if value not in (None, OF_PROFILE)}
        if chosen.get("clip_norm") == math.inf:
            chosen["clip_norm"] = None
        return dataclasses.replace(optimizer, **chosen)
