"""The image side of the DAG: which images there are, and their regions."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast, get_args

import luigi

from data import backbones
from data import images as image_table
from data.backbones import BackboneSettings, Device
from data.contracts import images as images_contract
from data.contracts import regions as regions_contract
from data.errors import UserError
from data.images import HeldOutBy, SplitSettings
from data.regions import detections, from_pictures
from data.regions.detections import DetectionSettings
from data.regions.from_pictures import PictureSettings
from data.sources import all_sources, that_give
from tasks.artifact import ArtifactTask, Job
from tasks.node import Input
from tasks.parameters import (
    BackboneParameter,
    ChoiceParameter,
    CountParameter,
    OptionalCountParameter,
    OptionalRateParameter,
    RateParameter,
    SeedParameter,
)
from tasks.settings import current_profile
from tasks.sharded import ShardedTask
from tasks.sources import SourceFile, givers, is_set, need, source_files, source_inputs, uses_world

PICTURES = (
    *("coco_images", "collection_images", "flickr30k_images", "image_classes_test", "image_classes_train"),
    *("nlvr1_images", "nlvr2_images", "vg_images"),
)
"""Folders with pictures that other files list, or that are classes."""
_LIST_COCO = ("coco_captions", "coco_instances", "coco_image_info", "coco_karpathy", "coco_vilbert")
_SPLIT_LISTS = ("validation_images", "test_images")


def own_pictures() -> tuple[str, ...]:
    """The sources of pictures of the user's own, which no file lists: they have no regions."""
    return tuple(name for name, source in all_sources().items() if source.pictures is not None)


def cautions() -> tuple[str, ...]:
    """A sentence for each thing that no file can tell with these sources, and another would."""
    lists_coco = any(is_set(name) for name in _LIST_COCO)
    if is_set("vg_image_data") or not lists_coco or not givers("images", pool="gqa"):
        return ()
    return (
        "GQA's images are Visual Genome's, half of which are COCO's too: without [sources] vg_image_data "
        f"({all_sources()['vg_image_data'].address}) nothing tells which, and one that is held out under its number "
        "there may be trained on under COCO's.",
    )


class SourceTask(ArtifactTask):
    """A task that reads publishers' files; `source_names` says which."""

    @abstractmethod
    def source_names(self) -> tuple[str, ...]:
        """The sources that it reads, as far as they are there."""

    def source_inputs(self) -> dict[str, Input]:
        """The sources as inputs."""
        return source_inputs(self.source_names(), profile=self.profile)

    def plug_ins(self) -> tuple[str, ...]:
        """The readers of these sources."""
        return tuple(f"data.sources.{name}" for name in self.source_names() if is_set(name))


class ImageTable(SourceTask):
    """Every image of every source under one id, with its split."""

    validation_rate: OptionalRateParameter = OptionalRateParameter(default=None, description="share of groups")
    test_rate: OptionalRateParameter = OptionalRateParameter(default=None, description="share of groups")
    seed: SeedParameter = SeedParameter(default=1, description="of the split by hash")
    max_rejected_rate: RateParameter = RateParameter(
        default=0.01, description="share of rejected records above which the table is not built"
    )

    held_out_by: ChoiceParameter = ChoiceParameter(
        default="splits",
        choices=get_args(HeldOutBy),
        description="kept from pre-training: what is held out here, or what a benchmark's publisher holds out, too",
    )

    entry = ("data.images", "data.contracts.images")
    libraries = ("pyarrow",)

    def source_names(self) -> tuple[str, ...]:
        """All that list images, and the lists of splits."""
        return (*givers("images"), *_SPLIT_LISTS)

    def inputs(self) -> Mapping[str, Input]:
        """The sources that list images."""
        need(that_give("images"), task="ImageTable", what="a list of images")
        return self.source_inputs()

    def _splits(self) -> SplitSettings:
        profile = current_profile(self.profile)
        return SplitSettings(
            validation_rate=profile.validation_rate if self.validation_rate is None else self.validation_rate,
            test_rate=profile.test_rate if self.test_rate is None else self.test_rate,
            seed=self.seed,
            max_rejected_rate=self.max_rejected_rate,
            held_out_by=cast(HeldOutBy, self.held_out_by),
        )

    def settings(self) -> Mapping[str, Any]:
        """How images are assigned to splits."""
        return asdict(self._splits())

    def build(self, job: Job) -> None:
        """Merge the lists and assign splits."""
        image_table.build(
            source_files(job, self.source_names()), self._splits(), into=job.result, progress=job.progress
        )
        images_contract.check(job.result)


