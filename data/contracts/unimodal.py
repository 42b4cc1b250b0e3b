"""The contracts of the corpora of one modality: text that no image stands beside, and images without text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data import images as image_table
from data import tables
from data import vocabulary as word_pieces
from data.contracts.rules import check_parts, check_token_ids, hold
from data.corpora.building import FOLDER
from data.corpora.image import ImagesFrom
from data.images import ImageTable
from data.pictures.store import TABLE
from data.records import PRETRAINING
from data.regions.store import FILE_NAME as REGIONS_FILE
from data.regions.store import image_ids_of
from data.schema import CORPUS, NO_IMAGE, SPLITS
from data.vocabulary import Vocabulary


def check_texts(folder: Path, *, vocabulary: Path, max_length: int) -> None:
    """The schema; rows sorted and unique, without image or topic; a document in one split; no empty text."""
    rules = _TextRules(vocabulary=word_pieces.load(vocabulary), max_length=max_length)
    check_parts(folder / FOLDER, CORPUS, rules)


def check_images(folder: Path, *, images: Path, store: Path, images_from: ImagesFrom) -> None:
    """The schema; rows sorted and unique, without text; of stored images of pre-training, no picture shown twice."""
    rules = _ImageRules(images=image_table.load(images), digests=_DIGESTS[images_from](store))
    check_parts(folder / FOLDER, CORPUS, rules)


def _of_pictures(store: Path) -> dict[str, str]:
    stored = tables.read(store / TABLE, ["image_id", "sha256"])
    return dict(zip(stored["image_id"].to_pylist(), stored["sha256"].to_pylist(), strict=True))


def _of_regions(store: Path) -> dict[str, str]:
    return {image_id: image_id for image_id in image_ids_of(store / REGIONS_FILE)}


_DIGESTS: Mapping[ImagesFrom, Callable[[Path], dict[str, str]]] = {"pictures": _of_pictures, "regions": _of_regions}


@dataclass(kw_only=True)
class _TextRules:
    """The rules of rows of text, and what they need to know of the rows before."""

    vocabulary: Vocabulary
    max_length: int
    path: Path = Path()
    last: str = ""
    last_document: tuple[str, str] = ("", "")

    def check(self, row: dict[str, Any]) -> None:
        """Raise ContractError at the first rule that a row breaks."""
        named = [row["row_id"]]
        hold(row["row_id"] > self.last, self.path, "rows sorted by row id, none twice", named)
        self.last = row["row_id"]
        hold(row["image_id"] == NO_IMAGE, self.path, "no image", named, row["image_id"])
        hold(row["split"] in SPLITS, self.path, f"a split of {', '.join(SPLITS)}", named, row["split"])
        document = row["row_id"].partition("#")[0]
        is_whole = document != self.last_document[0] or row["split"] == self.last_document[1]
        hold(is_whole, self.path, "a document in one split", named, row["split"])
        self.last_document = (document, row["split"])
        hold(bool(row["text"].strip()), self.path, "no empty text", named)
        check_token_ids(row["token_ids"], self.vocabulary, self.max_length, self.path, named)
        hold(row["topic_ids"] == [], self.path, "no topics, since there is no image", named)
        hold(bool(row["source_ids"]), self.path, "the records that it was made from", named)


@dataclass(kw_only=True)
class _ImageRules:
    """The rules of rows of images, and what they need to know of the rows before."""

    images: ImageTable
    digests: Mapping[str, str]
    path: Path = Path()
    last: str = ""
    shown: set[str] = field(default_factory=set)

    def check(self, row: dict[str, Any]) -> None:
        """Raise ContractError at the first rule that a row breaks."""
        image_id, named = row["image_id"], [row["row_id"]]
        hold(image_id > self.last, self.path, "rows sorted by image id, an image once", named)
        self.last = image_id
        hold(row["row_id"] == f"{image_id}#i", self.path, f"the row id {image_id}#i", named)
        hold(image_id in self.digests, self.path, "an image of the store", named, image_id)
        hold(self.digests[image_id] not in self.shown, self.path, "each picture once", named, image_id)
        self.shown.add(self.digests[image_id])
        split, pool = self.images.split[image_id], self.images.pool[image_id]
        hold(row["split"] == split, self.path, f"the image's split, {split}", named, row["split"])
        hold(pool == PRETRAINING, self.path, "no image that a benchmark alone lists", named, pool)
        text = (row["text"], row["token_ids"], row["topic_ids"])
        hold(text == ("", [], []), self.path, "no text", named, str(text)[:60])
