"""Visual Genome's `region_descriptions.json`: a list of {id, regions: [{region_id, phrase, x, y, width, height}]}.

Older releases call `region_id` `id`; phrases may end in a space.
https://homes.cs.washington.edu/~ranjay/visualgenome/api.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.records import Marks, PhraseRecord, Reject, Source
from data.sources import fields
from data.sources.ids import numbered
from data.sources.visual_genome import ADDRESS, nested

NAME = "vg_region_descriptions"


def phrases(path: Path, reject: Reject) -> Iterator[PhraseRecord]:
    """Every region's phrase, verbs and all."""
    return nested(path, "regions", _phrase, source=NAME, reject=reject)


def _phrase(image_id: str, item: Any) -> PhraseRecord:
    return PhraseRecord(
        image_id=image_id,
        phrase_id=numbered("vg", fields.whole(item, "region_id", "id")),
        text=fields.text(item, "phrase"),
        box=fields.box_of(item),
    )


SOURCE = Source(
    name=NAME,
    title="Visual Genome region descriptions",
    address=ADDRESS,
    reads={"phrases": phrases},
    marks=(Marks(opening="[", keys=("regions", "phrase")),),
)
