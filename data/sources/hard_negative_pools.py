"""ViLBERT's `hard_negative.pkl`: for each training image of a collection the 100 that look most like it.

A pickled {"train_hard_pool": (N, 100) places in the list, "train_image_list": N numbers of images}. The nearest of an
image is itself, which stands at place 0 unless another picture has the very same features.
https://github.com/facebookresearch/vilbert-multi-task (script/generate_pool.py)

An image is called by its number alone, so each collection has a source of its own. The pickle is read as data, whole:
100 MB for 120,000 images.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.records import Marks, NegativesRecord, Reject, Rejection, Source
from data.sources import pickled
from data.sources.fields import MAX_NUMBER
from data.sources.files import open_source, wrong_file
from data.sources.ids import image_in
from data.sources.pickled import PickledArray, PickleError

MAX_BYTES = 1 << 30
_POOL, _IMAGES = "train_hard_pool", "train_image_list"
_EXPECTED = f"a pickle of {_POOL} and {_IMAGES}"


def source_of(collection: str, title: str, *, pool: str) -> Source:
    """The source `<collection>_hard_negatives`."""
    name = f"{collection}_hard_negatives"
    return Source(
        name=name,
        title=f"ViLBERT's hard negatives among {title}",
        address="https://github.com/facebookresearch/vilbert-multi-task/tree/master/data (hard_negative.pkl)",
        reads={"negatives": partial(_negatives, source=name, collection=collection)},
        pool=pool,
        marks=(Marks(pattern=rf"^[\s\S]*{_POOL}"),),
    )


def _negatives(path: Path, reject: Reject, *, source: str, collection: str) -> Iterator[NegativesRecord]:
    """The negatives of each image of the list, in its order."""
    values = _values(path, source)
    image_ids = [_image_id(number, collection) for number in _listed(values, path, source)]
    pool_NK = _pool(values, len(image_ids), path, source)
    for image_id, places_K in zip(image_ids, pool_NK, strict=True):
        if image_id is None:
            reject(Rejection(source=source, record="image", field=_IMAGES, reason="image id of unknown form"))
            continue
        near = [image_ids[place] for place in places_K.tolist()]
        negative_ids = tuple(other for other in near if other is not None and other != image_id)
        yield NegativesRecord(image_id=image_id, negative_ids=negative_ids)


def _values(path: Path, source: str) -> Mapping[Any, Any]:
    with open_source(path, source) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise wrong_file(path, source, expected=_EXPECTED, found=f"more than {MAX_BYTES >> 20:,} MiB")
    try:
        values = pickled.load(data)
    except PickleError as error:
        raise wrong_file(path, source, expected=_EXPECTED, found=str(error)) from error
    if not isinstance(values, Mapping) or not {_POOL, _IMAGES} <= values.keys():
        raise wrong_file(path, source, expected=_EXPECTED, found="a pickle of something else")
    return values


def _listed(values: Mapping[Any, Any], path: Path, source: str) -> list[Any]:
    """The numbers of the images; a list, or an array of whole numbers."""
    listed = values[_IMAGES]
    if isinstance(listed, PickledArray):
        array = _array(listed, path, source)
        listed = array.tolist() if array.ndim == 1 else None
    if not isinstance(listed, list) or not listed:
        raise wrong_file(path, source, expected=_EXPECTED, found=f"no list in {_IMAGES}")
    return listed


def _image_id(number: Any, collection: str) -> str | None:
    is_number = type(number) is int and 0 <= number <= MAX_NUMBER
    return image_in(collection, str(number)) if is_number or isinstance(number, str) else None


def _pool(values: Mapping[Any, Any], num_images: int, path: Path, source: str) -> NDArray[np.int64]:
    """The places in the list, (N, K); ViLBERT's script leaves them as floats."""
    pool = values[_POOL]
    given = _array(pool, path, source) if isinstance(pool, PickledArray) else None
    if given is None or given.ndim != 2 or len(given) != num_images:
        raise wrong_file(path, source, expected=_EXPECTED, found=f"no row of {_POOL} for each image")
    if not ((given >= 0) & (given < num_images) & (given == np.floor(given))).all():
        raise wrong_file(path, source, expected=_EXPECTED, found=f"a place in {_POOL} that is none of the list")
    return given.astype(np.int64)


def _array(value: PickledArray, path: Path, source: str) -> NDArray[Any]:
    try:
        return value.array()
    except PickleError as error:
        raise wrong_file(path, source, expected=_EXPECTED, found=str(error)) from error
