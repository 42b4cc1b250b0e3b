"""The benchmarks: rows, a network fine-tuned on them, and the test split, which is opened here and nowhere else."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, cast

import luigi

from data import question_contract, questions
from data.errors import UserError
from data.questions import QuestionSettings
from model import plugins
from model.benchmarks import Benchmark
from model.specs import Budget, Device, Evaluation, FineTuning, Form, Network, Sees, check_length, to_plain
from tasks.artifact import ArtifactTask, Input, Job
from tasks.console import log
from tasks.corpora import Vocabulary, checked_length
from tasks.images import HardNegatives, ImageTable, RegionFeatures, SourceTask
from tasks.jobs import run_job
from tasks.parameters import ChoiceParameter, OptionalProcessesParameter, RateParameter
from tasks.profiles import BenchmarkSizes
from tasks.settings import current_profile
from tasks.sources import is_set, source_files, uses_world
from tasks.stages import STAGES, PretrainStage
from tasks.training import WEIGHTS, TrainingTask

LAST_STAGE = list(STAGES)[-1]
_ROWS = ("rows.parquet", "answers.json")


@functools.cache
def benchmarks() -> Mapping[str, Benchmark]:
    """Every benchmark by the name of its file."""
    return {name: plugins.load("benchmarks", name).BENCHMARK for name in plugins.names("benchmarks")}


def sources_of(benchmark: Benchmark) -> tuple[str, ...]:
    """The sources that its rows are read from: the first alternative of which all are there; else none."""
    complete = (names for names in benchmark.sources if all(is_set(name) for name in names))
    return next(complete, ())


def available(wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """The benchmarks that have sources; of the wanted ones where some are named."""
    return tuple(
        name for name, benchmark in benchmarks().items() if sources_of(benchmark) and name in (wanted or benchmarks())
    )


def left_out(wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """A sentence for each benchmark that is not `available`."""
    return tuple(
        f"{benchmark.title} ({name}) is left out: {_lacking(benchmark, is_wanted=name in (wanted or benchmarks()))}."
        for name, benchmark in benchmarks().items()
        if name not in available(wanted)
    )


def _lacking(benchmark: Benchmark, *, is_wanted: bool = True) -> str:
    if not is_wanted:
        return "[Report] benchmarks does not name it"
    choices = " or ".join(" and ".join(names) for names in benchmark.sources)
    if uses_world():
        return f"the generated world has no {choices}"
    missing = sorted({name for names in benchmark.sources for name in names if not is_set(name)})
    return f"no source is set for it: [sources] {choices} (missing: {', '.join(missing)}; {benchmark.address})"


class BenchmarkTask(ArtifactTask):
    """A task of one benchmark."""

    identity: ClassVar[tuple[str, ...]] = ("benchmark",)
    """Parameters that whoever needs the task gives it, so that setting them for the whole class would do nothing."""

    benchmark: ChoiceParameter = ChoiceParameter(
        choices=plugins.names("benchmarks"), description="a file of model/benchmarks"
    )

    @property
    def variant(self) -> str:
        """The benchmark."""
        return str(self.benchmark)

    def declared(self) -> Benchmark:
        """What its file says."""
        return benchmarks()[self.benchmark]

    def corpus(self) -> BenchmarkCorpus:
        """The task that makes its rows."""
        return BenchmarkCorpus(benchmark=self.benchmark, profile=self.profile)

    def sizes(self) -> BenchmarkSizes:
        """What the profile says of it."""
        return current_profile(self.profile).fine_tuning.of_benchmark(self.benchmark)

    def form(self) -> Form:
        """Its form, with the options that the profile gives in place of its own."""
        form = self.declared().form
        return dataclasses.replace(form, options={**form.options, **self.sizes().form_options})


class BenchmarkCorpus(BenchmarkTask, SourceTask):
    """The rows of a benchmark: questions, statements or captions beside their images, with what is right."""

    priority = 1  # before any training: what is wrong with the files is then known in minutes

    max_length: luigi.OptionalIntParameter = luigi.OptionalIntParameter(
        default=None, description="word pieces a row, [CLS] and [SEP] included"
    )
    max_rejected_rate: RateParameter = RateParameter(
        default=0.05, description="share of rejected records above which the rows are not built"
    )

    entry = ("data.questions",)
    libraries: ClassVar[tuple[str, ...]] = ("tokenizers", "pyarrow")

    def length(self) -> int:
        """The length limit in use."""
        length = self.declared().max_length if self.max_length is None else self.max_length
        return checked_length(length, where=f"[{self.task_family}] max_length")

    def source_names(self) -> tuple[str, ...]:
        """The benchmark's sources, and the list of its possible answers where one is given."""
        rule = self.declared().answers
        listed = () if rule is None or rule.list_source is None else (rule.list_source,)
        return (*sources_of(self.declared()), *filter(is_set, listed))

    def inputs(self) -> Mapping[str, Input]:
        """Images, regions, vocabulary and the sources."""
        if not sources_of(self.declared()):
            raise UserError(
                expected=f"the files of {self.declared().title}",
                found=_lacking(self.declared()),
                where="luigi.cfg [sources]",
                way_out=f"set {' and '.join(self.declared().sources[0])}, or ask for {', '.join(available())}",
            )
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)),
            "regions": Input(node=RegionFeatures(profile=self.profile)),
            "vocabulary": Input(node=Vocabulary(profile=self.profile)),
            **self.source_inputs(),
        }

    def _questions(self) -> QuestionSettings:
        rule = self.declared().answers
        return QuestionSettings(
            max_length=self.length(),
            max_rejected_rate=self.max_rejected_rate,
            min_count=1 if rule is None else rule.min_count,
        )

    def settings(self) -> Mapping[str, Any]:
        """The benchmark and the settings of its rows."""
        return {"benchmark": self.benchmark, **asdict(self._questions())}

    def plug_ins(self) -> tuple[str, ...]:
        """The readers, and the benchmark's own file."""
        return (*super().plug_ins(), f"model.benchmarks.{self.benchmark}")

    def build(self, job: Job) -> None:
        """Read, join, encode."""
        rule = self.declared().answers
        given = {name: job.inputs[name] for name in ("images", "regions", "vocabulary")}
        questions.build(
            source_files(job, self.source_names()),
            content=self.declared().content,
            targets=None if rule is None else rule.targets,
            list_source=None if rule is None else rule.list_source,
            **given,
            settings=self._questions(),
            into=job.result,
            progress=job.progress,
        )
        question_contract.check(job.result, **given, max_length=self.length())


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
            budget=self._budget(),
            sees=cast(Sees, self.sees),
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
        return {"fine_tuning": to_plain(self.fine_tuning()), "network": to_plain(self.network())}

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
            checkpoint_every_s=self.checkpoint_every_s,
        )


class Evaluate(JudgedTask):
    """A network judged on the test rows of a benchmark, fine-tuned before unless the benchmark is a zero-shot one."""

    device: ChoiceParameter = ChoiceParameter(default="cpu", choices=("cpu", "cuda"), description="where to evaluate")
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
            num_threads=threads if self.num_threads is None else self.num_threads,
            sees=cast(Sees, self.sees),
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
