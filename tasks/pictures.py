"""The pictures themselves, for networks that see pixels instead of regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from data.contracts import pictures as pictures_contract
from data.pictures import building
from data.pictures.building import StoreSettings, check_can_stay
from data.pictures.store import Keep
from tasks.artifact import Job
from tasks.images import PICTURES, ImageTable, SourceTask, own_pictures
from tasks.node import Input
from tasks.parameters import ChoiceParameter, OptionalCountParameter, RateParameter
from tasks.settings import current_profile
from tasks.sharded import ShardedTask
from tasks.sources import is_set, need, source_files


class PictureStore(SourceTask, ShardedTask):
    """Every picture in the user's folders, checked by decoding it once: kept as it was published, or where it lies."""

    keep: ChoiceParameter = ChoiceParameter(
        default="bytes", choices=get_args(Keep), description="the encoded pictures, or where they lie and their digests"
    )
    max_side_px: OptionalCountParameter = OptionalCountParameter(
        default=None, description="longer side above which a picture is made smaller, once; empty: all as published"
    )
    max_rejected_rate: RateParameter = RateParameter(
        default=0.05, description="share of pictures that cannot be used above which the store is not built"
    )
    images_per_shard: OptionalCountParameter = OptionalCountParameter(default=None, description="images of a shard")

    entry = ("data.pictures.building", "data.contracts.pictures")
    libraries = ("numpy", "pillow", "pyarrow")

    def source_names(self) -> tuple[str, ...]:
        """The folders of pictures, and the files with pictures."""
        return (*PICTURES, *own_pictures())

    def inputs(self) -> Mapping[str, Input]:
        """The image table and the folders."""
        need(self.source_names(), task="PictureStore", what="pictures")
        check_can_stay(self._store().keep, [name for name in own_pictures() if is_set(name)])
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)),
            **self.source_inputs(),
        }

    def _store(self) -> StoreSettings:
        """How it is kept. Raises UserError where two settings contradict each other."""
        return StoreSettings(
            images_per_shard=self.images_per_shard or current_profile(self.profile).images_per_shard,
            keep=cast(Keep, self.keep),
            max_side_px=self.max_side_px,
            max_rejected_rate=self.max_rejected_rate,
        )

    def settings(self) -> Mapping[str, Any]:
        """What is kept, how it is cut, and how much may be missing."""
        store = self._store()
        return {
            "keep": store.keep,
            "max_side_px": store.max_side_px,
            "max_rejected_rate": store.max_rejected_rate,
            "images_per_shard": store.images_per_shard,
        }

    def build(self, job: Job) -> None:
        """Decode each picture and keep it."""
        store = self._store()
        building.build(
            source_files(job, self.source_names()),
            images=job.inputs["images"],
            settings=store,
            into=job.result,
            progress=job.progress,
            workplace=self.workplace(job),
        )
        pictures_contract.check(job.result, images=job.inputs["images"], keep=store.keep)
