"""The benchmarks: a trained network judged on the test split, which is opened here and nowhere else."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from model.specs import Benchmark, to_plain
from tasks.artifact import ArtifactTask, Input, Job
from tasks.corpora import SentenceCorpus, Vocabulary
from tasks.images import RegionFeatures
from tasks.jobs import run_job
from tasks.parameters import OptionalProcessesParameter
from tasks.stages import WEIGHTS, SentenceStage


class Evaluate(ArtifactTask):
    """One benchmark on the network of the curriculum's last stage."""

    num_threads: OptionalProcessesParameter = OptionalProcessesParameter(
        default=None, description="CPU threads; part of the result's identity"
    )

    entry = ("model.evaluate",)
    libraries = ("numpy", "safetensors", "torch")

    @property
    @abstractmethod
    def benchmark_name(self) -> str:
        """The name of its spec in the curriculum."""

    def benchmark(self) -> Benchmark:
        """The benchmark's spec in the curriculum."""
        benchmarks = self._stage().curriculum().benchmarks
        return next(benchmark for benchmark in benchmarks if benchmark.name == self.benchmark_name)

    def _stage(self) -> SentenceStage:
        return SentenceStage(profile=self.profile)

    def _num_threads(self) -> int:
        return self._stage().stage().budget.num_threads if self.num_threads is None else self.num_threads

    def inputs(self) -> Mapping[str, Input]:
        """The weights, and the rows to judge them on."""
        return {
            "weights": Input(node=self._stage(), results=WEIGHTS),
            "regions": Input(node=RegionFeatures(profile=self.profile)),
            "vocabulary": Input(node=Vocabulary(profile=self.profile)),
            "corpus.sentence": Input(node=SentenceCorpus(profile=self.profile), results=("corpus.parquet",)),
        }

    def settings(self) -> Mapping[str, Any]:
        """The benchmark's spec, the network's, and the number of threads that the sums depend on."""
        return {
            "benchmark": to_plain(self.benchmark()),
            "network": to_plain(self._stage().curriculum().network),
            "num_threads": self._num_threads(),
        }

    def plug_ins(self) -> tuple[str, ...]:
        """The benchmark's file, the network's, and those of the heads that the last stage leaves."""
        heads = [objective.name for stream in self._stage().stage().streams for objective in stream.objectives]
        return (
            f"model.benchmarks.{self.benchmark_name}",
            f"model.networks.{self._stage().curriculum().network.name}",
            *(f"model.objectives.{name}" for name in heads),
        )

    def build(self, job: Job) -> None:
        """Evaluate, in a process of its own."""
        inputs = {name: str(path) for name, path in job.inputs.items() if name != "corpus.sentence"}
        spec = self.settings()
        run_job(
            "model.evaluate",
            job,
            spec=spec["benchmark"],
            network=spec["network"],
            inputs={**inputs, "corpora": {"sentence": str(job.inputs["corpus.sentence"])}},
            num_threads=self._num_threads(),
        )


class ZeroShotRetrieval(Evaluate):
    """Image and text retrieval on held-out images with the matching head as pre-training left it."""

    benchmark_name = "retrieval"


BENCHMARKS: Mapping[str, type[Evaluate]] = {"retrieval": ZeroShotRetrieval}
