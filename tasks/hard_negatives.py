"""For each image the images most like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast, get_args

from data import hard_negatives
from data.contracts import hard_negatives as contract
from data.hard_negatives import HardNegativeSettings
from data.negative_pools import Pool, SearchOn
from tasks.artifact import Job
from tasks.corpora import SentenceCorpus
from tasks.images import ImageTable, RegionFeatures
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalCountParameter
from tasks.settings import current_profile
from tasks.sharded import ShardedTask


class HardNegatives(ShardedTask):
    """For each image the most similar others of its split, by mean-pooled region features or by captions."""

    num_negatives: OptionalCountParameter = OptionalCountParameter(default=None, description="neighbours of each image")
    pool: ChoiceParameter = ChoiceParameter(
        default="cosine",
        choices=get_args(Pool),
        description="alike by the cosine of features, by words of captions, or as ViLBERT's pool, itself first",
    )
    search_on: ChoiceParameter = ChoiceParameter(
        default="cpu", choices=get_args(SearchOn), significant=False, description="the same neighbours, sooner"
    )
    images_per_shard: OptionalCountParameter = OptionalCountParameter(default=None, description="images of a shard")

    entry = ("data.hard_negatives", "data.contracts.hard_negatives")
    libraries = ("h5py", "numpy", "pyarrow")

    def inputs(self) -> Mapping[str, Input]:
        """The image table (splits, groups, photographs) and the region store; captions where they are compared."""
        captions = {"captions": Input(node=SentenceCorpus(profile=self.profile), results=("corpus",))}
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)),
            "regions": Input(node=RegionFeatures(profile=self.profile), results=("regions.h5",)),
            **(captions if self.pool == "captions" else {}),
        }

    def _index(self) -> HardNegativeSettings:
        profile = current_profile(self.profile)
        return HardNegativeSettings(
            num_negatives=self.num_negatives or profile.num_negatives,
            images_per_shard=self.images_per_shard or profile.images_per_shard,
            pool=cast(Pool, self.pool),
        )

    def settings(self) -> Mapping[str, Any]:
        """The number of neighbours, what makes images alike, and how the index is cut."""
        return asdict(self._index())

    def build(self, job: Job) -> None:
        """Search, exactly."""
        hard_negatives.build(
            images=job.inputs["images"],
            regions=job.inputs["regions"],
            captions=job.inputs.get("captions"),
            settings=self._index(),
            search_on=cast(SearchOn, self.search_on),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        contract.check(job.result)
