"""A stage of pre-training: it starts from the weights of the one before, and goes on after a kill where it was."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model.huggingface.folder import look
from model.spec_json import to_plain
from model.specs import Budget, Curriculum, Stage, check_lengths
from tasks.artifact import Job
from tasks.corpora import PhraseCorpus, SentenceCorpus, StreamCorpus, TokenCorpus, Vocabulary
from tasks.hard_negatives import HardNegatives
from tasks.jobs import run_job
from tasks.node import Input
from tasks.parameters import OptionalCountParameter
from tasks.seen import image_inputs, with_folders
from tasks.sources import SourceFile
from tasks.training import WEIGHTS, TrainingTask
from tasks.unimodal import ImageCorpus, TextCorpus

_CORPORA: Mapping[str, type[StreamCorpus]] = {
    "token": TokenCorpus,
    "phrase": PhraseCorpus,
    "sentence": SentenceCorpus,
    "text": TextCorpus,
    "image": ImageCorpus,
}


class PretrainStage(TrainingTask):
    """One stage of a curriculum."""

    num_steps: OptionalCountParameter = OptionalCountParameter(default=None, description="updates; replaces epochs")

    entry = ("model.train",)

    @abstractmethod
    def curriculum(self) -> Curriculum:
        """Its stage after those that came before it, at the profile's sizes and with the user's readings."""

    @abstractmethod
    def before(self) -> PretrainStage | None:
        """The task of the stage whose weights it starts from."""

    @property
    @abstractmethod
    def can_match(self) -> bool:
        """Whether it learns matching, so that pairs can be scored with no fine-tuning."""

    def initial_weights(self) -> Mapping[str, Path]:
        """Somebody else's weights that a first stage starts from, by part of the network; none: from scratch."""
        return {}

    def stage(self) -> Stage:
        """This stage's spec, with what the user set in place of the profile's sizes."""
        stage = self.curriculum().stages[-1]
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

    def _corpus(self, name: str) -> StreamCorpus:
        return _CORPORA[name].seen_by(self.curriculum().network, profile=self.profile)

    def corpora(self) -> tuple[StreamCorpus, ...]:
        """The corpora of its streams, each once."""
        return tuple(dict.fromkeys(self._corpus(stream.corpus) for stream in self.curriculum().stages[-1].streams))

    def inputs(self) -> Mapping[str, Input]:
        """Regions, vocabulary, negatives, the streams' corpora, and the weights to start from."""
        stage = self.stage()
        inputs = {
            **image_inputs(self.curriculum().network, profile=self.profile),
            "vocabulary": Input(node=Vocabulary(profile=self.profile)),
            **{
                f"corpus.{stream.corpus}": Input(node=self._corpus(stream.corpus), results=("corpus",))
                for stream in stage.streams
            },
        }
        if any(corruption.has_negatives for stream in stage.streams for corruption in stream.all_corruptions()):
            negatives = HardNegatives(profile=self.profile)
            inputs["hard_negatives"] = Input(node=negatives, results=("hard_negatives.h5",))
        return {**inputs, **self._start()}

    def _start(self) -> dict[str, Input]:
        """The weights to start from: those of the stage before, or the user's; none from scratch. Raises UserError."""
        before, given = self.before(), self.initial_weights()
        if before is not None:
            return {"start": Input(node=before, results=WEIGHTS)}
        for part, path in given.items():
            look(path, part, self.curriculum().network)
        return {part: Input(node=SourceFile(path=str(path))) for part, path in given.items()}

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
            *(f"model.objectives.{objective.name}" for stream in streams for objective in stream.all_objectives()),
            *(f"model.corruptions.{corruption.name}" for stream in streams for corruption in stream.all_corruptions()),
            *(f"model.orders.{stream.order.name}" for stream in streams),
        )

    def build(self, job: Job) -> None:
        """Train, in a process of its own."""
        corpora = {name.partition(".")[2]: str(path) for name, path in job.inputs.items() if name.startswith("corpus.")}
        others = {name: str(path) for name, path in job.inputs.items() if not name.startswith("corpus.")}
        inputs = {"start": None, "hard_negatives": None, **with_folders(others), "corpora": corpora}
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
