"""What each verb rule leaves of the phrases, for each set of images that MSP's 0.34 M phrase texts may come from.

The paper does not say which images it took (docs/msp.md), nor which verbs; so a corpus counts all of it, whatever its
own rule is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.corpora.phrase_chunks import Room, begins
from data.taggers import TAGS, VerbRule
from data.taggers.verbs import verb_mask

ALL = "all images"
OF_COCO = "images that are COCO's too"
RULES: tuple[VerbRule, ...] = tuple(rule for rule, tags in TAGS.items() if tags)


def by_rule(phrases: pa.Table, sizes: NDArray[np.int64], room: Room) -> Mapping[str, int]:
    """Counts to be added up over shards; `phrases` are distinct and lie by image, `sizes` in word pieces."""
    image_ids = phrases["image_id"].combine_chunks()
    images = image_ids.dictionary_encode().indices.to_numpy().astype(np.int64)
    verbs = phrases["verbs"].to_numpy()
    counts: Counter[str] = Counter()
    for name, is_in in _sets_of_images(image_ids).items():
        counts[f"{name}: images with phrases"] += len(np.unique(images[is_in]))
        counts[f"{name}: distinct phrases"] += int(is_in.sum())
        for rule in RULES:
            has_verb = verb_mask(verbs, rule)
            kept = is_in & ~has_verb
            counts[f"{name}: phrases that {rule} drops"] += int((is_in & has_verb).sum())
            counts[f"{name}: rows that {rule} leaves"] += int(begins(images[kept], sizes[kept], room).sum())
    return counts


def _sets_of_images(image_ids: pa.Array) -> Mapping[str, NDArray[np.bool_]]:
    """Which phrases are of which set; a picture of two collections has COCO's id (docs/formats.md)."""
    of_coco = pc.starts_with(image_ids, "coco:").to_numpy(zero_copy_only=False)
    return {ALL: np.ones(len(image_ids), bool), OF_COCO: of_coco}
