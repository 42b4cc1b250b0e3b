"""Which rows of pre-training show images that a benchmark holds out."""

from __future__ import annotations

from collections.abc import Mapping

from data import leaks
from tasks.artifact import ArtifactTask, Job
from tasks.corpora import PhraseCorpus, SentenceCorpus, TokenCorpus
from tasks.images import ImageTable
from tasks.node import Input


class LeakReport(ArtifactTask):
    """For every benchmark whose images are known: which rows of pre-training touch its validation and test images."""

    entry = ("data.leaks",)
    libraries = ("pyarrow",)

    def inputs(self) -> Mapping[str, Input]:
        """The image table with its collections, and the corpora of pre-training."""
        corpora = (TokenCorpus, PhraseCorpus, SentenceCorpus)
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet", "joins.parquet")),
            **{cls.__name__: Input(node=cls(profile=self.profile), results=("corpus",)) for cls in corpora},
        }

    def build(self, job: Job) -> None:
        """Look up every row's image."""
        corpora = {name: folder for name, folder in job.inputs.items() if name != "images"}
        leaks.build(images=job.inputs["images"], corpora=corpora, into=job.result)
