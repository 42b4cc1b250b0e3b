"""A network fine-tuned on a benchmark, and judged on its test split, which is opened here and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast, get_args

from data.errors import UserError
from model.specs import Budget, Device, Evaluation, FineTuning, Mode, Network, Precision, Sees, check_length, to_plain
from tasks.artifact import Job
from tasks.benchmarks import BenchmarkTask, sources_of
from tasks.console import log
from tasks.corpora import Vocabulary
from tasks.hard_negatives import HardNegatives
from tasks.images import RegionFeatures
from tasks.jobs import run_job
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalProcessesParameter
from tasks.settings import current_profile
from tasks.stages import STAGES, PretrainStage
from tasks.training import WEIGHTS, TrainingTask

LAST_STAGE = list(STAGES)[-1]
_ROWS = ("rows", "answers.json")


class JudgedTask(BenchmarkTask):
    """A task about one network on one benchmark: after which stage, and whether it sees the images."""

    identity = ("benchmark", "after", "sees")

    after: ChoiceParameter = ChoiceParameter(
        default=LAST_STAGE, choices=tuple(STAGES), description="the stage of pre-training whose weights it starts from"
    )
    sees: ChoiceParameter = ChoiceParameter(
        default="pair",
        choices=("pair", "text"),
        description="text: regions are zeros, to know what text gives away",
    )

    @property
    def variant(self) -> str:
        """The benchmark, and what departs from the ordinary."""
        departures = ("" if self.after == LAST_STAGE else f"after-{self.after}", "" if self.sees == "pair" else "text")
        return "-".join(filter(None, (super().variant, *departures)))

    def stage(self) -> PretrainStage:
        """The stage whose weights it starts from."""
        return STAGES[self.after](profile=self.profile)

    def network(self) -> Network:
        """The network of that stage."""
        return self.stage().curriculum().network

    def seen(self) -> Sees:
        """What it sees. Raises UserError where a benchmark asks nothing without its images."""
        if self.sees == "text" and not self.declared().has_text_only:
            raise UserError(
                expected="a benchmark that asks something without its images",
                found=f"{self.benchmark}, which is chance where no image is seen",
                where="--sees text",
                way_out="leave --sees out",
            )
        return cast(Sees, self.sees)

    def max_length(self) -> int:
        """Word pieces of a row, which the network must have positions for."""
        length = self.corpus().length()
        check_length(length, self.network(), where=f"max_length of BenchmarkCorpus, {self.benchmark}")
        return length

    def plug_ins(self) -> tuple[str, ...]:
        """The files that the specs name."""
        return (
            f"model.benchmarks.{self.benchmark}",
            f"model.forms.{self.form().name}",
            f"model.networks.{self.network().name}",
        )

    def shared_inputs(self) -> dict[str, Input]:
        """What training and judging read alike."""
        return {
            "regions": Input(node=RegionFeatures(profile=self.profile)),
            "vocabulary": Input(node=Vocabulary(profile=self.profile)),
            "corpus": Input(node=self.corpus(), results=_ROWS),
        }


class FineTune(JudgedTask, TrainingTask):
    """A network fine-tuned on the training rows of a benchmark; the best epoch on its validation rows is kept."""

    entry = ("model.finetune",)

    def fine_tuning(self) -> FineTuning:
        """The spec."""
        if self.declared().num_epochs is None:
            raise UserError(
                expected="a benchmark that is fine-tuned",
                found=f"{self.benchmark}, which is judged as pre-training left it",
                where="--benchmark",
                way_out=f"luigi --module pipeline Evaluate --benchmark {self.benchmark}",
            )
        return FineTuning(
            benchmark=self.benchmark,
            form=self.form(),
            max_length=self.max_length(),
            batch_size=self.sizes().batch_size if self.batch_size is None else self.batch_size,
            micro_batch_size=self.micro_batch_size,
            budget=self._budget(),
            sees=self.seen(),
        )

    def _budget(self) -> Budget:
        sizes = self.sizes()
        budget = Budget(
            optimizer=current_profile(self.profile).fine_tuning.optimizer,
            seed=self.seed,
            num_epochs=self.declared().num_epochs if sizes.num_epochs is None else sizes.num_epochs,
            num_threads=current_profile(self.profile).fine_tuning.num_threads,
        )
        return self.with_parameters(budget)

    def inputs(self) -> Mapping[str, Input]:
        """Rows, regions, the weights to start from, and the negatives where the form draws some."""
        inputs = {**self.shared_inputs(), "start": Input(node=self.stage(), results=WEIGHTS)}
        if self.form().has_negatives:
            negatives = HardNegatives(profile=self.profile)
            inputs["hard_negatives"] = Input(node=negatives, results=("hard_negatives.h5",))
        return inputs

    def settings(self) -> Mapping[str, Any]:
        """The specs."""
        return {
            "fine_tuning": to_plain(self.fine_tuning()),
            "network": to_plain(self.network()),
            "num_devices": self.num_devices,
        }

    def build(self, job: Job) -> None:
        """Train, in a process of its own."""
        spec = self.settings()
        run_job(
            "model.finetune",
            job,
            spec=spec["fine_tuning"],
            network=spec["network"],
            inputs=_with_corpus(job),
            num_threads=self.fine_tuning().budget.num_threads,
            num_devices=self.num_devices,
            checkpoint_every_s=self.checkpoint_every_s,
        )


class Evaluate(JudgedTask):
    """A network judged on the test rows of a benchmark, fine-tuned before unless the benchmark is a zero-shot one."""

    device: ChoiceParameter = ChoiceParameter(default="cpu", choices=("cpu", "cuda"), description="where to evaluate")
    precision: ChoiceParameter = ChoiceParameter(
        default="float32", choices=get_args(Precision), description="of the network's matrix products"
    )
    mode: ChoiceParameter = ChoiceParameter(
        default="exact", choices=get_args(Mode), description="the same bits on each run, or the fastest kernels"
    )
    num_threads: OptionalProcessesParameter = OptionalProcessesParameter(
        default=None, description="CPU threads; part of the result's identity"
    )

    entry = ("model.evaluate",)
    libraries = ("numpy", "pyarrow", "safetensors", "torch")

    def evaluation(self) -> Evaluation:
        """The spec."""
        threads = current_profile(self.profile).fine_tuning.num_threads
        return Evaluation(
            benchmark=self.benchmark,
            sources=sources_of(self.declared()),
            form=self.form(),
            max_length=self.max_length(),
            device=cast(Device, self.device),
            precision=cast(Precision, self.precision),
            mode=cast(Mode, self.mode),
            num_threads=threads if self.num_threads is None else self.num_threads,
            sees=self.seen(),
            is_zero_shot=self.is_zero_shot(),
        )

    def is_zero_shot(self) -> bool:
        """Whether the benchmark is judged with the heads that pre-training left."""
        return self.declared().num_epochs is None

    def process_resources(self) -> dict[str, int]:
        """One GPU token where a GPU is used."""
        return {"gpu": 1} if self.device == "cuda" else {}

    def fine_tune(self) -> FineTune:
        """The fine-tuning that it judges."""
        return FineTune(benchmark=self.benchmark, after=self.after, sees=self.sees, profile=self.profile)

    def inputs(self) -> Mapping[str, Input]:
        """Rows, regions, and the weights to judge."""
        weights = (
            Input(node=self.stage(), results=WEIGHTS)
            if self.is_zero_shot()
            else Input(node=self.fine_tune(), results=(*WEIGHTS, "answers.json", "epochs.json"))
        )
        return {**self.shared_inputs(), "weights": weights}

    def settings(self) -> Mapping[str, Any]:
        """The specs."""
        return {"evaluation": to_plain(self.evaluation()), "network": to_plain(self.network())}

    def build(self, job: Job) -> None:
        """Evaluate, in a process of its own."""
        spec = self.settings()
        run_job(
            "model.evaluate",
            job,
            spec=spec["evaluation"],
            network=spec["network"],
            inputs=_with_corpus(job),
            num_threads=self.evaluation().num_threads,
        )
        scores = json.loads((job.result / "scores.json").read_text("utf-8"))
        group, metric = scores["main"]
        beside = ", ".join(f"{name} {row[group][metric]:.2f}" for name, row in scores["baselines"].items())
        log.info("%-22s %s, %s: %.2f (%s)", self.label, group, metric, scores["scores"][group][metric], beside)


def _with_corpus(job: Job) -> dict[str, Any]:
    """The job's inputs as docs/formats.md names them."""
    others = {name: str(path) for name, path in job.inputs.items() if name != "corpus"}
    return {"start": None, "hard_negatives": None, **others, "corpora": {"benchmark": str(job.inputs["corpus"])}}
