"""The contract of the three corpora."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data import images as image_table
from data import vocabulary as word_pieces
from data.contracts.rules import check_parts, check_token_ids, hold
from data.corpora.building import FOLDER
from data.images import ImageTable
from data.records import PRETRAINING
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import RegionStore
from data.schema import CORPUS
from data.vocabulary import Vocabulary


def check(folder: Path, images: Path, regions: Path, vocabulary: Path, max_length: int) -> None:
    """The schema; rows sorted, unique and of images with regions; texts and ids as docs/formats.md says."""
    rules = _CorpusRules(
        images=image_table.load(images),
        regions=RegionStore.open(regions / REGIONS_FILE),
        vocabulary=word_pieces.load(vocabulary),
        max_length=max_length,
    )
    check_parts(folder / FOLDER, CORPUS, rules)


@dataclass(kw_only=True)
class _CorpusRules:
    """The rules of a corpus, and what they need to know of the rows before."""

    images: ImageTable
    regions: RegionStore
    vocabulary: Vocabulary
    max_length: int
    path: Path = Path()
    """The part that is being checked."""
    last: tuple[str, str] = ("", "")
    row_ids: set[str] = field(default_factory=set)

    def check(self, row: dict[str, Any]) -> None:
        """Raise ContractError at the first rule that a row breaks."""
        named = [row["row_id"]]
        place = (row["image_id"], row["row_id"])
        hold(place > self.last, self.path, "rows sorted by image id, then row id", named)
        hold(row["row_id"] not in self.row_ids, self.path, "row ids that do not repeat", named)
        self.last = place
        self.row_ids.add(row["row_id"])
        hold(bool(row["text"].strip()), self.path, "no empty text", named)
        has_regions = row["image_id"] in self.regions.row_of
        hold(has_regions, self.path, "an image of the region store", named, row["image_id"])
        split = self.images.split.get(row["image_id"])
        hold(row["split"] == split, self.path, f"the image's split, {split}", named, row["split"])
        pool = self.images.pool[row["image_id"]]
        hold(pool == PRETRAINING, self.path, "no image that a benchmark alone lists", named, pool)
        check_token_ids(row["token_ids"], self.vocabulary, self.max_length, self.path, named)
        topic_ids = row["topic_ids"]
        hold(topic_ids == sorted(set(topic_ids)), self.path, "topic_ids distinct and ascending", named)
        hold(set(topic_ids) <= set(row["token_ids"][1:-1]), self.path, "topic_ids among the token_ids", named)
