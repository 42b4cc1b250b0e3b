"""Does a phrase contain a verb? The question that decides what the phrase corpus keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from data.taggers import TAGS, VerbRule

BITS: Mapping[str, int] = {"VERB": 1, "AUX": 2}
"""The kinds of verb in a phrase, as the bits of one number."""


def has_verb(tags: Iterable[str], rule: VerbRule) -> bool:
    """Whether a text whose words are of these parts of speech contains a verb by `rule`."""
    return not TAGS[rule].isdisjoint(tags)


def verb_bits(tags: pa.ListArray) -> NDArray[np.uint8]:
    """Which kinds of verb are among the parts of speech of each text."""
    offsets = tags.offsets.to_numpy().astype(np.int64)
    bits = np.zeros(len(tags), np.uint8)
    for tag, bit in BITS.items():
        is_tag = pc.equal(tags.values, tag).to_numpy(zero_copy_only=False)
        num_before = np.concatenate((np.zeros(1, np.int64), np.cumsum(is_tag, dtype=np.int64)))[offsets]
        bits |= np.where(np.diff(num_before) > 0, np.uint8(bit), np.uint8(0))
    return bits


def verb_mask(bits: NDArray[np.uint8], rule: VerbRule) -> NDArray[np.bool_]:
    """Which of the texts with these `verb_bits` contain a verb by `rule`."""
    wanted = np.uint8(sum(BITS[tag] for tag in TAGS[rule]))
    mask: NDArray[np.bool_] = (bits & wanted) != 0
    return mask
