"""The text side of the DAG: the vocabulary, and the three corpora of text beside images."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Literal, Self, cast

import luigi

from data import vocabulary
from data.contracts import corpora as contract
from data.corpora import phrase, sentence, token
from data.errors import UserError
from data.records import PRETRAINING
from data.sources import that_give
from data.taggers import VerbRule
from data.vocabulary import VocabularySettings
from model.curricula.msp import StageSizes
from model.specs import MIN_LENGTH, Network
from tasks.artifact import Job
from tasks.images import ImageTable, RegionFeatures, SourceTask
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalCountParameter, RateParameter
from tasks.settings import current_profile
from tasks.sharded import ShardedTask
from tasks.sources import givers, is_set, need, source_files, uses_world
from tasks.tagging import PhraseTags

JOINED = ("images", "regions", "vocabulary")
"""What every corpus is joined with, by the names of its inputs."""


class Vocabulary(SourceTask):
    """WordPiece entries: BERT's own file where it is given, else trained on the texts of the training images."""

    num_entries: OptionalCountParameter = OptionalCountParameter(default=None, description="at most so many")

    entry = ("data.vocabulary",)
    libraries = ("tokenizers",)

    def source_names(self) -> tuple[str, ...]:
        """The given file, or all that holds text."""
        if is_set("bert_vocabulary"):
            return ("bert_vocabulary",)
        return (*givers("phrases", "captions", "questions"), *self._texts_alone())

    def _texts_alone(self) -> tuple[str, ...]:
        """The user's sources of texts; the world's are in the words of its captions."""
        return () if uses_world() else givers("texts")

    def inputs(self) -> Mapping[str, Input]:
        """The sources, and images and regions: only training images' texts and labels are used."""
        if is_set("bert_vocabulary"):
            return self.source_inputs()
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)),
            "regions": Input(node=RegionFeatures(profile=self.profile)),
            **self.source_inputs(),
        }

    def _sizes(self) -> VocabularySettings:
        from tasks.unimodal import TextCorpus  # each needs the other

        num_entries = self.num_entries or current_profile(self.profile).vocabulary_entries
        if not self._texts_alone():
            return VocabularySettings(num_entries=num_entries)
        corpus = TextCorpus(profile=self.profile)
        return VocabularySettings(num_entries=num_entries, splits=corpus.splits(), text_column=corpus.text_column)

    def settings(self) -> Mapping[str, Any]:
        """The size, unless the entries are given."""
        return {} if is_set("bert_vocabulary") else asdict(self._sizes())

    def build(self, job: Job) -> None:
        """Check and copy the given file, or train."""
        files = source_files(job, self.source_names())
        if is_set("bert_vocabulary"):
            vocabulary.adopt(files, into=job.result)
        else:
            vocabulary.train(
                files,
                images=job.inputs["images"],
                regions=job.inputs["regions"],
                settings=self._sizes(),
                into=job.result,
                progress=job.progress,
            )


def checked_length(length: int, *, where: str) -> int:
    """The length limit of a corpus. Raises UserError where no text fits."""
    if length < MIN_LENGTH:
        raise UserError(
            expected=f"room for at least {MIN_LENGTH} word pieces: [CLS], one piece, [SEP]",
            found=str(length),
            where=where,
            way_out="raise it",
        )
    return length


class StreamCorpus(SourceTask, ShardedTask):
    """A corpus that a stream can read."""

    @classmethod
    def seen_by(cls, network: Network, *, profile: str) -> Self:
        """The corpus for a network."""
        return cls(profile=profile)

    @abstractmethod
    def length(self) -> int:
        """How many word pieces a row may have, [CLS] and [SEP] included."""


class CorpusTask(StreamCorpus):
    """What the three corpora share: they join text to images that have regions, in word pieces."""

    max_length: luigi.OptionalIntParameter = luigi.OptionalIntParameter(
        default=None, description="word pieces a row, [CLS] and [SEP] included"
    )
    max_rejected_rate: RateParameter = RateParameter(
        default=0.05, description="share of rejected records above which the corpus is not built"
    )
    images_per_shard: OptionalCountParameter = OptionalCountParameter(default=None, description="images of a shard")

    libraries: ClassVar[tuple[str, ...]] = ("tokenizers", "pyarrow")

    def source_names(self) -> tuple[str, ...]:
        """The corpora's texts."""
        return ()

    def length(self) -> int:
        """The length limit in use."""
        length = self.sizes().max_length if self.max_length is None else self.max_length
        return checked_length(length, where=f"[{self.task_family}] max_length")

    def per_shard(self) -> int:
        """How many images make a shard."""
        return self.images_per_shard or current_profile(self.profile).images_per_shard

    @abstractmethod
    def sizes(self) -> StageSizes:
        """The sizes of the stage that reads this corpus."""

    def inputs(self) -> Mapping[str, Input]:
        """Images, regions, vocabulary and the sources of text."""
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)),
            "regions": Input(node=RegionFeatures(profile=self.profile)),
            "vocabulary": Input(node=Vocabulary(profile=self.profile)),
            **self.source_inputs(),
        }

    def check(self, job: Job) -> None:
        """Hold the contract before the corpus is published."""
        contract.check(
            job.result,
            images=job.inputs["images"],
            regions=job.inputs["regions"],
            vocabulary=job.inputs["vocabulary"],
            max_length=self.length(),
        )


