"""For each image the images most like it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast, get_args

from data import hard_negatives
from data.contracts import hard_negatives as contract
from data.hard_negatives import HardNegativeSettings
from data.negative_pools import Pool, SearchOn
from data.sources import that_give
from tasks.artifact import Job
from tasks.corpora import SentenceCorpus
from tasks.images import ImageTable, RegionFeatures, SourceTask
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalCountParameter, RateParameter
from tasks.settings import current_profile
from tasks.sharded import ShardedTask
from tasks.sources import givers, need, source_files


class HardNegatives(SourceTask, ShardedTask):
    """For each image the most similar others of its split: by region features, by captions, or as files list them."""

    num_negatives: OptionalCountParameter = OptionalCountParameter(default=None, description="neighbours of each image")
    pool: ChoiceParameter = ChoiceParameter(
        default="cosine",
        choices=get_args(Pool),
        description="alike by the cosine of features, by words of captions, as ViLBERT's pool (itself first), or given",
    )
    max_rejected_rate: RateParameter = RateParameter(
        default=0.05, description="share of a given pool's images that may not be there"
    )
    search_on: ChoiceParameter = ChoiceParameter(
        default="cpu", choices=get_args(SearchOn), significant=False, description="the same neighbours, sooner"
    )
    images_per_shard: OptionalCountParameter = OptionalCountParameter(default=None, description="images of a shard")

    entry = ("data.hard_negatives", "data.contracts.hard_negatives")
    libraries = ("h5py", "numpy", "pyarrow")

    def source_names(self) -> tuple[str, ...]:
        """The user's own pools, where they are asked for."""
        return givers("negatives") if self.pool == "given" else ()

    def inputs(self) -> Mapping[str, Input]:
        """The image table (splits, groups, photographs) and the region store; captions, or the given pools."""
        if self.pool == "given":
            need(that_give("negatives"), task="HardNegatives", what="hard negatives")
        captions = {"captions": Input(node=SentenceCorpus(profile=self.profile), results=("corpus",))}
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)),
            "regions": Input(node=RegionFeatures(profile=self.profile), results=("regions.h5",)),
            **(captions if self.pool == "captions" else {}),
            **self.source_inputs(),
        }

    def notices(self) -> tuple[str, ...]:
        """A sentence where the user names pools and nothing reads them."""
        unread = () if self.pool == "given" else givers("negatives")
        return tuple(
            f"[sources] {name} is not read: [HardNegatives] pool is {self.pool}; pool = given takes it."
            for name in unread
        )

    def _index(self) -> HardNegativeSettings:
        profile = current_profile(self.profile)
        return HardNegativeSettings(
            num_negatives=self.num_negatives or profile.num_negatives,
            images_per_shard=self.images_per_shard or profile.images_per_shard,
            pool=cast(Pool, self.pool),
            max_rejected_rate=self.max_rejected_rate,
        )

    def settings(self) -> Mapping[str, Any]:
        """The number of neighbours, what makes images alike, how the index is cut, and how much may be missing."""
        return asdict(self._index())

    def build(self, job: Job) -> None:
        """Search, exactly, or take what is given."""
        hard_negatives.build(
            images=job.inputs["images"],
            regions=job.inputs["regions"],
            captions=job.inputs.get("captions"),
            given=source_files(job, self.source_names()),
            settings=self._index(),
            search_on=cast(SearchOn, self.search_on),
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        contract.check(job.result)
