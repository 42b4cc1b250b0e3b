"""The contract of the rows of a benchmark."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.contracts.rules import check_parts, check_token_ids, hold
from data.corpora.joined import Joined
from data.question_rows import ANSWERS_NAME, FOLDER, ORDER, SUBMIT
from data.questions import AskedContent
from data.schema import BENCHMARK_ROWS


def check(
    folder: Path,
    images: Path,
    regions: Path,
    vocabulary: Path,
    max_length: int,
    pictures: Path | None = None,
    content: AskedContent = "questions",
) -> None:
    """The schema; rows sorted and unique, of images with regions and of their split; ids and scores as said there.

    `content` is what was asked: sentences stand without images, classes are of images without a text. With `pictures`
    images are those that have one there.
    """
    rules = _Rules(
        joined=Joined.open(images=images, regions=regions, vocabulary=vocabulary, pictures=pictures),
        content=content,
        num_answers=len(json.loads((folder / ANSWERS_NAME).read_text("utf-8"))),
        max_length=max_length,
    )
    check_parts(folder / FOLDER, BENCHMARK_ROWS, rules)


@dataclass(kw_only=True)
class _Rules:
    """The rules of a benchmark's rows, and what they need to know of the rows before."""

    joined: Joined
    content: AskedContent
    num_answers: int
    max_length: int
    path: Path = Path()
    """The part that is being checked."""
    last: tuple[int, str] = (0, "")
    row_ids: set[str] = field(default_factory=set)
    num_images: int | None = None

    def check(self, row: dict[str, Any]) -> None:
        """Raise ContractError at the first rule that a row breaks."""
        named = [row["row_id"]]
        hold(row["split"] in ORDER, self.path, f"a split of {', '.join(ORDER)}", named, row["split"])
        place = (ORDER.index(row["split"]), row["row_id"])
        hold(place > self.last, self.path, "rows sorted by split, then row id", named)
        hold(row["row_id"] not in self.row_ids, self.path, "row ids that do not repeat", named)
        self.last = place
        self.row_ids.add(row["row_id"])
        has_text = self.content != "classes"
        hold(bool(row["text"].strip()) or not has_text, self.path, "no empty text", named)
        hold(row["place"] >= 0, self.path, "places from 0 on", named, str(row["place"]))
        self._check_images(row["image_ids"], row["split"], named)
        if has_text:
            self._check_pieces(row["token_ids"], named)
        else:
            hold(not row["text"] and not row["token_ids"], self.path, "no text of an image alone", named)
        self._check_targets(row, named)

    def _check_images(self, image_ids: list[str], split: str, named: list[str]) -> None:
        if self.num_images is None:
            self.num_images = 0 if self.content == "sentences" else max(len(image_ids), 1)
        hold(len(image_ids) == self.num_images, self.path, f"{self.num_images} images a row", named, str(image_ids))
        known = all(image_id in self.joined.shown for image_id in image_ids)
        store = "region store" if self.joined.pictures is None else "store of pictures"
        hold(known, self.path, f"images of the {store}", named, str(image_ids))
        splits = {self.joined.images.split.get(image_id) for image_id in image_ids} or {split}
        hold(splits == {split} or split == SUBMIT, self.path, "its images' split", named, f"{split}, of {splits}")

    def _check_pieces(self, token_ids: list[int], named: list[str]) -> None:
        """As those of any text; sentences may have one [SEP] between two, which is left out for this."""
        sep_id, vocabulary = self.joined.vocabulary.sep_id, self.joined.vocabulary
        hold(len(token_ids) <= self.max_length, self.path, f"at most {self.max_length} word pieces", named)
        if self.content == "sentences" and sep_id in token_ids[2:-2]:
            middle = token_ids.index(sep_id, 2)
            token_ids = token_ids[:middle] + token_ids[middle + 1 :]
        check_token_ids(token_ids, vocabulary, self.max_length, self.path, named)

    def _check_targets(self, row: dict[str, Any], named: list[str]) -> None:
        ids, scores = row["target_ids"], row["target_scores"]
        ascending = ids == sorted(set(ids)) and all(0 <= number < self.num_answers for number in ids)
        hold(ascending, self.path, f"target_ids ascending, below {self.num_answers}", named, str(ids))
        hold(len(scores) == len(ids), self.path, "a score for each of target_ids", named, str(scores))
        hold(all(0 < score <= 1 for score in scores), self.path, "scores above 0, up to 1", named, str(scores))
        unanswered = row["split"] == SUBMIT and (ids or row["published"])
        hold(not unanswered, self.path, "no answers of rows to submit", named, str(row["published"]))
