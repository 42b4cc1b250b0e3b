"""What readers yield: one frozen record per thing that a publisher's file describes.

Ids are strings with their collection (`coco:318556`, `vg:2375429`, `nlvr1:1572-0-3`). Boxes are x1, y1, x2, y2 in px.
Legend: R regions of one image, F features of a region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRecord:
    """One image as a collection lists it."""

    image_id: str
    file_name: str | None
    width_px: int | None  # None: the format does not say (Karpathy's JSON, GQA's and NLVR2's questions)
    height_px: int | None
    same_as: str | None = None  # the id of the same picture in another collection (Visual Genome's coco_id)
    group_id: str | None = None  # images that must share a split (NLVR's permutations); None: the image alone
    split: Split | None = None  # where its publisher puts it, for collections that come with splits
    photo_id: str | None = None  # its number on Flickr, where it is said: the photograph may be in other collections


@dataclass(frozen=True, kw_only=True, slots=True)
class CaptionRecord:
    """One sentence that describes a whole image."""

    image_id: str
    caption_id: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TextRecord:
    """A sentence or paragraph that stands beside no image; those that follow each other with one `document_id` are one
    document."""

    document_id: str
    text_id: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PhraseRecord:
    """One phrase that describes a region of an image."""

    image_id: str
    phrase_id: str
    text: str
    box: Box | None  # None: the format does not say which region


@dataclass(frozen=True, kw_only=True, slots=True)
class BoxRecord:
    """One annotated object: its box, its category and its attributes, by name."""

    image_id: str
    box: Box
    label: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionRecord:
    """What a benchmark's publisher asks: a text about one image or several, a text alone, or an image alone.

    `answers` are the published ones in their order (ten in VQA v2, else one), empty where none are or where they stand
    in a file of their own. `kind` is the publisher's type of question; statements of one `set_id` are judged together.
    `second` is the other sentence of a pair of them. `split` is the row's own, where no image has one: of text alone.
    """

    question_id: str
    image_ids: tuple[str, ...]
    text: str
    answers: tuple[str, ...] = ()
    kind: str = ""
    set_id: str = ""
    second: str = ""
    split: Split | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswersRecord:
    """The published answers of one question, where they stand in a file of their own (VQA v2's annotations)."""

    question_id: str
    answers: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class NegativesRecord:
    """The images that look most like one, nearest first and itself not among them, as someone else searched them."""

    image_id: str
    negative_ids: tuple[str, ...]


Features = Callable[[], NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionRecord:
    """A detector's output for one image.

    Ids are lines of the detector's vocabularies, -1 where nobody says what a region shows. `object_names` says it in
    words instead, for formats without a vocabulary; None elsewhere.

    `features()` gives (R, F). They are nearly all of a record's bytes, so that a reader may leave them in the file
    until they are asked for, and then raise RecordError; the reader must not be exhausted or closed before.
    """

    image_id: str
    width_px: int
    height_px: int
    boxes_R4: NDArray[np.float32]
    object_ids_R: NDArray[np.int64]
    object_conf_R: NDArray[np.float32]
    attribute_ids_R: NDArray[np.int64]
    attribute_conf_R: NDArray[np.float32]
    features: Features
    object_names: tuple[str | None, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """One record that was left out, and why. `reason` is a short fixed phrase: rows are counted by it."""

    source: str
    record: str
    field: str
    reason: str


Reject = Callable[[Rejection], None]

PRETRAINING = "pretraining"
Content = Literal[
    "images",
    "captions",
    "phrases",
    "boxes",
    "regions",
    "labels",
    "image_ids",
    "questions",
    "answers",
    "answer_list",
    "negatives",
    "texts",
    "sentences",
    "classes",
]
Reader = Callable[[Path, Reject], Iterator[Any]]
BulkReader = Callable[[Path, Reject], Iterator[pa.RecordBatch]]
ColumnReader = Callable[[Path, Reject, str], Iterator[Any]]
"""A reader of a table, told in which column to look."""
Place = int | str
"""Where a record lies: an offset in bytes, the number of a row, a key, or a path below the folder."""
IsChecked = Callable[[Any], bool]
"""Whether all of the record at a place is to be looked at in the first reading."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionReader:
    """How regions are found in a first reading, and fetched in a second: a store's order is not that of its files.

    `located(path, reject, is_checked)` gives (place, RegionRecord); the features of the records at places of which
    `is_checked` is true are good, those of the others may be. `at(path, places)` gives the records at these places, in
    their order, and raises SourceError where others are there by now.
    """

    located: Callable[[Path, Reject, IsChecked], Iterator[tuple[Place, RegionRecord]]]
    at: Callable[[Path, Iterable[Any]], Iterator[RegionRecord]]


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPicture:
    """A picture of the user's own, which no file describes.

    `name` is its path below the folder or inside the archive, or the number of its row; `place` what fetches it.
    """

    image_id: str
    name: str
    place: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureReader:
    """How pictures of the user's own are found, and their bytes fetched.

    `located(path, reject)` gives each `OwnPicture`, and looks at no picture; `read(path, place)` gives the encoded
    bytes at a place, None where there are none, in whatever order they are asked for; best in that of `located`.
    """

    located: Callable[[Path, Reject], Iterator[OwnPicture]]
    read: Callable[[Path, Any], bytes | None]


def alone(path: Path) -> tuple[Path, ...]:
    """No other file belongs to it."""
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """By what a file of a format is known, whatever it is called; all that is given must be met (data/detecting.py).

    `opening` is its first sign that is no space; `keys` are names of fields that it has near its beginning or its end,
    `without` such as it has not; `pattern` a regular expression to be found there. `member` is one that the name of
    some file fits, for a folder.
    """

    opening: str = ""
    keys: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    pattern: str = ""
    member: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One publisher's format: its key in `[sources]`, where it can be had, and what can be read from it.

    `reads` maps a content to its reader `(path, reject) -> iterator of records`: images -> ImageRecord, captions ->
    CaptionRecord, phrases -> PhraseRecord, boxes -> BoxRecord, regions -> RegionRecord, questions (about images),
    sentences (alone) and classes (of images alone) -> QuestionRecord, answers -> AnswersRecord, negatives ->
    NegativesRecord, texts -> TextRecord, labels, image_ids and answer_list -> str. `in_bulk` has faster readers for
    some of them, which give the same as tables of data.schema.TEXTS; `in_column` those of tables that can be told in
    which column to look.
    A folder of pictures that other files list, or a file that another library opens, has an empty `reads`. `is_folder`
    None: either. Pictures that no file lists come with `pictures`, which fetches them.
    `beside(path)` names the files that are read together with one.
    One that gives regions has `regions`, which fetches them by their places. `marks` are the ways to know its files.

    `pool` names the images that its own belong to: `pretraining`, or the benchmark that alone shows them. Corpora of
    pre-training hold no image that only a benchmark knows.
    """

    name: str
    title: str
    address: str
    reads: Mapping[Content, Reader]
    in_bulk: Mapping[Content, BulkReader] = field(default_factory=dict)
    in_column: Mapping[Content, ColumnReader] = field(default_factory=dict)
    is_folder: bool | None = False
    beside: Callable[[Path], tuple[Path, ...]] = alone
    pool: str = PRETRAINING
    regions: RegionReader | None = None
    pictures: PictureReader | None = None
    marks: tuple[Marks, ...] = ()
