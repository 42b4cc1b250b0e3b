"""The annotated boxes of the pictures at hand, by image, with the vocabularies of their labels and attributes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from data.images import ImageTable
from data.records import Box, Reject
from data.regions.layout import Annotations
from data.sources import SourceFiles, read

_Objects = dict[tuple[Box, str], tuple[str, ...]]  # the attributes of each distinct box and label
_NONE = Annotations(
    boxes_A4=np.zeros((0, 4), np.float32), object_ids_A=np.zeros(0, np.int16), attribute_ids_A=np.zeros(0, np.int16)
)


@dataclass(frozen=True, kw_only=True)
class AnnotatedImages:
    """Annotations by canonical id, and the vocabularies whose lines their ids are."""

    of_image: Mapping[str, Annotations]
    object_names: tuple[str, ...]
    attribute_names: tuple[str, ...]
    num_read: int
    """Boxes in the files, those of other images included."""
    num_outside: int
    """Boxes that show nothing of their picture."""

    def of(self, image_id: str) -> Annotations:
        """The annotations of one image; none where nobody annotated it."""
        return self.of_image.get(image_id, _NONE)


def gather(
    files: SourceFiles,
    table: ImageTable,
    *,
    sizes_px: Mapping[str, tuple[int, int]],
    grid_label: str,
    max_labels: int,
    reject: Reject,
) -> AnnotatedImages:
    """The boxes of the images of `sizes_px` (width, height).

    An object that two files annotate counts once, with the attributes of both. The vocabularies hold the `max_labels`
    most frequent labels and attributes, sorted, and `grid_label`; the rarer ones have id -1.
    """
    given = _read(files, table, sizes_px.keys(), reject)
    objects = given.objects
    object_names = _most_frequent((label for found in objects.values() for _, label in found), max_labels, {grid_label})
    attributes = (words[0] for found in objects.values() for words in found.values() if words)
    attribute_names = _most_frequent(attributes, max_labels, set())
    object_id = {name: number for number, name in enumerate(object_names)}
    attribute_id = {name: number for number, name in enumerate(attribute_names)}
    of_image = {
        image_id: _annotations(found, sizes_px[image_id], object_id, attribute_id)
        for image_id, found in objects.items()
    }
    num_kept = sum(len(annotations.boxes_A4) for annotations in of_image.values())
    return AnnotatedImages(
        of_image=of_image,
        object_names=object_names,
        attribute_names=attribute_names,
        num_read=given.num_read,
        num_outside=sum(map(len, objects.values())) - num_kept,
    )


@dataclass(frozen=True, kw_only=True)
class _Read:
    objects: Mapping[str, _Objects]
    num_read: int


def _read(files: SourceFiles, table: ImageTable, image_ids: Collection[str], reject: Reject) -> _Read:
    objects: dict[str, _Objects] = {}
    num_read = 0
    for record in read(files, "boxes", reject):
        num_read += 1
        image_id = table.canonical.get(record.image_id)
        if image_id is not None and image_id in image_ids:
            found = objects.setdefault(image_id, {})
            key = (record.box, record.label)
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), *record.attributes)))
    return _Read(objects=objects, num_read=num_read)


def _most_frequent(names: Iterable[str], max_labels: int, always: set[str]) -> tuple[str, ...]:
    """The most frequent names, those of `always` among them, sorted; ties in frequency go by name."""
    counts = Counter(names)
    ranked = sorted(counts.keys() - always, key=lambda name: (-counts[name], name))
    return tuple(sorted({*ranked[: max_labels - len(always)], *always}))


def _annotations(
    found: _Objects, size_px: tuple[int, int], object_id: Mapping[str, int], attribute_id: Mapping[str, int]
) -> Annotations:
    """Boxes as shares of the picture, clipped to it; one that shows nothing of it is left out."""
    shares_A4 = np.array([box for box, _ in found], np.float64) / [*size_px, *size_px]
    boxes_A4 = np.clip(shares_A4, 0, 1).astype(np.float32)
    object_ids_A = [object_id.get(label, -1) for _, label in found]
    attribute_ids_A = [attribute_id.get(words[0], -1) if words else -1 for words in found.values()]
    inside_A = (boxes_A4[:, :2] < boxes_A4[:, 2:]).all(axis=1)
    return Annotations(
        boxes_A4=boxes_A4[inside_A],
        object_ids_A=np.array(object_ids_A, np.int16)[inside_A],
        attribute_ids_A=np.array(attribute_ids_A, np.int16)[inside_A],
    )
