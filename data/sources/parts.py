"""The part of a collection (train2014, testdev) that a publisher's file is named after, and the split that it is."""

from __future__ import annotations

import re

from data.records import Split

_NAMES: dict[str, Split] = {
    "train": "train",
    "nominival": "train",  # LXMERT's: the part of val2014 that it trains on, https://github.com/airsplay/lxmert
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "minival": "validation",
    "test": "test",
    "testdev": "test",
    "test-dev": "test",
    "challenge": "test",
    "submission": "test",
}
_PART = re.compile(rf"(?<![a-z])({'|'.join(sorted(_NAMES, key=len, reverse=True))})(20[0-9]{{2}}|[0-9])?(?![a-z0-9])")


def part_of(name: str) -> str | None:
    """The part that a file's name speaks of; None where it speaks of none.

    `COCO_val2014_000000318556.jpg` -> `val2014`, `testdev_balanced_questions.json` -> `testdev`.
    """
    match = _PART.search(name.lower())
    return match[0] if match else None


def split_of(part: str) -> Split:
    """The split that a part is meant for: `val2014` -> `validation`."""
    match = _PART.fullmatch(part)
    assert match is not None, part
    return _NAMES[match[1]]
