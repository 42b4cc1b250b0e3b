"""The tagger that tells which phrases hold a verb, trained here unless one is given, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

import luigi

from data import phrase_tags
from data.contracts import phrase_tags as contract
from data.errors import UserError
from data.phrase_tags import Mode, TaggingSettings
from data.records import PRETRAINING
from data.sources import only_file, that_give
from data.taggers import TaggerSettings, backend_names, running
from tasks.artifact import ArtifactTask, Job
from tasks.images import SourceTask
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalCountParameter, SeedParameter
from tasks.settings import current_profile
from tasks.sharded import ShardedTask
from tasks.sources import SourceFile, givers, need, source_files, source_inputs

_TREEBANKS = ("treebank", "treebank_test")
_OF_A_MODEL = ("meta.json", "model/meta.json", "perceptron.json")
_OF_NLTK = "averaged_perceptron_tagger_"  # a resource of nltk.download


class PosTagger(ArtifactTask):
    """A tagger trained from `[sources] treebank`, scored on `treebank_test` where that is set."""

    backend: ChoiceParameter = ChoiceParameter(
        default="spacy_tagger", choices=backend_names(), description="a file of data/taggers"
    )
    seed: SeedParameter = SeedParameter(default=1, description="of initial weights and of the order of sentences")

    entry = ("data.taggers.running",)
    libraries = ("numpy", "spacy", "thinc", "nltk")

    def inputs(self) -> Mapping[str, Input]:
        """The treebank."""
        need(("treebank",), task="PosTagger (or give PhraseTags a tagger: --PhraseTags-tagger)", what="a treebank")
        return source_inputs(_TREEBANKS, profile=self.profile)

    def plug_ins(self) -> tuple[str, ...]:
        """The backend."""
        return (f"data.taggers.{self.backend}",)

    def _training(self) -> TaggerSettings:
        return TaggerSettings(seed=self.seed)

    def settings(self) -> Mapping[str, Any]:
        """The backend, the seed and the number of epochs."""
        return {"backend": self.backend, **asdict(self._training())}

    def build(self, job: Job) -> None:
        """Train and score."""
        files = source_files(job, _TREEBANKS)
        running.train(
            self.backend,
            only_file(files, "treebank"),
            only_file(files, "treebank_test") if files.get("treebank_test") else None,
            settings=self._training(),
            into=job.result,
            progress=job.progress,
        )


class PhraseTags(SourceTask, ShardedTask):
    """The parts of speech of every distinct phrase, from which any rule of what a verb is can filter them."""

    identity: ClassVar[tuple[str, ...]] = ("phrases_from",)

    phrases_from: ChoiceParameter = ChoiceParameter(
        default="phrases", choices=("phrases", "boxes"), description="as publishers wrote them, or made from boxes"
    )
    tagger: luigi.Parameter[str] = luigi.Parameter(
        default="",
        description="an installed spaCy package or a model's folder; empty: train one from [sources] treebank",
    )
    backend: ChoiceParameter = ChoiceParameter(
        default="spacy_tagger", choices=backend_names(), description="a file of data/taggers"
    )
    mode: ChoiceParameter = ChoiceParameter(
        default="exact",
        choices=("exact", "lexicon_first"),
        description="whether the tagger sees every phrase, or only those that its treebank's words do not settle",
    )
    rows_per_shard: OptionalCountParameter = OptionalCountParameter(default=None, description="phrases of a shard")

    entry = ("data.phrase_tags", "data.contracts.phrase_tags")
    libraries = ("pyarrow", "spacy", "thinc", "nltk")

    def source_names(self) -> tuple[str, ...]:
        """All that hold phrases."""
        return givers(self.content(), pool=PRETRAINING)

    def content(self) -> Literal["phrases", "boxes"]:
        """What is read."""
        return "boxes" if self.phrases_from == "boxes" else "phrases"

    def inputs(self) -> Mapping[str, Input]:
        """The sources, and the tagger unless it is a package."""
        names = that_give(self.content(), pool=PRETRAINING)
        need(names, task=self.task_family, what=f"a source of {self.phrases_from}")
        inputs = self.source_inputs()
        if not self.tagger:
            return {**inputs, "tagger": Input(node=PosTagger(profile=self.profile, backend=self.backend))}
        folder = tagger_folder(self.tagger)
        return inputs if folder is None else {**inputs, "tagger": Input(node=SourceFile(path=str(folder)))}

    def plug_ins(self) -> tuple[str, ...]:
        """The readers, and the tagger's backend."""
        return (*super().plug_ins(), f"data.taggers.{self.backend}")

    def _tagging(self) -> TaggingSettings:
        return TaggingSettings(
            backend=self.backend,
            rows_per_shard=self.rows_per_shard or current_profile(self.profile).rows_per_shard,
            phrases_from=self.content(),
            mode=cast(Mode, self.mode),
        )

    def settings(self) -> Mapping[str, Any]:
        """How phrases are tagged, and what identifies a tagger that is a package; any other is an input."""
        is_package = self.tagger and tagger_folder(self.tagger) is None
        return {**asdict(self._tagging()), "tagger": tagger_package(self.tagger) if is_package else {}}

    def build(self, job: Job) -> None:
        """Tag every distinct phrase."""
        phrase_tags.build(
            source_files(job, self.source_names()),
            tagger=str(job.inputs.get("tagger", self.tagger)),
            settings=self._tagging(),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        contract.check(job.result)


def tagger_folder(name: str) -> Path | None:
    """The folder of a model that the user names, None where it is a package's name. UserError if it holds no model."""
    folder = Path(name).expanduser().absolute()
    if not name or not folder.is_dir():
        return None
    if not any((folder / file).is_file() for file in _OF_A_MODEL):
        raise UserError(
            expected=f"a model's folder, which holds {' or '.join(_OF_A_MODEL)}",
            found="none of these",
            where=f"[PhraseTags] tagger = {name}",
            way_out="name the folder of a spaCy pipeline, or the result folder of a PosTagger",
        )
    return folder


def tagger_package(name: str) -> Mapping[str, str]:
    """What identifies a tagger that is installed. Raises UserError where there is none of that name."""
    if name.startswith(_OF_NLTK):
        return {"resource": name}  # the version of NLTK stands beside it, among the libraries
    try:
        return {"package": name, "version": metadata.version(name)}
    except metadata.PackageNotFoundError:
        raise UserError(
            expected="the name of an installed spaCy package or the path of a model's folder",
            found=f"{name!r}, which is neither",
            where="[PhraseTags] tagger",
            way_out=f"pip install it (python -m spacy download {name}), or leave it empty and set [sources] treebank",
        ) from None
