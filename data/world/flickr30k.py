"""Flickr30k in Karpathy's layout (https://cs.stanford.edu/people/karpathy/deepimagesent): pictures of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.world.captions import captions
from data.world.plan import FIRST_FLICKR_SCENE, Picture, WorldSize
from data.world.scenes import generator, make_scene

_FIRST_PHOTO, _PHOTO_STEP = 1_000_092_795, 7919  # ten digits, as Flickr's numbers have


@dataclass(frozen=True, kw_only=True, slots=True)
class FlickrImage:
    """One picture, its place in the file, and how many people describe it."""

    index: int
    split: str  # as Karpathy calls it: train, val, test
    num_captions: int

    @property
    def number(self) -> int:
        """Its scene."""
        return FIRST_FLICKR_SCENE + self.index

    @property
    def file_name(self) -> str:
        """Flickr's number of the photo."""
        return f"{_FIRST_PHOTO + _PHOTO_STEP * self.index}.jpg"

    @property
    def picture(self) -> Picture:
        """What is to be drawn of it."""
        return Picture(number=self.number, path=f"flickr30k/images/{self.file_name}", listed_as=self.file_name)


def plan_flickr(size: WorldSize) -> list[FlickrImage]:
    """All pictures: training, validation, test."""
    splits = [
        *[("train", size.num_flickr_captions)] * size.num_flickr_train_images,
        *[("val", size.num_flickr_captions)] * size.num_flickr_validation_images,
        *[("test", size.num_flickr_test_captions)] * size.num_flickr_test_images,
    ]
    return [FlickrImage(index=i, split=split, num_captions=num) for i, (split, num) in enumerate(splits)]


def write_captions(images: Sequence[FlickrImage], seed: int, *, path: Path) -> None:
    """`dataset_flickr30k.json`."""
    rows, num_sentences = [], 0
    for image in images:
        sentences = list(_sentences(image, seed, num_sentences))
        num_sentences += len(sentences)
        rows.append(
            {
                "sentids": [sentence["sentid"] for sentence in sentences],
                "imgid": image.index,
                "sentences": sentences,
                "split": image.split,
                "filename": image.file_name,
            }
        )
    path.write_text(json.dumps({"images": rows, "dataset": "flickr30k"}), "utf-8")


def _sentences(image: FlickrImage, seed: int, first_id: int) -> Iterator[dict[str, Any]]:
    random = generator(seed, image.number, "captions")
    for i, phrase in enumerate(captions(make_scene(seed, image.number), random, num_captions=image.num_captions)):
        tokens = re.findall("[a-z]+", phrase.text.lower())
        yield {"tokens": tokens, "raw": phrase.text, "imgid": image.index, "sentid": first_id + i}
