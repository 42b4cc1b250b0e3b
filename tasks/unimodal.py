"""The corpora of one modality: text that no image stands beside, and images without text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self, cast, get_args

import luigi

from data.contracts import unimodal as contract
from data.corpora import image, text
from data.corpora.image import ImagesFrom
from data.corpora.text import Reading, TextSettings, TextsFrom
from data.documents import TextSplits
from data.records import PRETRAINING, Content
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.sources import that_give
from model.specs import MIN_LENGTH, ImagesSeen, Network
from tasks.artifact import Job
from tasks.corpora import StreamCorpus, Vocabulary, checked_length
from tasks.images import ImageTable, RegionFeatures
from tasks.node import Input
from tasks.parameters import (
    ChoiceParameter,
    CountParameter,
    OptionalCountParameter,
    OptionalRateParameter,
    RateParameter,
    SeedParameter,
)
from tasks.pictures import PictureStore
from tasks.settings import current_profile
from tasks.sources import givers, need, source_files

_MIB = 1 << 20
_STORES: Mapping[ImagesSeen, ImagesFrom] = {"regions": "regions", "patches": "pictures"}


class TextCorpus(StreamCorpus):
    """Text alone: plain files, Parquet and treebanks, or captions without their images."""

    max_length: luigi.OptionalIntParameter = luigi.OptionalIntParameter(
        default=None, description="word pieces a row, [CLS] and [SEP] included"
    )
    reading: ChoiceParameter = ChoiceParameter(
        default="sentence",
        choices=get_args(Reading),
        description="a sentence a row, or those of a document until it is full",
    )
    texts_from: ChoiceParameter = ChoiceParameter(
        default="texts", choices=get_args(TextsFrom), description="sources of texts, or captions without their images"
    )
    text_column: luigi.Parameter[str] = luigi.Parameter(
        default="", description="of Parquet; empty: text, or the only column of texts"
    )
    validation_rate: OptionalRateParameter = OptionalRateParameter(default=None, description="share of documents")
    test_rate: OptionalRateParameter = OptionalRateParameter(default=None, description="share of documents")
    seed: SeedParameter = SeedParameter(default=1, description="of the split by hash")
    max_rejected_rate: RateParameter = RateParameter(
        default=0.05, description="share of rejected texts above which the corpus is not built"
    )
    mib_per_shard: CountParameter = CountParameter(
        default=64, most=1 << 20, description="MiB of the sources for each shard"
    )

    entry = ("data.corpora.text", "data.contracts.unimodal")
    libraries: ClassVar[tuple[str, ...]] = ("tokenizers", "pyarrow")

    def source_names(self) -> tuple[str, ...]:
        """All that hold texts, or captions of pre-training."""
        return givers(self._content(), pool=PRETRAINING)

    def inputs(self) -> Mapping[str, Input]:
        """The vocabulary and the sources; of captions the images, which say what is held out."""
        names = that_give(self._content(), pool=PRETRAINING)
        need(names, task=self.task_family, what="text" if self._content() == "texts" else "captions")
        inputs = {"vocabulary": Input(node=Vocabulary(profile=self.profile)), **self.source_inputs()}
        if self._content() == "texts":
            return inputs
        return {"images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)), **inputs}

    def length(self) -> int:
        """The length limit in use."""
        length = current_profile(self.profile).text_length if self.max_length is None else self.max_length
        return checked_length(length, where=f"[{self.task_family}] max_length")

    def splits(self) -> TextSplits:
        """How documents are split."""
        profile = current_profile(self.profile)
        return TextSplits(
            validation_rate=profile.validation_rate if self.validation_rate is None else self.validation_rate,
            test_rate=profile.test_rate if self.test_rate is None else self.test_rate,
            seed=self.seed,
        )

    def _content(self) -> Content:
        return "captions" if self.texts_from == "captions" else "texts"

    def _corpus(self) -> TextSettings:
        return TextSettings(
            max_length=self.length(),
            reading=cast(Reading, self.reading),
            splits=self.splits(),
            bytes_per_shard=self.mib_per_shard * _MIB,
            texts_from=cast(TextsFrom, self.texts_from),
            text_column=self.text_column,
            max_rejected_rate=self.max_rejected_rate,
        )

    def settings(self) -> Mapping[str, Any]:
        """The corpus's settings."""
        return asdict(self._corpus())

    def build(self, job: Job) -> None:
        """Put the texts into rows."""
        text.build(
            source_files(job, self.source_names()),
            vocabulary=job.inputs["vocabulary"],
            images=job.inputs.get("images"),
            settings=self._corpus(),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        contract.check_texts(job.result, vocabulary=job.inputs["vocabulary"], max_length=self.length())


class ImageCorpus(StreamCorpus):
    """Images alone: every image of pre-training that has a picture, or regions, captioned or not."""

    images_from: ChoiceParameter = ChoiceParameter(
        default="pictures", choices=get_args(ImagesFrom), description="the store that holds what is seen of them"
    )
    images_per_shard: OptionalCountParameter = OptionalCountParameter(default=None, description="images of a shard")

    entry = ("data.corpora.image", "data.contracts.unimodal")
    identity = ("images_from",)
    libraries: ClassVar[tuple[str, ...]] = ("pyarrow", "h5py")

    @classmethod
    def seen_by(cls, network: Network, *, profile: str) -> Self:
        """Of the store that holds what the network sees."""
        return cls(profile=profile, images_from=_STORES[network.images])

    @property
    def variant(self) -> str:
        """What it is of, where that is not pictures."""
        return "" if self.images_from == "pictures" else self.images_from

    def source_names(self) -> tuple[str, ...]:
        """None: the image table and the store have read them."""
        return ()

    def inputs(self) -> Mapping[str, Input]:
        """The images, and their pictures or regions."""
        stores = {
            "pictures": Input(node=PictureStore(profile=self.profile), results=("pictures",)),
            "regions": Input(node=RegionFeatures(profile=self.profile), results=(REGIONS_FILE,)),
        }
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)),
            self.images_from: stores[self.images_from],
        }

    def length(self) -> int:
        """The least that a stream may have: there is no word in any row."""
        return MIN_LENGTH

    def _per_shard(self) -> int:
        return self.images_per_shard or current_profile(self.profile).images_per_shard

    def settings(self) -> Mapping[str, Any]:
        """How it is cut."""
        return {"images_from": self.images_from, "images_per_shard": self._per_shard()}

    def build(self, job: Job) -> None:
        """Make a row of every picture."""
        images_from = cast(ImagesFrom, self.images_from)
        images, store = job.inputs["images"], job.inputs[images_from]
        image.build(
            images=images,
            store=store,
            images_from=images_from,
            images_per_shard=self._per_shard(),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        contract.check_images(job.result, images=images, store=store, images_from=images_from)