class TokenCorpus(CorpusTask):
    """Stage 1's text: the 36 category labels of an image in the order of its regions."""

    entry = ("data.corpora.token", "data.contracts.corpora")

    def sizes(self) -> StageSizes:
        """Those of the token stage."""
        return current_profile(self.profile).msp.token

    def _corpus(self) -> token.TokenSettings:
        return token.TokenSettings(
            max_length=self.length(),
            images_per_shard=self.per_shard(),
            max_rejected_rate=self.max_rejected_rate,
        )

    def settings(self) -> Mapping[str, Any]:
        """The corpus's settings."""
        return asdict(self._corpus())

    def build(self, job: Job) -> None:
        """Join the labels."""
        token.build(
            **{name: job.inputs[name] for name in JOINED},
            settings=self._corpus(),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        self.check(job)


class PhraseCorpus(CorpusTask):
    """Stage 2's text: the phrases of an image that hold no verb, joined with commas."""

    verbs: ChoiceParameter = ChoiceParameter(
        default="verb_or_aux",
        choices=("verb", "verb_or_aux", "none"),
        description="which tags make a phrase one with a verb",
    )
    phrases_from: ChoiceParameter = ChoiceParameter(
        default="phrases", choices=("phrases", "boxes"), description="as publishers wrote them, or made from boxes"
    )

    entry = ("data.corpora.phrase", "data.contracts.corpora")

    def sizes(self) -> StageSizes:
        """Those of the phrase stage."""
        return current_profile(self.profile).msp.phrase

    def source_names(self) -> tuple[str, ...]:
        """All that hold phrases."""
        return givers(self._content(), pool=PRETRAINING)

    def inputs(self) -> Mapping[str, Input]:
        """What every corpus needs, and the parts of speech where a rule asks for them."""
        names = that_give(self._content(), pool=PRETRAINING)
        need(names, task=self.task_family, what=f"a source of {self.phrases_from}")
        inputs = dict(super().inputs())
        if self.verbs == "none":
            return inputs
        return {**inputs, "tags": Input(node=PhraseTags(profile=self.profile, phrases_from=self.phrases_from))}

    def _content(self) -> Literal["phrases", "boxes"]:
        return "boxes" if self.phrases_from == "boxes" else "phrases"

    def _corpus(self) -> phrase.PhraseSettings:
        return phrase.PhraseSettings(
            max_length=self.length(),
            images_per_shard=self.per_shard(),
            max_rejected_rate=self.max_rejected_rate,
            rule=cast(VerbRule, self.verbs),
            phrases_from=self._content(),
        )

    def settings(self) -> Mapping[str, Any]:
        """The corpus's settings."""
        return asdict(self._corpus())

    def build(self, job: Job) -> None:
        """Leave out phrases with verbs and join the rest."""
        phrase.build(
            source_files(job, self.source_names()),
            **{name: job.inputs[name] for name in JOINED},
            tags=job.inputs.get("tags"),
            settings=self._corpus(),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        self.check(job)


class SentenceCorpus(CorpusTask):
    """Stage 3's text: captions."""

    entry = ("data.corpora.sentence", "data.contracts.corpora")

    def sizes(self) -> StageSizes:
        """Those of the sentence stage."""
        return current_profile(self.profile).msp.sentence

    def source_names(self) -> tuple[str, ...]:
        """All that hold captions."""
        return givers("captions", pool=PRETRAINING)

    def inputs(self) -> Mapping[str, Input]:
        """What every corpus needs."""
        need(that_give("captions", pool=PRETRAINING), task=self.task_family, what="captions")
        return super().inputs()

    def _corpus(self) -> sentence.SentenceSettings:
        return sentence.SentenceSettings(
            max_length=self.length(),
            images_per_shard=self.per_shard(),
            max_rejected_rate=self.max_rejected_rate,
        )

    def settings(self) -> Mapping[str, Any]:
        """The corpus's settings."""
        return asdict(self._corpus())

    def build(self, job: Job) -> None:
        """Tokenise the captions."""
        sentence.build(
            source_files(job, self.source_names()),
            **{name: job.inputs[name] for name in JOINED},
            settings=self._corpus(),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        self.check(job)
