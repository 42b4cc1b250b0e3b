"""The benchmarks: which there are, which of them have sources, and the rows of each."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar

import luigi

from data import questions
from data.contracts import questions as contract
from data.errors import UserError
from data.questions import QuestionSettings
from model import plugins
from model.benchmarks import Benchmark
from model.specs import Form
from tasks.artifact import ArtifactTask, Job
from tasks.corpora import JOINED, Vocabulary, checked_length
from tasks.images import ImageTable, RegionFeatures, SourceTask
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalCountParameter, RateParameter
from tasks.pictures import PictureStore
from tasks.profiles import BenchmarkSizes
from tasks.settings import current_profile
from tasks.sharded import ShardedTask
from tasks.sources import is_set, source_files, uses_world


@functools.cache
def benchmarks() -> Mapping[str, Benchmark]:
    """Every benchmark by the name of its file."""
    return {name: plugins.load("benchmarks", name).BENCHMARK for name in plugins.names("benchmarks")}


def sources_of(benchmark: Benchmark) -> tuple[str, ...]:
    """The sources that its rows are read from: the first alternative of which all are there; else none."""
    complete = (names for names in benchmark.sources if all(is_set(name) for name in names))
    return next(complete, ())


def available(wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """The benchmarks that have sources; of the wanted ones where some are named, else of those to be run by default."""
    return tuple(name for name, benchmark in benchmarks().items() if sources_of(benchmark) and _is_wanted(name, wanted))


def left_out(wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """A sentence for each benchmark that is not `available`."""
    return tuple(
        f"{benchmark.title} ({name}) is left out: {_why_not(name, wanted)}."
        for name, benchmark in benchmarks().items()
        if name not in available(wanted)
    )


def _is_wanted(name: str, wanted: Sequence[str]) -> bool:
    benchmark = benchmarks()[name]
    if wanted:
        return name in wanted
    return benchmark.reads == "pair" and (benchmark.runs_on_world or not uses_world())


def _why_not(name: str, wanted: Sequence[str]) -> str:
    if _is_wanted(name, wanted):
        return _lacking(benchmarks()[name])
    if not wanted and benchmarks()[name].reads != "pair":
        return "[Report] benchmarks does not name it, and not every network reads a text or an image alone"
    return "[Report] benchmarks does not name it" + ("" if wanted else ", which it takes on the generated world")


def _lacking(benchmark: Benchmark) -> str:
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


class BenchmarkCorpus(BenchmarkTask, SourceTask, ShardedTask):
    """The rows of a benchmark: questions, statements or captions beside their images, with what is right."""

    priority = 1  # before any training: what is wrong with the files is then known in minutes

    max_length: luigi.OptionalIntParameter = luigi.OptionalIntParameter(
        default=None, description="word pieces a row, [CLS] and [SEP] included"
    )
    max_rejected_rate: RateParameter = RateParameter(
        default=0.05, description="share of rejected records above which the rows are not built"
    )
    rows_per_shard: OptionalCountParameter = OptionalCountParameter(default=None, description="rows of a shard")

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
            **self._pictures(),
        }

    def _pictures(self) -> dict[str, Input]:
        """The pictures, which images alone are joined with instead of regions."""
        return {"pictures": Input(node=PictureStore(profile=self.profile))} if self.declared().reads == "image" else {}

    def _questions(self) -> QuestionSettings:
        rule = self.declared().answers
        return QuestionSettings(
            max_length=self.length(),
            rows_per_shard=self.rows_per_shard or current_profile(self.profile).rows_per_shard,
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
        given = {name: job.inputs[name] for name in (*JOINED, *self._pictures())}
        questions.build(
            source_files(job, self.source_names()),
            content=self.declared().content,
            targets=None if rule is None else rule.targets,
            list_source=None if rule is None else rule.list_source,
            **given,
            fixed=() if rule is None else rule.fixed,
            settings=self._questions(),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        contract.check(job.result, **given, max_length=self.length(), content=self.declared().content)
