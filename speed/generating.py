"""Files of any size in the exact formats of COCO's captions and Visual Genome's region descriptions, and image tables.

The texts are drawn by a seeded generator from the words of few templates, numbered nouns among them, so that about 40 %
of the phrases are distinct, as many words are rare as in real text, and about 40 % of the phrases hold a verb.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data.images import FILE_NAME as IMAGES_FILE
from data.records import PRETRAINING
from data.schema import IMAGES
from data.writers import write_parquet

NUM_VG_IMAGES = 108_077
NUM_VG_REGIONS = 5_408_689
NUM_COCO_IMAGES = 123_287
NUM_COCO_CAPTIONS = 616_767

_ADJECTIVES = (
    "white",
    "black",
    "green",
    "brown",
    "red",
    "blue",
    "yellow",
    "gray",
    "wooden",
    "large",
    "small",
    "tall",
    "old",
)
_NOUNS = (
    "man",
    "woman",
    "person",
    "boy",
    "girl",
    "dog",
    "cat",
    "horse",
    "tree",
    "building",
    "window",
    "wall",
    "sign",
    "car",
    "bus",
    "train",
    "table",
    "chair",
    "plate",
    "shirt",
    "hat",
    "jacket",
    "grass",
    "sky",
    "cloud",
    "field",
    "road",
    "street",
    "fence",
    "pole",
    "light",
    "door",
    "cup",
    "bowl",
    "bottle",
    "bag",
    "leg",
    "arm",
    "hand",
    "head",
    "ear",
    "eye",
    "tail",
    "wheel",
    "clock",
)
_PLACES = ("on", "in", "under", "behind", "near", "by", "above", "beside", "with", "of")
_VERBS = ("wearing", "holding", "sitting near", "standing by", "riding", "looking at", "carrying", "eating")
_MARKS = ("t-shirt", "café", "man's", "4", "No.", "2nd", "skate-board", "naïve", "日本", "o'clock")


def region_descriptions(path: Path, *, num_images: int, num_regions: int, seed: int = 0) -> None:
    """Write Visual Genome's region_descriptions.json (version 1.2) with that many images and regions in all.

    https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
    """
    generator = np.random.default_rng(seed)
    per_image = np.bincount(np.sort(generator.integers(0, num_images, num_regions)), minlength=num_images)
    texts = _drawn(generator, _phrase)
    region_id = 0
    with path.open("w", encoding="utf-8") as file:
        for image, count in enumerate(per_image.tolist(), start=1):
            regions = []
            for x, y, width, height in generator.integers(1, 400, (count, 4)).tolist():
                region_id += 1
                regions.append(
                    {
                        "region_id": region_id,
                        "width": width,
                        "height": height,
                        "image_id": image,
                        "phrase": next(texts),
                        "y": y,
                        "x": x,
                    }
                )
            file.write("[" if image == 1 else ", ")
            json.dump({"regions": regions, "id": image}, file)
        file.write("]")


def captions(path: Path, *, num_images: int, num_captions: int, seed: int = 0) -> None:
    """Write COCO's captions_train2014.json with that many images and captions in all.

    https://cocodataset.org/#format-data
    """
    generator = np.random.default_rng(seed)
    texts = _drawn(generator, _caption)
    images = coco_images(num_images)
    annotations = [
        {"image_id": image, "id": number, "caption": next(texts)}
        for number, image in enumerate(generator.integers(1, num_images + 1, num_captions).tolist(), start=1)
    ]
    info = {"description": "as COCO 2014", "url": "", "version": "1.0", "year": 2014, "contributor": ""}
    with path.open("w", encoding="utf-8") as file:
        json.dump({"info": info, "images": images, "licenses": [], "annotations": annotations}, file)


def coco_images(num_images: int) -> list[dict[str, Any]]:
    """The list `images` of COCO's files, numbered from 1."""
    return [
        {
            "license": 3,
            "file_name": f"COCO_train2014_{image:012}.jpg",
            "coco_url": f"http://images.cocodataset.org/train2014/COCO_train2014_{image:012}.jpg",
            "height": 480,
            "width": 640,
            "date_captured": "2013-11-14 16:28:13",
            "flickr_url": f"http://farm5.staticflickr.com/4153/{image:010}_d223f25de2_z.jpg",
            "id": image,
        }
        for image in range(1, num_images + 1)
    ]


def image_table(folder: Path, image_ids: Iterable[str]) -> None:
    """Write the image table of these images, all of them for training."""
    ids = sorted(image_ids)
    nothing = [None] * len(ids)
    columns = [ids, [[image_id] for image_id in ids], ids, ["train"] * len(ids), [PRETRAINING] * len(ids)]
    write_parquet(folder / IMAGES_FILE, pa.table([*columns, *[nothing] * 4], schema=IMAGES), IMAGES)


Draw = Callable[[np.random.Generator], list[str]]
_BLOCK = 1 << 14


def _drawn(generator: np.random.Generator, draw: Draw) -> Iterator[str]:
    """Texts without end."""
    while True:
        yield from draw(generator)


def _words(generator: np.random.Generator, words: tuple[str, ...]) -> list[str]:
    return [words[number] for number in generator.integers(0, len(words), _BLOCK).tolist()]


def _nouns(generator: np.random.Generator) -> list[str]:
    """Nouns, one in 33 of them rare, and one in 200 with something in it that a tokeniser must take care of."""
    nouns = _words(generator, _NOUNS)
    rare = generator.zipf(1.3, _BLOCK).clip(max=60_000).tolist()
    marks = _words(generator, _MARKS)
    kinds = generator.random(_BLOCK).tolist()
    return [
        f"{noun}{_letters(number)}" if kind < 0.03 else mark if kind < 0.035 else noun
        for noun, number, mark, kind in zip(nouns, rare, marks, kinds, strict=True)
    ]


def _letters(number: int) -> str:
    """The number in the letters a to j: a word that no other number has."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def _phrase(generator: np.random.Generator) -> list[str]:
    """Phrases of Visual Genome's kind: two to seven words, two in five with a verb."""
    first, second = _nouns(generator), _nouns(generator)
    adjectives, places, verbs = (_words(generator, words) for words in (_ADJECTIVES, _PLACES, _VERBS))
    kinds = generator.random(_BLOCK).tolist()
    made = []
    for a, b, adjective, place, verb, kind in zip(first, second, adjectives, places, verbs, kinds, strict=True):
        if kind < 0.25:
            made.append(f"{adjective} {a}")
        elif kind < 0.6:
            made.append(f"{a} {place} the {adjective} {b}")
        elif kind < 0.75:
            made.append(f"the {a} is {adjective}")
        else:
            made.append(f"{a} {verb} a {adjective} {b}")
    return made


def _caption(generator: np.random.Generator) -> list[str]:
    """Sentences of COCO's kind: eight to twelve words and a full stop."""
    subjects, objects, more = _nouns(generator), _nouns(generator), _nouns(generator)
    adjectives, places, verbs = (_words(generator, words) for words in (_ADJECTIVES, _PLACES, _VERBS))
    return [
        f"A {adjective} {a} {verb} a {b} {place} the {c}."
        for a, b, c, adjective, place, verb in zip(subjects, objects, more, adjectives, places, verbs, strict=True)
    ]
