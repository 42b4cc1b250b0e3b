"""The parts of speech of every distinct phrase, tagged once: any rule of what a verb is filters them without a tagger.

Tagging is by far the slowest step between Visual Genome's file and the phrase corpus, and it needs neither images nor
regions nor a vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data import distinct_texts, shards, tables, texts, workers
from data.box_phrases import phrases_of_boxes
from data.errors import ContractError
from data.progress import Progress
from data.records import PRETRAINING, Rejection
from data.schema import PHRASE_TAGS
from data.shards import Finished, PartFiles, Workplace
from data.sources import SourceFiles, read
from data.taggers import VerbRule, backend, lexicon
from data.taggers.running import tag
from data.taggers.verbs import verb_bits, verb_mask
from data.writers import write_parquet

FOLDER = "tags"
TAGGER, LEXICON = "tagger", "lexicon"
"""Who settled the tags of a phrase."""
Mode = Literal["exact", "lexicon_first"]


@dataclass(frozen=True, kw_only=True)
class TaggingSettings:
    """`backend` is a file of data/taggers; `phrases_from` as PhraseSettings has it; `rows_per_shard` in phrases.

    `lexicon_first` leaves to the tagger the phrases that its treebank's words do not settle (data/taggers/lexicon.py).
    """

    backend: str
    rows_per_shard: int
    phrases_from: Literal["phrases", "boxes"] = "phrases"
    mode: Mode = "exact"


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """A range of the sorted distinct phrases, which lie in the file `texts`, and the file to write."""

    path: Path
    texts: Path
    rows: range


def build(
    files: SourceFiles,
    *,
    tagger: str,
    settings: TaggingSettings,
    into: Path,
    progress: Progress,
    workplace: Workplace,
) -> None:
    """Write tags/part-00000.parquet on into the folder `into`: `PHRASE_TAGS`, sorted by phrase.

    `tagger` is a PosTagger's folder or the name of an installed model. Taggers run in spawned processes, whatever the
    workplace would have: `import spacy` pulls in torch.
    """
    backend(settings.backend)  # a name that is not there is the user's mistake, to be said here and not in a worker
    if settings.mode == "lexicon_first":
        lexicon.load(tagger)  # the same of a tagger without a lexicon
    found = workplace.scratch / "distinct.arrow"
    num_phrases = distinct_texts.write(_lines(files, settings, progress), found)
    shelf = PartFiles(workplace=workplace, name=FOLDER, suffix=tables.SUFFIX)
    items = {
        name: _Shard(path=shelf.path(name), texts=found, rows=rows)
        for name, rows in shards.ranges(num_phrases, settings.rows_per_shard).items()
    }
    work = partial(_write_part, name=settings.backend, model=tagger, mode=settings.mode)
    elsewhere = replace(workplace, executor=workers.spawned)
    finished = shards.build(FOLDER, items, work, shelf=shelf, workplace=elsewhere, progress=progress)
    shards.publish({FOLDER: (shelf, finished)}, into)
    progress(1.0, f"{num_phrases:,} distinct phrases tagged")


def verbs_in(folder: Path, phrases: pa.ChunkedArray) -> NDArray[np.uint8]:
    """Which kinds of verb are in each phrase, as `verb_bits`; `folder` is what `build` filled.

    The parts are read once, a row group at a time. Raises ContractError for a phrase that was never tagged.
    """
    found = phrases.combine_chunks().dictionary_encode()
    bits = np.zeros(len(found.dictionary), np.uint8)
    is_tagged = np.zeros(len(found.dictionary), bool)
    for part in tables.parts(folder / FOLDER):
        for rows in pq.ParquetFile(part).iter_batches(columns=["text", "tags"]):
            places = pc.index_in(rows["text"], value_set=found.dictionary)
            wanted = places.is_valid()
            at = places.drop_null().to_numpy()
            bits[at] = verb_bits(rows["tags"].filter(wanted))
            is_tagged[at] = True
    if not is_tagged.all():
        raise ContractError(
            expected="parts of speech of every phrase of the sources",
            found=f"none of {found.dictionary[int(np.argmin(is_tagged))].as_py()!r}",
            where=str(folder / FOLDER),
            way_out="leave the files alone while they are read; multigrain rebuild PhraseTags reads them again",
        )
    of_phrases: NDArray[np.uint8] = bits[found.indices.to_numpy()]
    return of_phrases


def with_verbs(folder: Path, phrases: list[str], rule: VerbRule) -> list[bool]:
    """Which of `phrases` contain a verb by `rule`, as `verbs_in` says."""
    verdicts: list[bool] = verb_mask(verbs_in(folder, pa.chunked_array([phrases], pa.string())), rule).tolist()
    return verdicts


def _lines(files: SourceFiles, settings: TaggingSettings, progress: Progress) -> Iterator[pa.Array]:
    """The phrases of all sources, a batch at a time; what is no phrase is for the corpus to reject."""
    num_read = 0
    for batch in _batches(files, settings):
        num_read += batch.num_rows
        progress(0.0, f"{num_read:,} phrases read")
        yield batch["text"]


def _batches(files: SourceFiles, settings: TaggingSettings) -> Iterator[pa.RecordBatch]:
    if settings.phrases_from == "phrases":
        return texts.batches(files, "phrases", _pass_over, PRETRAINING)
    boxes = read(files, "boxes", _pass_over, PRETRAINING)
    return texts.of_records(phrases_of_boxes(boxes), "phrases", _pass_over)


def _pass_over(rejection: Rejection) -> None:
    """The phrase corpus reads the same records, and counts those that are none."""


def _write_part(shard: _Shard, *, name: str, model: str, mode: Mode) -> Finished:
    phrases = distinct_texts.read(shard.texts, shard.rows)
    settled = np.full(len(phrases), lexicon.MAYBE, np.int8)
    if mode == "lexicon_first":
        settled = lexicon.load(model).of_texts(phrases)
    tags: list[list[str]] = [["VERB"] if known == lexicon.ALWAYS else [] for known in settled.tolist()]
    open_ones = np.flatnonzero(settled == lexicon.MAYBE)
    tagged = tag(name, phrases.take(pa.array(open_ones)).to_pylist(), model)
    for number, words in zip(open_ones.tolist(), tagged, strict=True):
        tags[number] = [part for _, part in words]
    settled_by = np.where(settled == lexicon.MAYBE, TAGGER, LEXICON).tolist()
    table = pa.table({"text": phrases, "tags": tags, "settled_by": settled_by}, schema=PHRASE_TAGS)
    digest = shards.write_part(shard.path, lambda path: write_parquet(path, table, PHRASE_TAGS))
    return Finished(digest=digest, summary={"phrases": len(phrases), "tagged": len(open_ones)})
