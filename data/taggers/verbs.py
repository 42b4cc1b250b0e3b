"""Does a phrase contain a verb? The question that decides what the phrase corpus keeps."""

from __future__ import annotations

from collections.abc import Iterable

from data.taggers import TAGS, VerbRule


def has_verb(tags: Iterable[str], rule: VerbRule) -> bool:
    """Whether a text whose words are of these parts of speech contains a verb by `rule`."""
    return not TAGS[rule].isdisjoint(tags)
