"""The stages of pre-training: each starts from the weights of the one before, and goes on after a kill where it was."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from model.curricula import msp
from model.specs import Budget, Curriculum, Stage, check_lengths, to_plain
from tasks.artifact import Job
from tasks.corpora import CorpusTask, PhraseCorpus, SentenceCorpus, TokenCorpus, Vocabulary
from tasks.hard_negatives import HardNegatives
from tasks.images import RegionFeatures
from tasks.jobs import run_job
from tasks.node import Input
from tasks.parameters import OptionalCountParameter
from tasks.settings import current_profile
from tasks.training import WEIGHTS, TrainingTask

_CORPORA: Mapping[str, type[CorpusTask]] = {"token": TokenCorpus, "phrase": PhraseCorpus, "sentence": SentenceCorpus}


class PretrainStage(TrainingTask):
    """One stage of a curriculum."""

    num_steps: OptionalCountParameter = OptionalCountParameter(default=None, description="updates; replaces epochs")

    entry = ("model.train",)

    @property
    @abstractmethod
    def stage_name(self) -> str:
        """The name of its spec in the curriculum."""

    def curriculum(self) -> Curriculum:
        """The curriculum at the profile's sizes."""
        return msp.curriculum(current_profile(self.profile).msp, seed=self.seed)

    def stage(self) -> Stage:
        """This stage's spec, with what the user set in place of the profile's sizes."""
        stage = next(stage for stage in self.curriculum().stages if stage.name == self.stage_name)
        streams = tuple(
            dataclasses.replace(
                stream,
                batch_size=stream.batch_size if self.batch_size is None else self.batch_size,
                micro_batch_size=self.micro_batch_size,
                max_length=self._corpus(stream.corpus).length(),
            )
            for stream in stage.streams
        )
        stage = dataclasses.replace(stage, streams=streams, budget=self._budget(stage.budget))
        check_lengths(stage, self.curriculum().network)
        return stage

    def _budget(self, budget: Budget) -> Budget:
        budget = self.with_parameters(budget)
        if self.num_steps is None:
            return budget
        return dataclasses.replace(budget, num_steps=self.num_steps, num_epochs=self.num_epochs)

    def _corpus(self, name: str) -> CorpusTask:
        return _CORPORA[name](profile=self.profile)

    def inputs(self) -> Mapping[str, Input]:
        """Regions, vocabulary, negatives, the streams' corpora, and the weights to start from."""
        stage = self.stage()
        inputs = {
            "regions": Input(node=RegionFeatures(profile=self.profile)),
            "vocabulary": Input(node=Vocabulary(profile=self.profile)),
            **{
                f"corpus.{stream.corpus}": Input(node=self._corpus(stream.corpus), results=("corpus",))
                for stream in stage.streams
            },
        }
        if _needs_negatives(stage):
            negatives = HardNegatives(profile=self.profile)
            inputs["hard_negatives"] = Input(node=negatives, results=("hard_negatives.h5",))
        if stage.starts_from is not None:
            inputs["start"] = Input(node=STAGES[stage.starts_from](profile=self.profile), results=WEIGHTS)
        return inputs

    def settings(self) -> Mapping[str, Any]:
        """The stage's and the network's specs."""
        return {
            "stage": to_plain(self.stage()),
            "network": to_plain(self.curriculum().network),
            "num_devices": self.num_devices,
        }

    def plug_ins(self) -> tuple[str, ...]:
        """The files that the specs name."""
        stage = self.stage()
        streams = stage.streams
        return (
            f"model.networks.{self.curriculum().network.name}",
            f"model.mixings.{stage.mixing.name}",
            *(f"model.objectives.{objective.name}" for stream in streams for objective in stream.objectives),
            *(f"model.corruptions.{corruption.name}" for stream in streams for corruption in stream.corruptions),
            *(f"model.orders.{stream.order.name}" for stream in streams),
        )

    def build(self, job: Job) -> None:
        """Train, in a process of its own."""
        corpora = {name.partition(".")[2]: str(path) for name, path in job.inputs.items() if name.startswith("corpus.")}
        others = {name: str(path) for name, path in job.inputs.items() if not name.startswith("corpus.")}
        inputs = {"start": None, "hard_negatives": None, **others, "corpora": corpora}
        spec = self.settings()
        run_job(
            "model.train",
            job,
            spec=spec["stage"],
            network=spec["network"],
            inputs=inputs,
            num_threads=self.stage().budget.num_threads,
            num_devices=self.num_devices,
            checkpoint_every_s=self.checkpoint_every_s,
        )


def _needs_negatives(stage: Stage) -> bool:
    """Whether images are swapped for hard ones; `num_negatives` 0 asks for any other image."""
    corruptions = [corruption for stream in stage.streams for corruption in stream.corruptions]
    return any(each.name == "swap_image" and each.options.get("num_negatives") != 0 for each in corruptions)


class TokenStage(PretrainStage):
    """Stage 1: category labels; MLM, MRFR, MOC, IFRS."""

    stage_name = "token"


class PhraseStage(PretrainStage):
    """Stage 2: verb-free phrases; MLM, MRFR, MOC, TITP."""

    stage_name = "phrase"


class SentenceStage(PretrainStage):
    """Stage 3: captions; MLM, MRFR, MOC, TITS, ITM_HS."""

    stage_name = "sentence"


STAGES: Mapping[str, type[PretrainStage]] = {"token": TokenStage, "phrase": PhraseStage, "sentence": SentenceStage}
