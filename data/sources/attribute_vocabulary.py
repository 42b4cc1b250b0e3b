"""The attributes that a detector knows, as bottom-up attention's `attributes_vocab.txt` (400 lines).

https://github.com/peteanderson80/bottom-up-attention/tree/master/data/genome/1600-400-20
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.records import Marks, Reject, Source
from data.sources import label_lists

NAME = "attribute_vocabulary"


def labels(path: Path, reject: Reject) -> Iterator[str]:
    """The labels by id; nothing is rejected, a bad line is an error."""
    return label_lists.labels(path, source=NAME)


SOURCE = Source(
    name=NAME,
    title="Detector's attributes",
    address="https://github.com/peteanderson80/bottom-up-attention (data/genome/1600-400-20/attributes_vocab.txt)",
    reads={"labels": labels},
    marks=(Marks(pattern=r"^[a-z][a-z0-9 ',-]*(\r?\n|$)"),),
)
