"""The tagger that decides which phrases hold a verb: trained here from a treebank, unless one is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.sources import only_file
from data.taggers import TaggerSettings, backend_names, running
from tasks.artifact import ArtifactTask, Job
from tasks.node import Input
from tasks.parameters import ChoiceParameter, SeedParameter
from tasks.sources import need, source_files, source_inputs

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
        need(("treebank",), task="PosTagger (or give PhraseCorpus a tagger: --PhraseCorpus-tagger)", what="a treebank")
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


def tagger_folder(name: str) -> Path | None:
    """The folder of a model that the user names, None where it is a package's name. UserError if it holds no model."""
    folder = Path(name).expanduser().absolute()
    if not name or not folder.is_dir():
        return None
    if not any((folder / file).is_file() for file in _OF_A_MODEL):
        raise UserError(
            expected=f"a model's folder, which holds {' or '.join(_OF_A_MODEL)}",
            found="none of these",
            where=f"[PhraseCorpus] tagger = {name}",
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
            where="[PhraseCorpus] tagger",
            way_out=f"pip install it (python -m spacy download {name}), or leave it empty and set [sources] treebank",
        ) from None
