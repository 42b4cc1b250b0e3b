"""Which images the generated world publishes, under which names, and who describes them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from data.errors import UserError

Split = Literal["train", "validation", "test"]

FIRST_DETECTOR_SCENE = 1_000_000
FIRST_TREEBANK_SCENE = 2_000_000
FIRST_FLICKR_SCENE = 3_000_000
FIRST_NLVR2_SCENE = 4_000_000
FIRST_TEXT_SCENE = 5_000_000
FIRST_INFERENCE = 6_000_000
MAX_TEXTS = 12  # of one sort for an image or a set: more are not to be had of two or three things
_VG_ONLY_RATE = 0.03


@dataclass(frozen=True, kw_only=True)
class WorldSize:
    """How many images there are. Captioned training images have phrases too, and count among all training images."""

    num_train_images: int
    num_phrase_images: int
    num_caption_images: int
    num_validation_images: int
    num_test_images: int
    num_detector_images: int  # scenes on which the detector is trained; not published
    num_questions: int  # of VQA and of GQA, about one image
    num_flickr_train_images: int
    num_flickr_validation_images: int
    num_flickr_test_images: int
    num_flickr_captions: int  # of a training or validation image
    num_flickr_test_captions: int
    num_nlvr2_train_sets: int  # a set: eight pictures as four pairs, and the sentences that are judged on them
    num_nlvr2_validation_sets: int
    num_nlvr2_test_sets: int
    num_nlvr2_sentences: int  # of a set
    num_text_scenes: int  # that are told of and not drawn
    num_inference_premises: int  # first sentences of MNLI's training file, each with three second ones
    num_inference_test_premises: int

    def __post_init__(self) -> None:
        ascending = (1, self.num_caption_images, self.num_phrase_images, self.num_train_images)
        has_vg_only = self.num_caption_images < self.num_phrase_images  # a file of detections without a line is refused
        texts = (self.num_questions, self.num_flickr_captions, self.num_flickr_test_captions, self.num_nlvr2_sentences)
        smallest = min(getattr(self, field.name) for field in fields(self))
        if list(ascending) != sorted(ascending) or not has_vg_only or smallest < 1 or max(texts) > MAX_TEXTS:
            raise UserError(
                expected="at least one of each sort, captions < phrases <= all training images, "
                f"and at most {MAX_TEXTS} questions, captions or sentences of an image or a set",
                found=", ".join(f"{field.name}={getattr(self, field.name)}" for field in fields(self)),
                where="the size of the generated world",
                way_out="change these numbers in the profile",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """One picture to be drawn: its scene, its file below the world's folder, and how detections list it."""

    number: int
    path: str
    listed_as: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedImage:
    """One published image. COCO knows it by `coco_id` (None: Visual Genome's alone), Visual Genome by `vg_id`."""

    number: int
    split: Split
    coco_id: int | None
    vg_id: int
    has_phrases: bool
    has_captions: bool

    @property
    def folder(self) -> str:
        """Where its publisher keeps it."""
        if self.coco_id is None:
            return "VG_100K"
        return "train2014" if self.split == "train" else "val2014"

    @property
    def name(self) -> str:
        """Its file's name without the extension; this is what detections are listed by."""
        return str(self.vg_id) if self.coco_id is None else f"COCO_{self.folder}_{self.coco_id:012d}"

    @property
    def picture(self) -> Picture:
        """What is to be drawn of it."""
        return Picture(number=self.number, path=f"images/{self.folder}/{self.name}.jpg", listed_as=self.name)

    def object_id(self, thing: int) -> int:
        """How Visual Genome and GQA call one of its things."""
        return 10 * self.number + thing + 1


def plan_images(size: WorldSize) -> list[PlannedImage]:
    """All published images by scene number: training, validation, test."""
    return [
        *(_train_image(number, size) for number in range(size.num_train_images)),
        *(_held_out_image(number, size) for number in range(size.num_train_images, _num_images(size))),
    ]


def _num_images(size: WorldSize) -> int:
    return size.num_train_images + size.num_validation_images + size.num_test_images


def _train_image(number: int, size: WorldSize) -> PlannedImage:
    """Captions for the first, phrases for more; the last of those with phrases only are not COCO's."""
    num_phrases_alone = size.num_phrase_images - size.num_caption_images
    num_vg_only = min(max(round(_VG_ONLY_RATE * size.num_train_images), 1), num_phrases_alone)
    return PlannedImage(
        number=number,
        split="train",
        coco_id=None if 0 <= size.num_phrase_images - 1 - number < num_vg_only else _coco_id(number),
        vg_id=_vg_id(number),
        has_phrases=number < size.num_phrase_images,
        has_captions=number < size.num_caption_images,
    )


def _held_out_image(number: int, size: WorldSize) -> PlannedImage:
    is_validation = number < size.num_train_images + size.num_validation_images
    return PlannedImage(
        number=number,
        split="validation" if is_validation else "test",
        coco_id=_coco_id(number),
        vg_id=_vg_id(number),
        has_phrases=True,
        has_captions=True,
    )


def _coco_id(number: int) -> int:
    """Ids with gaps and out of order, as COCO's are; different for the first 581,921 numbers."""
    return (number * 7919 + 139) % 581_921 + 1


def _vg_id(number: int) -> int:
    return 2_300_000 + 7 * number