class RegionFeatures(SourceTask, ShardedTask):
    """36 regions an image: a detector's output where there is one, else computed from the pixels of boxes or a grid."""

    max_rejected_rate: RateParameter = RateParameter(
        default=0.05, description="share of images without usable regions above which the store is not built"
    )
    images_per_shard: OptionalCountParameter = OptionalCountParameter(default=None, description="images of a shard")
    backbone: BackboneParameter = BackboneParameter(
        default="pixels", description="what makes features of pictures: a file of data/backbones, a colon, a model"
    )
    weights: luigi.Parameter[str] = luigi.Parameter(default="", description="the backbone's, a file or folder here")
    device: ChoiceParameter = ChoiceParameter(
        default="cpu", choices=get_args(Device), description="where the backbone runs; part of the result's identity"
    )
    picture_side_px: CountParameter = CountParameter(
        default=448, most=2048, description="longer side of a picture, as the backbone sees it"
    )
    pictures_per_batch: CountParameter = CountParameter(
        default=8, most=1024, description="pictures that the backbone sees at once; part of the result's identity"
    )

    entry = ("data.regions.detections", "data.regions.from_pictures", "data.contracts.regions")
    libraries = ("h5py", "numpy", "pillow", "pyarrow")

    def source_names(self) -> tuple[str, ...]:
        """Detections and their vocabularies, or pictures and annotated boxes."""
        if detections_given := givers("regions"):
            return (*detections_given, "object_vocabulary", "attribute_vocabulary")
        return (*PICTURES, *givers("boxes"))

    def inputs(self) -> Mapping[str, Input]:
        """The image table and the sources."""
        need(
            (*that_give("regions"), *PICTURES),
            task="RegionFeatures",
            what="region features, or pictures to compute them from",
        )
        if givers("regions"):
            need(("object_vocabulary",), task="RegionFeatures", what="the names of the detector's object classes")
            need(("attribute_vocabulary",), task="RegionFeatures", what="the names of the detector's attributes")
        weights = self._backbone().weights
        return {
            "images": Input(node=ImageTable(profile=self.profile), results=("images.parquet",)),
            **self.source_inputs(),
            **({} if weights is None else {"weights": Input(node=SourceFile(path=str(weights)))}),
        }

    def plug_ins(self) -> tuple[str, ...]:
        """The readers, and the backbone."""
        return (*super().plug_ins(), f"data.backbones.{self._backbone().name}")

    def deciding_libraries(self) -> tuple[str, ...]:
        """The backbone's, too."""
        return (*self.libraries, *backbones.backbone(self._backbone().name).libraries)

    def process_resources(self) -> dict[str, int]:
        """One GPU token where a GPU is used."""
        return {"gpu": 1} if self.device == "cuda" else {}

    def _per_shard(self) -> int:
        return self.images_per_shard or current_profile(self.profile).images_per_shard

    def _backbone(self) -> BackboneSettings:
        """The backbone, checked. Raises UserError where it cannot be used, or there is nothing for it to do."""
        name, _, model = self.backbone.partition(":")
        settings = BackboneSettings(
            name=name,
            model=model,
            weights=Path(os.path.expandvars(self.weights)).expanduser().absolute() if self.weights else None,
            device=cast(Device, self.device),
            side_px=self.picture_side_px,
            batch_size=self.pictures_per_batch,
        )
        backbones.check(settings)
        if settings.weights is not None and (given := givers("regions")):
            raise UserError(
                expected="region features from one place",
                found=f"those of {'the generated world' if uses_world() else given[0]}, and a backbone",
                where=settings.setting,
                way_out="leave the backbone out, or set sources of pictures and none of region features",
            )
        return settings

    def settings(self) -> Mapping[str, Any]:
        """How much may be missing, how the store is cut, and the backbone; its weights are an input."""
        backbone = {name: value for name, value in asdict(self._backbone()).items() if name != "weights"}
        return {
            "max_rejected_rate": self.max_rejected_rate,
            "images_per_shard": self._per_shard(),
            "backbone": backbone,
        }

    def build(self, job: Job) -> None:
        """Decode the detections, or compute features."""
        files = source_files(job, self.source_names())
        images, workplace = job.inputs["images"], self.workplace(job)
        if givers("regions"):
            detections.build(
                files,
                images=images,
                settings=DetectionSettings(
                    max_rejected_rate=self.max_rejected_rate, images_per_shard=self._per_shard()
                ),
                into=job.result,
                progress=job.progress,
                workplace=workplace,
            )
        else:
            from_pictures.build(
                files,
                images=images,
                settings=PictureSettings(
                    max_rejected_rate=self.max_rejected_rate,
                    images_per_shard=self._per_shard(),
                    backbone=self._backbone(),
                ),
                into=job.result,
                progress=job.progress,
                workplace=workplace,
            )
        regions_contract.check(job.result, images_per_shard=self._per_shard(), num_threads=self.num_workers)
