"""A network fine-tuned on a benchmark, and judged on its test split, which is opened here and nowhere else."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, cast, get_args

from data.errors import UserError
from model import plugins
from model.benchmarks import check_reads
from model.curricula import msp
from model.spec_json import to_plain
from model.specs import Budget, Device, Evaluation, FineTuning, Mode, Network, Options, Precision, Sees, check_length
from tasks.artifact import Job
from tasks.benchmarks import BenchmarkTask, sources_of
from tasks.console import log
from tasks.corpora import Vocabulary
from tasks.hard_negatives import HardNegatives
from tasks.jobs import run_job
from tasks.msp import current_sizes
from tasks.msp_stages import STAGES
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalProcessesParameter, OptionalSeedParameter
from tasks.seen import image_inputs, with_folders
from tasks.settings import current_profile
from tasks.stages import PretrainStage
from tasks.starts import LAST_STAGE, StartParameter, start
from tasks.training import WEIGHTS, TrainingTask

_ROWS = ("rows", "answers.json")


class JudgedTask(BenchmarkTask):
    """A task about one network on one benchmark: after which stages, and whether it sees the images."""

    identity = ("benchmark", "after", "sees")

    after: StartParameter = StartParameter(
        default=LAST_STAGE, description="the stages of pre-training whose weights it starts from"
    )
    sees: ChoiceParameter = ChoiceParameter(
        default="pair",
        choices=("pair", "text"),
        description="text: images are withheld, to know what text gives away",
    )

    @property
    def variant(self) -> str:
        """The benchmark, and what departs from the ordinary."""
        seed = "" if self.after in STAGES or self.training_seed() is None else f"-seed{self.training_seed()}"
        departures = (
            "" if self.after == LAST_STAGE else f"after-{self.after}{seed}",
            "" if self.sees == "pair" else "text",
        )
        return "-".join(filter(None, (super().variant, *departures)))

    @abstractmethod
    def training_seed(self) -> int | None:
        """The seed of a chain's stages; None: what is set for them. The main job's stages have their own."""

    def stage(self) -> PretrainStage | None:
        """The stage whose weights it starts from."""
        return start(self.after, seed=self.training_seed(), profile=self.profile)

    def network(self) -> Network:
        """The network of that stage."""
        stage = self.stage()
        sizes = current_sizes(self.profile)
        return msp.curriculum(sizes, seed=1).network if stage is None else stage.curriculum().network

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

    def _reads_alone(self) -> bool:
        return plugins.says("networks", self.network().name, "reads_alone")

    def shared_inputs(self) -> dict[str, Input]:
        """What training and judging read alike. Raises UserError where the network cannot read what is shown."""
        check_reads(self.declared(), self.network(), reads_alone=self._reads_alone())
        return {
            **image_inputs(self.network(), profile=self.profile),
            "vocabulary": Input(node=Vocabulary(profile=self.profile)),
            "corpus": Input(node=self.corpus(), results=_ROWS),
        }


class FineTune(JudgedTask, TrainingTask):
    """A network fine-tuned on the training rows of a benchmark; the best epoch on its validation rows is kept."""

    entry = ("model.finetune",)

    def training_seed(self) -> int:
        """Its own."""
        return int(self.seed)

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
            view=self._view(),
        )

    def _view(self) -> Options:
        """How training rows see pictures; of regions there is no view."""
        sees_pictures = self.network().images == "patches"
        return current_profile(self.profile).fine_tuning.view if sees_pictures else {}

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
        stage = self.stage()
        inputs = self.shared_inputs()
        if stage is not None:
            inputs["start"] = Input(node=stage, results=WEIGHTS)
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

    seed: OptionalSeedParameter = OptionalSeedParameter(
        default=None, description="of the training that is judged; left out: what is set for it"
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
            is_zero_shot=self.is_zero_shot() and not self.declared().is_frozen,
        )

    def training_seed(self) -> int | None:
        """That of the training it judges."""
        return None if self.seed is None else int(self.seed)

    def is_zero_shot(self) -> bool:
        """Whether the benchmark is judged as pre-training left the network, with nothing fine-tuned."""
        return self.declared().num_epochs is None

    def process_resources(self) -> dict[str, int]:
        """One GPU token where a GPU is used."""
        return {"gpu": 1} if self.device == "cuda" else {}

    def fine_tune(self) -> FineTune:
        """The fine-tuning that it judges."""
        tuned = FineTune(benchmark=self.benchmark, after=self.after, sees=self.sees, profile=self.profile)
        return tuned if self.seed is None else tuned.clone(seed=self.seed)

    def inputs(self) -> Mapping[str, Input]:
        """Rows, regions, and the weights to judge."""
        return {**self.shared_inputs(), "weights": self._weights()}

    def _weights(self) -> Input:
        if not self.is_zero_shot():
            return Input(node=self.fine_tune(), results=(*WEIGHTS, "answers.json", "epochs.json"))
        stage = self.stage()
        is_frozen = self.declared().is_frozen
        if stage is not None and (is_frozen or stage.can_match):
            return Input(node=stage, results=WEIGHTS)
        raise UserError(
            expected="at least one stage" if is_frozen else "stages whose last one learns to match images and texts",
            found=self.after,
            where=f"--after, where {self.benchmark} is judged as pre-training left it",
            way_out="name others, such as T.P.S, or a benchmark that is fine-tuned",
        )

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
    return {
        "start": None,
        "hard_negatives": None,
        **with_folders(others),
        "corpora": {"benchmark": str(job.inputs["corpus"])},
    }
