"""The parts of speech of every distinct phrase, tagged once: any rule of what a verb is filters them without a tagger.

Tagging is by far the slowest step between Visual Genome's file and the phrase corpus, and it needs neither images nor
regions nor a vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from data import shards, tables, workers
from data.box_phrases import phrases_of_boxes
from data.corpora.joined import one_line
from data.errors import ContractError
from data.progress import Progress
from data.records import PRETRAINING, PhraseRecord, Rejection
from data.schema import PHRASE_TAGS
from data.shards import Finished, PartFiles, Workplace
from data.sources import SourceFiles, read
from data.taggers import VerbRule, backend
from data.taggers.running import tag
from data.taggers.verbs import has_verb
from data.writers import write_parquet

FOLDER = "tags"


@dataclass(frozen=True, kw_only=True)
class TaggingSettings:
    """`backend` is a file of data/taggers; `phrases_from` as PhraseSettings has it; `rows_per_shard` in phrases."""

    backend: str
    rows_per_shard: int
    phrases_from: Literal["phrases", "boxes"] = "phrases"


@dataclass(frozen=True, kw_only=True)
class _Shard:
    """Distinct phrases, sorted, and the file that they are to be written into."""

    path: Path
    texts: tuple[str, ...]


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
    texts = _distinct(files, settings, progress)
    shelf = PartFiles(workplace=workplace, name=FOLDER, suffix=tables.SUFFIX)
    items = {
        name: _Shard(path=shelf.path(name), texts=tuple(texts[rows.start : rows.stop]))
        for name, rows in shards.ranges(len(texts), settings.rows_per_shard).items()
    }
    work = partial(_write_part, name=settings.backend, model=tagger)
    elsewhere = replace(workplace, executor=workers.spawned)
    finished = shards.build(FOLDER, items, work, shelf=shelf, workplace=elsewhere, progress=progress)
    shards.publish({FOLDER: (shelf, finished)}, into)
    progress(1.0, f"{len(texts):,} distinct phrases tagged")


def with_verbs(folder: Path, texts: Sequence[str], rule: VerbRule) -> list[bool]:
    """Which of `texts` contain a verb by `rule`; `folder` is what `build` filled. ContractError for an untagged one."""
    tagged = tables.read(folder / FOLDER)
    places = pc.index_in(pa.array(texts, pa.string()), value_set=tagged["text"].combine_chunks())
    if places.null_count:
        untagged = texts[pc.index(pc.is_null(places), True).as_py()]
        raise ContractError(
            expected="parts of speech of every phrase of the sources",
            found=f"none of {untagged!r}",
            where=str(folder / FOLDER),
            way_out="leave the files alone while they are read; multigrain rebuild PhraseTags reads them again",
        )
    return [has_verb(tags, rule) for tags in tagged["tags"].take(places).to_pylist()]


def _distinct(files: SourceFiles, settings: TaggingSettings, progress: Progress) -> list[str]:
    """The distinct phrases of all sources, sorted, on one line each; what is no phrase is for the corpus to reject."""
    found: set[str] = set()
    for number, record in enumerate(_records(files, settings), start=1):
        line = one_line(record.text)
        if line:
            found.add(line)
        if number % 10_000 == 0:
            progress(0.0, f"{number:,} phrases read")
    return sorted(found)


def _records(files: SourceFiles, settings: TaggingSettings) -> Iterable[PhraseRecord]:
    records = read(files, settings.phrases_from, _pass_over, PRETRAINING)
    return phrases_of_boxes(records) if settings.phrases_from == "boxes" else records


def _pass_over(rejection: Rejection) -> None:
    """The phrase corpus reads the same records, and counts those that are none."""


def _write_part(shard: _Shard, *, name: str, model: str) -> Finished:
    tags = [[part for _, part in tagged] for tagged in tag(name, shard.texts, model)]
    table = pa.table({"text": list(shard.texts), "tags": tags}, schema=PHRASE_TAGS)
    return Finished(digest=shards.write_part(shard.path, lambda path: write_parquet(path, table, PHRASE_TAGS)))
